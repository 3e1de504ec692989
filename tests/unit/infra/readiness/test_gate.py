from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.readiness import gate
from infra.readiness.gate import Gate, NotReadyError
from infra.readiness.progress import PodProgress, PodTrouble, Progress, ServiceProgress


def service(ready: int, *pods: PodProgress, name: str = "web", old: int = 0) -> ServiceProgress:
    return ServiceProgress(name, 1, ready, pods, old)


STARTING = service(0, PodProgress("web", "web-a", False, "ContainerCreating"))
READY = service(1, PodProgress("web", "web-a", True, "Running"))
BROKEN = service(
    0,
    PodProgress(
        "web", "web-a", False, "ErrImagePull", PodTrouble.IMAGE_NOT_FOUND, "ErrImagePull: no web:1"
    ),
)


class Cluster:
    """A script: after so many seconds the cluster looks so."""

    def __init__(self, *script: tuple[float, tuple[ServiceProgress, ...]]) -> None:
        self.script = list(script)
        self.time = 0.0
        self.said: list[str] = []

    def follow(self, stop: Callable[[], bool]) -> Iterator[Progress]:
        while not stop():
            while self.script and self.script[0][0] <= self.time:
                progress = Progress(self.script.pop(0)[1])
                yield progress
                if progress.ready:
                    return
            self.time += 1

    def wait(self) -> list[str]:
        Gate(self.said.append, lambda: self.time).wait(self.follow)
        return self.said


def test_it_ends_when_everything_serves_and_tells_each_change_once() -> None:
    cluster = Cluster((0, ()), (1, (STARTING,)), (2, (STARTING,)), (3, (READY,)))
    assert cluster.wait() == [
        "web: 0 of 1 ready, ContainerCreating",
        "web: 1 of 1 ready",
    ]
    assert cluster.time == 3


def test_a_trouble_that_goes_is_waited_for() -> None:
    cluster = Cluster((1, (BROKEN,)), (25, (STARTING,)), (50, (BROKEN,)), (60, (READY,)))
    cluster.wait()
    assert cluster.time == 60
    assert "web: 0 of 1 ready, web-a image not found: ErrImagePull: no web:1" in cluster.said


def test_a_trouble_that_lasts_ends_it_with_a_sentence_for_each_pod() -> None:
    other = service(0, PodProgress("api", "api-a", False, "x", PodTrouble.UNSCHEDULABLE, "why"))
    cluster = Cluster((1, (BROKEN, other)))
    with pytest.raises(NotReadyError) as caught:
        cluster.wait()
    assert str(caught.value).splitlines() == [
        "Service 'web' can't start: image not found in pod web-a (ErrImagePull: no web:1); "
        "push this commit's image, or mend its name in .stage.yaml.",
        "Service 'api' can't start: unschedulable in pod api-a (why); "
        "ask for less in .stage.yaml, or raise its capacity.",
    ]
    assert cluster.time == 1 + gate.TROUBLE_SECONDS


@pytest.mark.parametrize(
    ("services", "words"),
    [
        pytest.param((), "No workload of this commit appeared", id="nothing"),
        pytest.param((STARTING,), "web: 0 of 1 ready, ContainerCreating.", id="starting"),
        pytest.param(
            (service(1, old=2),),
            "web: 1 of 1 ready, 2 of an earlier commit still there.",
            id="the old one stays",
        ),
    ],
)
def test_at_the_deadline_it_says_what_is_missing(
    services: tuple[ServiceProgress, ...], words: str
) -> None:
    cluster = Cluster((1, services))
    with pytest.raises(NotReadyError) as caught:
        cluster.wait()
    assert words in str(caught.value)
    assert cluster.time == gate.READY_SECONDS


def test_a_cluster_that_can_not_be_asked_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match=r"not known: kubeconfig .* can't be used"):
        gate.hold(str(tmp_path / "missing"), None, "pr-7", "sha", print)
