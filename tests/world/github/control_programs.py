"""The control's verbs about programs: their tokens, Apps and what those may do."""

from __future__ import annotations

from collections.abc import Sequence

from tests.world.github.control_client import Client, Json


class Programs(Client):
    """What programs are, as a part of `control.GitHubWorld`."""

    def add_token(self, token: str, login: str) -> None:
        """Make a personal token valid."""
        self._do("token", token=token, login=login)

    def revoke(self, token: str) -> None:
        """Make a token invalid."""
        self._do("revoke", token=token)

    def create_app(
        self,
        slug: str,
        hook: str | None = None,
        secret: str = "",
        events: Sequence[str] | None = None,
    ) -> Json:
        """Make an App, installed everywhere: its `app_id`, `private_key` and `login`."""
        given = None if events is None else list(events)
        made: Json = self._do("app", slug=slug, hook=hook, secret=secret, events=given)
        return made
