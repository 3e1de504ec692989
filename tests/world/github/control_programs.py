"""The control's verbs about programs: their tokens, Apps and what those may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
