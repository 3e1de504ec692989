import dataclasses
from typing import Any

import pytest

from infra.readiness import podstate
from infra.readiness.podstate import Snapshot
from infra.readiness.progress import PodProgress, PodTrouble, Progress, ServiceProgress
from infra.readiness.trouble import MAX_DETAIL, Crash
from tests.unit.infra.readiness.cluster_objects import (
    NOW,
    OLD,
    SHA,
    Item,
    ago,
    deployment,
    ended,
    event,
    job,
    pod,
    ready_pod,
    replica_set,
    running,
    scheduled,
    unscheduled,
    waiting,
)

ONE = Snapshot(deployments=(deployment(),), replica_sets=(replica_set(),))


def seen(*pods: Item, events: tuple[Item, ...] = (), **changes: Any) -> ServiceProgress:
    """The one service of a namespace with these pods."""
    snapshot = dataclasses.replace(ONE, pods=pods, events=events, **changes)
    (service,) = podstate.progress(snapshot, SHA, NOW).services
    return service


def only(service: ServiceProgress) -> PodProgress:
    (found,) = service.pods
    return found


# -- Ready ----------------------------------------------------------------------------------------


def test_an_empty_namespace_is_not_ready() -> None:
    progress = podstate.progress(Snapshot(), SHA, NOW)
    assert progress == Progress(())
    assert not progress.ready


def test_ready_is_when_every_replica_of_the_commit_serves() -> None:
    progress = podstate.progress(dataclasses.replace(ONE, pods=(ready_pod(),)), SHA, NOW)
    assert progress.ready
    assert progress.services == (
        ServiceProgress("web", 1, 1, (PodProgress("web", "web-1-a", True, "Running"),)),
    )


REPLACED = {
    "deployments": (deployment(revision=2),),
    "replica_sets": (replica_set(revision=1), replica_set(revision=2)),
}
NEW = ready_pod("web-2-a", owner="replicas-web-2")
UNREADY = pod(containers=(running(1),), phase="Running")
GOING = ready_pod("web-1-b")
GOING["metadata"]["deletionTimestamp"] = ago(1)


@pytest.mark.parametrize(
    ("pods", "changes", "ready", "old"),
    [
        pytest.param((UNREADY,), {}, 0, 0, id="a pod that runs and is not ready"),
        pytest.param(
            (ready_pod(),), {"deployments": (deployment(observed=0),)}, 0, 1, id="unobserved change"
        ),
        pytest.param(
            (ready_pod(),),
            {"replica_sets": (replica_set(revision=0),)},
            0,
            0,
            id="its replica set not seen yet",
        ),
        pytest.param((ready_pod(commit=OLD),), {}, 0, 0, id="a pod of another commit"),
        pytest.param((ready_pod(), NEW), REPLACED, 1, 1, id="the old one still serves"),
        pytest.param((GOING, NEW), REPLACED, 1, 0, id="the old one is going"),
        pytest.param(
            (ready_pod(phase="Failed", reason="Evicted"), NEW),
            REPLACED,
            1,
            0,
            id="the old one is a record",
        ),
        pytest.param((GOING,), {}, 0, 0, id="its own pod is going"),
    ],
)
def test_which_pods_count(
    pods: tuple[Item, ...], changes: dict[str, Any], ready: int, old: int
) -> None:
    service = seen(*pods, **changes)
    assert (service.ready, service.old) == (ready, old)
    assert service.done == (ready == 1 and old == 0)


def test_other_commits_deployments_do_not_count() -> None:
    snapshot = Snapshot((deployment(commit=OLD),), (replica_set(),), (ready_pod(),))
    assert podstate.progress(snapshot, SHA, NOW) == Progress(())


def test_a_sleeping_service_is_done() -> None:
    assert seen(deployments=(deployment(replicas=0),)).done


def test_replicas_come_from_the_annotation_where_somebody_else_owns_the_field() -> None:
    assert seen(deployments=(deployment(replicas=None),)).wanted == 3


# -- Troubles -------------------------------------------------------------------------------------

KARPENTER = "karpenter"
NOMINATED = "Pod should schedule on: nodeclaim/pr-7"
IMPOSSIBLE = "Failed to schedule pod, incompatible requirements"
UNHEALTHY = "Readiness probe failed: HTTP probe failed with statuscode: 500"
MOUNT = 'MountVolume.SetUp failed for volume "v": secret "s" not found'

TROUBLES = [
    pytest.param(
        pod(containers=(waiting("ErrImagePull", "not found"),)),
        (),
        (PodTrouble.IMAGE_NOT_FOUND, "ErrImagePull: not found"),
        id="image: first pull",
    ),
    pytest.param(
        pod(containers=(waiting("ImagePullBackOff", 'Back-off pulling image "x"'),)),
        (),
        (PodTrouble.IMAGE_NOT_FOUND, 'ImagePullBackOff: Back-off pulling image "x"'),
        id="image: later pulls",
    ),
    pytest.param(
        pod(containers=(waiting("InvalidImageName", "bad reference"),)),
        (),
        (PodTrouble.IMAGE_NOT_FOUND, "InvalidImageName: bad reference"),
        id="image: no name",
    ),
    pytest.param(
        pod(
            init=(waiting("ErrImagePull", "agent not found"),),
            containers=(waiting("PodInitializing"),),
        ),
        (),
        (PodTrouble.IMAGE_NOT_FOUND, "ErrImagePull: agent not found"),
        id="image: of an injected init container",
    ),
    pytest.param(
        pod(containers=(waiting("CreateContainerConfigError", 'secret "s" not found'),)),
        (),
        (PodTrouble.CONFIG, 'CreateContainerConfigError: secret "s" not found'),
        id="config: a secret is missing",
    ),
    pytest.param(
        pod(containers=(waiting("ContainerCreating"),)), (), None, id="creating is no trouble"
    ),
    pytest.param(
        pod(containers=(waiting("CrashLoopBackOff", restarts=2, code=1),)),
        (),
        (PodTrouble.CRASHING, "exit code 1, restarted 2 times"),
        id="crash: backing off",
    ),
    pytest.param(
        pod(containers=(waiting("CrashLoopBackOff", restarts=1, code=0),)),
        (),
        (PodTrouble.CRASHING, "exit code 0, restarted once"),
        id="crash: a server that ends well all the time",
    ),
    pytest.param(
        pod(containers=(ended(1),)), (), None, id="crash: the first may have been an accident"
    ),
    pytest.param(
        pod(containers=(ended(137, restarts=1, reason="OOMKilled"),)),
        (),
        (PodTrouble.CRASHING, "exit code 137 (OOMKilled), restarted once"),
        id="crash: out of memory",
    ),
    pytest.param(
        pod(containers=(ended(128, restarts=1, reason="StartError", message="no such file"),)),
        (),
        (PodTrouble.CRASHING, "exit code 128 (StartError), restarted once: no such file"),
        id="crash: no such command",
    ),
    pytest.param(
        pod(containers=(running(1, restarts=3, code=1),)),
        (),
        (PodTrouble.CRASHING, "exit code 1, restarted 3 times"),
        id="crash: running for a moment between two",
    ),
    pytest.param(
        pod(containers=(running(1, restarts=1, code=1),)), (), None, id="crash: one is forgiven"
    ),
    pytest.param(
        pod(init=(ended(0, reason="Completed"),), containers=(running(1),)),
        (),
        None,
        id="an init container that is done",
    ),
    pytest.param(
        pod(containers=(running(6),)),
        (event("Unhealthy", UNHEALTHY, seconds=1),),
        (PodTrouble.PROBE_FAILING, UNHEALTHY),
        id="probe: fails for long",
    ),
    pytest.param(
        pod(containers=(running(4),)),
        (event("Unhealthy", UNHEALTHY, seconds=1),),
        None,
        id="probe: fails while it starts",
    ),
    pytest.param(
        pod(containers=(running(6),)),
        (event("Unhealthy", UNHEALTHY, seconds=9),),
        None,
        id="probe: failed before the restart",
    ),
    pytest.param(
        pod(containers=(running(6),)),
        (event("Unhealthy", "Liveness probe failed: x", seconds=1),),
        None,
        id="probe: another one",
    ),
    pytest.param(
        pod(containers=(running(6),)),
        (event("Unhealthy", UNHEALTHY, seconds=1, about="pod-other"),),
        None,
        id="probe: of another pod",
    ),
    pytest.param(pod(conditions=(unscheduled(7),)), (), None, id="node: Karpenter has not said"),
    pytest.param(
        pod(conditions=(unscheduled(9),)),
        (),
        (PodTrouble.UNSCHEDULABLE, "0/3 nodes are available"),
        id="node: nobody helps",
    ),
    pytest.param(
        pod(conditions=(unscheduled(3),)),
        (event("FailedScheduling", IMPOSSIBLE, by=KARPENTER),),
        (PodTrouble.UNSCHEDULABLE, f"0/3 nodes are available\nKarpenter: {IMPOSSIBLE}"),
        id="node: Karpenter can't help",
    ),
    pytest.param(
        pod(conditions=(unscheduled(1),)),
        (event("FailedScheduling", IMPOSSIBLE, by=KARPENTER),),
        None,
        id="node: Karpenter can't help, but another pool may",
    ),
    pytest.param(
        pod(conditions=(unscheduled(3),)),
        (event("FailedScheduling", "0/3 nodes are available", by="default-scheduler"),),
        None,
        id="node: the scheduler's own words are no refusal",
    ),
    pytest.param(
        pod(conditions=(unscheduled(60),)),
        (event("Nominated", NOMINATED, seconds=58, by=KARPENTER),),
        None,
        id="node: one is coming",
    ),
    pytest.param(
        pod(conditions=(unscheduled(60),)),
        (event("Nominated", NOMINATED, seconds=58, by=KARPENTER, about="pod-other"),),
        None,
        id="node: one is coming, as Karpenter said of another pod",
    ),
    pytest.param(
        pod(conditions=(unscheduled(60),)),
        (
            event("Nominated", NOMINATED, seconds=5, by=KARPENTER, about="pod-other"),
            event("FailedScheduling", IMPOSSIBLE, seconds=58, by=KARPENTER),
        ),
        (PodTrouble.UNSCHEDULABLE, f"0/3 nodes are available\nKarpenter: {IMPOSSIBLE}"),
        id="node: one is coming, but not for this pod",
    ),
    pytest.param(
        pod(conditions=(unscheduled(300),)),
        (event("Nominated", NOMINATED, seconds=250, by=KARPENTER),),
        (PodTrouble.UNSCHEDULABLE, "0/3 nodes are available"),
        id="node: the one that was promised never came",
    ),
    pytest.param(
        pod(conditions=(unscheduled(60),)),
        (
            event("Nominated", NOMINATED, seconds=9, by=KARPENTER, version=2),
            event("FailedScheduling", IMPOSSIBLE, seconds=9, by=KARPENTER, version=3),
        ),
        (PodTrouble.UNSCHEDULABLE, f"0/3 nodes are available\nKarpenter: {IMPOSSIBLE}"),
        id="node: the last word counts, within a second too",
    ),
    pytest.param(
        pod(conditions=(scheduled(9),), containers=(waiting("ContainerCreating"),)),
        (event("FailedMount", MOUNT),),
        (PodTrouble.CONFIG, f"FailedMount: {MOUNT}"),
        id="volume: does not come",
    ),
    pytest.param(
        pod(conditions=(scheduled(3),), containers=(waiting("ContainerCreating"),)),
        (event("FailedMount", MOUNT),),
        None,
        id="volume: Kubernetes tries again",
    ),
]


@pytest.mark.parametrize(("found", "events", "expected"), TROUBLES)
def test_why_a_pod_cannot_start(
    found: Item, events: tuple[Item, ...], expected: tuple[PodTrouble, str] | None
) -> None:
    one = only(seen(found, events=events))
    assert (one.trouble, one.detail) == (expected or (None, ""))


@pytest.mark.parametrize(
    ("found", "events", "state"),
    [
        pytest.param(pod(), (), "Pending", id="nothing known"),
        pytest.param(pod(conditions=(unscheduled(1),)), (), "Unschedulable", id="no node"),
        pytest.param(
            pod(conditions=(unscheduled(9),)),
            (event("Nominated", NOMINATED, by=KARPENTER),),
            podstate.WAITING_FOR_NODE,
            id="a node is coming",
        ),
        pytest.param(
            pod(
                init=(ended(0, reason="Completed"),),
                containers=(waiting("ContainerCreating"),),
            ),
            (),
            "ContainerCreating",
            id="after the init container",
        ),
        pytest.param(pod(containers=(ended(1),)), (), "Error", id="ended"),
        pytest.param(pod(phase="Running", containers=(running(1),)), (), "Running", id="running"),
    ],
)
def test_what_a_pod_does(found: Item, events: tuple[Item, ...], state: str) -> None:
    assert only(seen(found, events=events)).state == state


def test_a_ready_pod_has_no_trouble_whatever_it_went_through() -> None:
    healed = ready_pod(containers=(running(60, ready=True, restarts=5, code=1),))
    assert only(seen(healed)).trouble is None


def test_a_pod_that_could_not_be_made_is_a_trouble() -> None:
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": 'pods "web-1-a" is forbidden: exceeded quota: bounds',
    }
    one = only(seen(deployments=(deployment(conditions=(failure,)),)))
    assert (one.trouble, one.state) == (PodTrouble.CONFIG, "Refused")
    assert "exceeded quota" in one.detail


def test_a_node_that_rejects_one_pod_after_the_other_is_a_trouble() -> None:
    rejected = [
        pod(f"web-1-{n}", phase="Failed", reason="OutOfcpu", message="too much") for n in range(3)
    ]
    assert seen(*rejected[:2]).pods == ()
    one = only(seen(*rejected))
    assert (one.trouble, one.detail) == (PodTrouble.CONFIG, "OutOfcpu: too much")
    assert [found.pod for found in seen(*rejected, ready_pod("web-1-x")).pods] == ["web-1-x"]


def test_long_words_keep_their_beginning_and_their_end() -> None:
    message = "begin " + "x" * 5000 + " end"
    detail = only(seen(pod(containers=(waiting("ErrImagePull", message),)))).detail
    assert len(detail) <= MAX_DETAIL
    assert detail.startswith("ErrImagePull: begin")
    assert detail.endswith(" end")


# -- Jobs -----------------------------------------------------------------------------------------


def jobs(item: Item, *pods: Item, events: tuple[Item, ...] = ()) -> Progress:
    return podstate.progress(Snapshot(jobs=(item,), pods=pods, events=events), SHA, NOW)


def test_a_job_alone_makes_no_environment() -> None:
    progress = jobs(job(succeeded=1))
    assert progress.services == (ServiceProgress("job migrate", 1, 1, job=True),)
    assert not progress.ready


def test_a_job_comes_before_the_services_and_counts_with_them() -> None:
    snapshot = dataclasses.replace(ONE, pods=(ready_pod(),), jobs=(job(),))
    progress = podstate.progress(snapshot, SHA, NOW)
    assert [service.name for service in progress.services] == ["job migrate", "web"]
    assert not progress.ready


def test_other_commits_jobs_do_not_count() -> None:
    assert jobs(job(commit=OLD)) == Progress(())


def test_a_job_whose_pod_failed_tells_how() -> None:
    failed = pod("m", owner="job-migrate", containers=(ended(3),), restart="Never", phase="Failed")
    (found,) = jobs(job(), failed).troubles
    assert (found.trouble, found.detail) == (PodTrouble.CRASHING, "exit code 3")


def test_a_job_that_failed_without_a_pod_tells_what_it_knows() -> None:
    condition = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "m"}
    (found,) = jobs(job(conditions=[condition])).troubles
    assert (found.trouble, found.detail) == (PodTrouble.CRASHING, "DeadlineExceeded: m")


def test_a_job_whose_pod_could_not_be_made_is_a_trouble() -> None:
    refusal = event("FailedCreate", "exceeded quota", about="job-migrate", by="job-controller")
    (found,) = jobs(job(), events=(refusal,)).troubles
    assert (found.trouble, found.detail) == (PodTrouble.CONFIG, "FailedCreate: exceeded quota")


# -- Logs -----------------------------------------------------------------------------------------


def test_the_last_output_of_a_crash_is_part_of_its_words() -> None:
    snapshot = dataclasses.replace(
        ONE, pods=(pod(containers=(waiting("CrashLoopBackOff", restarts=2, code=1),)),)
    )
    (crash,) = podstate.crashes(snapshot, SHA)
    assert crash == Crash("web-1-a", "web", 2, running=False)
    progress = podstate.progress(snapshot, SHA, NOW, {crash: "KeyError: 'DATABASE'\n"})
    (found,) = progress.troubles
    assert found.detail == "exit code 1, restarted 2 times\nKeyError: 'DATABASE'"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(ready_pod(), id="ready"),
        pytest.param(pod(containers=(ended(1),)), id="its first end"),
        pytest.param(pod(containers=(ended(1, restarts=2),), commit=OLD), id="another commit"),
        pytest.param(pod(containers=(waiting("ErrImagePull"),)), id="never ran"),
    ],
)
def test_output_is_asked_for_where_it_explains_something(found: Item) -> None:
    assert not list(podstate.crashes(dataclasses.replace(ONE, pods=(found,)), SHA))
