"""One GitHub: everything that exists, who may ask, and what it tells others."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.world.github import grants
from tests.world.github.credentials import Credentials
from tests.world.github.deliveries import Deliveries
from tests.world.github.limits import Limits
from tests.world.github.objects import Account, App, Hook, Repository
from tests.world.github.state import State

BOT = "understudy-bot"
"""The person that the default token belongs to."""
EVENTS = ("pull_request",)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; bodies are kept where that was asked for."""

    method: str
    path: str
    status: int
    rule: str = ""
    """The path as a template, such as `/repos/<owner>/<name>`."""
    viewer: str = ""
    media: str = "application/json"
    """Of the answer; empty where it has no body."""
    sent: Any = None
    answered: Any = None


@dataclass(slots=True)
class Default:
    """A hook that each new repository gets."""

    url: str
    secret: str
    events: Sequence[str] = EVENTS


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an App will be, until its code is exchanged."""

    given: Mapping[str, Any]
    owner: Account
    until: datetime.datetime


@dataclass
class World:
    """Everything behind the server."""

    hook: Default | None = None
    keep_bodies: bool = False
    credentials: Credentials = field(default_factory=Credentials)
    limits: Limits = field(default_factory=Limits)
    deliveries: Deliveries = field(default_factory=Deliveries)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    """Apps that are about to be made, by their codes."""
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=20_000))

    def __post_init__(self) -> None:
        self.state = State(self._send)
        self.state.on_repository.append(self._made)
        self.state.on_transfer.append(self._cover)
        self._others: dict[str, App] = {}

    def close(self) -> None:
        """End the background thread."""
        self.deliveries.close()

    def add_hook(
        self,
        url: str,
        secret: str,
        events: Sequence[str],
        repository: Repository | None = None,
        app: App | None = None,
        *,
        active: bool = True,
    ) -> Hook:
        """Register a hook; a repository's gets a ping."""
        made = Hook(self.state.new_id(), url, secret, tuple(events), repository, app, active)
        self.deliveries.hooks[made.id] = made
        self.deliveries.ping(made)
        return made

    def add_app(
        self,
        slug: str,
        hook: Default | None = None,
        permissions: Mapping[str, str] | None = None,
        events: Sequence[str] | None = None,
    ) -> tuple[App, str]:
        """Make an App, installed on every account; returns it and its private key.

        Without permissions it may do everything. Raises Refusal (422).
        """
        if permissions is not None:
            permissions = grants.permissions(permissions)
        if events is not None:
            events = grants.events(events, permissions)
        app, key = self.new_app(slug, self.state.account("acme", "Organization"))
        app.permissions, app.events = permissions, events
        for repository in self.state.repositories.values():
            self._install(app, repository.owner)
        if hook is not None:
            self.add_hook(hook.url, hook.secret, hook.events, app=app)
        return app, key

    def new_app(self, slug: str, owner: Account) -> tuple[App, str]:
        """Make an App that is installed nowhere yet; returns it and its private key."""
        bot = self.state.account(f"{slug}[bot]", "Bot")
        return self.credentials.add_app(self.state.new_id(), slug, bot, owner)

    def app(self, slug: str) -> App:
        """An App by name; one that is not ours is there as soon as it is named."""
        for app in self.credentials.apps.values():
            if app.slug == slug:
                return app
        if slug not in self._others:
            bot = self.state.account(f"{slug}[bot]", "Bot")
            owner = self.state.account(slug, "Organization")
            self._others[slug] = App(self.state.new_id(), slug, bot, owner, public_key="")
        return self._others[slug]

    def _made(self, repository: Repository) -> None:
        self._cover(repository)
        # A fork's owner has not asked for our deliveries.
        if self.hook is not None and repository.parent is None:
            self.add_hook(self.hook.url, self.hook.secret, self.hook.events, repository)

    def _cover(self, repository: Repository) -> None:
        for app in self.credentials.apps.values():
            self._install(app, repository.owner)

    def _install(self, app: App, owner: Account) -> None:
        known = owner.login in app.installations or owner.login in app.removed
        if app.everywhere and not known:
            app.installations[owner.login] = self.state.new_id()

    def _send(
        self, repository: Repository, event: str, action: str, facts: Mapping[str, Any]
    ) -> None:
        self.deliveries.event(repository, event, action, facts)
