"""Writes one report, as far as there is room for it, or one errand.

A report is several requests, each of which is counted by itself: the comment, which everybody
reads, then what GitHub shows beside it. What was written is kept in the store at once, so whoever
comes again for the rest goes on from there.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator

import structlog

from bot import errors, model, ports, said
from bot.feedback import render
from bot.feedback.errands import Errand
from bot.feedback.governor import Governor, NoRoomError, Rank
from infra import naming

STATES = {
    model.Phase.PROVISIONING: "in_progress",
    model.Phase.READY: "success",
    model.Phase.DEGRADED: "failure",
    model.Phase.STUCK: "error",
    model.Phase.WAITING: "inactive",
    model.Phase.ABSENT: "inactive",
}
"""The deployment's state in each phase; a phase that is not named leaves it as it is."""
CHECKS = {
    model.Phase.PROVISIONING: "in_progress",
    model.Phase.READY: "success",
    model.Phase.DEGRADED: "failure",
    model.Phase.STUCK: "failure",
    model.Phase.WAITING: "neutral",
    model.Phase.ABSENT: "neutral",
}
"""What the commit's check says in each phase; a phase that is not named leaves it as it is."""
_MAKING = frozenset({"in_progress", "success", "failure", "error"})
_log = structlog.get_logger(__name__)


class NoRoomForRestError(NoRoomError):
    """The comment tells how it stands; there was no room for what goes with it."""


class Writer:
    """Asks the hub, within the governor's limits; safe for threads, one environment in each."""

    def __init__(
        self,
        hub: ports.Hub,
        store: ports.Store,
        current: Callable[[model.EnvironmentKey], model.Report | None],
        governor: Governor,
        word: str = said.WORD,
    ) -> None:
        self._hub = hub
        self._store = store
        self._current = current
        self._governor = governor
        self._word = word

    def errand(self, errand: Errand) -> None:
        """React to a comment, or answer it. Raises NoRoomError, UnderstudyError."""
        command = errand.command
        with self._governor.writing(command.key, errand.rank):
            if errand.reaction:
                self._hub.react(command.key.repository, command.comment_id, "eyes")
                return
            self._hub.reply(command.key, render.answer(command))
        self._store.answered(command)

    def report(self, key: model.EnvironmentKey, rank: Rank) -> None:
        """Bring everything to how the environment stands. Raises NoRoomError, UnderstudyError."""
        # Read anew: a lane may have moved on meanwhile, also in another replica.
        report = self._current(key)
        row = self._store.row(key)
        if report is None or row is None:
            return
        told = row.comment_id is not None or row.deployment_id is not None
        if report.phase is model.Phase.ABSENT and not told:
            return  # nobody has been told of an environment, so nobody need hear that it is gone
        if not key.is_base:  # a branch has nowhere to comment
            self._comment(report, row, rank)
        failed: errors.UnderstudyError | None = None
        for part in (self._deployment, self._check):
            try:
                part(report, row)
            except NoRoomError as error:
                raise NoRoomForRestError(error.seconds, error.rank) from error
            except errors.UnderstudyError as error:
                failed = error  # the other part is told all the same
        if failed is not None:
            raise failed

    def _comment(self, report: model.Report, row: ports.Row, rank: Rank) -> None:
        body = render.comment(report, said.word_for(self._word, report.key))
        digest = hashlib.sha256(body.encode()).hexdigest()
        if digest == row.comment_digest:
            return
        # One that was deleted takes a try to edit it, too.
        most = 1 if row.comment_id is None else 2
        with self._governor.writing(report.key, rank, most) as permit:
            comment_id = self._hub.write_comment(report.key, body, row.comment_id)
            permit.used = 1 if comment_id == row.comment_id else most
        self._store.remember(report.key, comment_id=comment_id, comment_digest=digest)
        _log.info(
            "comment written",
            action="report",
            environment=str(report.key),
            phase=report.phase.value,
        )

    def _deployment(self, report: model.Report, row: ports.Row) -> None:
        state = STATES.get(report.phase)
        if state is None:
            return
        rank = _rank(report, begun=state == "in_progress")
        deployment, known = row.deployment_id, row.deployment_state
        if state in _MAKING and report.commit and report.commit != row.deployment_commit:
            deployment, known = self._made(report, report.commit, rank), None
        if deployment is None or known == state:
            return
        url = report.routes.url if report.routes and state == "success" else None
        most = 1 + ports.MOST_ENDED if state in ports.ENDING else 1
        with self._refusable(report), self._governor.writing(report.key, rank, most) as permit:
            permit.used = self._hub.set_deployment_status(
                report.key.repository, deployment, state, url, render.description(report)
            )
        self._store.remember(report.key, deployment_state=state)

    def _made(self, report: model.Report, commit: str, rank: Rank) -> int | None:
        environment = naming.github_environment(report.key)
        made = None
        with self._refusable(report), self._governor.writing(report.key, rank):
            made = self._hub.create_deployment(report.key.repository, commit, environment)
        self._store.remember(
            report.key, deployment_id=made, deployment_commit=commit, deployment_state=None
        )
        return made

    def _check(self, report: model.Report, row: ports.Row) -> None:
        state = CHECKS.get(report.phase)
        commit = row.check_commit if state == "neutral" else report.commit
        if state is None or commit is None:
            return
        rank = _rank(report, begun=state == "in_progress")
        if commit != row.check_commit:
            if row.check_commit is not None and row.check_state == "in_progress":
                self._say(report, rank, "cancelled", row.check_commit, row.check_id)
            self._say(report, rank, state, commit, None)
        elif row.check_state not in (state, "cancelled"):
            # One that has ended does not begin again.
            known = None if state == "in_progress" else row.check_id
            self._say(report, rank, state, commit, known)

    def _say(
        self, report: model.Report, rank: Rank, state: str, commit: str, check_id: int | None
    ) -> None:
        over = state == "cancelled"
        url = report.routes.url if report.routes and state in _MAKING else None
        made = check_id
        # One that is gone takes a try to edit it, too.
        most = 1 if check_id is None else 2
        with self._refusable(report), self._governor.writing(report.key, rank, most) as permit:
            made = self._hub.set_check(
                report.key.repository,
                commit,
                check_id,
                name=naming.check(report.key),
                state=state,
                title=ports.OVER if over else render.description(report),
                summary=ports.OVER if over else render.summary(report),
                url=url,
            )
            permit.used = 1 if made == check_id else most
        self._store.remember(report.key, check_id=made, check_commit=commit, check_state=state)

    @contextlib.contextmanager
    def _refusable(self, report: model.Report) -> Iterator[None]:
        """Go on where GitHub knows nothing of it, or does not let the bot: once is enough."""
        try:
            yield
        except errors.NotFoundError as error:
            _log.warning(
                "not shown", action="report", environment=str(report.key), why=error.message
            )


def _rank(report: model.Report, *, begun: bool) -> Rank:
    """That something began is in the comment; what came of it is waited for by other programs."""
    if begun:
        return Rank.PROGRESS
    return Rank.PHASE if report.phase in (model.Phase.ABSENT, model.Phase.WAITING) else Rank.NEWS
