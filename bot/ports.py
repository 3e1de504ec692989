"""The seams between the bot's stages.

A stage that needs another takes one of these protocols; `bot.app` puts the real ones in, tests the
recording ones of `bot.testing`. Verbs are idempotent: asked again for what is already so, they
return at once.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from bot import intent, model, said
from infra import contract, naming

# -- GitHub ---------------------------------------------------------------------------------------


RUNNING = "running"
"""The state of a workflow's run that has not ended."""
ENDING = frozenset({"success", "inactive"})
"""States of a deployment that end the older ones of its environment."""
MOST_ENDED = 3
"""So many of them at once; pushes that came faster leave some as they are."""
OVER = "A newer commit took its place"
"""What is said of a deployment or a check that has ended by that."""


class Hub(Protocol):
    """What the bot asks of GitHub. Raises UnreachableError, or NotFoundError for what is gone."""

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """The pull request as it is now.

        Where its repository has another name by now, the answer's key has that one. A branch is
        told as a pull request that is never closed (`model.PullRequest.of_branch`).
        """

    def default_branch(self, repository: str) -> str:
        """The name of a repository's default branch."""

    def file(self, repository: str, path: str, ref: str) -> str | None:
        """A text file's content at a commit; None where there is no such file."""

    def permission(self, repository: str, login: str) -> model.Permission:
        """What somebody may do to a repository. NotFoundError: there is no such person."""

    def wrote(
        self, key: model.EnvironmentKey, number: int, source: model.CommandSource
    ) -> said.Said:
        """A comment or a review as it is now, by its id. NotFoundError: it is gone."""

    def commit(self, repository: str, ref: str) -> str:
        """The whole name of the commit that a short one or a branch stands for."""

    def belongs(self, key: model.EnvironmentKey, commit: str) -> bool:
        """Whether a commit, named whole or in part, is one of a pull request's own."""

    def changed(self, key: model.EnvironmentKey) -> Sequence[str]:
        """The paths of the files that a pull request changes."""

    def workflow_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """How a workflow's newest run for a commit ended: `success`, `failure`, …

        `RUNNING` before its end; None without one. The workflow is named by its file.
        """

    def dispatched_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """The same of runs that `dispatch` asked for, and whose titles name the commit.

        GitHub counts these as runs for the branch that they were asked for on.
        """

    def dispatch(self, repository: str, workflow: str, ref: str, inputs: Mapping[str, str]) -> None:
        """Ask for a workflow to run on a branch. Asked twice, it runs twice.

        Raises NotFoundError where there is none that the bot may ask for, with GitHub's reason.
        """

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Put a reaction (`eyes`, …) to a comment; one that is there already stays."""

    def reply(self, key: model.EnvironmentKey, body: str) -> None:
        """Write a comment, unless there is one of the bot's with the same first line."""

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """Write the environment's one comment and return its id.

        Edits `comment_id`; without it, or where it was deleted, looks for the bot's own comment by
        the hidden marker in its first line, and only then makes a new one.
        """

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """Make a transient deployment (or find the one for this commit) and return its id."""

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> int:
        """Set a deployment's state: `in_progress`, `success`, `failure`, `inactive`, …

        A state of `ENDING` also ends up to `MOST_ENDED` older deployments of the environment.
        Returns how many writes it took.
        """

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
        """Let the commit's check of this name say something.

        That is `in_progress`, `success`, `failure`, `neutral` or `cancelled`. Edits `check_id`;
        without it, or where it is gone, one that is in progress, else makes one.
        Returns the id, None where a commit status takes its place. `summary` is Markdown.
        NotFoundError: there is no such commit, or the bot may not check it.
        """


class PullRequests(Protocol):
    """Lists pull requests and what was said on them, for the sweep."""

    def repositories(self) -> Sequence[str]:
        """Full names of the repositories that the bot may look at. Raises UnreachableError."""

    def open_pull_requests(self, repository: str) -> Sequence[model.PullRequest]:
        """Every open pull request, from all pages, or UnreachableError: never a part of them."""

    def default_branch(self, repository: str) -> str:
        """See `Hub`."""

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """See `Hub`."""

    def comments(self, repository: str, since: datetime.datetime) -> Sequence[said.Said]:
        """People's comments on issues and pull requests that were written since.

        From all pages, or UnreachableError; without those that were edited afterwards.
        """


# -- Engine ---------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class EngineResult:
    """How an engine operation ended."""

    outputs: Mapping[str, object]
    """The stack's outputs after an update; empty after a destroy."""
    changes: Mapping[str, int]
    """Resources by kind of change: `create`, `update`, `delete`, `same`, …"""
    seconds: float
    """How long it took, in seconds."""


OnEvent = Callable[[str], None]
"""Called with one line for people for each resource that the engine begins or ends."""


class Operation(Protocol):
    """A running engine operation: one child process."""

    def result(self, timeout: float | None = None) -> EngineResult:
        """Wait for the end.

        Raises EngineError when the operation failed, UnreachableError when the state backend did
        not answer (or there is no room for its files), TimeoutError when it is still running
        after `timeout` seconds (it goes on running).
        """

    def done(self) -> bool:
        """Whether it has ended."""

    def beat(self) -> None:
        """Tell the child that its lease lives.

        To be called whenever the lease was renewed, and cheap enough to be called at each look. A
        child that hears nothing for a while ends by itself, so that it is gone before another
        worker may begin.
        """

    def cancel(self) -> None:
        """Stop it: interrupt, a grace period, then kill; returns when the process is gone."""


class Engine(Protocol):
    """Runs the preview program. Two operations of one environment never overlap."""

    def up(self, name: str, config: Mapping[str, str], on_event: OnEvent) -> Operation:
        """Create or update the stack `name` with this config (`infra.contract` writes it)."""

    def destroy(self, name: str, on_event: OnEvent) -> Operation:
        """Destroy the stack `name` and remove it; one that does not exist is a success."""

    def exists(self, name: str) -> bool:
        """Whether a stack `name` is recorded in the state backend. Raises UnreachableError."""


class Stacks(Protocol):
    """Reads which stacks the state backend knows, for the sweep."""

    def names(self) -> Sequence[str]:
        """The name of every stack of the project. Raises UnreachableError."""

    def origin(self, name: str) -> model.Origin | None:
        """Whose stack it is, out of its state; None where the state does not tell, or is gone.

        Raises UnreachableError.
        """


# -- Cluster and cloud ----------------------------------------------------------------------------


class Watch(Protocol):
    """Follows one environment's workloads."""

    def follow(
        self, namespace: str, commit: str, stop: Callable[[], bool]
    ) -> Iterator[model.Progress]:
        """Yield at each change until everything is ready or `stop` says so (checked often).

        Only pods whose Deployment carries the label of `commit` count. Yields once at the start,
        also while the namespace does not exist yet. Raises UnreachableError.
        """


class Sleeper(Protocol):
    """Scales an environment's workloads; `infra.ownership` says which field is whose."""

    def sleep(self, name: str) -> None:
        """Scale every workload to zero. Raises UnreachableError."""

    def wake(self, name: str) -> None:
        """Scale every workload that is asleep to what the stage file asks for.

        One that somebody else scales is left alone while it is not at zero. Raises
        UnreachableError.
        """


class Workloads(Protocol):
    """Acts on an environment's workloads for whoever asks for it."""

    def restart(self, name: str, service: str | None, at: datetime.datetime) -> Sequence[str]:
        """Start the pods of one service, or of each, anew; which services there are.

        One that was restarted since `at` is left alone. Raises UnreachableError.
        """

    def logs(self, name: str, service: str | None, most: int) -> Mapping[str, str | None]:
        """What the pods of one service, or of each, wrote last, by pod.

        Those after the first `most` are not read, and have None. Raises UnreachableError.
        """


class Prover(Protocol):
    """Lists everything that could carry an environment's name, in the cluster and in AWS."""

    def look(self, name: str, lane: model.Lane | None = None) -> model.Absence:
        """List independently of any state what is left of a lane, or of all of them.

        Raises UnreachableError when one listing failed.
        """


class Inventory(Protocol):
    """Lists what carries any environment's label or tag, in the cluster and in AWS."""

    def holdings(self) -> Sequence[model.Holding]:
        """Everything found, by environment. Raises UnreachableError when one listing failed."""


class Clearer(Protocol):
    """Helps what is left of a destroyed environment to go, in documented ways only."""

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:
        """Take one bounded step, and tell what is still in the way.

        Deletes what nobody deletes (its stack's state forgot it), and unblocks what has not gone
        in the `seconds` since the stack was destroyed. Raises UnreachableError.
        """


class Edge(Protocol):
    """Reads how CloudFront stands for an environment."""

    def deployed(self, distribution_id: str) -> bool:
        """Whether a distribution's latest configuration is at all edges."""


class Drain(Protocol):
    """Takes an environment's edge out of use, so that nobody has to wait while it is destroyed."""

    def drained(self, name: str) -> bool:
        """Take the next possible step; true when a destroy would find nothing to wait for.

        Raises UnreachableError.
        """


class Images(Protocol):
    """Asks registries for images."""

    def resolve(self, images: Collection[str]) -> Mapping[str, str | None]:
        """The digest of each image by its reference; None where its registry has none (yet).

        Raises InvalidStageFileError for what is no reference, and UnreachableError, also where a
        registry does not show an image to the bot.
        """


# -- Store ----------------------------------------------------------------------------------------


MAX_TIMELINE = 500
"""Lines that an environment's timeline keeps: the newest."""
SAVED = frozenset(
    {
        "phase",
        "stack_exists",
        "removing",
        "destroyed_at",
        "commit",
        "target",
        "reason",
        "outputs",
        "progress",
        "absence",
        "images",
        "usage",
        "failures",
        "life",
    }
)
"""What `Store.save` may change; leases and generations have verbs of their own. `life` is the whole
environment's, so only its cluster lane writes it."""
REMEMBERED = frozenset(
    {
        "comment_id",
        "comment_digest",
        "deployment_id",
        "deployment_commit",
        "deployment_state",
        "check_id",
        "check_commit",
        "check_state",
    }
)
"""What `Store.remember` may change."""


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one lane of an environment until `until`."""

    key: model.EnvironmentKey
    lane: model.Lane
    token: int
    """The fencing token: larger at each taking, so that a late write of an old one is refused."""
    until: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One lane of an environment as it is stored. See `bot.store.tables` for the columns."""

    key: model.EnvironmentKey
    lane: model.Lane
    name: str
    """The name of the namespace and everything else (`infra.naming`)."""
    wanted: int
    seen: int
    due_at: datetime.datetime | None
    phase: model.Phase
    phase_since: datetime.datetime
    stack_exists: bool
    removing: bool
    """Its removal was begun and has not ended in proved absence."""
    destroyed_at: datetime.datetime | None
    """When the stack was destroyed and removed; None before, and after absence was proved."""
    commit: str | None
    """The commit of the last engine update; None while one runs, and after one failed."""
    target: str | None
    """The commit that the pull request asked for when it was last read; None without a wish."""
    reason: str
    edge_value: str
    """The secret value of the edge header; 128 random bits, made with the row."""
    outputs: Mapping[str, object]
    progress: model.Progress | None
    """How far the workloads were when last looked at."""
    absence: model.Absence | None
    """The last listing of a removal."""
    comment_id: int | None
    comment_digest: str | None
    deployment_id: int | None
    deployment_commit: str | None
    failures: int
    """Passes in a row that failed; a success sets it to 0."""
    leased: bool
    """Whether somebody works on it just now."""
    life: model.Life = dataclasses.field(default_factory=model.Life)
    """The whole environment's; every lane has the same."""
    deployment_state: str | None = None
    """The state that the deployment was last given."""
    check_id: int | None = None
    """GitHub's id of the check; None also where a commit status takes its place."""
    check_commit: str | None = None
    check_state: str | None = None
    """What the check of that commit last said."""
    images: model.Images | None = None
    """What is known of its images; None before they were asked for."""
    usage: model.Usage = dataclasses.field(default_factory=model.Usage)
    """What it had asked for when it came into its phase."""

    @property
    def stack(self) -> str:
        """The name of the lane's stack."""
        return naming.stack_name(self.name, self.lane.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Delivered:
    """A webhook delivery, as it is kept."""

    id: str
    """GitHub's GUID; a redelivery has the same."""
    event: str
    action: str = ""
    """Empty where the event has none."""
    sender: str = ""
    """The login of whoever made it happen; empty where GitHub does not say."""

    def deed(self, at: datetime.datetime) -> model.Deed:
        """What it tells of, when it came in at this time."""
        return model.Deed(at, self.sender, f"{self.event} {self.action}".strip())


Wait = Callable[[Sequence[datetime.datetime]], float]
"""Seconds until more may be written, out of when what was written was made; 0: now."""


class Ledger(Protocol):
    """Counts writes to GitHub for all replicas together, and over restarts."""

    def written(self, account: str) -> Sequence[datetime.datetime]:
        """When each write of the last hour was made, oldest first; what is on its way: just now."""

    def spend(self, account: str, writes: int, wait: Wait) -> tuple[float, int]:
        """Count so many writes as on their way, unless `wait` is more than 0.

        `wait` is told what `written` gives, and nobody else counts meanwhile. Returns these seconds
        and, where they are 0, a number for `spent`.
        """

    def spent(self, number: int, writes: int) -> None:
        """Of what was counted under a number, so many were made, just now."""


class Store(Ledger, Protocol):
    """Deliveries, environments, leases and timelines. Every write is one transaction."""

    def record_delivery(
        self,
        delivery: Delivered,
        keys: Collection[model.EnvironmentKey] = (),
        commands: Collection[model.Command] = (),
    ) -> bool:
        """Keep a delivery with its commands and raise `wanted` of its environments, all at once.

        Returns False for a delivery that was recorded before; `wanted` is raised all the same,
        as a redelivery asks for another look, and a command is kept once.
        """

    def hint_commit(self, repository: str, commit: str) -> Sequence[model.EnvironmentKey]:
        """Raise `wanted` of every environment that asks for this commit, and return which."""

    def hint_branch(self, repository: str, branch: str) -> Sequence[model.EnvironmentKey]:
        """Raise `wanted` of every base environment of a branch that there is, and return which."""

    def hint_definitions(self, key: model.EnvironmentKey) -> None:
        """Raise `wanted` of every definition of the same pull request or branch that has a row."""

    def hint(self, key: model.EnvironmentKey) -> None:
        """Raise `wanted` (the row is made where missing)."""

    def adopt(self, key: model.EnvironmentKey) -> bool:
        """Record that something exists which no row admits, and raise `wanted`.

        Returns False where every lane of a row admitted it already.
        """

    def doubt(self, key: model.EnvironmentKey) -> None:
        """Record that what a row says was not found, and raise `wanted`: it is made anew."""

    def record_command(self, command: model.Command) -> bool:
        """Keep a command by comment and line and raise `wanted`, in one transaction.

        Returns False, with nothing changed, for one that is known: it was run, or will be.
        """

    def begin_command(self, lease: Lease) -> model.Command | None:
        """The next command to run, now `running`; None without one. Raises LeaseLostError.

        Each becomes `running` once. One that is so already was interrupted, and comes first; its
        effect is an absolute value, so it is evaluated again and finished.
        """

    def finish_command(
        self, lease: Lease, command: model.Command, life: model.Life | None = None
    ) -> Row:
        """Keep a command's end (`state`, `answer` and `output`) together with what came of it.

        Where that changes the life, `wanted` is raised, as every lane lives it. Raises
        LeaseLostError.
        """

    def answered(self, command: model.Command) -> None:
        """Keep that a command's output was told."""

    def untold(self) -> Sequence[model.Command]:
        """The commands whose output was not told yet, oldest first."""

    def commands(self, key: model.EnvironmentKey) -> Sequence[model.Command]:
        """Every command for the environment, in the order in which they were given."""

    def mark(self, name: str) -> datetime.datetime | None:
        """How far something was read; None before the first time."""

    def set_mark(self, name: str, at: datetime.datetime) -> None:
        """Keep how far something was read."""

    def may(self, right: str, owner: str, seconds: float) -> bool:
        """Take or keep what only one replica may do at a time, for so long."""

    def prune(self) -> None:
        """Forget deliveries and timelines that are too old to be of use."""

    def take(
        self, owner: str, seconds: float, lanes: Collection[model.Lane] = tuple(model.Lane)
    ) -> tuple[Row, Lease] | None:
        """Lease what has waited longest of these lanes, `wanted > seen` or due; None if idle.

        A lease that ran out may be taken over; its token is then larger.
        """

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Heartbeat. Raises LeaseLostError."""

    def save(self, lease: Lease, **changes: object) -> Row:
        """Change columns of the leased lane (names as in Row). Raises LeaseLostError."""

    def release(self, lease: Lease, seen: int, due_at: datetime.datetime | None) -> None:
        """End the pass: set `seen` and `due_at`. Raises LeaseLostError."""

    def remember(self, key: model.EnvironmentKey, **feedback: object) -> None:
        """Keep what was written to GitHub: `comment_id`, `comment_digest`, `deployment_…`.

        Needs no lease: the comment is found by its marker whatever is remembered.
        """

    def deeds(self, key: model.EnvironmentKey) -> Sequence[model.Deed]:
        """Who made what happen to an environment, oldest first: deliveries and commands."""

    def row(self, key: model.EnvironmentKey, lane: model.Lane = model.Lane.CLUSTER) -> Row | None:
        """One lane of an environment as it stands."""

    def lanes(self, key: model.EnvironmentKey) -> Mapping[model.Lane, Row]:
        """Every lane of an environment, as they stood at one moment; empty without one."""

    def rows(self) -> Sequence[Row]:
        """Every lane of all environments, the newest environments first."""

    def note(self, key: model.EnvironmentKey, text: str) -> None:
        """Add a line to the environment's timeline."""

    def timeline(self, key: model.EnvironmentKey) -> Sequence[model.TimelineEntry]:
        """The environment's timeline, oldest first."""

    def healthy(self) -> bool:
        """Whether the database answers."""


class Policies(Protocol):
    """Says which pull requests of a repository get an environment."""

    def policy(self, repository: str, branch: str, definition: str = "") -> intent.Policy:
        """The policy for pull requests into a branch, or for one definition of several.

        Raises UnreachableError, and InvalidStageFileError where it can't be understood: then
        nobody knows what is wanted, and what is there stays.
        """


# -- Chat -----------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """What came of a command."""

    command: model.Command
    """The command with its state, its answer and its output."""
    life: model.Life
    anew: bool = False
    """The environment is to be updated, though its commit is the same."""
    stranger: bool = False
    """It was refused because its author may not give it, and need not be answered."""


class Chat(Protocol):
    """Decides what people may ask for, and what comes of it."""

    def run(
        self, command: model.Command, pull_request: model.PullRequest | None, row: Row
    ) -> Ended:
        """Do what a command says, or refuse it with a sentence. Raises UnreachableError.

        The pull request is None where it is gone; nobody need be asked about one that is not open.
        """

    def reach(self, command: model.Command) -> model.Reach:
        """Which of several environments it is for, where it names none."""

    def trusted(self, pull_request: model.PullRequest) -> bool:
        """Whether its author's code may run without anybody's word. Raises UnreachableError."""


# -- Feedback -------------------------------------------------------------------------------------


class Reporter(Protocol):
    """Tells people: one comment, a deployment, a check. Never raises for GitHub's sake: it logs."""

    def report(self, report: model.Report) -> None:
        """Bring all of them to how the environment stands; returns at once.

        What is written is read from the store when it is written, so it is never older than what
        was written before; equal content is not sent again.
        """

    def acknowledge(self, command: model.Command) -> None:
        """Let its author see that a command was read; returns at once."""

    def answer(self, command: model.Command) -> None:
        """Tell a command's output in a comment of its own, once; returns at once."""


# -- Programs -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Needed:
    """The images that a commit needs, and how they are waited for."""

    references: tuple[str, ...]
    waiting: contract.Images


class Configurer(Protocol):
    """Turns a pull request and its .stage.yaml into the program's config."""

    def config(
        self, row: Row, pull_request: model.PullRequest, *, trusted: bool
    ) -> Mapping[str, str] | None:
        """The config of the lane's stack for this commit; None where the lane has none.

        Images are those that the row has digests of. That of an author who is not `trusted` is
        the base branch's, whatever the pull request changes. Raises InvalidStageFileError,
        UnreachableError.
        """

    def images(self, pull_request: model.PullRequest, *, trusted: bool) -> Needed:
        """The images of this commit, by the same file as the config's. Raises as it does."""

    def routes(self, rows: Mapping[model.Lane, Row]) -> model.Routes | None:
        """The addresses, from the outputs of the last updates; None before the first."""
