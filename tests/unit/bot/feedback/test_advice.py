from __future__ import annotations

import pytest

from bot import model
from bot.feedback import advice
from bot.model import PodTrouble


@pytest.mark.parametrize(
    ("trouble", "detail", "sentence"),
    [
        (PodTrouble.IMAGE_NOT_FOUND, "ErrImagePull: 401 Unauthorized", "right to pull"),
        (PodTrouble.IMAGE_NOT_FOUND, "InvalidImageName: shop web", "name can't be read"),
        (PodTrouble.IMAGE_NOT_FOUND, "ErrImagePull: dial tcp: no such host", "does not answer"),
        (PodTrouble.IMAGE_NOT_FOUND, "ImagePullBackOff: manifest unknown", "let CI push it"),
        (PodTrouble.CRASHING, "exit code 137 (OOMKilled), restarted once", "more memory"),
        (PodTrouble.CRASHING, "exit code 1\nexec /app: exec format error", "another processor"),
        (PodTrouble.CRASHING, "exit code 127, restarted 3 times", "command can't be run"),
        (PodTrouble.CRASHING, "exit code 1\ndial: connection refused", "can't reach"),
        (PodTrouble.CRASHING, "exit code 1\nKeyError: 'DSN'", "last lines"),
        (PodTrouble.PROBE_FAILING, "Readiness probe failed: connection refused", "listens"),
        (PodTrouble.PROBE_FAILING, "Readiness probe failed: statuscode: 503", "`probe.path`"),
        (PodTrouble.PROBE_FAILING, "Readiness probe failed: EOF", "is not ready"),
        (PodTrouble.UNSCHEDULABLE, "Karpenter: would exceed limits for NodePool", "used up"),
        (PodTrouble.UNSCHEDULABLE, "0/3 nodes: Insufficient cpu", "has room"),
        (PodTrouble.UNSCHEDULABLE, "untolerated taint", "No node takes it"),
        (PodTrouble.CONFIG, 'secret "dsn" not found', "Secret or ConfigMap"),
        (PodTrouble.CONFIG, "FailedMount: timed out", "can't be mounted"),
        (PodTrouble.CONFIG, "image will run as root", "runs as root"),
        (PodTrouble.CONFIG, "CreateContainerError", "can't make the container"),
    ],
)
def test_a_known_trouble_has_its_mend(trouble: PodTrouble, detail: str, sentence: str) -> None:
    assert sentence in advice.mend(model.PodProgress("web", "web-1", False, "x", trouble, detail))


@pytest.mark.parametrize("trouble", PodTrouble)
def test_every_trouble_has_a_mend_whatever_its_words(trouble: PodTrouble) -> None:
    assert advice.mend(model.PodProgress("web", "web-1", False, "x", trouble, "?")).endswith(".")


def test_what_has_no_trouble_needs_no_mend() -> None:
    assert advice.mend(model.PodProgress("web", "web-1", True, "Running")) == ""
