"""Looks at one thing after another; each has its time, and none keeps another from its turn."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot import errors
from bot.doctor.findings import Finding, Sign, warning, wrong

SECONDS = 10.0
"""What each check may take."""


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """Something to look at."""

    name: str
    look: Callable[[], Iterable[Finding]]
    """May raise UnderstudyError, whose message is then what was found."""
    mend: str
    """How to mend what `look` raises."""
    needs: Sequence[str] = ()
    """The checks without which this one makes no sense."""


def examine(checks: Iterable[Check], seconds: float = SECONDS) -> Iterator[Finding]:
    """What each check finds, as soon as it is found."""
    failed: set[str] = set()
    for check in checks:
        lacking = next((name for name in check.needs if name in failed), None)
        if lacking is not None:
            failed.add(check.name)
            yield warning(check.name, f'not checked, as "{lacking}" failed')
            continue
        found = _look(check, seconds)
        if any(one.sign is Sign.WRONG for one in found):
            failed.add(check.name)
        yield from found


def _look(check: Check, seconds: float) -> Sequence[Finding]:
    """In a thread that is left behind when its time is up; it keeps no process alive."""
    found: list[Finding] = []
    thread = threading.Thread(
        target=_into, args=(found, check), name=f"doctor {check.name}", daemon=True
    )
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return [*found, wrong(check.name, f"no answer within {seconds:g} s", check.mend)]
    return found


def _into(found: list[Finding], check: Check) -> None:
    try:
        # One by one: what was found in time counts.
        for one in check.look():
            found.append(one)
    except errors.UnderstudyError as error:
        found.append(wrong(check.name, error.message, check.mend))
    except Exception as error:  # a fault of ours must not hide what else is wrong
        found.append(wrong(check.name, f"{type(error).__name__}: {error}", check.mend))
