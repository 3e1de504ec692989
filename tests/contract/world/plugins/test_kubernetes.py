"""The Kubernetes stand-in under the real engine, on a real API server."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi import automation as auto

from tests.contract.world.plugins.conftest import MakeStack, changed
from tests.contract.world.plugins.control_plane import ControlPlane

# A program that fails leaves the Automation API's event loop and sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Resources = Callable[[pulumi.ResourceOptions], None]


@pytest.fixture
def stack(make_stack: MakeStack, cluster: ControlPlane) -> Callable[[Resources], auto.Stack]:
    """Make the test's stack, with these resources in the cluster."""

    def make(resources: Resources) -> auto.Stack:
        def program() -> None:
            provider = kubernetes.Provider("cluster", kubeconfig=cluster.kubeconfig)
            resources(pulumi.ResourceOptions(provider=provider))

        return make_stack(program)

    return make


def space(options: pulumi.ResourceOptions, name: str) -> kubernetes.core.v1.Namespace:
    return kubernetes.core.v1.Namespace(name, metadata={"name": name}, opts=options)


def config_map(
    options: pulumi.ResourceOptions, metadata: dict[str, Any], **arguments: Any
) -> kubernetes.core.v1.ConfigMap:
    made: Any = kubernetes.core.v1.ConfigMap
    found: kubernetes.core.v1.ConfigMap = made(
        "settings", metadata=metadata, opts=options, **arguments
    )
    return found


@pytest.mark.slow
def test_a_program_is_applied_again_without_a_change(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    def resources(options: pulumi.ResourceOptions) -> None:
        namespace = space(options, "again")
        inside: Any = {"namespace": namespace.metadata.name}
        config_map(options, {**inside, "annotations": {}}, data={"a": "1"})
        pod: Any = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "web",
                        "ports": [{"container_port": 80}],
                        # Not the form in which the server keeps it.
                        "resources": {"limits": {"cpu": "1000m", "memory": "0.5Gi"}},
                    }
                ]
            },
        }
        skip = {"pulumi.com/skipAwait": "true"}
        unawaited: Any = {**inside, "name": "web", "annotations": skip}
        deployment = kubernetes.apps.v1.Deployment(
            "web",
            metadata=unawaited,
            spec={"selector": {"match_labels": {"app": "web"}}, "template": pod},
            opts=options,
        )
        secret = kubernetes.core.v1.Secret(
            "key",
            metadata=inside,
            string_data={"key": pulumi.Output.secret("hidden")},
            opts=options,
        )
        pulumi.export("uid", deployment.metadata.uid)
        pulumi.export("data", secret.data)

    first = stack(resources).up()
    assert changed(first.summary.resource_changes) == {"create": 6}
    live = cluster.get("/apis/apps/v1/namespaces/again/deployments/web")
    assert live is not None
    assert first.outputs["uid"].value == live["metadata"]["uid"]
    assert first.outputs["data"].secret

    second = stack(resources).up()
    assert changed(second.summary.resource_changes) == {}

    stack(resources).destroy()
    assert cluster.get("/apis/apps/v1/namespaces/again/deployments/web") is None
    state = json.dumps(stack(resources).export_stack().deployment)
    assert "hidden" not in state


@pytest.mark.slow
def test_a_preview_before_the_creation_knows_what_is_unknown(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    def resources(options: pulumi.ResourceOptions) -> None:
        namespace = space(options, "preview")
        config_map(
            options,
            {"namespace": "preview", "name": "copy"},
            data={"uid": namespace.metadata.uid},
        )

    result = stack(resources).preview()
    assert changed(result.change_summary) == {"create": 4}
    assert cluster.get("/api/v1/namespaces/preview") is None


@pytest.mark.slow
def test_a_change_is_an_update_and_an_immutable_field_a_replacement(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    address = "/api/v1/namespaces/changes/services/web"

    def program(port: int, name: str | None = "web", ip: str | None = None) -> Resources:
        def resources(options: pulumi.ResourceOptions) -> None:
            namespace = space(options, "changes")
            metadata: Any = {
                "namespace": namespace.metadata.name,
                "name": name,
                "annotations": {"pulumi.com/skipAwait": "true"},
            }
            spec: Any = {"ports": [{"port": port}], "selector": {"app": "web"}, "cluster_ip": ip}
            kubernetes.core.v1.Service("web", metadata=metadata, spec=spec, opts=options)

        return resources

    stack(program(80)).up()
    made = cluster.get(address)
    assert made is not None

    updated = stack(program(81)).up()
    assert changed(updated.summary.resource_changes) == {"update": 1}
    live = cluster.get(address)
    assert live is not None
    assert live["spec"]["ports"][0]["port"] == 81
    assert live["metadata"]["uid"] == made["metadata"]["uid"]

    replaced = stack(program(81, ip="10.96.77.77")).up()
    assert changed(replaced.summary.resource_changes) == {"replace": 1}
    live = cluster.get(address)
    assert live is not None
    assert live["spec"]["clusterIP"] == "10.96.77.77"
    assert live["metadata"]["uid"] != made["metadata"]["uid"]

    renamed = stack(program(81, name="other")).up()
    assert changed(renamed.summary.resource_changes) == {"replace": 1}
    assert cluster.get(address) is None
    stack(program(81)).destroy()


@pytest.mark.slow
def test_immutable_fields_that_only_the_server_knows_of_are_found(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    def program(kind: str) -> Resources:
        def resources(options: pulumi.ResourceOptions) -> None:
            # The role reference is known to be fixed; the reclaim of a claim template is not.
            kubernetes.batch.v1.Job(
                "once",
                metadata={
                    "namespace": "default",
                    "name": "once",
                    "annotations": {"pulumi.com/skipAwait": "true"},
                },
                spec={
                    "completion_mode": kind,
                    "completions": 1,
                    "template": {
                        "spec": {
                            "restart_policy": "Never",
                            "containers": [{"name": "a", "image": "a"}],
                        }
                    },
                },
                opts=options,
            )

        return resources

    stack(program("NonIndexed")).up()
    replaced = stack(program("Indexed")).up()
    assert changed(replaced.summary.resource_changes) == {"replace": 1}
    stack(program("Indexed")).destroy()
    assert cluster.get("/apis/batch/v1/namespaces/default/jobs/once") is None


@pytest.mark.slow
def test_an_object_without_a_name_gets_one_and_its_replacement_another(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    def program(text: str) -> Resources:
        def resources(options: pulumi.ResourceOptions) -> None:
            made = config_map(options, {"namespace": "default"}, data={"text": text})
            pulumi.export("name", made.metadata.name)

        return resources

    first = stack(program("a")).up().outputs["name"].value
    live = cluster.get(f"/api/v1/namespaces/default/configmaps/{first}")
    assert live is not None
    assert live["metadata"]["annotations"]["pulumi.com/autonamed"] == "true"
    prefix, _, suffix = first.rpartition("-")
    assert (prefix, len(suffix)) == ("settings", 8)

    second = stack(program("b")).up()
    assert changed(second.summary.resource_changes) == {"replace": 1}
    assert second.outputs["name"].value != first
    assert cluster.get(f"/api/v1/namespaces/default/configmaps/{first}") is None
    stack(program("b")).destroy()


@pytest.mark.slow
def test_destroy_waits_until_the_last_finalizer_is_done(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    address = "/api/v1/namespaces/default/serviceaccounts/held"

    def program(seconds: str) -> Resources:
        def resources(options: pulumi.ResourceOptions) -> None:
            kubernetes.core.v1.ServiceAccount(
                "held",
                metadata={
                    "namespace": "default",
                    "name": "held",
                    "annotations": {"pulumi.com/timeoutSeconds": seconds},
                },
                opts=options,
            )

        return resources

    stack(program("1")).up()
    cluster.patch(address, {"metadata": {"finalizers": ["example.com/held"]}})
    with pytest.raises(auto.CommandError, match=r"Timed out .*finalizers left: example.com/held"):
        stack(program("1")).destroy()
    live = cluster.get(address)
    assert live is not None
    assert live["metadata"]["deletionTimestamp"]

    cluster.patch(address, {"metadata": {"finalizers": []}})
    stack(program("1")).destroy()
    assert cluster.get(address) is None


def test_an_unknown_property_is_refused(stack: Callable[[Resources], auto.Stack]) -> None:
    typo: Any = {"podSelektor": {}}

    def resources(options: pulumi.ResourceOptions) -> None:
        kubernetes.networking.v1.NetworkPolicy(
            "typo",
            metadata={"namespace": "default", "name": "typo"},
            spec=typo,
            opts=options,
        )

    with pytest.raises(auto.CommandError, match=r"podSelektor: field not declared in schema"):
        stack(resources).up()


@pytest.mark.slow
def test_an_unknown_type_is_refused(stack: Callable[[Resources], auto.Stack]) -> None:
    def resources(options: pulumi.ResourceOptions) -> None:
        kubernetes.core.v1.ConfigMapPatch("patch", metadata={"name": "x"}, opts=options)

    with pytest.raises(
        auto.CommandError, match=r"'kubernetes:core/v1:ConfigMapPatch' is not known"
    ):
        stack(resources).up()


@pytest.mark.slow
def test_unknown_configuration_is_refused(make_stack: MakeStack) -> None:
    def program() -> None:
        kubernetes.Provider("cluster", render_yaml_to_directory="somewhere")

    with pytest.raises(auto.CommandError, match=r"'renderYamlToDirectory' is not known"):
        make_stack(program).up()


@pytest.mark.slow
def test_a_custom_resource_without_its_definition_is_explained(
    stack: Callable[[Resources], auto.Stack],
) -> None:
    def resources(options: pulumi.ResourceOptions) -> None:
        kubernetes.apiextensions.CustomResource(
            "pool",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata={"name": "pool"},
            spec={},
            opts=options,
        )

    made = stack(resources)
    assert changed(made.preview().change_summary) == {"create": 3}
    with pytest.raises(auto.CommandError, match=r"Verify that any required CRDs"):
        made.up()


@pytest.mark.slow
def test_a_field_of_another_manager_is_a_conflict_that_names_it(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    def program(value: str) -> Resources:
        def resources(options: pulumi.ResourceOptions) -> None:
            kubernetes.core.v1.ServiceAccount(
                "shared",
                metadata={"namespace": "default", "name": "shared", "labels": {"by": value}},
                opts=options,
            )

        return resources

    stack(program("us")).up()
    address = "/api/v1/namespaces/default/serviceaccounts/shared"
    cluster.patch(address, {"metadata": {"labels": {"by": "them"}}}, manager="finops")
    with pytest.raises(auto.CommandError, match=r'field conflict detected.*"finops"'):
        stack(program("us again")).up()
    live = cluster.get(address)
    assert live is not None
    assert live["metadata"]["labels"] == {"by": "them"}
    stack(program("us")).destroy()


@pytest.mark.slow
def test_a_refresh_sees_a_foreign_change_and_the_next_update_mends_it(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    address = "/api/v1/namespaces/default/limitranges/bounds"

    def resources(options: pulumi.ResourceOptions) -> None:
        kubernetes.core.v1.LimitRange(
            "bounds",
            metadata={
                "namespace": "default",
                "name": "bounds",
                "annotations": {"pulumi.com/patchForce": "true"},
            },
            spec={"limits": [{"type": "Pod", "max": {"cpu": "2"}}]},
            opts=options,
        )

    stack(resources).up()
    cluster.patch(address, {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "7"}}]}})
    seen = stack(resources).refresh()
    assert changed(seen.summary.resource_changes) == {"update": 1}
    mended = stack(resources).up()
    assert changed(mended.summary.resource_changes) == {"update": 1}
    live = cluster.get(address)
    assert live is not None
    assert live["spec"]["limits"][0]["max"]["cpu"] == "2"

    status, _ = cluster.call("DELETE", address)
    assert status == 200
    gone = stack(resources).refresh()
    assert changed(gone.summary.resource_changes) == {"delete": 1}


@pytest.mark.slow
def test_an_object_that_exists_already_is_left_alone(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    address = "/api/v1/namespaces/default/configmaps"
    theirs = {"metadata": {"name": "theirs"}, "data": {"by": "them"}}
    assert cluster.call("POST", address, theirs)[0] == 201

    def resources(options: pulumi.ResourceOptions) -> None:
        config_map(options, {"namespace": "default", "name": "theirs"}, data={"by": "us"})

    with pytest.raises(auto.CommandError, match="already exists"):
        stack(resources).up()
    live = cluster.get(f"{address}/theirs")
    assert live is not None
    assert live["data"] == {"by": "them"}
    assert cluster.call("DELETE", f"{address}/theirs")[0] == 200


@pytest.mark.slow
def test_what_does_not_become_ready_is_kept_and_finished_later(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    address = "/api/v1/namespaces/default/pods/slow"

    def resources(options: pulumi.ResourceOptions) -> None:
        kubernetes.core.v1.Pod(
            "slow",
            metadata={
                "namespace": "default",
                "name": "slow",
                "annotations": {"pulumi.com/timeoutSeconds": "1"},
            },
            spec={
                "containers": [{"name": "a", "image": "a"}],
                "termination_grace_period_seconds": 0,
            },
            opts=options,
        )

    with pytest.raises(auto.CommandError, match=r"timed out waiting for Pod 'slow' to be ready"):
        stack(resources).up()
    made = cluster.get(address)
    assert made is not None

    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    cluster.patch(f"{address}/status", ready, manager="kubelet")
    finished = stack(resources).up()
    assert changed(finished.summary.resource_changes) == {"update": 1}
    live = cluster.get(address)
    assert live is not None
    assert live["metadata"]["uid"] == made["metadata"]["uid"]
    stack(resources).destroy()
    assert cluster.get(address) is None


@pytest.mark.slow
def test_ignored_fields_stay_with_their_manager(
    stack: Callable[[Resources], auto.Stack], cluster: ControlPlane
) -> None:
    address = "/apis/apps/v1/namespaces/default/deployments/scaled"

    def program(image: str) -> Resources:
        def resources(options: pulumi.ResourceOptions) -> None:
            kubernetes.apps.v1.Deployment(
                "scaled",
                metadata={
                    "namespace": "default",
                    "name": "scaled",
                    "annotations": {"pulumi.com/skipAwait": "true"},
                },
                spec={
                    "replicas": 1,
                    "selector": {"match_labels": {"app": "scaled"}},
                    "template": {
                        "metadata": {"labels": {"app": "scaled"}},
                        "spec": {"containers": [{"name": "a", "image": image}]},
                    },
                },
                opts=pulumi.ResourceOptions.merge(
                    options, pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
                ),
            )

        return resources

    stack(program("a:1")).up()
    cluster.patch(address, {"spec": {"replicas": 5}}, manager="autoscaler")
    updated = stack(program("a:2")).up()
    assert changed(updated.summary.resource_changes) == {"update": 1}
    live = cluster.get(address)
    assert live is not None
    assert live["spec"]["replicas"] == 5
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "a:2"
    stack(program("a:2")).destroy()
