"""The shipped program itself, run with recording mocks."""

import json
import socket
from pathlib import Path
from typing import Any

import botocore.config
import pulumi
import pydantic
import pytest
from pulumi.runtime import mocks, set_all_config, set_mocks

from infra import naming, preview
from infra.cloudfront import edge
from infra.contract import Platform, PreviewInputs, StageFile
from infra.identity import EnvironmentKey
from infra.kubernetes import workloads
from infra.readiness import gate

NAME = naming.environment_name(EnvironmentKey("acme/shop", 7))
SHA = "0123456789abcdef0123456789abcdef01234567"
STAGE = StageFile.parse(
    """
services:
  web: {image: 'registry.test/web:{sha}', port: 8080, route: /, language: python}
  api: {image: 'registry.test/api:{sha}', port: 9090, replicas: 2}
jobs:
  migrate: {image: 'registry.test/api:{sha}', command: [migrate], before: [api]}
"""
)


class Recorder(mocks.Mocks):
    def __init__(self) -> None:
        self.made: list[mocks.MockResourceArgs] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.made.append(args)
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise AssertionError(f"unexpected invoke {args.token}")

    def kind(self, suffix: str) -> list[dict[str, Any]]:
        return [dict(made.inputs) for made in self.made if made.typ.endswith(suffix)]


PLATFORM = Platform(
    domain="preview.test",
    otlp_endpoint="http://10.244.0.1:4318",
    otlp_egress=("10.244.0.1/32:4318",),
)


def run(recorder: Recorder, *, dry_run: bool = False, **changes: Any) -> Recorder:
    """Run the program with these inputs; what it made is recorded."""
    fields = {"stage": STAGE, "platform": PLATFORM, "gate": False, **changes}
    inputs = PreviewInputs(repository="acme/shop", pull_request=7, commit=SHA, **fields)
    set_mocks(recorder, project=naming.PROJECT, stack=inputs.name, preview=dry_run)
    set_all_config({f"{naming.PROJECT}:{key}": value for key, value in inputs.to_config().items()})

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        preview.program()

    program()
    return recorder


@pytest.fixture
def recorder() -> Recorder:
    return run(Recorder())


def test_every_kubernetes_resource_carries_the_environments_label(recorder: Recorder) -> None:
    metadata = [
        made.inputs["metadata"]
        for made in recorder.made
        if "kubernetes:" in made.typ and "metadata" in made.inputs
    ]
    assert len(metadata) > 10
    assert {entry["labels"][naming.LABEL_ENVIRONMENT] for entry in metadata} == {NAME}


def test_pods_run_only_on_the_environments_own_nodes(recorder: Recorder) -> None:
    (pool,) = recorder.kind("karpenter.sh/v1:NodePool")
    (taint,) = pool["spec"]["template"]["spec"]["taints"]
    deployments = recorder.kind("apps/v1:Deployment")
    assert len(deployments) == 2
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        assert pod["nodeSelector"] == {naming.LABEL_ENVIRONMENT: NAME}
        assert pod["tolerations"][0]["value"] == taint["value"] == NAME
        assert pod["automountServiceAccountToken"] is False


def test_without_karpenter_pods_run_on_the_clusters_own_nodes() -> None:
    recorder = run(Recorder(), platform=PLATFORM.model_copy(update={"node_class": None}))
    assert recorder.kind("karpenter.sh/v1:NodePool") == []
    made = [*recorder.kind("apps/v1:Deployment"), *recorder.kind("batch/v1:Job")]
    assert len(made) == 3
    for workload in made:
        assert not {"nodeSelector", "tolerations"} & set(workload["spec"]["template"]["spec"])


def test_a_commits_image_is_the_one_with_its_sha(recorder: Recorder) -> None:
    images = {
        deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        for deployment in recorder.kind("apps/v1:Deployment")
    }
    assert images == {f"registry.test/web:{SHA}", f"registry.test/api:{SHA}"}


def test_only_services_with_a_language_are_instrumented(recorder: Recorder) -> None:
    annotated = {
        deployment["metadata"]["name"]: deployment["spec"]["template"]["metadata"]
        .get("annotations", {})
        .get("instrumentation.opentelemetry.io/inject-python")
        for deployment in recorder.kind("apps/v1:Deployment")
    }
    assert annotated == {"web": "true", "api": None}


def test_nothing_waits_in_the_engine_but_the_job(recorder: Recorder) -> None:
    for made in recorder.made:
        metadata = made.inputs.get("metadata")
        if metadata and "kubernetes:" in made.typ:
            waits = "pulumi.com/skipAwait" not in metadata.get("annotations", {})
            assert waits == made.typ.endswith(":Job"), made.typ


def test_the_weight_of_the_pool_belongs_to_somebody_else(recorder: Recorder) -> None:
    (pool,) = recorder.kind("karpenter.sh/v1:NodePool")
    assert "weight" not in pool["spec"]


def test_without_a_primary_nothing_is_made_in_aws(recorder: Recorder) -> None:
    assert not [made for made in recorder.made if made.typ.startswith("aws:")]


def test_the_programs_folder_runs_the_same_program() -> None:
    source = Path(__file__).parents[3] / "stacks" / "preview" / "__main__.py"
    assert "from infra.preview import program" in source.read_text()


def test_a_missing_config_is_one_sentence() -> None:
    set_mocks(Recorder(), project=naming.PROJECT, stack="x", preview=False)
    set_all_config({f"{naming.PROJECT}:repository": json.dumps("acme/shop")})
    with pytest.raises(pulumi.RunError, match="pulumi config set pullRequest"):
        preview.program()


# -- The gate -------------------------------------------------------------------------------------


class Held:
    """In the gate's place: notes with what it was called, and fails when it is to."""

    def __init__(self, recorder: Recorder, problem: str = "") -> None:
        self.recorder = recorder
        self.problem = problem
        self.calls: list[tuple[object, ...]] = []
        self.deployments = 0

    def __call__(
        self, kubeconfig: str | None, context: str | None, namespace: str, commit: str, say: object
    ) -> None:
        self.calls.append((kubeconfig, context, namespace, commit))
        self.deployments = len(self.recorder.kind("apps/v1:Deployment"))
        if self.problem:
            raise gate.NotReadyError(self.problem)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(Recorder())
    monkeypatch.setattr(gate, "hold", held)
    return held


def test_by_hand_it_ends_with_the_gate_after_all_workloads(held: Held) -> None:
    platform = PLATFORM.model_copy(update={"kubeconfig": "/etc/kube", "context": "staging"})
    run(held.recorder, gate=True, platform=platform)
    assert held.calls == [("/etc/kube", "staging", NAME, SHA)]
    assert held.deployments == 2


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"gate": False}, id="by the bot"),
        pytest.param({"gate": True, "dry_run": True}, id="in a preview"),
    ],
)
def test_without_the_gate_nothing_waits(held: Held, how: dict[str, bool]) -> None:
    run(held.recorder, **how)
    assert held.calls == []


def test_the_gate_makes_no_resource(held: Held) -> None:
    by_hand = run(held.recorder, gate=True)
    by_bot = run(Recorder(), gate=False)
    assert sorted((made.typ, made.name) for made in by_hand.made) == sorted(
        (made.typ, made.name) for made in by_bot.made
    )


def test_what_the_gate_found_is_the_programs_error(held: Held) -> None:
    held.problem = "Service 'web' can't start: crashing."
    with pytest.raises(pulumi.RunError, match="Service 'web' can't start"):
        run(held.recorder, gate=True)


# -- The edge -------------------------------------------------------------------------------------


def test_nothing_is_made_when_the_primary_can_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr(edge, "BOUNDS", botocore.config.Config(retries={"total_max_attempts": 1}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    platform = PLATFORM.model_copy(update={"primary_distribution_id": "E1", "aws_endpoint": closed})
    recorder = Recorder()
    with pytest.raises(pulumi.RunError, match="primary distribution 'E1' can't be read"):
        run(recorder, platform=platform, edge_value=pydantic.SecretStr("v"))
    assert recorder.made == []


# -- What the API server and Karpenter accept -----------------------------------------------------


def test_policies_reach_the_api_server_in_its_own_words(recorder: Recorder) -> None:
    specs = {
        policy["metadata"]["name"]: policy["spec"]
        for policy in recorder.kind("networking.k8s.io/v1:NetworkPolicy")
    }
    assert specs["within"]["ingress"] == [{"from": [{"podSelector": {}}]}]
    assert specs["telemetry"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.244.0.1/32"}}]
    assert specs["ingress-web"]["podSelector"]["matchLabels"] == {naming.LABEL_SERVICE: "web"}


def test_nodes_carry_only_labels_that_a_kubelet_accepts(recorder: Recorder) -> None:
    (pool,) = recorder.kind("karpenter.sh/v1:NodePool")
    labels = pool["spec"]["template"]["metadata"]["labels"]
    assert labels[naming.LABEL_ENVIRONMENT] == NAME
    assert not [key for key in labels if "kubernetes.io" in key]


def test_every_language_speaks_what_the_endpoint_understands(recorder: Recorder) -> None:
    (instrumentation,) = recorder.kind("opentelemetry.io/v1alpha1:Instrumentation")
    variables = {entry["name"]: entry["value"] for entry in instrumentation["spec"]["env"]}
    assert variables["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf"


def containers(recorder: Recorder) -> list[dict[str, Any]]:
    pods = [made["spec"]["template"]["spec"] for made in recorder.kind("apps/v1:Deployment")]
    return [container for pod in pods for container in pod["containers"]]


def test_containers_say_what_the_restricted_level_demands() -> None:
    platform = PLATFORM.model_copy(update={"pod_security": "restricted"})
    for container in containers(run(Recorder(), platform=platform)):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_on_the_baseline_level_images_that_need_root_still_run(recorder: Recorder) -> None:
    assert not [one for one in containers(recorder) if "securityContext" in one]


def test_a_job_that_hangs_ends(recorder: Recorder) -> None:
    (job,) = recorder.kind("batch/v1:Job")
    assert job["spec"]["activeDeadlineSeconds"] == workloads.JOB_SECONDS


def test_what_somebody_else_scales_is_made_without_a_number() -> None:
    for scaled in (False, True):
        made = run(Recorder(), scaled=scaled)
        deployments = [item for item in made.kind(":Deployment") if item.get("kind")]
        assert deployments
        for item in deployments:
            assert ("replicas" in item["spec"]) is not scaled
            assert naming.ANNOTATION_REPLICAS in item["metadata"]["annotations"]
