"""Images come, move and stay away in any order: what runs was found, and stays the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings, stateful
from hypothesis import strategies as st

from bot import errors, model
from bot.model import Phase
from infra import contract
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand

COMMITS = (A, B, C)


def image(commit: str) -> str:
    return f"registry.test/web:{commit}"


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


class Images(stateful.RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stand = Stand()
        self.stand.configurer.waiting = contract.Images(wait="registry", timeout="5m")
        self.stand.open(A)
        self.made: dict[str, str] = {}
        """The digest that each commit runs, since the environment was last gone."""
        self.checked = 0

    # -- what happens -----------------------------------------------------------------------------

    @stateful.rule(commit=st.sampled_from(COMMITS))
    def push(self, commit: str) -> None:
        self.stand.push(commit)

    @stateful.rule(commit=st.sampled_from(COMMITS), content=st.sampled_from("xy"))
    def image_is_pushed(self, commit: str, content: str) -> None:
        self.stand.images.push(image(commit), content)

    @stateful.rule(commit=st.sampled_from(COMMITS))
    def image_is_deleted(self, commit: str) -> None:
        self.stand.images.pushed.pop(image(commit), None)

    @stateful.rule(is_open=st.booleans())
    def close_or_reopen(self, is_open: bool) -> None:
        self.stand.change(open=is_open)

    @stateful.rule(text=st.sampled_from(["sleep", "wake", "set A=1", "unset A", "down", "up"]))
    def command(self, text: str) -> None:
        self.stand.command(text)

    @stateful.rule(silent=st.booleans())
    def registry_is_silent(self, silent: bool) -> None:
        fault = errors.UnreachableError("the registry registry.test did not answer")
        self.stand.images.fault = fault if silent else None

    @stateful.rule()
    def engine_will_fail(self) -> None:
        self.stand.engine.failures = ["no such subnet"]

    @stateful.rule()
    def something_is_not_found(self) -> None:
        self.stand.store.doubt(KEY)

    @stateful.rule(seconds=st.sampled_from([5.0, 60.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.stand.clock.advance(seconds)

    @stateful.rule()
    def one_pass(self) -> None:
        self._pass()

    # -- always -----------------------------------------------------------------------------------

    def _pass(self) -> bool:
        before = dict(self.stand.images.pushed)
        worked = self.stand.once()
        for config in self.stand.configs[self.checked :]:
            commit, digest = config["commit"], config[image(config["commit"])]
            assert digest == self.made.get(commit, before.get(image(commit)))
            # What is asked for again after another commit is looked for again.
            self.made = {commit: digest}
        self.checked = len(self.stand.configs)
        if not self.stand.row.stack_exists:
            self.made = {}
        return worked

    @stateful.invariant()
    def what_is_told_is_so(self) -> None:
        row, world = self.stand.row, self.stand.world
        told = self.stand.stages.overview.of(KEY)
        if row.phase is Phase.READY and told is not None:
            assert world.commits(row.name) == {told.commit}
            assert not world.asleep(row.name)
        if row.phase is Phase.WAITING:
            assert row.name not in world.environments
            assert row.reason

    @stateful.invariant()
    def what_nobody_wants_is_not_waited_for(self) -> None:
        row = self.stand.row
        if row.phase is Phase.ABSENT and row.seen == row.wanted:
            assert row.images is None

    # -- in the end -------------------------------------------------------------------------------

    def teardown(self) -> None:
        stand = self.stand
        stand.images.fault, stand.engine.failures = None, []
        for commit in COMMITS:
            stand.images.push(image(commit))
        stand.store.hint(KEY)
        for _ in range(60):
            while self._pass():
                pass
            if stand.row.due_at is None:
                break
            stand.clock.advance(max((stand.row.due_at - stand.clock.now()).total_seconds(), 0.0))
        row, pull = stand.row, stand.hub.pull_requests[KEY]
        if not pull.open or row.life.wished is False:
            assert (row.phase, row.images) == (Phase.ABSENT, None)
            return
        phase = Phase.SLEEPING if row.life.asleep else Phase.READY
        assert (row.phase, row.commit, row.reason) == (phase, pull.head_sha, "")
        assert isinstance(row.images, model.Images)
        assert set(row.images.digests) == {image(pull.head_sha)}


class TestImages(Images.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(
        max_examples=400,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
