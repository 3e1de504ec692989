"""How long things may take, and how often they are looked at. All in seconds."""

from __future__ import annotations

from bot import backoff

LEASE_SECONDS = 60.0
"""A pass keeps its environment for so long without a heartbeat. Half of it is left for ending the
engine's process after the last heartbeat that could succeed, so it is more than twice what the
engine may take to be cancelled (25 s)."""

POLL_SECONDS = 0.1
"""While the engine runs: how often it is asked whether it has ended."""

HEED_SECONDS = 0.5
"""How often a pass that goes on looks for a newer wish."""

IDLE_SECONDS = 1.0
"""A worker without work looks for what has become due so often; hints wake it at once."""

HEED_AGAIN_SECONDS = 5.0
"""GitHub did not answer whether a pull request was closed meanwhile: ask again after so long."""

REWATCH_SECONDS = 3.0
"""While the engine still works on something else: how often workloads that were ready are looked
at again. One that can't start is to be told within 10 seconds."""

READY_SECONDS = 600.0
"""How long the workloads of an updated environment are watched without a break; a new node may
take minutes, and a large image as well."""

TROUBLE_SECONDS = 30.0
"""How long workloads are watched on after one of them can't start; many recover by themselves."""

GLANCE_SECONDS = 5.0
"""How long workloads are looked at that were told ready, or unable to start, before."""

RECHECK_SECONDS = 30.0
LAST_RECHECK_SECONDS = 900.0
"""A workload that could not start is looked at again between so soon and so late: the rarer, the
longer nothing has happened."""

FIRST_IMAGE_SECONDS = 5.0
LAST_IMAGE_SECONDS = 60.0
"""An image that is being built is looked for again between so soon and so late: the rarer, the
longer it takes."""

LATE_IMAGE_SECONDS = 600.0
"""One that did not come in time is looked for so often."""

FIRST_EDGE_SECONDS = 1.0
LAST_EDGE_SECONDS = 10.0
"""CloudFront mostly takes minutes to reach every edge: it is asked whether it has between so soon
and so late, the rarer, the longer it takes."""

ENGINE_SECONDS = 1800.0
"""An engine operation that takes longer is interrupted, and tried again as a failure."""

PROOF_SECONDS = 4.0
"""How long one pass waits for the last remnants of a destroyed environment. Nodes and namespaces
end by themselves, mostly soon; after that nobody waits, and it is looked again when it is due."""

PROOF_POLL_SECONDS = 1.0
"""How often everything is listed meanwhile."""

FIRST_LOOK_SECONDS = 2.0
LAST_LOOK_SECONDS = 30.0
"""After that, remnants are looked at again between so soon and so late: the rarer, the longer
they have been there."""

REMNANT_SECONDS = 1200.0
"""Something that is still there so long after its stack was destroyed needs a person; it is helped
to go, and looked at, on and on."""

STUCK_SECONDS = 300.0
"""Where a person is needed, it is still tried again so often: the reason may have gone."""

UNREACHABLE_SECONDS = 15.0
"""A service did not answer: try again after so long, for as long as it takes. That is no failure
of the environment, so it never becomes stuck by it."""

FIRST_RETRY_SECONDS = 2.0
LAST_RETRY_SECONDS = 300.0
MAX_FAILURES = 8
"""After so many passes in a row that failed, a person is needed: about 4 minutes of waiting
between them."""
JITTER = 0.2
"""The share of a pause by which it is shorter or longer, so that retries do not march in step."""


def retry_seconds(failures: int, chance: float = 0.5) -> float:
    """How long to wait after so many failures in a row (1 or more); `chance` is from 0 to 1."""
    pause = backoff.pause(failures - 1, FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
    return pause * (1 + JITTER * (2 * chance - 1))


def look_seconds(waited: float) -> float:
    """How long to wait for remnants that have been there for so many seconds."""
    return _rarer(waited, FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS)


def edge_seconds(waited: float) -> float:
    """How long to wait for a change that CloudFront has been bringing about for so many seconds."""
    return _rarer(waited, FIRST_EDGE_SECONDS, LAST_EDGE_SECONDS)


def image_seconds(waited: float) -> float:
    """How long to wait for an image that has been waited for for so many seconds."""
    return _rarer(waited, FIRST_IMAGE_SECONDS, LAST_IMAGE_SECONDS)


def recheck_seconds(quiet: float) -> float:
    """How long to wait where nothing has happened for `quiet` seconds."""
    return _rarer(quiet, RECHECK_SECONDS, LAST_RECHECK_SECONDS)


def _rarer(waited: float, first: float, last: float) -> float:
    """A pause that grows with what was waited already, within bounds."""
    return min(max(waited / 4, first), last)
