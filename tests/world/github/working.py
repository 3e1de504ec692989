"""What programs do with commits: deployments, checks, workflows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.world.github import errors, objects
from tests.world.github.objects import Account, App, CheckRun, CheckSuite, Deployment, Repository
from tests.world.github.registry import Registry

CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "skipped", "stale", "success",
    "timed_out",
)  # fmt: skip


class Working(Registry):
    """Changes of what programs made, as a part of `state.State`."""

    def add_status(self, repository: Repository, of: Deployment, status: objects.Status) -> None:
        """Give a deployment a state; `success` ends the lasting ones before it, as on GitHub."""
        with self.lock:
            self._add_status(repository, of, status)
            if status.state != "success":
                return
            for other in repository.deployments.values():
                lasting = not other.transient and not other.production
                same = other is not of and other.environment == of.environment
                if same and lasting and other.statuses[:1] and other.statuses[0].state == "success":
                    ended = objects.Status(
                        self.new_id(), status.creator, "inactive", environment=other.environment
                    )
                    self._add_status(repository, other, ended)

    def _add_status(self, repository: Repository, of: Deployment, status: objects.Status) -> None:
        of.statuses.insert(0, status)
        facts = {"deployment": of, "status": status, "sender": status.creator}
        self._send(repository, "deployment_status", "created", facts)

    # -- checks -----------------------------------------------------------------------------------

    def add_check(
        self, repository: Repository, app: App, sha: str, fields: Mapping[str, Any]
    ) -> CheckRun:
        """Make a check of a commit."""
        with self.lock:
            suite = self.suite(repository, sha, app)
            made = CheckRun(self.new_id(), sha, app, dict(fields), suite.id)
            repository.check_runs[made.id] = made
            self._check_event(repository, made, "created", app.bot)
            if made.fields.get("conclusion") is not None:
                self._check_event(repository, made, "completed", app.bot)
            return made

    def change_check(
        self, repository: Repository, check: CheckRun, fields: Mapping[str, Any]
    ) -> None:
        """Change a check; its first conclusion is told."""
        with self.lock:
            before = check.fields.get("conclusion")
            check.fields |= fields
            if before is None and check.fields.get("conclusion") is not None:
                self._check_event(repository, check, "completed", check.app.bot)

    def rerequest(self, full_name: str, check_run_id: int, sender: Account) -> None:
        """Ask for a check once more. Its App alone is told; it has to begin anew by itself."""
        with self.lock:
            repository = self.repository(full_name)
            if check_run_id not in repository.check_runs:
                raise errors.not_found()
            check = repository.check_runs[check_run_id]
            self._begin_anew(repository.check_suites[check.suite])
            self._check_event(repository, check, "rerequested", sender, only=check.app)

    def suite(self, repository: Repository, sha: str, app: App) -> CheckSuite:
        """An App's suite of a commit, made where it is missing. Raises Refusal (404)."""
        with self.lock:
            if sha not in self.commits:
                raise errors.not_found()
            for found in repository.check_suites.values():
                if found.head_sha == sha and found.app is app:
                    return found
            made = CheckSuite(self.new_id(), sha, app)
            repository.check_suites[made.id] = made
            return made

    def complete_suite(self, full_name: str, sha: str, app: App, conclusion: str) -> int:
        """Complete an App's suite of a commit and return its id."""
        with self.lock:
            repository = self.repository(full_name)
            suite = self.suite(repository, sha, app)
            suite.status, suite.conclusion = "completed", concluded(conclusion)
            self._suite_event(repository, suite, "completed", app.bot)
            return suite.id

    def rerequest_suite(self, full_name: str, sha: str, app: App, sender: Account) -> None:
        """Ask for all of an App's checks of a commit once more. It alone is told."""
        with self.lock:
            repository = self.repository(full_name)
            suite = self.suite(repository, sha, app)
            self._begin_anew(suite)
            self._suite_event(repository, suite, "rerequested", sender, only=app)

    # -- workflows --------------------------------------------------------------------------------

    def add_workflow(
        self, full_name: str, file_name: str, name: str | None = None
    ) -> objects.Workflow:
        """A workflow by its file's name, made where it is missing."""
        with self.lock:
            repository = self.repository(full_name)
            if file_name not in repository.workflows:
                made = objects.Workflow(self.new_id(), name or file_name, file_name)
                repository.workflows[file_name] = made
            return repository.workflows[file_name]

    def finish_workflow(self, full_name: str, name: str, sha: str, conclusion: str) -> int:
        """Let a workflow of this name (or file name) have run, and return the run's id."""
        with self.lock:
            repository = self.repository(full_name)
            if sha not in self.commits:
                raise errors.not_found()
            known = [item for item in repository.workflows.values() if item.name == name]
            file_name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".yml"
            if name in repository.workflows:
                file_name = name
            workflow = known[0] if known else self.add_workflow(full_name, file_name, name)
            past = [run for run in repository.workflow_runs.values() if run.workflow is workflow]
            made = objects.WorkflowRun(
                id=self.new_id(),
                workflow=workflow,
                number=len(past) + 1,
                head_sha=sha,
                head_branch=repository.branch_of(sha),
                event="pull_request" if repository.pulls_of(sha) else "push",
                conclusion=concluded(conclusion),
                actor=self.account(self.commits[sha].author),
                suite=self.new_id(),
            )
            repository.workflow_runs[made.id] = made
            facts = {"run": made, "commit": self.commits[sha], "sender": made.actor}
            self._send(repository, "workflow_run", "completed", facts)
            return made.id

    # -- inside -----------------------------------------------------------------------------------

    @staticmethod
    def _begin_anew(suite: CheckSuite) -> None:
        suite.status, suite.conclusion = "queued", None

    def _check_event(
        self, repository: Repository, check: CheckRun, action: str, sender: Account, **more: Any
    ) -> None:
        suite = repository.check_suites[check.suite]
        facts = {"check": check, "suite": suite, "commit": self.commits[check.head_sha]}
        self._send(repository, "check_run", action, {**facts, "sender": sender, **more})

    def _suite_event(
        self, repository: Repository, suite: CheckSuite, action: str, sender: Account, **more: Any
    ) -> None:
        facts = {"suite": suite, "commit": self.commits[suite.head_sha], "sender": sender}
        self._send(repository, "check_suite", action, {**facts, **more})


def concluded(conclusion: str) -> str:
    """A conclusion that GitHub knows. Raises Refusal (422)."""
    if conclusion not in CONCLUSIONS:
        words = f"conclusion is none of {', '.join(CONCLUSIONS)}"
        raise errors.invalid("CheckRun", "conclusion", words)
    return conclusion
