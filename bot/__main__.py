"""The command line: `understudy serve` and what a person asks beside it."""

from __future__ import annotations

import os
import sys
from typing import Any

import gunicorn.app.base
import rich.console
import rich.table
import typer

from bot import clock, errors, logs, model, store
from bot.settings import Settings

app = typer.Typer(
    help="Every pull request gets its own staging environment, and it goes away again.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class _Server(gunicorn.app.base.BaseApplication):  # type: ignore[misc]
    """gunicorn with one process: the workers and the web share its memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bot: Any = None
        super().__init__()

    def load_config(self) -> None:
        """gunicorn's own settings."""
        for key, value in {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 60,
            "graceful_timeout": 45,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
            "worker_exit": lambda *_: self._end(),
        }.items():
            if key in self.cfg.settings:
                self.cfg.set(key, value)

    def load(self) -> Any:
        """Called in the worker process, after the fork: threads may be started here."""
        from bot.app import Bot  # noqa: PLC0415 - Pulumi and boto3 are loaded where they are used

        self._bot = Bot(self._settings)
        self._bot.start()
        return self._bot.app

    def _end(self) -> None:
        if self._bot is not None:
            self._bot.stop()


@app.command()
def serve() -> None:
    """Take webhooks and keep environments equal to their pull requests."""
    logs.configure()
    settings = Settings.from_env(os.environ)
    settings.platform()
    _Server(settings).run()


@app.command()
def reconcile(pull_request: str = typer.Argument(help="OWNER/REPOSITORY#NUMBER")) -> None:
    """Look at one pull request again."""
    key = _key(pull_request)
    storage = _storage()
    storage.hint(key)
    print(f"{key} will be looked at")  # noqa: T201 - the answer of a command


@app.command()
def environments() -> None:
    """List the environments that are recorded."""
    table = rich.table.Table("environment", "pull request", "phase", "commit", "reason")
    for row in _storage().rows():
        commit = (row.commit or "")[:7]
        table.add_row(row.name, str(row.key), row.phase.value, commit, row.reason)
    rich.console.Console().print(table)


@app.command()
def timeline(pull_request: str = typer.Argument(help="OWNER/REPOSITORY#NUMBER")) -> None:
    """Show what has happened to an environment."""
    console = rich.console.Console(highlight=False)
    for entry in _storage().timeline(_key(pull_request)):
        console.print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.text}", markup=False)


def _storage() -> store.SqlStore:
    return store.SqlStore(Settings.from_env(os.environ).database, clock.SystemClock())


def _key(text: str) -> model.EnvironmentKey:
    repository, _, number = text.partition("#")
    if repository.count("/") != 1 or not number.isdigit():
        raise errors.UnderstudyError(
            f"{text!r} names no pull request: write OWNER/REPOSITORY#NUMBER"
        )
    return model.EnvironmentKey(repository, int(number))


def main() -> None:
    """Run the command line; an error is one sentence, without a trace."""
    try:
        app()
    except errors.UnderstudyError as error:
        print(f"understudy: {error.message}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
