"""The composition root: the only module that knows every stage."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import flask
import structlog
import werkzeug.exceptions

from bot import (
    api,
    audit,
    chatops,
    clock,
    configure,
    cost,
    doctor,
    engine,
    errors,
    exposition,
    feedback,
    github_api,
    github_hooks,
    heard,
    intent,
    inventory,
    kube_api,
    memory,
    metrics,
    model,
    needs,
    overview,
    policies,
    ports,
    reconcile,
    registry_api,
    registry_logins,
    scaling,
    store,
    surroundings,
    webhook,
    workloads,
)
from bot.settings import Settings
from infra.readiness.connection import Connection

CATCH_UP = datetime.timedelta(days=1)
"""At its start, the bot makes sure of what was told of everything that changed since."""
_log = structlog.get_logger(__name__)
_Answer = tuple[dict[str, str], int]


def create_app(
    storage: ports.Store,
    secret: bytes,
    effects: webhook.Effects,
    alive: Callable[[], bool],
    counted: Callable[[], str] = lambda: "",
) -> flask.Flask:
    """The HTTP application. `/healthz`: the process runs; `/readyz`: it can do its work.

    `effects` are what deliveries set off; `alive` tells whether every worker runs; `counted` gives
    what `/metrics` shows.
    """
    app = flask.Flask("bot")
    app.register_blueprint(webhook.blueprint(storage, secret, effects))

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

    @app.get("/metrics")
    def show() -> flask.Response:
        return flask.Response(counted(), content_type=exposition.CONTENT_TYPE)

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


class Background(Protocol):
    """What works beside the HTTP server: workers, and the sweeper; see `bot.reconcile`."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """End: running operations are interrupted orderly."""


class Bot:
    """Everything that one process runs; `build` puts it together."""

    def __init__(
        self,
        app: flask.Flask,
        background: Sequence[Background],
        warm: Callable[[], None],
        close: Callable[[], None],
    ) -> None:
        self.app = app
        self._background = tuple(background)
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
        with contextlib.ExitStack() as ending:
            ending.callback(self._close)
            for part in self._background:
                ending.callback(part.stop)

    def _start(self) -> None:
        try:
            self._warm()
        except errors.UnderstudyError as error:
            # The same will happen to the first environment, which tells people about it.
            _log.error("engine not warm", action="start", reason=error.reason, why=error.message)
        for part in self._background:
            part.start()
        _log.info("working", action="start")


def build(settings: Settings) -> Bot:
    """Wire the real stages. Raises UnderstudyError with one sentence."""
    platform = settings.platform()
    policy = _policy(settings)
    time = clock.SystemClock()
    with contextlib.ExitStack() as opened:
        storage = store.SqlStore(settings.database, time)
        opened.callback(storage.close)
        hub = github_api.GitHubHub(
            settings.github_url, credentials(settings), settings.repositories
        )
        preview = engine.PulumiEngine(engine_settings(settings, settings.backend))
        connection = kube_api.connect(platform.kubeconfig, platform.context)
        around = surroundings.Surroundings(connection, platform, time)
        configurer = configure.StageConfigurer(hub, platform, settings.production_host or "")
        told = overview.Overview(
            storage,
            configurer.routes,
            lambda life: intent.ends_at(life, policy),
            _cost(settings),
        )
        reporter = feedback.HubReporter(
            hub,
            storage,
            told.of,
            time,
            # An App has limits of its own with each owner, a token the same ones everywhere.
            account=feedback.owner if settings.github_app_id is not None else lambda _: "token",
            word=settings.command,
        )
        opened.callback(reporter.close)
        base = policies.BasePolicies(hub, policy)
        reader = chatops.Reader(settings.command)
        shown = exposition.Exposition()
        counts = metrics.Metrics(shown.meter())
        stages = reconcile.Stages(
            hub=hub,
            store=storage,
            engine=preview,
            watch=kube_api.ClusterWatch(connection),
            sleeper=scaling.ClusterSleeper(connection),
            prover=around.prover(),
            edge=around.edge(),
            drain=around.drain(),
            clearers=around.clearers(),
            configurer=configurer,
            images=registry_api.RegistryImages(
                _logins(connection, settings.pull_secret), settings.insecure_registries
            ),
            reporter=reporter,
            policies=base,
            chat=chatops.HubChat(hub, workloads.ClusterWorkloads(connection), told.of, reader),
            clock=time,
            label=settings.label,
            metrics=counts,
        )
        workers = reconcile.Workers(reconcile.Loop(stages), storage, settings.workers, memory.room)
        hooks = heard.Heard(storage, time)
        missed = audit.Audit(
            github_hooks.HookDeliveries(hub, hooks.knows),
            {*needs.EVENTS, *needs.ALWAYS_SENT},
            time,
        )
        sweep = reconcile.Sweep(
            store=storage,
            pull_requests=hub,
            stacks=preview,
            inventory=around.inventory(lambda: _known(storage, hub)),
            policies=base,
            time=time,
            catch_up=reconcile.Conversation(storage, hub, reader.read, time).catch_up,
            brake=reconcile.Brake(settings.sweep_brake_share),
            wake=_Afterwards(storage, reporter, told, workers.wake, time, ask_again=missed),
        )
        counts.follow(sweep.counters)
        owner = f"{socket.gethostname()}-{os.getpid()}"
        sweeper = reconcile.Sweeper(
            sweep,
            settings.sweep_seconds,
            lambda: storage.may("sweep", owner, 2 * settings.sweep_seconds),
        )
        secret = settings.webhook_secret.get_secret_value().encode()
        effects = webhook.Effects(
            read=reader.read,
            wake=workers.wake,
            sweep=sweeper.soon,
            acknowledge=reporter.acknowledge,
            heard=hooks.note,
        )
        app = create_app(storage, secret, effects, workers.alive, shown.text)
        token = settings.api_token.get_secret_value().encode() if settings.api_token else None
        app.register_blueprint(api.blueprint(storage, token, told.of, workers.wake, time))
        permissions = doctor.PermissionWatch(hub)
        return Bot(app, (workers, sweeper, permissions), preview.warm, opened.pop_all().close)


class _Afterwards:
    """What is done after each sweep: the workers have work, the store is tidied, and deliveries
    that nobody answered are asked for again."""

    def __init__(
        self,
        storage: ports.Store,
        reporter: ports.Reporter,
        told: overview.Overview,
        wake: Callable[[], None],
        time: clock.Clock,
        *,
        ask_again: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._reporter = reporter
        self._told = told
        self._wake = wake
        self._clock = time
        self._ask_again = ask_again
        self._first = True

    def __call__(self) -> None:
        self._wake()
        self._storage.prune()
        if self._first:
            self._catch_up()
        self._first = False
        self._ask_again()  # last, as it may wait for GitHub

    def _catch_up(self) -> None:
        """Tell again how environments stand, where a process ended before it had told; equal
        content is not written again."""
        since = self._clock.now() - CATCH_UP
        recent = {row.key for row in self._storage.rows() if row.phase_since > since}
        for report in map(self._told.of, recent):
            if report is not None:
                self._reporter.report(report)
        for command in self._storage.untold():
            if command.source is not model.CommandSource.DIRECT:
                self._reporter.answer(command)


def engine_settings(settings: Settings, backend: str) -> engine.EngineSettings:
    """How the engine works, with its state in this backend."""
    token = settings.pulumi_access_token
    return engine.EngineSettings(
        backend_url=backend,
        passphrase=settings.pulumi_passphrase.get_secret_value(),
        work_dir=settings.data_dir / "engine",
        secrets_provider=settings.pulumi_secrets_provider,
        access_token=token.get_secret_value() if token else None,
    )


def _policy(settings: Settings) -> intent.Policy:
    return intent.Policy(
        label=settings.label,
        trust_anyone=settings.trust_anyone,
        trusted_authors=frozenset(login.lower() for login in settings.trusted_authors),
        lifetime=settings.lifetime_seconds,
        lifetime_from=model.LifetimeFrom(settings.lifetime_from),
        warn_before=settings.warn_seconds,
    )


def _cost(settings: Settings) -> Callable[[overview.Lanes], model.Cost | None]:
    if settings.core_hour_price is None or settings.gib_hour_price is None:
        return lambda _: None
    prices = (settings.core_hour_price, settings.gib_hour_price)
    return cost.Prices(*prices, settings.currency).of


def _known(storage: ports.Store, hub: ports.PullRequests) -> inventory.Known:
    """Whose environments there may be."""
    keys = {row.key for row in storage.rows()}
    return inventory.Known(keys, {*(key.repository for key in keys), *hub.repositories()})


def credentials(settings: Settings) -> str | github_api.App:
    """Who the bot is on GitHub."""
    if settings.github_app_id is not None and settings.github_private_key is not None:
        return github_api.App(
            settings.github_app_id, settings.github_private_key.get_secret_value()
        )
    assert settings.github_token is not None  # the settings see to it
    return settings.github_token.get_secret_value()


def _logins(connection: Connection, secret: str | None) -> Callable[[], registry_logins.Logins]:
    """Who the bot is to registries, read anew each time."""
    if secret is None:
        return registry_logins.Logins
    return functools.partial(kube_api.pull_secret, connection, secret)


def _refusal(reason: str, message: str) -> dict[str, str]:
    return {"reason": reason, "message": message}
