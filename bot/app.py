"""The composition root: the only module that knows every stage."""

from __future__ import annotations

from collections.abc import Callable

import flask
import werkzeug.exceptions

from bot import (
    aws_api,
    clock,
    configure,
    engine,
    feedback,
    github_api,
    intent,
    kube_api,
    ports,
    proof,
    reconcile,
    store,
    webhook,
)
from bot.settings import Settings
from bot.webhook.views import MAX_BYTES
from infra import contract


def create_app(
    storage: ports.Store, secret: bytes, wake: Callable[[], None], alive: Callable[[], bool]
) -> flask.Flask:
    """The HTTP application. `/healthz`: the process runs; `/readyz`: it can do its work."""
    app = flask.Flask("understudy")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.register_blueprint(webhook.blueprint(storage, secret, wake))

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        if not storage.healthy():
            return {"status": "the database does not answer"}, 503
        if not alive():
            return {"status": "a worker has ended"}, 503
        return {"status": "ready"}, 200

    @app.errorhandler(werkzeug.exceptions.HTTPException)
    def refuse(
        error: werkzeug.exceptions.HTTPException,
    ) -> tuple[dict[str, str], int]:
        reason = (error.name or "error").lower().replace(" ", "-")
        return {"reason": reason, "message": error.description or ""}, error.code or 500

    return app


class Bot:
    """Everything that one process runs, wired from its settings."""

    def __init__(self, settings: Settings) -> None:
        platform = settings.platform()
        time = clock.SystemClock()
        self.store = store.SqlStore(settings.database, time)
        hub = github_api.GitHubHub(settings.github_url, settings.github_token.get_secret_value())
        self._engine = engine.PulumiEngine(
            engine.EngineSettings(
                backend_url=settings.backend,
                passphrase=settings.pulumi_passphrase.get_secret_value(),
            )
        )
        self._reporter = feedback.HubReporter(hub, self.store, time)
        connection = kube_api.connect(platform.kubeconfig, platform.context)
        loop = reconcile.Loop(
            reconcile.Stages(
                hub=hub,
                store=self.store,
                engine=self._engine,
                watch=kube_api.ClusterWatch(connection),
                prover=proof.Prover(_sources(connection, platform), time),
                edge=aws_api.CloudEdge(
                    aws_api.cloudfront(platform.aws_region, platform.aws_endpoint)
                ),
                configurer=configure.StageConfigurer(hub, platform, settings.production_host),
                reporter=self._reporter,
                policy=intent.Policy(settings.label, settings.allow_forks),
                clock=time,
            )
        )
        self._workers = reconcile.Workers(loop, self.store, settings.workers)
        self.app = create_app(
            self.store,
            settings.webhook_secret.get_secret_value().encode(),
            self._workers.wake,
            self._workers.alive,
        )

    def start(self) -> None:
        """Warm the engine and begin to work."""
        self._engine.warm()
        self._workers.start()

    def stop(self) -> None:
        """End orderly: children first, then what is still to be told."""
        self._workers.stop()
        self._reporter.close()
        self.store.close()


def _sources(connection: kube_api.Connection, platform: contract.Platform) -> list[proof.Source]:
    sources: list[proof.Source] = [
        kube_api.ClusterListing(connection),
        aws_api.InstanceListing(aws_api.ec2(platform.aws_region, platform.aws_endpoint)),
    ]
    if platform.primary_distribution_id is not None:
        client = aws_api.cloudfront(platform.aws_region, platform.aws_endpoint)
        sources.append(aws_api.EdgeListing(client, platform.primary_distribution_id))
    return sources
