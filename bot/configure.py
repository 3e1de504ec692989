"""Turns a pull request and its `.stage.yaml` into the program's config."""

from __future__ import annotations

from collections.abc import Mapping

import pydantic

from bot import model, ports, stage_files
from infra import contract


class StageConfigurer:
    """Implements `bot.ports.Configurer` for the files in the repository."""

    def __init__(self, hub: ports.Hub, platform: contract.Platform, production_host: str) -> None:
        self._files = stage_files.StageFiles(hub)
        self._platform = platform
        self._production_host = production_host

    def config(
        self, row: ports.Row, pull_request: model.PullRequest, *, trusted: bool
    ) -> Mapping[str, str] | None:
        """The stack config for the pull request's commit. See `bot.ports.Configurer`."""
        if row.lane is model.Lane.EDGE and self._platform.primary_distribution_id is None:
            return None
        commit = pull_request.head_sha
        stage = self._stage(row.key, pull_request, trusted=trusted)
        if row.images is not None and row.images.commit == commit:
            stage = stage.pinned(commit, row.images.digests)
        inputs = contract.PreviewInputs(
            repository=row.key.repository,
            pull_request=row.key.number or None,
            branch=row.key.branch or None,
            definition=row.key.definition or None,
            commit=commit,
            stage=stage.with_env(_overrides(row.life)),
            platform=self._platform,
            edge_value=pydantic.SecretStr(row.edge_value),
            gate=False,
            parts=(row.lane.value,),
            driver="bot",
            # From the first time that it is put to sleep, the sleep manager's.
            scaled=row.life.sleep_order is not None,
        )
        if row.lane is model.Lane.EDGE and not inputs.with_edge:
            return None
        return inputs.to_config()

    def images(self, pull_request: model.PullRequest, *, trusted: bool) -> ports.Needed:
        """The images of the pull request's commit. See `bot.ports.Configurer`."""
        stage = self._stage(pull_request.key, pull_request, trusted=trusted)
        return ports.Needed(stage.image_references(pull_request.head_sha), stage.images)

    def _stage(
        self, key: model.EnvironmentKey, pull_request: model.PullRequest, *, trusted: bool
    ) -> contract.StageFile:
        # A stranger's own file would be a stranger's word about what runs in the cluster.
        commit = pull_request.head_sha if trusted else pull_request.base_sha
        return self._files.at(key, commit)

    def routes(self, rows: Mapping[model.Lane, ports.Row]) -> model.Routes | None:
        """The addresses out of the last updates' outputs. See `bot.ports.Configurer`."""
        url = rows[model.Lane.CLUSTER].outputs.get(contract.outputs.URL)
        return model.Routes(url, self._edge(rows)) if isinstance(url, str) else None

    def _edge(self, rows: Mapping[model.Lane, ports.Row]) -> model.EdgeRoute | None:
        row = rows.get(model.Lane.EDGE)
        header = row.outputs.get(contract.outputs.EDGE_HEADER) if row else None
        if row is None or not isinstance(header, str):
            return None
        host = self._production_host or str(row.outputs.get(contract.outputs.EDGE_HOST, ""))
        deployed = row.phase is model.Phase.READY
        return model.EdgeRoute(host, header, row.edge_value, deployed)


def _overrides(life: model.Life) -> Mapping[str, str]:
    """The environment variables that commands set."""
    return {one.name: one.value for one in life.overrides if one.value is not None}
