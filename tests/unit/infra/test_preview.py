"""The shipped program itself, run with recording mocks."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_all_config, set_mocks

from infra import naming, preview
from infra.contract import Platform, PreviewInputs, StageFile

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


@pytest.fixture
def recorder() -> Recorder:
    inputs = PreviewInputs(
        repository="acme/shop",
        pull_request=7,
        commit=SHA,
        stage=STAGE,
        platform=Platform(
            domain="preview.test",
            otlp_endpoint="http://10.244.0.1:4318",
            otlp_egress=("10.244.0.1/32:4318",),
        ),
    )
    recorder = Recorder()
    set_mocks(recorder, project=naming.PROJECT, stack=inputs.name, preview=False)
    set_all_config({f"{naming.PROJECT}:{key}": value for key, value in inputs.to_config().items()})

    @pulumi.runtime.test
    def run() -> None:
        preview.program()

    run()
    return recorder


def test_every_kubernetes_resource_carries_the_environments_label(recorder: Recorder) -> None:
    name = naming.environment_name("acme/shop", 7)
    metadata = [made.inputs["metadata"] for made in recorder.made if "kubernetes:" in made.typ
                and "metadata" in made.inputs]
    assert len(metadata) > 10
    assert {entry["labels"][naming.LABEL_ENVIRONMENT] for entry in metadata} == {name}


def test_pods_run_only_on_the_environments_own_nodes(recorder: Recorder) -> None:
    name = naming.environment_name("acme/shop", 7)
    (pool,) = recorder.kind("karpenter.sh/v1:NodePool")
    (taint,) = pool["spec"]["template"]["spec"]["taints"]
    deployments = recorder.kind("apps/v1:Deployment")
    assert len(deployments) == 2
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        assert pod["nodeSelector"] == {naming.LABEL_ENVIRONMENT: name}
        assert pod["tolerations"][0]["value"] == taint["value"] == name
        assert pod["automountServiceAccountToken"] is False


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
