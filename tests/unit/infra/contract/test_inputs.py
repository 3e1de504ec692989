import pydantic
import pytest

from infra.contract import ConfigError, Platform, PreviewInputs, StageFile
from infra.contract.inputs import EDGE_VALUE

STAGE = StageFile.parse("services: {web: {image: 'registry.test/web:{sha}', port: 8080}}")
SHA = "0123456789abcdef0123456789abcdef01234567"


def inputs(**changes: object) -> PreviewInputs:
    return PreviewInputs.model_validate(
        {
            "repository": "acme/shop",
            "pull_request": 7,
            "commit": SHA,
            "stage": STAGE,
            "platform": Platform(domain="preview.test", primary_distribution_id="E1"),
            "edge_value": pydantic.SecretStr("secret"),
            **changes,
        }
    )


def test_what_the_bot_writes_the_program_reads() -> None:
    written = inputs(gate=False, scaled=True)
    config = written.to_config()
    assert PreviewInputs.from_config(config.get) == written


def test_a_platform_without_karpenter_says_so_in_the_config() -> None:
    written = inputs(platform=Platform(domain="preview.test", node_class=None))
    config = written.to_config()
    assert PreviewInputs.from_config(config.get).platform.node_class is None
    config["platform"] = "{domain: preview.test, node_class: null}"
    assert PreviewInputs.from_config(config.get).platform == written.platform


def test_by_hand_the_gate_is_on() -> None:
    config = inputs(gate=False).to_config()
    del config["gate"]
    assert PreviewInputs.from_config(config.get).gate


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(inputs(edge_value=pydantic.SecretStr("hush-secret"))).replace(
        "SecretStr", ""
    )


@pytest.mark.parametrize("missing", ["repository", "pullRequest", "commit", "stage", "platform"])
def test_a_missing_key_is_named_with_the_command_that_sets_it(missing: str) -> None:
    config = inputs().to_config()
    del config[missing]
    with pytest.raises(ConfigError, match=f"pulumi config set {missing}"):
        PreviewInputs.from_config(config.get)


def test_an_edge_route_without_its_secret_is_refused() -> None:
    config = inputs().to_config()
    del config[EDGE_VALUE]
    with pytest.raises(ConfigError, match="pulumi config set --secret edgeValue"):
        PreviewInputs.from_config(config.get)


def test_without_a_primary_there_is_no_edge_route() -> None:
    assert inputs().with_edge
    assert not inputs(platform=Platform(domain="preview.test")).with_edge


def test_a_short_commit_is_refused() -> None:
    config = {**inputs().to_config(), "commit": "abc123"}
    with pytest.raises(ConfigError, match="commit"):
        PreviewInputs.from_config(config.get)


def test_the_address_has_the_port_only_where_it_is_not_the_usual_one() -> None:
    assert inputs().url == f"https://{inputs().host}/"
    platform = Platform(domain="preview.test", scheme="http", port=8000)
    assert inputs(platform=platform).url == f"http://{inputs().host}:8000/"
