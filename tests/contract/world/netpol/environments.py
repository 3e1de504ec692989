"""The policies that every environment gets, as the API server has them."""

from typing import Any

from infra.contract import Platform, StageFile
from infra.kubernetes.network import NetworkArgs, policies
from tests.unit.world.netpol.objects import Json

STAGE = StageFile.parse(
    """
services:
  web: {image: 'w:{sha}', port: 8080, route: /}
  api: {image: 'a:{sha}', port: 8080}
"""
)


def environment_policies(name: str, platform: Platform) -> list[Json]:
    """The policies of an environment with a `web` that is served and an `api` that is not."""
    specs = policies(NetworkArgs(name, {}, STAGE, platform))
    return [
        {"metadata": {"name": each, "namespace": name}, "spec": _written(spec)}
        for each, spec in specs.items()
    ]


def _written(value: Any) -> Any:
    """A specification as the API server has it: the SDK's names are `snake_case`."""
    if isinstance(value, dict):
        return {_camel(key): _written(each) for key, each in value.items()}
    return [_written(each) for each in value] if isinstance(value, list) else value


def _camel(key: str) -> str:
    if "." in key or "/" in key:
        return key  # a label
    first, *others = key.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, others))
