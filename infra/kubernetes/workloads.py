"""Jobs, Deployments and Services of an environment, out of its `.stage.yaml`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from infra import naming
from infra.contract import COMMIT_PLACEHOLDER, Job, Service, StageFile
from infra.kubernetes.objects import metadata

TERMINATION_GRACE_SECONDS = 5
"""A preview has no visitors worth draining for; a container that ignores SIGTERM costs this."""


@dataclasses.dataclass(frozen=True)
class WorkloadsArgs:
    """What the workloads are made from."""

    name: str
    labels: Mapping[str, str]
    commit: str
    stage: StageFile
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, str], ...]
    pod_annotations: Mapping[str, Mapping[str, str]]
    """Annotations of a service's pods, by service (the instrumentation's)."""


def image(reference: str, commit: str) -> str:
    """The image of a commit."""
    return reference.replace(COMMIT_PLACEHOLDER, commit)


def environment(variables: Mapping[str, str], commit: str) -> list[dict[str, str]]:
    """Environment variables in the order of their names; COMMIT is always there."""
    values = {"COMMIT": commit, **variables}
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def container(name: str, workload: Service | Job, commit: str) -> dict[str, Any]:
    """A container of a service or a job."""
    resources = workload.resources
    fields: dict[str, Any] = {
        "name": name,
        "image": image(workload.image, commit),
        "env": environment(workload.env, commit),
        "image_pull_policy": "IfNotPresent",
        "resources": {
            "requests": {"cpu": resources.cpu, "memory": resources.memory},
            "limits": {"memory": resources.memory},
        },
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


def pod(args: WorkloadsArgs, containers: list[dict[str, Any]], restart: str) -> dict[str, Any]:
    """A pod specification that runs on the environment's own nodes and knows no credentials."""
    return {
        "containers": containers,
        "restart_policy": restart,
        "node_selector": dict(args.node_selector),
        "tolerations": [dict(toleration) for toleration in args.tolerations],
        "automount_service_account_token": False,
        "enable_service_links": False,
        "termination_grace_period_seconds": TERMINATION_GRACE_SECONDS,
    }


def deployment(args: WorkloadsArgs, name: str, service: Service) -> dict[str, Any]:
    """A Deployment's specification."""
    selector = {naming.LABEL_ENVIRONMENT: args.name, naming.LABEL_SERVICE: name}
    return {
        "replicas": service.replicas,
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
            "spec": pod(args, [container(name, service, args.commit)], "Always"),
        },
    }


class Workloads(pulumi.ComponentResource):
    """Everything that runs. Deployments follow the jobs that they wait for."""

    services: dict[str, kubernetes.core.v1.Service]

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
        jobs = {name: self._job(args, name, job) for name, job in args.stage.jobs.items()}
        for name, service in args.stage.services.items():
            awaited = [
                jobs[job]
                for job, spec in args.stage.jobs.items()
                if not spec.before or name in spec.before
            ]
            kubernetes.apps.v1.Deployment(
                f"{args.name}-{name}",
                metadata=metadata(
                    name,
                    {
                        **args.labels,
                        naming.LABEL_SERVICE: name,
                        naming.LABEL_COMMIT: args.commit,
                    },
                    args.name,
                    {naming.ANNOTATION_REPLICAS: str(service.replicas)},
                ),
                spec=deployment(args, name, service),
                opts=pulumi.ResourceOptions(parent=self, depends_on=awaited),
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
                "template": {
                    "metadata": {"labels": labels},
                    "spec": pod(args, [container(name, job, args.commit)], "Never"),
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
