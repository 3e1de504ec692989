"""Writes what people see: comments, reactions, deployments and checks."""

from __future__ import annotations

import contextlib

import github
from github import Issue, IssueComment, Repository

from bot import github_checks, model, ports
from bot.github_api.asking import asking, first_line, identifier, permitting
from bot.github_api.client import Client

_FAILED = frozenset({"error", "failure"})


class Writing(Client):
    """A part of `bot.ports.Hub`."""

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Put a reaction to a comment. See `bot.ports.Hub`."""
        with asking(f"a reaction to comment {comment_id} in {repository}"):
            where = self._repository(repository)
            where.requester.requestJsonAndCheck(
                "POST",
                f"{where.url}/issues/comments/{comment_id}/reactions",
                input={"content": content},
            )

    def reply(self, key: model.EnvironmentKey, body: str) -> None:
        """Write a comment once. See `bot.ports.Hub`."""
        with asking(f"an answer on {key}"):
            issue = self._repository(key.repository).get_issue(key.number)
            if self._marked(issue, first_line(body)) is None:
                identifier(issue.create_comment(body).id)

    def _marked(self, issue: Issue.Issue, marker: str) -> IssueComment.IssueComment | None:
        """The bot's own comment that begins with a line."""
        for comment in issue.get_comments():
            # A marker that somebody else pasted is not ours to edit.
            if first_line(comment.body or "") == marker and self._own(comment.user.login):
                return comment
        return None

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """Write the environment's one comment and return its id. See `bot.ports.Hub`."""
        with asking(f"the comment on {key}"):
            issue = self._repository(key.repository).get_issue(key.number)
            if comment_id is not None:
                with contextlib.suppress(github.UnknownObjectException):
                    return _edited(issue.get_comment(comment_id), body)
            if comment := self._marked(issue, first_line(body)):
                return _edited(comment, body)
            return identifier(issue.create_comment(body).id)

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """Make or find the transient deployment of a commit. See `bot.ports.Hub`."""
        what = f"the deployment of {commit[:7]} to {environment} of {repository}"
        with asking(what), permitting(what):
            where = self._repository(repository)
            for found in where.get_deployments(sha=commit, environment=environment):
                if self._own(found.creator.login):
                    return identifier(found.id)
            made = where.create_deployment(
                ref=commit,
                # By default GitHub would merge the base branch first, and wait for checks.
                auto_merge=False,
                required_contexts=[],
                environment=environment,
                transient_environment=True,
                production_environment=False,
            )
            return identifier(made.id)

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> int:
        """Set a deployment's state. See `bot.ports.Hub`.

        The bot ends the older deployments: GitHub does that by itself for lasting environments
        only.
        """
        what = f"deployment {deployment_id} of {repository}"
        with asking(what), permitting(what):
            where = self._repository(repository)
            deployment = where.get_deployment(deployment_id)
            made = deployment.create_status(
                state,
                description=description[:140],
                environment_url=github.GithubObject.NotSet if url is None else url,
            )
            identifier(made.id)
            writes = 1
            if state not in ports.ENDING:
                return writes
            for older in where.get_deployments(environment=deployment.environment):
                if older.id >= deployment_id or not self._own(older.creator.login):
                    continue
                latest = next(iter(older.get_statuses()), None)
                was = latest.state if latest is not None else ""
                if was == "inactive" or writes > ports.MOST_ENDED:
                    break
                if was not in _FAILED:
                    older.create_status("inactive", description=ports.OVER)
                    writes += 1
                if was == "success":
                    break  # those before it were ended when it was
            return writes

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
        """Let a commit's check say something. See `bot.ports.Hub`."""
        what = f"the check of {commit[:7]} in {repository}"
        with asking(what), permitting(what):
            where = self._repository(repository)
            ask = where.requester.requestJsonAndCheck
            if isinstance(self._credentials, str):  # only Apps have checks
                given = github_checks.status(name, state, title, url)
                ask("POST", f"{where.url}/statuses/{commit}", input=given)
                return None
            given = github_checks.run(name, state, title, summary, url)
            if check_id is not None:
                with contextlib.suppress(github.UnknownObjectException):
                    path = f"{where.url}/check-runs/{check_id}"
                    return identifier(ask("PATCH", path, input=given)[1]["id"])
            if (found := self._begun(where, commit, name)) is not None:
                path = f"{where.url}/check-runs/{found}"
                return identifier(ask("PATCH", path, input=given)[1]["id"])
            given["head_sha"] = commit
            return identifier(ask("POST", f"{where.url}/check-runs", input=given)[1]["id"])

    def _begun(self, where: Repository.Repository, commit: str, name: str) -> int | None:
        """The bot's own check of a commit that is in progress."""
        _, found = where.requester.requestJsonAndCheck(
            "GET",
            f"{where.url}/commits/{commit}/check-runs",
            parameters={"check_name": name, "status": "in_progress"},
        )
        for one in found["check_runs"]:
            if one["status"] == "in_progress" and self._own(f"{one['app']['slug']}[bot]"):
                return identifier(one["id"])
        return None


def _edited(comment: IssueComment.IssueComment, body: str) -> int:
    comment.edit(body)
    return identifier(comment.id)
