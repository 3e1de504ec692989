"""GitHub as `bot.ports.Hub` and `bot.ports.PullRequests`: the only importer of PyGithub.

PyGithub sleeps out rate limits, an hour at a time. Here nothing waits: an answer that is not to be
had now is an UnreachableError, and the pass or the report is tried again later by its own clock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import github
import requests
import urllib3
from github import (
    Auth,
    ContentFile,
    GithubIntegration,
    Issue,
    IssueComment,
    PullRequest,
    Repository,
    WorkflowRun,
)
from github.Requester import Requester

from bot import errors, github_checks, github_pages, model, ports, said

TIMEOUT_SECONDS = 10
"""For each request; a pass holds a lease while it asks."""
_LONGEST_SECONDS = 3600.0
"""GitHub's limits are by the hour, so nobody is made to wait longer."""
_MAX_FILES = 3000
"""GitHub lists no more files of a pull request."""
_MOST_ENDED = 3
"""Older deployments that are ended at once; pushes that came faster leave some as they are."""
_FAILED = frozenset({"error", "failure"})
_MAX_RUNS = 300
"""So many of a repository's newest runs are looked through."""
_log = logging.getLogger("github")


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A GitHub App's own credentials; installation tokens are made of them as needed."""

    app_id: int
    private_key: str = dataclasses.field(repr=False)
    """PEM, as GitHub gives it out."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """An answer of GitHub's, as it came."""

    content: Any
    """The JSON; None where there was none."""
    headers: Mapping[str, str]
    """By names in small letters."""


class GitHubHub:
    """Implements `bot.ports.Hub` and `PullRequests`, with a token or as an App; safe for threads.

    `repositories` are those that a token is for; an App knows its own. Raises InvalidSettingsError
    for a key that can't be used; asks nothing of GitHub before it must.
    """

    def __init__(
        self, base_url: str, credentials: str | App, repositories: Sequence[str] = ()
    ) -> None:
        # PyGithub's debug lines hold whole answers, also those that new tokens come in.
        _log.setLevel(logging.INFO)
        self._credentials = credentials
        self._repositories = tuple(repositories)
        self._pages = github_pages.Pages()
        self._moved: dict[str, str] = {}
        """New names of repositories by old ones; GitHub leads a read there, and no write."""
        if isinstance(credentials, App):
            _check(credentials)
        # Reading again is harmless, so lost connections and 5xx are retried at once, twice at most.
        # Writing is not: whether a comment was made is found out by looking for its marker.
        retry = urllib3.Retry(
            total=2,
            backoff_factor=0.1,
            status_forcelist=(500, 502, 503, 504),
            allowed_methods=("GET",),
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._options: dict[str, Any] = {
            "base_url": base_url.rstrip("/"),
            "timeout": TIMEOUT_SECONDS,
            "user_agent": "understudy",
            "per_page": 100,
            "retry": retry,
            "seconds_between_requests": None,
            "seconds_between_writes": None,
            "lazy": True,
        }
        # A PyGithub client counts its requests in ways that threads may not share.
        self._local = threading.local()

    # -- reading ----------------------------------------------------------------------------------

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """The pull request as it is now. See `bot.ports.Hub`."""
        try:
            return self._pull_request(key)
        except errors.NotFoundError:
            self._confirm_access(key.repository)
            raise

    def _confirm_access(self, repository: str) -> None:
        """Raise UnreachableError where the whole repository is out of sight.

        GitHub answers 404 also for what a token may no longer see, and an environment must not be
        taken away because somebody took a permission away.
        """
        try:
            with _asking(f"repository {repository}"):
                # Any field that a repository reached lazily does not have asks GitHub.
                _ = self._repository(repository).private
        except errors.NotFoundError as error:
            raise errors.UnreachableError(_out_of_sight(repository)) from error

    def _pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        with _asking(f"pull request {key}"):
            # By the name as it was given: somebody may have taken an old one anew.
            pull = self._client(key.repository).get_repo(key.repository).get_pull(key.number)
            found = _told(key, pull, merged=pull.merged)
            if found.key == key:
                self._moved.pop(key.repository.lower(), None)
            else:
                self._moved[key.repository.lower()] = found.key.repository
            return found

    def file(self, repository: str, path: str, ref: str) -> str | None:
        """A text file's content at a commit, or None. See `bot.ports.Hub`."""
        what = f"{path} of {repository} at {ref[:7]}"
        try:
            with _asking(what):
                found = self._repository(repository).get_contents(path, ref)
                if isinstance(found, list):
                    return None  # a folder
                if found.type not in {"file", "symlink", "submodule"}:
                    raise TypeError(found)
        except errors.NotFoundError as error:
            cause = error.__cause__
            # GitHub's words where the repository has no such commit (any more).
            if isinstance(cause, github.GithubException) and "No commit found" in str(cause):
                raise
            return None
        return _text(found, what) if found.type == "file" else None

    def permission(self, repository: str, login: str) -> model.Permission:
        """What somebody may do to a repository. See `bot.ports.Hub`."""
        with _asking(f"what {login} may do in {repository}"):
            word = self._repository(repository).get_collaborator_permission(login)
            return model.Permission[word.upper()]

    def wrote(
        self, key: model.EnvironmentKey, number: int, source: model.CommandSource
    ) -> said.Said:
        """A comment or a review as it is now. See `bot.ports.Hub`."""
        with _asking(f"{source.value} {number} on {key}"):
            where = self._repository(key.repository)
            review = source is model.CommandSource.REVIEW
            path = f"pulls/{key.number}/reviews" if review else "issues/comments"
            _, found = where.requester.requestJsonAndCheck("GET", f"{where.url}/{path}/{number}")
            return said.Said(
                key=key if review else _on(key.repository, found),
                id=_number(found["id"]),
                author=(found["user"] or {}).get("login", ""),
                body=found["body"] or "",
                at=datetime.datetime.fromisoformat(
                    found["submitted_at" if review else "created_at"]
                ),
                source=source,
            )

    def commit(self, repository: str, ref: str) -> str:
        """The whole name of a commit. See `bot.ports.Hub`."""
        with _asking(f"commit {ref} of {repository}"):
            where = self._repository(repository)
            # PyGithub would believe the short name that it was given.
            _, found = where.requester.requestJsonAndCheck("GET", f"{where.url}/commits/{ref}")
            return str(found["sha"])

    def belongs(self, key: model.EnvironmentKey, commit: str) -> bool:
        """Whether a commit is one of a pull request's own. See `bot.ports.Hub`."""
        with _asking(f"the commits of {key}"):
            pull = self._repository(key.repository).get_pull(key.number)
            return any(found.sha.startswith(commit) for found in pull.get_commits())

    def changed(self, key: model.EnvironmentKey) -> Sequence[str]:
        """The paths of the files that a pull request changes. See `bot.ports.Hub`."""
        with _asking(f"the files of {key}"):
            pull = self._repository(key.repository).get_pull(key.number)
            found = [file.filename for file in pull.get_files()]
            # A list that was cut short must not decide that nothing of interest was changed.
            if len(found) < min(pull.changed_files, _MAX_FILES):
                raise errors.UnreachableError(f"GitHub gave out a part of the files of {key} only")
            return found

    # -- workflows --------------------------------------------------------------------------------

    def workflow_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """How a workflow's newest run for a commit ended. See `bot.ports.Hub`."""
        with _asking(f"the runs of {workflow} for {commit[:7]} in {repository}"):
            runs = self._repository(repository).get_workflow_runs(head_sha=commit)
            return _state(runs, workflow)

    def dispatched_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """The same of runs that were asked for. See `bot.ports.Hub`."""
        with _asking(f"the runs of {workflow} that were asked for in {repository}"):
            runs = self._repository(repository).get_workflow_runs(event="workflow_dispatch")
            return _state(runs, workflow, commit)

    def dispatch(self, repository: str, workflow: str, ref: str, inputs: Mapping[str, str]) -> None:
        """Ask for a workflow to run on a branch. See `bot.ports.Hub`."""
        with _asking(f"a run of {workflow} in {repository}"):
            where = self._repository(repository)
            try:
                where.requester.requestJsonAndCheck(
                    "POST",
                    f"{where.url}/actions/workflows/{workflow}/dispatches",
                    input={"ref": ref, "inputs": dict(inputs)},
                )
            except github.RateLimitExceededException:
                raise
            except github.GithubException as error:
                if error.status not in {403, 422}:
                    raise
                raise errors.NotFoundError(
                    f"GitHub refused a run of {workflow} ({error.message or error.status}): it "
                    "needs `on: workflow_dispatch` with the inputs sha and pull_request, and the "
                    "bot the permission to write Actions"
                ) from error

    # -- listing ----------------------------------------------------------------------------------

    def repositories(self) -> Sequence[str]:
        """Those of every installation, or a token's own list. See `bot.ports.PullRequests`."""
        if isinstance(self._credentials, str):
            return self._repositories
        try:
            with _asking("the App's installations"):
                app = self._app_client(self._credentials)
                return [
                    repository["full_name"]
                    for installation in self._list(app.requester, "/app/installations", "app")
                    # GitHub gives out no tokens for one that was suspended.
                    if not installation.get("suspended_at")
                    for repository in self._installed(app, installation["id"])
                ]
        except errors.NotFoundError as error:
            raise errors.UnreachableError(error.message) from error

    def _installed(self, app: GithubIntegration, number: int) -> list[github_pages.Item]:
        requester = self._installation(app, number).requester
        path = "/installation/repositories"
        return self._list(requester, path, str(number), field="repositories")

    def open_pull_requests(self, repository: str) -> Sequence[model.PullRequest]:
        """Every open pull request, or UnreachableError. See `bot.ports.PullRequests`."""
        try:
            with _asking(f"the open pull requests of {repository}"):
                requester = self._client(repository).requester
                # New ones come last, so they move none of those that were there.
                query = {"state": "open", "sort": "created", "direction": "asc"}
                path = f"/repos/{repository}/pulls"
                return [
                    _listed(repository, requester, item)
                    for item in self._list(requester, path, repository, query)
                ]
        except errors.NotFoundError as error:
            raise errors.UnreachableError(_out_of_sight(repository)) from error

    def comments(self, repository: str, since: datetime.datetime) -> Sequence[said.Said]:
        """People's comments since, without edited ones. See `bot.ports.PullRequests`."""
        try:
            with _asking(f"the comments in {repository}"):
                query = {
                    "since": since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "sort": "created",
                    "direction": "asc",
                }
                path = f"/repos/{repository}/issues/comments"
                requester = self._client(repository).requester
                found = self._list(requester, path, f"{repository} comments", query)
                return [one for one in map(_said(repository), found) if one is not None]
        except errors.NotFoundError as error:
            raise errors.UnreachableError(_out_of_sight(repository)) from error

    def _list(
        self,
        requester: Requester,
        path: str,
        name: str,
        query: dict[str, str] | None = None,
        field: str | None = None,
    ) -> list[github_pages.Item]:
        def ask(path: str, query: dict[str, Any], etag: str) -> github_pages.Answer | None:
            given = {"If-None-Match": etag} if etag else None
            status, headers, text = requester.requestJson("GET", path, query, given)
            if status == 304:
                return None
            if status >= 400:
                raise requester.createException(status, headers, _error(text))
            return github_pages.Answer(
                json.loads(text), headers.get("etag", ""), headers.get("link", "")
            )

        return self._pages.read(name, path, query or {}, field, ask)

    # -- what no port is for ----------------------------------------------------------------------

    @property
    def as_app(self) -> bool:
        """Whether the bot is a GitHub App."""
        return isinstance(self._credentials, App)

    def ask(
        self,
        what: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        verb: str = "GET",
        repository: str | None = None,
    ) -> Reply:
        """One request: of an App for itself, or for the installation on a repository.

        `what` is told where it fails. Raises ForbiddenError, NotFoundError and UnreachableError.
        """
        with _asking(what):
            if isinstance(self._credentials, App) and repository is None:
                requester = self._app_client(self._credentials).requester
            else:
                requester = self._client(repository or "").requester
            status, headers, text = requester.requestJson(verb, path, dict(query or {}))
            if status >= 400:
                raise requester.createException(status, headers, _error(text))
            return Reply(json.loads(text) if text else None, headers)

    # -- writing ----------------------------------------------------------------------------------

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Put a reaction to a comment. See `bot.ports.Hub`."""
        with _asking(f"a reaction to comment {comment_id} in {repository}"):
            where = self._repository(repository)
            where.requester.requestJsonAndCheck(
                "POST",
                f"{where.url}/issues/comments/{comment_id}/reactions",
                input={"content": content},
            )

    def reply(self, key: model.EnvironmentKey, body: str) -> None:
        """Write a comment once. See `bot.ports.Hub`."""
        with _asking(f"an answer on {key}"):
            issue = self._repository(key.repository).get_issue(key.number)
            if self._marked(issue, _first_line(body)) is None:
                _number(issue.create_comment(body).id)

    def _marked(self, issue: Issue.Issue, marker: str) -> IssueComment.IssueComment | None:
        """The bot's own comment that begins with a line."""
        for comment in issue.get_comments():
            # A marker that somebody else pasted is not ours to edit.
            if _first_line(comment.body or "") == marker and self._own(comment.user.login):
                return comment
        return None

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """Write the environment's one comment and return its id. See `bot.ports.Hub`."""
        with _asking(f"the comment on {key}"):
            issue = self._repository(key.repository).get_issue(key.number)
            if comment_id is not None:
                with contextlib.suppress(github.UnknownObjectException):
                    return _edited(issue.get_comment(comment_id), body)
            if comment := self._marked(issue, _first_line(body)):
                return _edited(comment, body)
            return _number(issue.create_comment(body).id)

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """Make or find the transient deployment of a commit. See `bot.ports.Hub`."""
        what = f"the deployment of {commit[:7]} to {environment} of {repository}"
        with _asking(what), _permitting(what):
            where = self._repository(repository)
            for found in where.get_deployments(sha=commit, environment=environment):
                if self._own(found.creator.login):
                    return _number(found.id)
            made = where.create_deployment(
                ref=commit,
                # By default GitHub would merge the base branch first, and wait for checks.
                auto_merge=False,
                required_contexts=[],
                environment=environment,
                transient_environment=True,
                production_environment=False,
            )
            return _number(made.id)

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> int:
        """Set a deployment's state. See `bot.ports.Hub`.

        `success` and `inactive` also end this environment's older deployments: GitHub does that by
        itself for lasting environments only.
        """
        what = f"deployment {deployment_id} of {repository}"
        with _asking(what), _permitting(what):
            where = self._repository(repository)
            deployment = where.get_deployment(deployment_id)
            made = deployment.create_status(
                state,
                description=description[:140],
                environment_url=github.GithubObject.NotSet if url is None else url,
            )
            _number(made.id)
            writes = 1
            if state not in {"success", "inactive"}:
                return writes
            for older in where.get_deployments(environment=deployment.environment):
                if older.id >= deployment_id or not self._own(older.creator.login):
                    continue
                latest = next(iter(older.get_statuses()), None)
                was = latest.state if latest is not None else ""
                if was == "inactive" or writes > _MOST_ENDED:
                    break
                if was not in _FAILED:
                    older.create_status("inactive", description="A newer commit took its place")
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
        state: str,
        title: str,
        summary: str,
        url: str | None,
    ) -> int | None:
        """Let a commit's check say something. See `bot.ports.Hub`."""
        what = f"the check of {commit[:7]} in {repository}"
        with _asking(what), _permitting(what):
            where = self._repository(repository)
            ask = where.requester.requestJsonAndCheck
            if isinstance(self._credentials, str):  # only Apps have checks
                given = github_checks.status(state, title, url)
                ask("POST", f"{where.url}/statuses/{commit}", input=given)
                return None
            given = github_checks.run(state, title, summary, url)
            if check_id is not None:
                with contextlib.suppress(github.UnknownObjectException):
                    path = f"{where.url}/check-runs/{check_id}"
                    return _number(ask("PATCH", path, input=given)[1]["id"])
            if (found := self._begun(where, commit)) is not None:
                path = f"{where.url}/check-runs/{found}"
                return _number(ask("PATCH", path, input=given)[1]["id"])
            given["head_sha"] = commit
            return _number(ask("POST", f"{where.url}/check-runs", input=given)[1]["id"])

    def _begun(self, where: Repository.Repository, commit: str) -> int | None:
        """The bot's own check of a commit that is in progress."""
        _, found = where.requester.requestJsonAndCheck(
            "GET",
            f"{where.url}/commits/{commit}/check-runs",
            parameters={"check_name": github_checks.NAME, "status": "in_progress"},
        )
        for one in found["check_runs"]:
            if one["status"] == "in_progress" and self._own(f"{one['app']['slug']}[bot]"):
                return _number(one["id"])
        return None

    # -- clients ----------------------------------------------------------------------------------

    def _repository(self, full_name: str) -> Repository.Repository:
        name = self._moved.get(full_name.lower(), full_name)
        return self._client(name).get_repo(name)

    def _client(self, full_name: str) -> github.Github:
        if isinstance(self._credentials, str):
            return self._user_client(self._credentials)
        owner, _, name = full_name.partition("/")
        app = self._app_client(self._credentials)
        known: dict[str, int] = self._local.__dict__.setdefault("installations", {})
        if owner.lower() not in known:
            known[owner.lower()] = app.get_repo_installation(owner, name).id
        return self._installation(app, known[owner.lower()])

    def _installation(self, app: GithubIntegration, number: int) -> github.Github:
        """The client for one account's installation, which has tokens of its own."""
        clients: dict[int, github.Github] = self._local.__dict__.setdefault("clients", {})
        if number not in clients:
            clients[number] = app.get_github_for_installation(number)
        return clients[number]

    def _user_client(self, token: str) -> github.Github:
        if not hasattr(self._local, "user"):
            self._local.user = github.Github(auth=Auth.Token(token), **self._options)
        client: github.Github = self._local.user
        return client

    def _app_client(self, app: App) -> GithubIntegration:
        if not hasattr(self._local, "app"):
            auth = Auth.AppAuth(app.app_id, app.private_key)
            self._local.app = GithubIntegration(auth=auth, **self._options)
        client: GithubIntegration = self._local.app
        return client

    def _own(self, login: str) -> bool:
        if not hasattr(self._local, "login"):
            if isinstance(self._credentials, str):
                self._local.login = self._user_client(self._credentials).get_user().login
            else:
                slug = self._app_client(self._credentials).get_app().slug
                self._local.login = f"{slug}[bot]"
        return bool(login == self._local.login)


def _check(app: App) -> None:
    try:
        Auth.AppAuth(app.app_id, app.private_key).create_jwt()
    except Exception as error:  # each library below has its own, and none shows the key
        raise errors.InvalidSettingsError(
            f"the private key of GitHub App {app.app_id} can't be used: "
            "give the whole PEM file that GitHub made, with its line breaks"
        ) from error


def _told(
    key: model.EnvironmentKey, pull: PullRequest.PullRequest, *, merged: bool
) -> model.PullRequest:
    head = pull.head
    # What is no pull request must never pass for a closed one.
    if pull.number != key.number or pull.state not in {"open", "closed"} or not head.sha:
        raise TypeError(key)
    return model.PullRequest(
        key=_key(key, pull.base.repo),
        open=pull.state == "open",
        merged=merged,
        draft=pull.draft,
        title=pull.title,
        author=pull.user.login if pull.user else "ghost",
        labels=frozenset(label.name for label in pull.labels),
        head_sha=head.sha,
        head_ref=head.ref,
        base_sha=pull.base.sha,
        base_ref=pull.base.ref,
        head_repository=head.repo.full_name if head.repo else None,
    )


def _key(asked: model.EnvironmentKey, base: Repository.Repository | None) -> model.EnvironmentKey:
    """The pull request's key by the repository's name of today; the given one in any spelling."""
    name = base.full_name if base else asked.repository
    same = name.lower() == asked.repository.lower()
    return asked if same else model.EnvironmentKey(name, asked.number)


def _listed(repository: str, requester: Requester, item: github_pages.Item) -> model.PullRequest:
    # A list's items know less than a pull request by itself; nothing more is asked for them.
    pull = PullRequest.PullRequest(requester, {}, dict(item), completed=True)
    found = _told(model.EnvironmentKey(repository, _number(pull.number)), pull, merged=False)
    if not found.open:
        raise TypeError(found)
    return found


def _said(repository: str) -> Callable[[github_pages.Item], said.Said | None]:
    """Reads a list's comments; None for one that was edited or that no person wrote."""

    def read(item: github_pages.Item) -> said.Said | None:
        author = item["user"] or {}
        if item["updated_at"] != item["created_at"] or author.get("type") != "User":
            return None
        return said.Said(
            key=_on(repository, item),
            id=_number(item["id"]),
            author=author["login"],
            body=item["body"] or "",
            at=datetime.datetime.fromisoformat(item["created_at"]),
        )

    return read


def _on(repository: str, comment: github_pages.Item) -> model.EnvironmentKey:
    """What a comment is on."""
    return model.EnvironmentKey(repository, int(comment["issue_url"].rpartition("/")[2]))


def _state(runs: Iterable[WorkflowRun.WorkflowRun], workflow: str, title: str = "") -> str | None:
    """The state of the first run of a workflow whose title has these words."""
    for run in itertools.islice(runs, _MAX_RUNS):
        # A reusable workflow's path goes on with where it is from.
        name = run.path.partition("@")[0].rpartition("/")[2]
        if name == workflow and title in run.display_title:
            return run.conclusion or ports.RUNNING
    return None


def _error(text: str) -> dict[str, Any]:
    """What an error says of itself; a proxy's page says nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _out_of_sight(repository: str) -> str:
    return (
        f"GitHub shows the bot no repository {repository}, so its pull requests may well be open: "
        "give the bot access to it again"
    )


def _number(found: object) -> int:
    """An id, where the answer has one: PyGithub takes any answer and asks no questions."""
    if not isinstance(found, int):
        raise TypeError(found)
    return found


def _edited(comment: IssueComment.IssueComment, body: str) -> int:
    comment.edit(body)
    return _number(comment.id)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()


def _text(found: ContentFile.ContentFile, what: str) -> str:
    if found.encoding != "base64":
        raise errors.NotFoundError(f"{what} is over 1 MB, more than GitHub shows: make it smaller")
    return found.decoded_content.decode(errors="replace")


def _retry_after(error: github.GithubException) -> float | None:
    """How many seconds GitHub wants to be left alone; None where it does not say.

    Source: documentation, "Best practices for using the REST API", "Handle rate limit errors".
    """
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    now = datetime.datetime.now(datetime.UTC).timestamp()
    with contextlib.suppress(ValueError, TypeError, KeyError):
        if "retry-after" in headers:
            return min(max(float(headers["retry-after"]), 1.0), _LONGEST_SECONDS)
        if headers["x-ratelimit-remaining"] == "0":
            seconds = float(headers["x-ratelimit-reset"]) - now
            return min(max(seconds, 1.0), _LONGEST_SECONDS)
    return None


@contextlib.contextmanager
def _permitting(what: str) -> Iterator[None]:
    """What GitHub refuses for good is not found, so that nobody tries it again and again."""
    try:
        yield
    except github.RateLimitExceededException:
        raise
    except github.GithubException as error:
        if error.status in {403, 422} and _retry_after(error) is None:
            raise errors.NotFoundError(f"GitHub refuses {what}: {error.message}") from error
        raise


@contextlib.contextmanager
def _asking(what: str) -> Iterator[None]:
    """Say what was asked for in each error, with PyGithub's own as its cause."""
    try:
        yield
    except github.BadCredentialsException as error:
        raise errors.UnreachableError(
            f"GitHub refused the bot's credentials when asked for {what}: give it a valid token"
        ) from error
    except github.RateLimitExceededException as error:
        raise errors.UnreachableError(
            f"GitHub's rate limit is used up, so {what} has to wait",
            reason="rate-limited",
            retry_after=_retry_after(error),
        ) from error
    except (
        github.BadAttributeException,
        github.IncompletableObject,
        AttributeError,
        AssertionError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        # A proxy's page, for one, ends here.
        raise errors.UnreachableError(
            f"what answered for {what} does not speak GitHub's API: check the address"
        ) from error
    except github.GithubException as error:
        message = error.message or "without a reason"
        if error.status in {404, 410}:
            raise errors.NotFoundError(
                f"GitHub knows nothing of {what}, or does not let the bot see it: {message}"
            ) from error
        if error.status == 403:
            raise errors.ForbiddenError(
                f"GitHub does not let the bot ask for {what}: {message}"
            ) from error
        reason = "rate-limited" if error.status == 429 else None
        raise errors.UnreachableError(
            f"GitHub answered {error.status} when asked for {what}: {message}",
            reason=reason,
            retry_after=_retry_after(error),
        ) from error
    except requests.RequestException as error:
        raise errors.UnreachableError(
            f"GitHub did not answer when asked for {what} ({type(error).__name__})"
        ) from error
