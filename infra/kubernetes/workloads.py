"""Jobs, Deployments and Services of an environment, out of its `.stage.yaml`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from infra import naming
from infra.contract import Job, Service, StageFile
from infra.contract.stage_file import image_of
from infra.kubernetes.objects import metadata

if TYPE_CHECKING:
    from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        EnvVarArgsDict,
        PodSpecArgsDict,
        TolerationArgsDict,
    )

TERMINATION_GRACE_SECONDS = 5
"""A preview has no visitors worth draining for; a container that ignores SIGTERM costs this."""

JOB_SECONDS = 600
"""How long a job may take, with its start and its second attempt."""


@dataclasses.dataclass(frozen=True)
class WorkloadsArgs:
    """What the workloads are made from."""

    name: str
    labels: Mapping[str, str]
    commit: str
    stage: StageFile
    node_selector: Mapping[str, str]
    tolerations: tuple[TolerationArgsDict, ...]
    pod_annotations: Mapping[str, Mapping[str, str]]
    """Annotations of a service's pods, by service (the instrumentation's)."""
    pod_security: str
    """The namespace's Pod Security level."""
    scaled: bool
    """Somebody else scales the services."""


def environment(variables: Mapping[str, str], commit: str) -> list[EnvVarArgsDict]:
    """Environment variables in the order of their names; COMMIT is always there."""
    values = {"COMMIT": commit, **variables}
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def container(args: WorkloadsArgs, name: str, workload: Service | Job) -> ContainerArgsDict:
    """A container of a service or a job."""
    resources = workload.resources
    fields: ContainerArgsDict = {
        "name": name,
        "image": image_of(workload, args.commit),
        "env": environment(workload.env, workload.commit or args.commit),
        "image_pull_policy": "IfNotPresent",
        "resources": {
            "requests": {"cpu": resources.cpu, "memory": resources.memory},
            "limits": {"memory": resources.memory},
        },
    }
    if args.pod_security == "restricted":
        # The level demands that each is said. The operator gives the containers that it injects
        # the same.
        fields["security_context"] = {
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "run_as_non_root": True,
            "seccomp_profile": {"type": "RuntimeDefault"},
        }
    if workload.command:
        fields["command"] = list(workload.command)
    if isinstance(workload, Service):
        fields["ports"] = [{"container_port": workload.port, "name": "http"}]
        if workload.probe:
            fields["readiness_probe"] = {
                "http_get": {"path": workload.probe.path, "port": "http"},
                "period_seconds": workload.probe.period,
                "timeout_seconds": workload.probe.timeout,
            }
    return fields


def pod(args: WorkloadsArgs, containers: list[ContainerArgsDict], restart: str) -> PodSpecArgsDict:
    """A pod specification that runs on the environment's nodes and knows no credentials."""
    fields: PodSpecArgsDict = {
        "containers": containers,
        "restart_policy": restart,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "termination_grace_period_seconds": TERMINATION_GRACE_SECONDS,
    }
    if args.node_selector:
        fields["node_selector"] = dict(args.node_selector)
    if args.tolerations:
        fields["tolerations"] = list(args.tolerations)
    return fields


def deployment(args: WorkloadsArgs, name: str, service: Service) -> DeploymentSpecArgsDict:
    """A Deployment's specification."""
    selector = {naming.LABEL_ENVIRONMENT: args.name, naming.LABEL_SERVICE: name}
    found: DeploymentSpecArgsDict = {
        "selector": {"match_labels": selector},
        # The new pods come first and nothing is taken away before they serve.
        "strategy": {
            "type": "RollingUpdate",
            "rolling_update": {"max_surge": 1, "max_unavailable": 0},
        },
        "revision_history_limit": 2,
        "template": {
            "metadata": {
                "labels": {
                    **args.labels,
                    **selector,
                    naming.LABEL_COMMIT: args.commit,
                    "app.kubernetes.io/name": name,
                },
                "annotations": dict(args.pod_annotations.get(name, {})),
            },
            "spec": pod(args, [container(args, name, service)], "Always"),
        },
    }
    if not args.scaled:
        found["replicas"] = service.replicas
    return found


class Workloads(pulumi.ComponentResource):
    """Everything that runs. Deployments follow the jobs that they wait for."""

    services: dict[str, kubernetes.core.v1.Service]
    deployments: list[pulumi.CustomResource]

    def __init__(self, args: WorkloadsArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:kubernetes:Workloads", args.name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.services = {
            name: kubernetes.core.v1.Service(
                f"{args.name}-{name}",
                metadata=metadata(name, {**args.labels, naming.LABEL_SERVICE: name}, args.name),
                spec={
                    "selector": {
                        naming.LABEL_ENVIRONMENT: args.name,
                        naming.LABEL_SERVICE: name,
                    },
                    "ports": [{"name": "http", "port": service.port, "target_port": "http"}],
                },
                opts=child,
            )
            for name, service in args.stage.services.items()
        }
        self.deployments = []
        jobs = {name: self._job(args, name, job) for name, job in args.stage.jobs.items()}
        for name, service in args.stage.services.items():
            awaited = [
                jobs[job]
                for job, spec in args.stage.jobs.items()
                if not spec.before or name in spec.before
            ]
            labels = {
                **args.labels,
                naming.LABEL_SERVICE: name,
                naming.LABEL_COMMIT: args.commit,
            }
            replicas = {naming.ANNOTATION_REPLICAS: str(service.replicas)}
            self.deployments.append(
                kubernetes.apps.v1.Deployment(
                    f"{args.name}-{name}",
                    metadata=metadata(name, labels, args.name, replicas),
                    spec=deployment(args, name, service),
                    opts=pulumi.ResourceOptions(parent=self, depends_on=awaited),
                )
            )
        self.register_outputs({})

    def _job(self, args: WorkloadsArgs, name: str, job: Job) -> pulumi.Resource:
        labels = {**args.labels, naming.LABEL_JOB: name, naming.LABEL_COMMIT: args.commit}
        return kubernetes.batch.v1.Job(
            f"{args.name}-{name}",
            # A Job can't be changed: each commit has one of its own, and the provider's await
            # stays on, because services build on what the job did.
            metadata=metadata(f"{name}-{args.commit[:8]}", labels, args.name, wait=True),
            spec={
                "backoff_limit": 1,
                # The engine waits for it; a migration that hangs must not hang everything.
                "active_deadline_seconds": JOB_SECONDS,
                "template": {
                    "metadata": {"labels": labels},
                    "spec": pod(args, [container(args, name, job)], "Never"),
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
