"""The control's verbs about programs: their tokens, Apps and what those may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.world.github.control_client import Client, Json


class Programs(Client):
    """What programs are, as a part of `control.GitHubWorld`."""

    def add_token(self, token: str, login: str, scopes: Sequence[str] | None = None) -> None:
        """Make a personal (classic) token valid; without scopes it has `repo`.

        It may change what its person may change, where `set_permission` said so.
        """
        self._do("token", token=token, login=login, scopes=None if scopes is None else list(scopes))

    def revoke(self, token: str) -> None:
        """Make a token invalid."""
        self._do("revoke", token=token)

    def create_app(
        self,
        slug: str,
        hook: str | None = None,
        secret: str = "",
        events: Sequence[str] | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> Json:
        """Make an App, installed everywhere: its `app_id`, `private_key` and `login`.

        Without permissions it may do everything; without events it is told of pull requests.
        """
        made: Json = self._do(
            "app",
            slug=slug,
            hook=hook,
            secret=secret,
            events=None if events is None else list(events),
            permissions=None if permissions is None else dict(permissions),
        )
        return made

    def app_manifest(self, manifest: Mapping[str, Any], organization: str | None = None) -> str:
        """Say yes to an App of this manifest and return the code, which is good once.

        The App is made when the code is exchanged; then it is installed nowhere. Raises WorldError
        where GitHub would refuse the manifest.
        """
        given = {"manifest": dict(manifest), "organization": organization}
        return str(self._do("app_manifest", **given))

    # -- where Apps are installed -----------------------------------------------------------------

    def install(self, slug: str, owner: str, repositories: Sequence[str] | None = None) -> int:
        """Install an App on an account that it is not on, and return the installation's id.

        With repositories (full names), on those only. Sends `installation` to the App.
        """
        names = None if repositories is None else list(repositories)
        return int(self._do("install", slug=slug, owner=owner, repositories=names))

    def uninstall(self, slug: str, owner: str) -> None:
        """Remove an App from an account; its tokens end. Sends `installation` to the App."""
        self._do("uninstall", slug=slug, owner=owner)

    def add_to_installation(self, slug: str, repository: str) -> None:
        """Let an App see one more repository. Sends `installation_repositories` to it."""
        self._do("select", slug=slug, repository=repository, chosen=True)

    def remove_from_installation(self, slug: str, repository: str) -> None:
        """Hide a repository from an App. Sends `installation_repositories` to it."""
        self._do("select", slug=slug, repository=repository, chosen=False)

    # -- checks and workflows ---------------------------------------------------------------------

    def rerequest(self, repository: str, check_run_id: int, login: str) -> None:
        """Ask for a check once more. Sends `check_run` `rerequested` to its App alone."""
        self._do("rerequest", repository=repository, check_run_id=check_run_id, login=login)

    def complete_check(
        self, repository: str, sha: str, name: str, conclusion: str = "success", app: str = "ci"
    ) -> int:
        """Let an App (made if it is not there) check a commit, and return the check's id.

        Sends `check_run` `created` and `completed`.
        """
        given = {"sha": sha, "name": name, "conclusion": conclusion, "app": app}
        return int(self._do("complete_check", repository=repository, **given))

    def complete_suite(
        self, repository: str, sha: str, conclusion: str = "success", app: str = "ci"
    ) -> int:
        """Complete an App's suite of a commit and return its id. Sends `check_suite`."""
        given = {"sha": sha, "conclusion": conclusion, "app": app}
        return int(self._do("complete_suite", repository=repository, **given))

    def rerequest_suite(self, repository: str, sha: str, login: str, app: str = "ci") -> None:
        """Ask for a suite once more. Sends `check_suite` `rerequested` to its App alone."""
        self._do("rerequest_suite", repository=repository, sha=sha, login=login, app=app)

    def finish_workflow(
        self, repository: str, name: str, sha: str, conclusion: str = "success"
    ) -> int:
        """Let a workflow have run for a commit, and return the run's id. Sends `workflow_run`."""
        given = {"name": name, "sha": sha, "conclusion": conclusion}
        return int(self._do("finish_workflow", full_name=repository, **given))

    def add_workflow(self, repository: str, file_name: str, name: str | None = None) -> int:
        """Let a workflow be there that can be asked for, and return its id."""
        given = {"file_name": file_name, "name": name}
        return int(self._do("add_workflow", repository=repository, **given))

    def dispatches(self, repository: str) -> list[Json]:
        """What workflows were asked for, oldest first: `workflow`, `ref`, `inputs`, `login`."""
        found: list[Json] = self._do("dispatches", repository=repository)
        return found
