"""Prints what the doctor finds: a line each, or JSON; no secret is in it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Protocol

import rich.console
import rich.text

from bot import doctor, errors, logs

_STYLES = {
    doctor.Sign.OK: "green",
    doctor.Sign.WARNING: "yellow",
    doctor.Sign.WRONG: "red",
}


class Checkup(Protocol):
    """What is looked at; `bot.checkup` has all of it."""

    def checks(self) -> Iterable[doctor.Check]:
        """In their order."""

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown. Raises InvalidSettingsError."""


def show(what: Checkup, console: rich.console.Console, *, as_json: bool) -> bool:
    """Look at everything and print it; whether nothing is wrong."""
    try:
        secrets = what.secrets()
    except errors.InvalidSettingsError:
        secrets = ()  # the first check says so, and no secret was read
    logs.configure(secrets)
    found = []
    for finding in doctor.examine(what.checks()):
        shown = _masked(finding, secrets)
        found.append(shown)
        if not as_json:
            text = rich.text.Text(str(shown))
            text.stylize(_STYLES[shown.sign], 0, len(shown.sign.value))
            console.print(text, soft_wrap=True)
    healthy = all(one.sign is not doctor.Sign.WRONG for one in found)
    if as_json:
        content = {"healthy": healthy, "findings": [one.as_dict() for one in found]}
        console.print(json.dumps(content, indent=2), soft_wrap=True, markup=False, highlight=False)
    return healthy


def _masked(finding: doctor.Finding, secrets: tuple[str, ...]) -> doctor.Finding:
    return dataclasses.replace(
        finding,
        found=logs.masked(finding.found, secrets),
        mend=logs.masked(finding.mend, secrets),
    )
