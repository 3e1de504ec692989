"""The words of the bot: what a pull request is, what is wanted for it, and what is there.

Plain immutable data without input or output; every stage speaks in these.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping

from infra.identity import EnvironmentKey
from infra.readiness.progress import PodProgress, PodTrouble, Progress, ServiceProgress

__all__ = [
    "Absence",
    "Command",
    "CommandSource",
    "CommandState",
    "Cost",
    "Deed",
    "Desired",
    "EdgeRoute",
    "EnvironmentKey",
    "Holding",
    "Ignored",
    "Images",
    "Lane",
    "Life",
    "LifetimeFrom",
    "Observed",
    "Obstacle",
    "Origin",
    "Override",
    "Permission",
    "Phase",
    "PodProgress",
    "PodTrouble",
    "Progress",
    "PullRequest",
    "Reach",
    "Remnant",
    "Report",
    "Routes",
    "ServiceProgress",
    "Step",
    "TimelineEntry",
    "Usage",
]


@dataclasses.dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub tells it now."""

    key: EnvironmentKey
    open: bool
    merged: bool
    draft: bool
    title: str
    author: str
    labels: frozenset[str]
    head_sha: str
    head_ref: str
    base_sha: str
    base_ref: str
    head_repository: str | None
    """Full name of the repository that the head is in; None where that fork was deleted."""

    @classmethod
    def of_branch(cls, key: EnvironmentKey, commit: str, default: str) -> PullRequest:
        """A branch, as a pull request that is never closed, and that nobody has opened.

        It is into the default branch, since that says which branches have an environment.
        """
        return cls(
            key=key,
            open=True,
            merged=False,
            draft=False,
            title=key.branch,
            author="",
            labels=frozenset(),
            head_sha=commit,
            head_ref=key.branch,
            base_sha=commit,
            base_ref=default,
            head_repository=key.repository,
        )

    def of(self, definition: str) -> PullRequest:
        """The same, for another definition of its repository."""
        return dataclasses.replace(self, key=self.key.defined(definition))

    @property
    def from_fork(self) -> bool:
        """Whether the head is in another repository, or in one that no longer exists."""
        head = self.head_repository
        # GitHub does not tell capitals apart, and the key may be spelled as it once was.
        return head is None or head.lower() != self.key.repository.lower()


@enum.unique
class Lane(enum.StrEnum):
    """What of an environment is worked on by itself, so that the slow never delays the quick."""

    CLUSTER = "cluster"
    """Namespace, nodes, workloads and the host of its own."""
    EDGE = "edge"
    """The way through CloudFront, which takes minutes for each change."""


@enum.unique
class Phase(enum.StrEnum):
    """Where an environment is in its life. docs/architecture.md draws the moves between them."""

    ABSENT = "absent"
    """Nothing exists, and nothing is wanted; after a destroy, absence was proved."""
    WAITING = "waiting"
    """Wanted, and recorded, but held back (bad configuration, approval, quota)."""
    PROVISIONING = "provisioning"
    """The engine is creating or updating, or pods are starting."""
    READY = "ready"
    """Every workload of the wanted commit serves."""
    DEGRADED = "degraded"
    """It exists, but a workload can't start or an update failed."""
    SLEEPING = "sleeping"
    """Scaled to zero; data kept."""
    DESTROYING = "destroying"
    """Being taken away, or not yet proved absent."""
    STUCK = "stuck"
    """Needs a person: retries were used up."""


@enum.unique
class LifetimeFrom(enum.StrEnum):
    """What an environment's lifetime is counted from; where that never happened, its creation."""

    CREATION = "creation"
    """Since it has been asked for without a break."""
    PUSH = "push"
    COMMAND = "command"
    TRAFFIC = "traffic"


@enum.unique
class Permission(enum.IntEnum):
    """What somebody may do to a repository; each includes those before it.

    GitHub's `triage` counts as `READ` and `maintain` as `WRITE`, as in its own answers.
    """

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Override:
    """An environment variable that a command set for one pull request's services."""

    name: str
    value: str | None
    """None: it is as the stage file says."""
    order: str
    """The `Command.order` of the command that said so."""


@dataclasses.dataclass(frozen=True, slots=True)
class Life:
    """What is known and wished of an environment's life, apart from its commit."""

    began_at: datetime.datetime | None = None
    """Since when it has been asked for without a break; None while it is not."""
    head: str | None = None
    """The pull request's commit when it was last read; None while nothing is asked for."""
    pushed_at: datetime.datetime | None = None
    """When that commit was first seen."""
    commanded_at: datetime.datetime | None = None
    """When somebody last gave a command."""
    traffic_at: datetime.datetime | None = None
    """When somebody last used it."""
    expires_at: datetime.datetime | None = None
    """The latest time that it was extended to: it does not end before."""
    ends_at: datetime.datetime | None = None
    """The end that people were warned of; None while it is not near."""
    pinned: bool = False
    """It does not end by itself."""
    pin_order: str | None = None
    """The `Command.order` of the command that said so, or the contrary."""
    asleep: bool = False
    """It is to be scaled to zero."""
    sleep_order: str | None = None
    """The `Command.order` of the command that said so, or the contrary."""
    wished: bool | None = None
    """Whether the last command asked for it or against it; None: the policy alone decides."""
    wish_order: str | None = None
    """The `Command.order` of the command that said so."""
    chosen: str | None = None
    """The commit that it was asked for by name; a later push counts more."""
    chosen_over: str | None = None
    """The newest commit when that was asked."""
    labelled: bool = False
    """Whether the pull request had the label when it was last read."""
    approved: str | None = None
    """The one commit of an author without write access that somebody with it let run."""
    overrides: tuple[Override, ...] = ()
    """The environment variables that commands set, by name."""


@enum.unique
class CommandSource(enum.StrEnum):
    """What a command was written in."""

    COMMENT = "comment"
    REVIEW = "review"
    DIRECT = "direct"
    """The command line or the HTTP API, by somebody who may do everything there."""


@enum.unique
class Reach(enum.Enum):
    """Which of several environments a command is for that names none."""

    ONCE = "once"
    """It asks for the same whichever it is about: one answer is enough."""
    EXISTING = "existing"
    """Those that there are; only where there is none, those that are changed."""
    CHANGED = "changed"
    """Also those that the pull request changes something of."""


@enum.unique
class CommandState(enum.StrEnum):
    """How far a command has come."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self in {CommandState.DONE, CommandState.REFUSED}


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """One line of a comment that asks for something."""

    key: EnvironmentKey
    comment_id: int
    """GitHub's id of the comment or review."""
    line: int
    text: str
    """The verb and its arguments, as `bot.chatops` reads them."""
    author: str
    asked_at: datetime.datetime
    """When the comment was written; its effect is counted from then, whenever it runs."""
    state: CommandState = CommandState.PENDING
    answer: str = ""
    """What came of it, in one sentence for people; empty until it has ended."""
    source: CommandSource = CommandSource.COMMENT
    output: str = ""
    """What it was asked to show, as Markdown: told in a comment of its own."""
    answered: bool = False
    """Whether that was told."""

    @property
    def order(self) -> str:
        """Sorts as commands were given: by time, then comment, then line."""
        at = self.asked_at.astimezone(datetime.UTC).isoformat(timespec="microseconds")
        return f"{at} {self.comment_id:020d} {self.line:06d}"

    @property
    def deed(self) -> Deed:
        """What somebody asked for, and what came of it."""
        came = f"{self.state.value}: {self.answer}" if self.answer else self.state.value
        return Deed(self.asked_at, self.author, f"{self.text} ({came})")


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Deed:
    """Something that somebody did, which made something happen to an environment."""

    at: datetime.datetime
    who: str
    """A login; empty where GitHub did not say."""
    what: str
    """An event with its action, or a command with what came of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Desired:
    """An environment is wanted for this commit."""

    commit: str
    asleep: bool = False
    """Scaled to zero, with its data kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ignored:
    """No environment is wanted, and why."""

    reason: str
    """A short word (`closed`, `no-label`, `fork-not-approved`, …), used in logs and comments."""


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    """What is known to exist of a lane."""

    phase: Phase
    stack_exists: bool
    """Whether a stack was recorded and not yet proved gone."""
    removing: bool = False
    """Whether its removal was begun and has not ended in proved absence."""
    commit: str | None = None
    """The commit of the last engine update; None while one runs, and after one failed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Images:
    """What is known of the images that an environment is made of."""

    commit: str | None = None
    """The commit whose images were found last."""
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What they were found to be, by reference: that commit runs these from then on."""
    awaited: str | None = None
    """The commit whose images are waited for."""
    since: datetime.datetime | None = None
    """Since when."""


@enum.unique
class Step(enum.StrEnum):
    """What the reconciler does next."""

    NOTHING = "nothing"
    UP = "up"
    WATCH = "watch"
    SLEEP = "sleep"
    WAKE = "wake"
    DESTROY = "destroy"


@dataclasses.dataclass(frozen=True, slots=True)
class Remnant:
    """One resource that is still there."""

    kind: str
    """`Namespace`, `NodePool`, `NodeClaim`, `Node`, `Instance`, `Distribution`, `Policy`, …"""
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Absence:
    """The answer of an independent listing of everything that could carry an environment's name.

    `checked` names each listing that succeeded. A listing that fails raises instead: it proves
    nothing.
    """

    checked: tuple[str, ...]
    remnants: tuple[Remnant, ...]
    at: datetime.datetime

    @property
    def proved(self) -> bool:
        """Nothing was found by any listing."""
        return bool(self.checked) and not self.remnants


@dataclasses.dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps one remnant from going, and what is done about it."""

    remnant: Remnant
    why: str
    """One sentence for people, with the object or condition that holds it."""
    done: str = ""
    """What was done about it just now, in one sentence; empty where it is waited for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Which environment a stack says that it is, and who made it."""

    key: EnvironmentKey
    by_hand: bool
    """Made by a person with Pulumi's command line: shown, never taken away."""


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """What an independent listing found of one environment, whatever is stored about it."""

    name: str
    """The environment's name, from the label or tag."""
    key: EnvironmentKey | None
    """Whose it is, where labels and tags tell it."""
    resources: tuple[Remnant, ...]
    by_hand: bool = False
    """One of them says that a person made it: shown, never taken away."""


@dataclasses.dataclass(frozen=True, slots=True)
class EdgeRoute:
    """How to reach the environment through the production domain."""

    host: str
    """The production domain (or the primary distribution's own)."""
    header: str
    value: str
    deployed: bool
    """CloudFront has brought the staging distribution to all its edges."""


@dataclasses.dataclass(frozen=True, slots=True)
class Routes:
    """The addresses of an environment."""

    url: str
    """The environment's own host, with scheme."""
    edge: EdgeRoute | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """What an environment's services have asked for."""

    core_hours: float = 0.0
    gib_hours: float = 0.0
    """Of memory."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """What an environment costs, estimated."""

    a_day: float
    """As it stands; 0 where nothing runs."""
    so_far: float
    """Until it came into its phase."""
    currency: str

    def shown(self, amount: float) -> str:
        """An amount for people."""
        return f"{self.currency}{amount:.2f}"


@dataclasses.dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened to an environment, for people."""

    at: datetime.datetime
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Everything that feedback needs to tell the state of an environment."""

    key: EnvironmentKey
    name: str
    phase: Phase
    commit: str | None
    reason: str = ""
    """Why it is in this phase, in one sentence; empty when there is nothing to explain."""
    routes: Routes | None = None
    progress: Progress | None = None
    absence: Absence | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    life: Life = Life()
    ends_at: datetime.datetime | None = None
    """When it ends by itself, as things stand; None: never."""
    commands: tuple[Command, ...] = ()
    """The latest ones, oldest first."""
    cost: Cost | None = None
    """None where nobody gave prices."""
