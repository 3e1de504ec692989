"""What people may do about it: the likely mend of a trouble, and the commands that help next. Pure.

A mend is one sentence for a reason that is known to have one cause in most cases. The first line of
the table that fits is taken; where none does, Kubernetes' own words have to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot import intent, markdown, model
from bot.feedback.bounds import MAX_NAME
from bot.model import Phase, PodTrouble

MENDS: Sequence[tuple[PodTrouble, str, str]] = (
    (
        PodTrouble.IMAGE_NOT_FOUND,
        r"unauthorized|denied|forbidden|authenticat|\b40[13]\b",
        "The registry does not let the cluster in: give its nodes the right to pull this image.",
    ),
    (
        PodTrouble.IMAGE_NOT_FOUND,
        r"InvalidImageName|invalid reference",
        "The image's name can't be read: mend `image` in `.stage.yaml`.",
    ),
    (
        PodTrouble.IMAGE_NOT_FOUND,
        r"no such host|timeout|connection refused|RegistryUnavailable",
        "The registry does not answer: look at its name in `image`, and at the cluster's network.",
    ),
    (
        PodTrouble.IMAGE_NOT_FOUND,
        r"",
        "There is no such image: let CI push it for this commit, or mend `image` in `.stage.yaml`.",
    ),
    (
        PodTrouble.CRASHING,
        r"OOMKilled",
        "It needs more memory than it may have: raise `resources.memory` in `.stage.yaml`.",
    ),
    (
        PodTrouble.CRASHING,
        r"exec format error",
        "The image is built for another processor: build it for the nodes' architecture as well.",
    ),
    (
        PodTrouble.CRASHING,
        r"exit code 12[67]\b|no such file or directory.*exec|StartError",
        "Its command can't be run: look at `command` in `.stage.yaml` and the image's entry point.",
    ),
    (
        PodTrouble.CRASHING,
        r"connection refused|could not connect|no such host|name resolution",
        "It can't reach something that it needs: look at the address in `env`, and at `egress`.",
    ),
    (
        PodTrouble.CRASHING,
        r"",
        "It ends by itself: its last lines say why; a push of the mended commit starts it anew.",
    ),
    (
        PodTrouble.PROBE_FAILING,
        r"connection refused",
        "Nothing listens where the probe asks: let the service listen on `port`, on every address.",
    ),
    (
        PodTrouble.PROBE_FAILING,
        r"statuscode: (40[0-9]|5\d\d)",
        "It answers the probe with an error: look at `probe.path` in `.stage.yaml`, and its log.",
    ),
    (
        PodTrouble.PROBE_FAILING,
        r"",
        "It runs and is not ready: look at `probe` in `.stage.yaml`, and at its log.",
    ),
    (
        PodTrouble.UNSCHEDULABLE,
        r"exceed\w* limit|limits? (was |were )?exceeded",
        "The environment has used up what it may: raise `capacity`, or ask for fewer `resources`.",
    ),
    (
        PodTrouble.UNSCHEDULABLE,
        r"insufficient|no instance type",
        "No node has room for it: ask for fewer `resources`, or raise `capacity` in `.stage.yaml`.",
    ),
    (
        PodTrouble.UNSCHEDULABLE,
        r"",
        "No node takes it: look at `resources` and `capacity` in `.stage.yaml`.",
    ),
    (
        PodTrouble.CONFIG,
        r"secret|configmap",
        "It refers to a Secret or ConfigMap that is not there: mend the reference, or make it.",
    ),
    (
        PodTrouble.CONFIG,
        r"FailedMount|FailedAttachVolume",
        "A volume can't be mounted: look at what the pod mounts, and whether it is there.",
    ),
    (
        PodTrouble.CONFIG,
        r"runAsNonRoot|run as root",
        "The image runs as root, which is not allowed here: give it a user with a number.",
    ),
    (
        PodTrouble.CONFIG,
        r"",
        "Kubernetes can't make the container: look at `command`, `env` and the image.",
    ),
)
"""Trouble, what Kubernetes' words hold then (in any spelling), and the mend."""


def mend(pod: model.PodProgress) -> str:
    """The likely mend, as Markdown; empty where there is no trouble."""
    for trouble, words, sentence in MENDS:
        if pod.trouble is trouble and re.search(words, pod.detail, re.IGNORECASE):
            return sentence
    return ""


def following(report: model.Report, word: str) -> str:
    """One line with the commands that help now."""
    steps = [step if step.startswith("push") else f"`{word} {step}`" for step in _steps(report)]
    return f"**Next**: {' · '.join(steps)}"


def _steps(report: model.Report) -> Iterator[str]:
    match report.phase:
        case Phase.READY:
            yield "down"
            yield "unpin" if report.life.pinned else "extend 8h"
            yield "logs"
        case Phase.SLEEPING:
            yield from ("wake", "down")
        case Phase.PROVISIONING:
            yield from ("status", "down")
        case Phase.DEGRADED | Phase.STUCK:
            yield _logs(report)
            yield from ("restart", "push a fix")
        case Phase.WAITING if report.reason.startswith(intent.HELD_BACK[intent.NOT_APPROVED]):
            yield f"approve {_name(report.commit[:7]) if report.commit else 'SHA'}"
        case Phase.WAITING:
            yield from ("status", "push a fix")
        case Phase.DESTROYING | Phase.ABSENT:
            yield "up"


def _logs(report: model.Report) -> str:
    troubles = report.progress.troubles if report.progress else ()
    return f"logs {_name(troubles[0].service)}" if troubles else "logs"


def _name(text: str) -> str:
    """A name within code; it can be no more than that."""
    return markdown.code(markdown.bounded(text, MAX_NAME)).strip("`")
