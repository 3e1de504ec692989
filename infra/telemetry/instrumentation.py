"""How the OpenTelemetry Operator instruments an environment's pods.

Exactly one Instrumentation a namespace: with two, the annotation `"true"` is ambiguous and the
operator lets the pod start uninstrumented.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from infra.contract import Platform, StageFile
from infra.identity import EnvironmentKey
from infra.kubernetes.objects import metadata


@dataclasses.dataclass(frozen=True)
class InstrumentationArgs:
    """What the Instrumentation is made from."""

    name: str
    labels: Mapping[str, str]
    key: EnvironmentKey
    commit: str
    stage: StageFile
    platform: Platform


def specification(args: InstrumentationArgs) -> dict[str, Any]:
    """The Instrumentation's specification (opentelemetry.io/v1alpha1).

    The commit is no resource attribute here: it would differ from the pods' own during a rolling
    update. Pods carry it as an annotation.
    """
    fields: dict[str, Any] = {
        "exporter": {"endpoint": args.platform.otlp_endpoint},
        # The endpoint speaks HTTP, and some languages' agents would speak gRPC by default.
        "env": [{"name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": "http/protobuf"}],
        "propagators": ["tracecontext", "baggage"],
        "sampler": {
            "type": "parentbased_traceidratio",
            "argument": str(args.stage.telemetry.sampling),
        },
        "resource": {
            "resourceAttributes": {
                "deployment.environment.name": args.name,
                "vcs.repository.name": args.key.repository,
                **(
                    {"vcs.ref.head.name": args.key.branch}
                    if args.key.is_base
                    else {"vcs.change.id": str(args.key.number)}
                ),
            }
        },
    }
    if args.platform.python_instrumentation_image:
        fields["python"] = {"image": args.platform.python_instrumentation_image}
    return fields


def pod_annotations(args: InstrumentationArgs) -> dict[str, dict[str, str]]:
    """Annotations of each instrumented service's pods, by service."""
    if args.platform.otlp_endpoint is None:
        return {}
    return {
        name: {
            f"instrumentation.opentelemetry.io/inject-{service.language}": "true",
            "resource.opentelemetry.io/service.name": name,
            "resource.opentelemetry.io/vcs.ref.head.revision": args.commit,
        }
        for name, service in args.stage.services.items()
        if service.language
    }


class Instrumentation(pulumi.ComponentResource):
    """One Instrumentation resource."""

    def __init__(self, args: InstrumentationArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:telemetry:Instrumentation", args.name, {}, opts)
        self.resource = kubernetes.apiextensions.CustomResource(
            args.name,
            api_version="opentelemetry.io/v1alpha1",
            kind="Instrumentation",
            metadata=metadata("environment", args.labels, args.name),
            spec=specification(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
