"""GitHub as `bot.ports.Hub`: the only importer of PyGithub.

PyGithub sleeps out rate limits, an hour at a time. Here nothing waits: an answer that is not to be
had now is an UnreachableError, and the pass or the report is tried again later by its own clock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Iterator
from typing import Any

import github
import requests
import urllib3
from github import Auth, ContentFile, GithubIntegration, IssueComment, Repository

from bot import errors, model

TIMEOUT_SECONDS = 10
"""For each request; a pass holds a lease while it asks."""
_SETTLED = frozenset({"inactive", "error", "failure"})
_log = logging.getLogger("github")


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A GitHub App's own credentials; installation tokens are made of them as needed."""

    app_id: int
    private_key: str = dataclasses.field(repr=False)
    """PEM, as GitHub gives it out."""


class GitHubHub:
    """Implements `bot.ports.Hub`, with a personal token or as an App; safe for threads.

    Raises InvalidSettingsError for a key that can't be used; asks nothing of GitHub before it must.
    """

    def __init__(self, base_url: str, credentials: str | App) -> None:
        # PyGithub's debug lines hold whole answers, also those that new tokens come in.
        _log.setLevel(logging.INFO)
        self._credentials = credentials
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
            raise errors.UnreachableError(
                f"GitHub shows the bot no repository {repository}, so its pull requests may well "
                "be open: give the bot access to it again"
            ) from error

    def _pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        with _asking(f"pull request {key}"):
            pull = self._repository(key.repository).get_pull(key.number)
            head = pull.head
            # What is no pull request must never pass for a closed one.
            if pull.number != key.number or pull.state not in {"open", "closed"} or not head.sha:
                raise TypeError(key)
            return model.PullRequest(
                key=key,
                open=pull.state == "open",
                merged=pull.merged,
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

    # -- writing ----------------------------------------------------------------------------------

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """Write the environment's one comment and return its id. See `bot.ports.Hub`."""
        with _asking(f"the comment on {key}"):
            issue = self._repository(key.repository).get_issue(key.number)
            if comment_id is not None:
                with contextlib.suppress(github.UnknownObjectException):
                    return _edited(issue.get_comment(comment_id), body)
            marker = _first_line(body)
            for comment in issue.get_comments():
                # A marker that somebody else pasted is not ours to edit.
                if _first_line(comment.body or "") == marker and self._own(comment.user.login):
                    return _edited(comment, body)
            return _number(issue.create_comment(body).id)

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """Make or find the transient deployment of a commit. See `bot.ports.Hub`."""
        with _asking(f"the deployment of {commit[:7]} to {environment} of {repository}"):
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
    ) -> None:
        """Set a deployment's state. See `bot.ports.Hub`.

        `success` and `inactive` also end this environment's older deployments: GitHub does that by
        itself for lasting environments only.
        """
        with _asking(f"deployment {deployment_id} of {repository}"):
            where = self._repository(repository)
            deployment = where.get_deployment(deployment_id)
            made = deployment.create_status(
                state,
                description=description[:140],
                environment_url=github.GithubObject.NotSet if url is None else url,
            )
            _number(made.id)
            if state not in {"success", "inactive"}:
                return
            for older in where.get_deployments(environment=deployment.environment):
                if older.id >= deployment_id or not self._own(older.creator.login):
                    continue
                latest = next(iter(older.get_statuses()), None)
                if latest is not None and latest.state in _SETTLED:
                    return  # those before it were ended when it was
                older.create_status("inactive", description="A newer commit took its place")

    # -- clients ----------------------------------------------------------------------------------

    def _repository(self, full_name: str) -> Repository.Repository:
        return self._client(full_name).get_repo(full_name)

    def _client(self, full_name: str) -> github.Github:
        if isinstance(self._credentials, str):
            return self._user_client(self._credentials)
        owner, _, name = full_name.partition("/")
        clients: dict[str, github.Github] = self._local.__dict__.setdefault("installations", {})
        # An installation belongs to an account and has tokens of its own.
        if owner not in clients:
            app = self._app_client(self._credentials)
            found = app.get_repo_installation(owner, name)
            clients[owner] = app.get_github_for_installation(found.id)
        return clients[owner]

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
            f"GitHub's rate limit is used up, so {what} has to wait", reason="rate-limited"
        ) from error
    except (
        github.BadAttributeException,
        github.IncompletableObject,
        AttributeError,
        AssertionError,
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
        reason = "rate-limited" if error.status == 429 else None
        raise errors.UnreachableError(
            f"GitHub answered {error.status} when asked for {what}: {message}", reason=reason
        ) from error
    except requests.RequestException as error:
        raise errors.UnreachableError(
            f"GitHub did not answer when asked for {what} ({type(error).__name__})"
        ) from error
