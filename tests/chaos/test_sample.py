"""A fixed sample of points with `make test`; the bench runs all (`python -m tests.bench chaos`)."""

from __future__ import annotations

import pytest

from tests.chaos import runner
from tests.chaos.faults import Point
from tests.world.world import World

pytestmark = pytest.mark.world

SAMPLE = (
    # Accepted by the API server and not yet in Pulumi's state: where leaks come from.
    "open after PATCH namespaces engine",
)
REST = (
    # A distribution that nobody remembers could be neither disabled nor deleted.
    "open after CreateDistributionWithTags engine",
    # The comment is there, and its number is not yet in the store: it must not become two. A bot
    # that is killed is waited for as long as its lease lives.
    "open after POST repos/issues/comments bot",
    "push before PATCH apps/deployments engine",
    "close before DELETE karpenter.sh/nodepools engine",
)
MORE = 8
OPTIONS = runner.Options(publish=True)


def test_a_sample_of_points_converges_and_leaves_nothing(world: World) -> None:
    results = runner.run(world, [Point.parse(text) for text in SAMPLE], OPTIONS)
    assert sorted(result.name for result in results) == sorted(SAMPLE)
    assert [result for result in results if not result.ok] == []


@pytest.mark.slow
def test_more_points_and_outages_converge_and_leave_nothing(world: World) -> None:
    points = runner.learn(world, OPTIONS)
    assert {*SAMPLE, *REST} <= {str(point) for point in points}
    rest = [Point.parse(text) for text in REST]
    chosen = [*dict.fromkeys([*rest, *runner.sample(points, MORE)]), *runner.further()[::6]]
    results = runner.run(world, chosen, OPTIONS)
    assert len(results) == len(chosen)
    assert [result for result in results if not result.ok] == []
