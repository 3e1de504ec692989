"""What exists on this GitHub, as plain data. `state` changes it, `shapes` writes it as JSON."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def now() -> datetime.datetime:
    """The time, in whole seconds as GitHub tells it."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Account:
    """A person, an organisation or an App's bot."""

    id: int
    login: str
    kind: str = "User"


@dataclass(frozen=True, slots=True)
class Label:
    """A label that a repository has."""

    id: int
    name: str
    color: str = "ededed"


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody shows of a comment, such as `eyes`; each only once."""

    id: int
    author: Account
    content: str
    created_at: datetime.datetime = field(default_factory=now)


@dataclass(slots=True)
class Comment:
    """A comment on a pull request."""

    id: int
    number: int
    author: Account
    body: str
    app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)
    created_at: datetime.datetime = field(default_factory=now)
    updated_at: datetime.datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Review:
    """A review of a pull request, of the commit that was its head."""

    id: int
    number: int
    author: Account
    body: str
    state: str
    """`COMMENTED`, `APPROVED` or `CHANGES_REQUESTED`."""
    commit_id: str
    submitted_at: datetime.datetime = field(default_factory=now)


@dataclass(slots=True)
class Status:
    """One state of a deployment or, with a context, of a commit."""

    id: int
    creator: Account
    state: str
    description: str = ""
    target_url: str = ""
    environment: str = ""
    environment_url: str = ""
    context: str = ""
    created_at: datetime.datetime = field(default_factory=now)


@dataclass(slots=True)
class Deployment:
    """A deployment; its statuses are newest first, as GitHub lists them."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    payload: Any
    transient: bool
    production: bool
    creator: Account
    statuses: list[Status] = field(default_factory=list)
    created_at: datetime.datetime = field(default_factory=now)


@dataclass(slots=True)
class CheckRun:
    """A check of a commit; only Apps make them."""

    id: int
    head_sha: str
    app: App
    fields: dict[str, Any]
    """As the App gave them: name, status, conclusion, output, …"""
    suite: int = 0
    started_at: datetime.datetime = field(default_factory=now)


@dataclass(slots=True)
class CheckSuite:
    """All checks that one App makes of one commit."""

    id: int
    head_sha: str
    app: App
    status: str = "in_progress"
    conclusion: str | None = None
    created_at: datetime.datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of GitHub Actions."""

    id: int
    name: str
    file_name: str
    created_at: datetime.datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run of a workflow that has ended."""

    id: int
    workflow: Workflow
    number: int
    """Counted for each workflow."""
    head_sha: str
    head_branch: str | None
    event: str
    conclusion: str
    actor: Account
    suite: int
    created_at: datetime.datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """That somebody asked for a workflow to run."""

    workflow: Workflow
    ref: str
    inputs: Mapping[str, str]
    sender: Account


@dataclass(slots=True)
class PullRequest:
    """A pull request."""

    id: int
    number: int
    author: Account
    title: str
    head_owner: Account
    head_repository: Repository | None
    """None once the fork was deleted."""
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    labels: list[Label] = field(default_factory=list)
    closed_at: datetime.datetime | None = None
    merged_at: datetime.datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    created_at: datetime.datetime = field(default_factory=now)
    updated_at: datetime.datetime = field(default_factory=now)

    @property
    def state(self) -> str:
        """`open` or `closed`; a merged one is closed."""
        return "open" if self.closed_at is None else "closed"


@dataclass(slots=True)
class Hook:
    """Where deliveries go: of one repository, or of an App for all that it is installed on."""

    id: int
    url: str
    secret: str
    events: tuple[str, ...]
    repository: Repository | None = None
    app: App | None = None
    active: bool = True
    last_code: int | None = None
    created_at: datetime.datetime = field(default_factory=now)

    def takes(self, event: str) -> bool:
        """Whether it subscribes to an event; every hook gets its ping."""
        return self.active and (event == "ping" or bool({"*", event} & set(self.events)))


@dataclass(slots=True)
class Delivery:
    """One attempt to deliver; a redelivery is another, with the same GUID."""

    id: int
    guid: str
    hook: Hook
    event: str
    action: str | None
    repository_id: int | None
    """None for what is about an installation."""
    body: bytes
    headers: Mapping[str, str]
    redelivery: bool = False
    delivered_at: datetime.datetime | None = None
    """None while it waits to be sent."""
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""


@dataclass(slots=True)
class App:
    """A GitHub App; who installed it, and where that is only a part, for which repositories."""

    id: int
    slug: str
    bot: Account
    owner: Account
    public_key: str
    permissions: Mapping[str, str] | None = None
    """None: it may do everything."""
    events: Sequence[str] | None = None
    name: str = ""
    """The slug where nothing is said."""
    url: str = ""
    description: str = ""
    webhook_secret: str | None = None
    everywhere: bool = True
    """It is installed by itself on who has a repository."""
    installations: dict[str, int] = field(default_factory=dict)
    """Installation ids by owner's login."""
    selected: dict[str, set[int]] = field(default_factory=dict)
    """Ids of repositories by owner's login; an owner who is missing here selected all."""
    removed: set[str] = field(default_factory=set)
    """Owners who removed it: it is not installed there again by itself."""
    created_at: datetime.datetime = field(default_factory=now)

    def covers(self, repository: Repository) -> bool:
        """Whether it is installed on a repository."""
        owner = repository.owner.login
        chosen = self.selected.get(owner)
        return owner in self.installations and (chosen is None or repository.id in chosen)


@dataclass(slots=True)
class Repository:
    """A repository and everything in it."""

    id: int
    owner: Account
    name: str
    network: int
    default_branch: str = "main"
    parent: Repository | None = None
    branches: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    check_suites: dict[int, CheckSuite] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    """By the file's name."""
    workflow_runs: dict[int, WorkflowRun] = field(default_factory=dict)
    dispatches: list[Dispatch] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    """`admin`, `write`, `read` by login; all others have `read`."""
    created_at: datetime.datetime = field(default_factory=now)

    @property
    def full_name(self) -> str:
        """As `owner/name`."""
        return f"{self.owner.login}/{self.name}"

    def branch_of(self, sha: str) -> str | None:
        """A branch whose newest commit it is, if one is."""
        return next((name for name, tip in self.branches.items() if tip == sha), None)

    def pulls_of(self, sha: str) -> list[PullRequest]:
        """Open pull requests of its own branches whose newest commit it is."""
        return [
            pull
            for pull in self.pulls.values()
            if pull.head_sha == sha and pull.state == "open" and pull.head_repository is self
        ]
