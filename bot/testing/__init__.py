"""Recording fakes of the ports, around one small world and one clock.

Time passes only while somebody waits (`SimulatedClock.sleep` and the watch's ticks), so a pass over
minutes of provisioning takes no time; what is to happen meanwhile is scheduled with `at`. Each fake
has a `fault` that every call raises while it is set. They are shipped, so that an extension's own
tests can stand on them.
"""

from bot.testing.clock import SimulatedClock
from bot.testing.cluster import TICK_SECONDS, FakeClearer, FakeSleeper, FakeWatch, FakeWorkloads
from bot.testing.desk import FakeConfigurer, FakePolicies, FakeReporter
from bot.testing.edge import FakeDrain, FakeEdge
from bot.testing.engine import FakeEngine, FakeOperation, FakeStacks, edge_of
from bot.testing.hub import FakeHub
from bot.testing.images import FakeImages
from bot.testing.listings import FakeInventory, FakeProver
from bot.testing.shown import SETTLED, FakeCheck, FakeDeployment
from bot.testing.store import MemoryStore
from bot.testing.world import FakeService, FakeWorld

__all__ = [
    "SETTLED",
    "TICK_SECONDS",
    "FakeCheck",
    "FakeClearer",
    "FakeConfigurer",
    "FakeDeployment",
    "FakeDrain",
    "FakeEdge",
    "FakeEngine",
    "FakeHub",
    "FakeImages",
    "FakeInventory",
    "FakeOperation",
    "FakePolicies",
    "FakeProver",
    "FakeReporter",
    "FakeService",
    "FakeSleeper",
    "FakeStacks",
    "FakeWatch",
    "FakeWorkloads",
    "FakeWorld",
    "MemoryStore",
    "SimulatedClock",
    "edge_of",
]
