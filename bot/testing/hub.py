"""A fake GitHub."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Mapping, Sequence

from bot import errors, model, ports, said
from bot.testing.faulty import Faulty
from bot.testing.shown import SETTLED, FakeCheck, FakeDeployment


class FakeHub(Faulty):
    """GitHub with pull requests, files, and what the bot writes; also `bot.ports.PullRequests`."""

    def __init__(self) -> None:
        self.pull_requests: dict[model.EnvironmentKey, model.PullRequest] = {}
        self.moved: dict[str, str] = {}
        """New names of repositories by old ones."""
        self.unlisted: set[model.EnvironmentKey] = set()
        """Open pull requests that lists leave out, as if a page of them was lost."""
        self.faults: dict[str, errors.UnderstudyError] = {}
        """What listing a repository's pull requests raises, by its name."""
        self.files: dict[tuple[str, str, str], str] = {}
        self.default = "main"
        """The default branch of every repository."""
        self.branches: dict[tuple[str, str], str] = {}
        """The newest commits of branches, by repository and name."""
        self.written: dict[int, tuple[model.EnvironmentKey, str]] = {}
        """The bot's own comments by id."""
        self.deployments: dict[int, FakeDeployment] = {}
        self.checks: dict[int, FakeCheck] = {}
        self.writes: list[str] = []
        """The verb of each write that succeeded."""
        self._ids = itertools.count(1)
        self.permissions: dict[str, model.Permission] = {}
        """What people may do, by login; everybody else may write."""
        self.files_changed: list[str] = []
        """By every pull request."""
        self.commits: dict[model.EnvironmentKey, list[str]] = {}
        """Of pull requests, beside their newest."""
        self.said: list[said.Said] = []
        """What people wrote, by the order in which they did."""
        self.reactions: list[tuple[int, str]] = []
        self.answers: list[tuple[model.EnvironmentKey, str]] = []
        self.workflows: set[str] = set()
        """The files of workflows that can be asked for."""
        self.runs: dict[tuple[str, str], str] = {}
        """The state of each workflow's newest run, by workflow and commit."""
        self.dispatched: dict[tuple[str, str], str] = {}
        """The same of runs that were asked for."""
        self.dispatches: list[tuple[str, str, dict[str, str]]] = []
        """Workflow, branch and inputs of each run that was asked for."""

    def open(
        self, key: model.EnvironmentKey, commit: str, *labels: str, fork: str | None = None
    ) -> model.PullRequest:
        """Open a pull request, from a fork where one is named."""
        self.pull_requests[key] = model.PullRequest(
            key=key,
            open=True,
            merged=False,
            draft=False,
            title="Change the shop window",
            author="ada",
            labels=frozenset(labels),
            head_sha=commit,
            head_ref="window",
            base_sha="0" * 40,
            base_ref="main",
            head_repository=fork or key.repository,
        )
        return self.pull_requests[key]

    def change(self, key: model.EnvironmentKey, **changes: object) -> None:
        """Change a pull request: push (`head_sha`), close (`open=False`), label (`labels`), …"""
        self.pull_requests[key] = dataclasses.replace(
            self.pull_requests[key],
            **changes,  # type: ignore[arg-type]
        )

    def rename(self, repository: str, name: str) -> None:
        """Give a repository another name; what is asked by the old one is found by the new one."""
        self.moved[repository] = name
        for key, found in list(self.pull_requests.items()):
            if key.repository == repository:
                del self.pull_requests[key]
                moved = key.within(name)
                self.pull_requests[moved] = dataclasses.replace(
                    found, key=moved, head_repository=name
                )

    def forget(self, key: model.EnvironmentKey) -> None:
        """Let the pull request be gone."""
        self.pull_requests.pop(key, None)

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """See `bot.ports.Hub`."""
        self.answer()
        key = key.within(self._name(key.repository))
        if key.is_base:
            commit = self.branches.get((key.repository, key.branch))
            if commit is None:
                raise errors.NotFoundError(f"there is no branch {key.branch} in {key.repository}")
            return model.PullRequest.of_branch(key, commit, self.default)
        if key.whole not in self.pull_requests:
            raise errors.NotFoundError(f"there is no pull request {key}")
        return self.pull_requests[key.whole].of(key.definition)

    def default_branch(self, repository: str) -> str:
        """See `bot.ports.Hub`."""
        del repository
        self.answer()
        return self.default

    def repositories(self) -> Sequence[str]:
        """See `bot.ports.PullRequests`; those that ever had a pull request."""
        self.answer()
        return sorted({key.repository for key in self.pull_requests})

    def open_pull_requests(self, repository: str) -> Sequence[model.PullRequest]:
        """See `bot.ports.PullRequests`."""
        self.answer()
        if repository in self.faults:
            raise self.faults[repository]
        return [
            found
            for key, found in self.pull_requests.items()
            if key.repository == self._name(repository) and found.open and key not in self.unlisted
        ]

    def _name(self, repository: str) -> str:
        return self.moved.get(repository, repository)

    def file(self, repository: str, path: str, ref: str) -> str | None:
        """See `bot.ports.Hub`."""
        self.answer()
        return self.files.get((repository, path, ref))

    def permission(self, repository: str, login: str) -> model.Permission:
        """See `bot.ports.Hub`."""
        del repository
        self.answer()
        return self.permissions.get(login, model.Permission.WRITE)

    def wrote(
        self, key: model.EnvironmentKey, number: int, source: model.CommandSource
    ) -> said.Said:
        """See `bot.ports.Hub`."""
        self.answer()
        for one in self.said:
            if (one.key.whole, one.id, one.source) == (key.whole, number, source):
                return one
        raise errors.NotFoundError(f"there is no {source.value} {number} on {key}")

    def commit(self, repository: str, ref: str) -> str:
        """See `bot.ports.Hub`."""
        self.answer()
        every = [one for key in self.pull_requests for one in self._commits(key)]
        for one in every:
            if one.startswith(ref):
                return one
        raise errors.NotFoundError(f"there is no commit {ref} in {repository}")

    def belongs(self, key: model.EnvironmentKey, commit: str) -> bool:
        """See `bot.ports.Hub`."""
        self.answer()
        return any(one.startswith(commit) for one in self._commits(key.whole))

    def _commits(self, key: model.EnvironmentKey) -> list[str]:
        return [*self.commits.get(key, ()), self.pull_requests[key].head_sha]

    def changed(self, key: model.EnvironmentKey) -> Sequence[str]:
        """See `bot.ports.Hub`."""
        del key
        self.answer()
        return list(self.files_changed)

    def comments(self, repository: str, since: datetime.datetime) -> Sequence[said.Said]:
        """See `bot.ports.PullRequests`."""
        self.answer()
        return [one for one in self.said if one.key.repository == repository and one.at >= since]

    def workflow_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """See `bot.ports.Hub`."""
        del repository
        self.answer()
        return self.runs.get((workflow, commit))

    def dispatched_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """See `bot.ports.Hub`."""
        del repository
        self.answer()
        return self.dispatched.get((workflow, commit))

    def dispatch(self, repository: str, workflow: str, ref: str, inputs: Mapping[str, str]) -> None:
        """See `bot.ports.Hub`; the run goes on until its state is changed."""
        self.answer()
        if workflow not in self.workflows:
            raise errors.NotFoundError(f"there is no workflow {workflow} in {repository}")
        self.dispatches.append((workflow, ref, dict(inputs)))
        self.dispatched[workflow, inputs["sha"]] = ports.RUNNING
        self.writes.append("dispatch")

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """See `bot.ports.Hub`."""
        del repository
        self.answer()
        if (comment_id, content) not in self.reactions:
            self.reactions.append((comment_id, content))
            self.writes.append("react")

    def reply(self, key: model.EnvironmentKey, body: str) -> None:
        """See `bot.ports.Hub`."""
        self.answer()
        marker = body.partition("\n")[0]
        if not any(text.partition("\n")[0] == marker for _, text in self.answers):
            self.answers.append((key, body))
            self.writes.append("reply")

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """See `bot.ports.Hub`."""
        self.answer()
        marker = body.partition("\n")[0]
        found = comment_id if comment_id in self.written else None
        if found is None:
            mine = (i for i, (of, text) in self.written.items() if of == key and marker in text)
            found = next(mine, None)
        self.writes.append("create comment" if found is None else "edit comment")
        if found is None:
            found = next(self._ids)
        self.written[found] = (key, body)
        return found

    def comments_on(self, key: model.EnvironmentKey) -> list[str]:
        """The bodies of a pull request's comments."""
        return [body for of, body in self.written.values() if of == key]

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """See `bot.ports.Hub`."""
        self.answer()
        wanted = (repository, commit, environment)
        for identifier, found in self.deployments.items():
            if (found.repository, found.commit, found.environment) == wanted:
                return identifier
        identifier = next(self._ids)
        self.deployments[identifier] = FakeDeployment(*wanted)
        self.writes.append("create deployment")
        return identifier

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> int:
        """See `bot.ports.Hub`."""
        self.answer()
        found = self.deployments[deployment_id]
        assert found.repository == repository
        found.statuses.append((state, url, description))
        self.writes.append(f"deployment {state}")
        ended = self._older(deployment_id, found) if state in ports.ENDING else []
        for older in ended:
            older.statuses.append(("inactive", None, ports.OVER))
            self.writes.append("deployment inactive")
        return 1 + len(ended)

    def _older(self, deployment_id: int, of: FakeDeployment) -> list[FakeDeployment]:
        """The deployments of the same environment that a newer one ends."""
        older: list[FakeDeployment] = []
        for identifier, found in sorted(self.deployments.items(), reverse=True):
            same = (found.repository, found.environment) == (of.repository, of.environment)
            if not same or identifier >= deployment_id:
                continue
            was = found.statuses[-1][0] if found.statuses else ""
            if was == "inactive" or len(older) == ports.MOST_ENDED:
                break
            if was not in SETTLED:
                older.append(found)
            if was == "success":
                break
        return older

    def set_check(
        self,
        repository: str,
        commit: str,
        check_id: int | None,
        *,
        name: str,
        state: str,
        title: str,
        summary: str,
        url: str | None,
    ) -> int | None:
        """See `bot.ports.Hub`; as an App."""
        self.answer()
        found = check_id if check_id in self.checks else None
        if found is None:
            open_ones = (
                number
                for number, one in self.checks.items()
                if (one.repository, one.commit, one.name) == (repository, commit, name)
                and one.said[-1][0] == "in_progress"
            )
            found = next(open_ones, None)
        if found is None:
            found = next(self._ids)
            self.checks[found] = FakeCheck(repository, commit, name)
        self.checks[found].said.append((state, url, title))
        self.checks[found].summary = summary
        self.writes.append(f"check {state}")
        return found
