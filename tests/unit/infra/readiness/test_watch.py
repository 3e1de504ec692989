import datetime
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from infra.readiness import watch
from infra.readiness.connection import ClusterError, Connection
from infra.readiness.progress import PodTrouble, Progress
from tests.unit.infra.readiness.api_server import ApiServer
from tests.unit.infra.readiness.cluster_objects import (
    NOW,
    SHA,
    deployment,
    event,
    pod,
    ready_pod,
    replica_set,
    running,
    waiting,
)

NAMESPACE = "pr-7"
PODS = watch.KINDS["pods"].format(NAMESPACE)
DEPLOYMENTS = watch.KINDS["deployments"].format(NAMESPACE)
REPLICA_SETS = watch.KINDS["replica_sets"].format(NAMESPACE)
PATIENCE = 10.0


class Follower:
    """Follows in the foreground; a test that waits too long is stopped."""

    def __init__(self, connection: Connection) -> None:
        self.deadline = time.monotonic() + PATIENCE
        self.stopped = False
        self.progress: Iterator[Progress] = watch.follow(
            connection, NAMESPACE, SHA, self.stop, lambda: NOW
        )

    def stop(self) -> bool:
        assert time.monotonic() < self.deadline, "nothing changed for too long"
        return self.stopped

    def until(self, reached: Callable[[Progress], bool]) -> Progress:
        return next(found for found in self.progress if reached(found))


@pytest.fixture
def follower(connection: Connection) -> Iterator[Follower]:
    follower = Follower(connection)
    yield follower
    follower.progress.close()  # type: ignore[attr-defined]
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("follow ")]


def grown(api: ApiServer) -> None:
    api.put(DEPLOYMENTS, deployment())
    api.put(REPLICA_SETS, replica_set())


def test_a_namespace_that_does_not_exist_yet_is_told_once_and_then_followed(
    api: ApiServer, follower: Follower
) -> None:
    assert next(follower.progress) == Progress(())
    grown(api)
    api.put(PODS, pod(containers=(waiting("ContainerCreating"),)))
    follower.until(lambda found: bool(found.services and found.services[0].pods))
    api.put(PODS, ready_pod())
    assert follower.until(lambda found: found.ready).services[0].ready == 1
    assert list(follower.progress) == [], "the watch ends when everything is ready"


def test_what_is_already_ready_is_told_at_once(api: ApiServer, follower: Follower) -> None:
    grown(api)
    api.put(PODS, ready_pod())
    assert [found.ready for found in follower.progress] == [True]


def test_pods_that_go_are_forgotten(api: ApiServer, follower: Follower) -> None:
    grown(api)
    api.put(PODS, pod())
    follower.until(lambda found: len(found.services[0].pods) == 1)
    api.delete(PODS, "pod-web-1-a")
    follower.until(lambda found: found.services[0].pods == ())


def test_a_broken_connection_is_made_anew(api: ApiServer, follower: Follower) -> None:
    assert next(follower.progress) == Progress(())
    api.drop_watches()
    grown(api)
    api.put(PODS, ready_pod())
    assert follower.until(lambda found: found.ready)


def test_a_history_that_is_no_longer_kept_leads_to_another_list(
    api: ApiServer, follower: Follower
) -> None:
    grown(api)
    api.put(PODS, pod())
    follower.until(lambda found: bool(found.services[0].pods))
    with api.changed:
        # The pod went while nobody watched, and nobody will tell.
        del api.items[PODS]["pod-web-1-a"]
        api.forget()
    follower.until(lambda found: found.services[0].pods == ())


def test_a_server_that_errs_for_a_moment_is_asked_again(api: ApiServer, follower: Follower) -> None:
    api.statuses["/pods"] = 503
    threading.Timer(0.5, api.statuses.clear).start()
    assert next(follower.progress) == Progress(())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_no_matter_of_patience(
    api: ApiServer, follower: Follower, status: int
) -> None:
    api.statuses["/jobs"] = status
    with pytest.raises(ClusterError, match=rf"refused .*/pr-7/jobs with {status}: no: {status}"):
        list(follower.progress)


def test_a_server_that_stays_away_is_an_error(
    api: ApiServer, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 0.3)
    api.statuses["/pods"] = 500
    with pytest.raises(ClusterError, match="500"):
        list(follower.progress)


def test_a_server_that_answers_nonsense_is_an_error(
    api: ApiServer, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 0.3)
    api.statuses["/pods"] = 0
    with pytest.raises(ClusterError, match="does not answer"):
        list(follower.progress)


def test_stop_ends_the_watch(follower: Follower) -> None:
    assert next(follower.progress) == Progress(())
    follower.stopped = True
    assert list(follower.progress) == []


def test_time_alone_makes_a_trouble(api: ApiServer, connection: Connection) -> None:
    now = [NOW]
    deadline = time.monotonic() + PATIENCE
    grown(api)
    api.put(PODS, pod(containers=(running(3),)))
    message = "Readiness probe failed: refused"
    api.put(watch.KINDS["events"].format(NAMESPACE), event("Unhealthy", message))
    progress = watch.follow(
        connection, NAMESPACE, SHA, lambda: time.monotonic() > deadline, lambda: now[0]
    )
    assert next(progress).troubles == ()
    now[0] += datetime.timedelta(seconds=3)
    (found,) = next(progress).troubles
    assert (found.trouble, found.detail) == (PodTrouble.PROBE_FAILING, message)
    progress.close()  # type: ignore[attr-defined]


def test_the_output_of_a_crash_is_fetched_once(api: ApiServer, follower: Follower) -> None:
    grown(api)
    api.logs["web-1-a/web"] = "Traceback\nKeyError: 'DATABASE'"
    crash = pod(containers=(waiting("CrashLoopBackOff", restarts=2, code=1),))
    api.put(PODS, crash)
    found = follower.until(lambda found: bool(found.troubles))
    assert found.troubles[0].detail.endswith("Traceback\nKeyError: 'DATABASE'")
    api.put(PODS, pod("web-1-b"))
    follower.until(lambda found: len(found.services[0].pods) == 2)
    assert api.count("/log?") == 1
    assert api.count("previous=false&tailLines=20&limitBytes=8192") == 1


def test_without_its_output_a_crash_is_told_all_the_same(
    api: ApiServer, follower: Follower
) -> None:
    grown(api)
    api.put(PODS, pod(containers=(running(1, restarts=3, code=2),)))
    found = follower.until(lambda found: bool(found.troubles))
    assert found.troubles[0].detail == "exit code 2, restarted 3 times"
    assert api.count("previous=true") == 1
