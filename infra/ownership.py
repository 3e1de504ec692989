"""Who writes which field, where more than one party could. Pure.

Two programs never write one field: on a server-side apply the second one gets a conflict, and by
any other verb it silently undoes the first. So each such field has one owner, which writes it under
a field manager of its own; the Pulumi program leaves it out. Every field that is not listed here is
the program's.
"""

from __future__ import annotations

import dataclasses

PROGRAM = "pulumi-kubernetes"
"""The program's field manager begins with this; Pulumi's provider adds a suffix for each object."""
SLEEP = "understudy-sleep"
RESTART = "understudy-restart"
FINOPS = "understudy-finops"
CLEARING = "understudy-clearing"
AUTOSCALER = "kube-controller-manager"
"""What a HorizontalPodAutoscaler writes is written by this manager, by the scale subresource."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shared:
    """One field that more than one party writes."""

    kind: str
    path: tuple[str, ...]
    """The way to the field, key by key."""
    owner: str
    """Whose it is, for people."""
    managers: tuple[str, ...]
    """The field managers that the owner writes it under."""
    first_by_program: bool = False
    """The program gives it while its owner is not there, because the object would be wrong without
    it. Once the owner is there, the program leaves the field out."""


TABLE = (
    Shared(
        "Deployment",
        ("spec", "replicas"),
        "the sleep manager, or a HorizontalPodAutoscaler where a service has one",
        (SLEEP, AUTOSCALER),
        # What .stage.yaml asks for is in an annotation as well (naming.ANNOTATION_REPLICAS), for
        # whoever scales from then on: the sleep manager does from the first time that the
        # environment is put to sleep (config `scaled`).
        first_by_program=True,
    ),
    Shared(
        "Deployment",
        ("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"),
        "the bot's command to restart",
        (RESTART,),
    ),
    Shared("NodePool", ("spec", "weight"), "the FinOps controller", (FINOPS,)),
)
"""The fields; an object's finalizers, which the bot takes away under the manager of CLEARING, are
each that of the controller that set it."""
