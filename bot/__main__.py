"""The command line: `understudy serve` and what a person asks beside it."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import rich.console
import rich.table
import rich.text
import typer

from bot import clock, direct, errors, logs, model, overview, store
from bot.settings import Settings

WIDE = 200
"""Columns of a table that is read by no terminal; there it is as wide as the terminal."""

app = typer.Typer(
    help="Every pull request gets its own staging environment, and it goes away again.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_Out = typer.Option(".", help="The folder for its key and secret.")
_Environment = typer.Argument(metavar="OWNER/REPOSITORY#NUMBER|@BRANCH[:NAME]", show_default=False)


@app.command()
def serve() -> None:
    """Take webhooks and keep environments equal to their pull requests."""
    # gunicorn and the vendors' libraries take seconds to load: only here they are needed.
    from bot import serving  # noqa: PLC0415

    settings = Settings.from_env(os.environ)
    logs.configure(settings.secrets())
    settings.platform()
    serving.Server(settings).run()


@app.command()
def reconcile(which: str = _Environment) -> None:
    """Ask the running bot to look at one pull request again."""
    key = _key(which)
    with _storage() as storage:
        storage.hint(key)
    _console().print(f"{key} will be looked at", highlight=False, markup=False)


@app.command()
def environments() -> None:
    """List the environments that are recorded, newest first."""
    names = ("environment", "of", "phase", "commit", "reason")
    table = rich.table.Table(*names, box=None, pad_edge=False)
    with _storage() as storage:
        rows = storage.rows()
    for lanes in overview.environments(rows):
        row = lanes[model.Lane.CLUSTER]
        phase, reason = overview.together(lanes)
        words = (row.name, str(row.key), phase.value, (row.commit or "")[:7], reason)
        # Reasons hold words of other programs: no markup, and nothing that steers a terminal.
        table.add_row(*map(_plain, words))
    _console().print(table)


@app.command()
def timeline(which: str = _Environment) -> None:
    """Show what has happened to an environment, oldest first."""
    key = _key(which)
    with _storage() as storage:
        known = storage.row(key) is not None
        entries = storage.timeline(key)
    if not known:
        raise errors.NotFoundError(
            f"{key} has no environment and never had one: `understudy environments` lists all"
        )
    console = _console()
    for entry in entries:
        at = rich.text.Text(f"{entry.at:%Y-%m-%d %H:%M:%S}  ")
        console.print(at + _plain(entry.text), soft_wrap=True)


@app.command()
def audit(which: str = _Environment) -> None:
    """Show who made what happen to an environment, oldest first."""
    key = _key(which)
    with _storage() as storage:
        deeds = storage.deeds(key)
    table = rich.table.Table("at (UTC)", "who", "what", box=None, pad_edge=False)
    for deed in deeds:
        table.add_row(f"{deed.at:%Y-%m-%d %H:%M:%S}", _plain(deed.who), _plain(deed.what))
    _console().print(table)


@app.command(name="env")
def environment(
    which: str = _Environment,
    command: list[str] = typer.Argument(None, show_default=False, help="as in a comment"),  # noqa: B008
    wait: float = typer.Option(60.0, help="Seconds to wait for the answer."),
) -> None:
    """Give a command as a comment would: `understudy env acme/shop#7 extend 8h`."""
    key, text = _key(which), " ".join(command or ["status"])
    with _storage() as storage:
        asked = direct.ask(storage, key, text, getpass.getuser(), clock.SystemClock().now())
        ended = direct.wait(storage, asked, wait)
    if ended is None:
        raise errors.UnderstudyError(
            f"nobody has run it within {wait:.0f} s; it is kept, and is run as soon as the bot "
            "gets to it: see whether `understudy serve` works"
        )
    if ended.state is model.CommandState.REFUSED:
        raise errors.InvalidCommandError(ended.answer)
    for line in (ended.output or ended.answer).splitlines():
        _console().print(_plain(line), soft_wrap=True)


@app.command()
def doctor(
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of lines."),
) -> None:
    """Look at all that the bot stands on, and say how to mend what is wrong."""
    # It knows every vendor's library.
    from bot import checkup, report  # noqa: PLC0415

    made = checkup.Checkup(os.environ, clock.SystemClock())
    healthy = report.show(made, _console(), as_json=as_json)
    raise typer.Exit(0 if healthy else 1)


@app.command()
def create_app(
    *,
    name: str = typer.Option(..., help="The App's name on GitHub."),
    url: str = typer.Option(..., help="Where the bot is reached, such as https://bot.example.com."),
    organization: str | None = typer.Option(None, help="Whose App it is to be; none: your own."),
    out: Path = _Out,
    port: int = typer.Option(0, min=0, max=65535, help="Of the page; 0: any."),
    github_url: str = typer.Option(
        "https://api.github.com", envvar="UNDERSTUDY_GITHUB_URL", help="GitHub's API."
    ),
) -> None:
    """Make the GitHub App that the bot acts as, with one click in a browser."""
    from bot import app_creation, app_files, app_manifest  # noqa: PLC0415

    wanted = app_manifest.Wanted(name, url, organization)
    files = app_files.Files(out)
    console = _console()
    made = app_creation.Creation(github_url, wanted, files, port).run(
        lambda page: console.print(f"Open {page} in a browser", soft_wrap=True)
    )
    lines = (
        f"UNDERSTUDY_GITHUB_APP_ID={made.app_id}",
        f"UNDERSTUDY_GITHUB_PRIVATE_KEY_FILE={files.key}",
        f"UNDERSTUDY_WEBHOOK_SECRET_FILE={files.secret}",
        f"Install it at {made.install}",
    )
    for line in lines:
        console.print(_plain(line), soft_wrap=True)


@contextlib.contextmanager
def _storage() -> Iterator[store.SqlStore]:
    settings = Settings.from_env(os.environ)
    if settings.database_url is None and not settings.database_file.exists():
        raise errors.NotFoundError(
            f"there is no database at {settings.database_file}: set UNDERSTUDY_DATA_DIR to the "
            "folder that `understudy serve` uses, and run that first"
        )
    with contextlib.closing(store.SqlStore(settings.database, clock.SystemClock())) as opened:
        yield opened


def _key(text: str) -> model.EnvironmentKey:
    found = model.EnvironmentKey.parse(text)
    if found is None:
        raise errors.UnderstudyError(
            f"{text!r} names no environment: write OWNER/REPOSITORY#NUMBER or "
            "OWNER/REPOSITORY@BRANCH, with :NAME where the repository has several"
        )
    return found


def _console() -> rich.console.Console:
    console = rich.console.Console(highlight=False)
    return console if console.is_terminal else rich.console.Console(highlight=False, width=WIDE)


def _plain(text: str) -> rich.text.Text:
    return rich.text.Text(re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text))


def main() -> None:
    """Run the command line; an error is one sentence, without a trace."""
    try:
        app()
    except errors.UnderstudyError as error:
        print(f"understudy: {error.message}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
