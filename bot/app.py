"""The composition root: the only module that knows every stage."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import flask
import structlog
import werkzeug.exceptions

from bot import (
    aws_api,
    clearing,
    clock,
    configure,
    engine,
    errors,
    feedback,
    github_api,
    intent,
    kube_api,
    model,
    overview,
    ports,
    proof,
    reconcile,
    store,
    webhook,
)
from bot.settings import Settings
from infra import contract
from infra.readiness.connection import Connection

_log = structlog.get_logger(__name__)
_Answer = tuple[dict[str, str], int]


def create_app(
    storage: ports.Store, secret: bytes, wake: Callable[[], None], alive: Callable[[], bool]
) -> flask.Flask:
    """The HTTP application. `/healthz`: the process runs; `/readyz`: it can do its work.

    `wake` is called when a hint was stored; `alive` tells whether every worker runs.
    """
    app = flask.Flask("bot")
    app.register_blueprint(webhook.blueprint(storage, secret, wake))

    @app.get("/healthz")
    def healthz() -> _Answer:
        return {"status": "alive"}, 200

    @app.get("/readyz")
    def readyz() -> _Answer:
        if not storage.healthy():
            return _refusal("database", "the database does not answer"), 503
        if not alive():
            return _refusal("workers", "not every worker runs: starting, or about to end"), 503
        return {"status": "ready"}, 200

    @app.errorhandler(errors.UnderstudyError)
    def fail(error: errors.UnderstudyError) -> _Answer:
        # GitHub shows the answer to whoever looks why a delivery failed, and can redeliver it.
        _log.error("request failed", action="request", reason=error.reason, why=error.message)
        return _refusal(error.reason, "try again later; the bot's log says more"), 503

    @app.errorhandler(werkzeug.exceptions.HTTPException)
    def refuse(error: werkzeug.exceptions.HTTPException) -> _Answer:
        reason = (error.name or "error").lower().replace(" ", "-")
        return _refusal(reason, error.description or ""), error.code or 500

    return app


class Workers(Protocol):
    """What takes environments from the store and works on them; see `bot.reconcile`."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """End: running operations are interrupted orderly."""


class Bot:
    """Everything that one process runs; `build` puts it together."""

    def __init__(
        self,
        app: flask.Flask,
        workers: Workers,
        warm: Callable[[], None],
        close: Callable[[], None],
    ) -> None:
        self.app = app
        self._workers = workers
        self._warm = warm
        self._close = close
        self._starter = threading.Thread(target=self._start, name="starter", daemon=True)

    def start(self) -> None:
        """Begin; returns at once, and `/readyz` tells when the bot is warm and works."""
        self._starter.start()

    def stop(self) -> None:
        """End orderly: what runs is interrupted, then what is still to be told is told."""
        if self._starter.ident is not None:
            self._starter.join()
        try:
            self._workers.stop()
        finally:
            self._close()

    def _start(self) -> None:
        try:
            self._warm()
        except errors.UnderstudyError as error:
            # The same will happen to the first environment, which tells people about it.
            _log.error("engine not warm", action="start", reason=error.reason, why=error.message)
        self._workers.start()
        _log.info("working", action="start")


def build(settings: Settings) -> Bot:
    """Wire the real stages. Raises UnderstudyError with one sentence."""
    platform = settings.platform()
    time = clock.SystemClock()
    with contextlib.ExitStack() as opened:
        storage = store.SqlStore(settings.database, time)
        opened.callback(storage.close)
        hub = github_api.GitHubHub(settings.github_url, _credentials(settings))
        preview = engine.PulumiEngine(
            engine.EngineSettings(
                backend_url=settings.backend,
                passphrase=settings.pulumi_passphrase.get_secret_value(),
                work_dir=settings.data_dir / "engine",
                secrets_provider=settings.pulumi_secrets_provider,
                access_token=settings.pulumi_access_token.get_secret_value()
                if settings.pulumi_access_token
                else None,
            )
        )
        connection = kube_api.connect(platform.kubeconfig, platform.context)
        surroundings = _Surroundings(connection, platform)
        configurer = configure.StageConfigurer(hub, platform, settings.production_host or "")
        told = overview.Overview(storage, configurer.routes)
        reporter = feedback.HubReporter(hub, storage, told.of, time)
        opened.callback(reporter.close)
        stages = reconcile.Stages(
            hub=hub,
            store=storage,
            engine=preview,
            watch=kube_api.ClusterWatch(connection),
            prover=proof.Prover(surroundings.sources(), time),
            edge=aws_api.CloudEdge(surroundings.cloudfront),
            drain=surroundings.drain(),
            clearers=surroundings.clearers(),
            configurer=configurer,
            reporter=reporter,
            policy=intent.Policy(settings.label, settings.allow_forks),
            clock=time,
        )
        workers = reconcile.Workers(reconcile.Loop(stages), storage, settings.workers)
        secret = settings.webhook_secret.get_secret_value().encode()
        app = create_app(storage, secret, workers.wake, workers.alive)
        return Bot(app, workers, preview.warm, opened.pop_all().close)


def _credentials(settings: Settings) -> str | github_api.App:
    if settings.github_app_id is not None and settings.github_private_key is not None:
        return github_api.App(
            settings.github_app_id, settings.github_private_key.get_secret_value()
        )
    assert settings.github_token is not None  # the settings see to it
    return settings.github_token.get_secret_value()


class _Surroundings:
    """What an environment is made in, and so has to be looked through for what is left of it."""

    def __init__(self, connection: Connection, platform: contract.Platform) -> None:
        self._connection = connection
        self._primary_id = platform.primary_distribution_id
        self._instances = aws_api.InstanceListing(
            aws_api.ec2(platform.aws_region, platform.aws_endpoint)
        )
        self.cloudfront = aws_api.cloudfront(platform.aws_region, platform.aws_endpoint)

    def sources(self) -> Mapping[model.Lane, Sequence[proof.Source]]:
        """Everything that has to be empty before a lane counts as gone."""
        found: dict[model.Lane, list[proof.Source]] = {
            model.Lane.CLUSTER: [kube_api.ClusterListing(self._connection), self._instances]
        }
        if self._primary_id is not None:
            found[model.Lane.EDGE] = [aws_api.EdgeListing(self.cloudfront, self._primary_id)]
        return found

    def drain(self) -> ports.Drain:
        """Takes an edge out of use."""
        return clearing.EdgeDrain(self.cloudfront, self._primary_id or "")

    def clearers(self) -> Mapping[model.Lane, ports.Clearer]:
        """Help what is left of a lane to go."""
        return {
            model.Lane.CLUSTER: clearing.Clearing(
                [
                    clearing.ClusterClearer(self._connection, clock.SystemClock()),
                    clearing.InstanceClearer(self._instances),
                ]
            ),
            model.Lane.EDGE: clearing.EdgeClearer(self.cloudfront, self._primary_id or ""),
        }


def _refusal(reason: str, message: str) -> dict[str, str]:
    return {"reason": reason, "message": message}
