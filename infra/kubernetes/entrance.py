"""The way in: one Ingress for the environment's own host."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from infra.contract import StageFile
from infra.kubernetes.objects import metadata

if TYPE_CHECKING:
    from pulumi_kubernetes.networking.v1 import HTTPIngressPathArgsDict


@dataclasses.dataclass(frozen=True)
class EntranceArgs:
    """What the Ingress is made from."""

    name: str
    labels: Mapping[str, str]
    host: str
    ingress_class: str
    stage: StageFile


class Entrance(pulumi.ComponentResource):
    """An Ingress with a path for each service that has a route."""

    def __init__(self, args: EntranceArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:kubernetes:Entrance", args.name, {}, opts)
        paths: list[HTTPIngressPathArgsDict] = [
            {
                "path": service.route,
                "path_type": "Prefix",
                "backend": {"service": {"name": name, "port": {"name": "http"}}},
            }
            for name, service in args.stage.services.items()
            if service.route is not None
        ]
        if paths:
            kubernetes.networking.v1.Ingress(
                args.name,
                metadata=metadata("entrance", args.labels, args.name),
                spec={
                    "ingress_class_name": args.ingress_class,
                    "rules": [{"host": args.host, "http": {"paths": paths}}],
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
