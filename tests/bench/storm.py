"""A storm of pull requests, and a GitHub that counts what is written about them; simulated time.

Each pull request is opened, pushed to and closed, and what the reconciler would report of it is
reported when it would be: coming up, its pods one by one, ready or what can't start, going away,
gone.
"""

from __future__ import annotations

import collections
import dataclasses
import random
from collections.abc import Callable, Iterator

from bot import errors, model, testing
from infra import naming

LIMITS = ((60.0, 80), (3600.0, 500))
"""GitHub's own: this many writes that make content in so many seconds are too many."""
ANSWER_SECONDS = 0.15
"""What GitHub takes for a write."""
PUSHES = 3
SPREAD_SECONDS = 240.0
"""They are opened within this time."""
STORM_SECONDS = 600.0
"""All are closed by then."""
FAILING = 0.1
"""This part of all commits can't start."""
EDGES = 0.2
"""This part goes through CloudFront, which takes minutes to be taken away."""

Say = Callable[[model.Report], None]


class CountingHub(testing.FakeHub):
    """Counts every write by owner and by environment, and refuses what is too much."""

    def __init__(self, clock: testing.SimulatedClock) -> None:
        super().__init__()
        self._time = clock
        self.times: dict[str, list[float]] = collections.defaultdict(list)
        """When there was a write, in seconds since the epoch, by owner."""
        self.of: collections.Counter[model.EnvironmentKey] = collections.Counter()
        """Writes of each environment."""
        self.refused = 0
        self.owners: dict[str, model.EnvironmentKey] = {}
        """Whose a commit is."""
        self.shown: set[model.EnvironmentKey] = set()
        """Those with a comment."""
        self.on_comment: Callable[[model.EnvironmentKey, str], None] = lambda _, __: None

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """See `bot.ports.Hub`."""
        self._count(key)
        self.shown.add(key)
        self.on_comment(key, body)
        return super().write_comment(key, body, comment_id)

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """See `bot.ports.Hub`."""
        self._count(_key(repository, environment))
        return super().create_deployment(repository, commit, environment)

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> int:
        """See `bot.ports.Hub`."""
        key = _key(repository, self.deployments[deployment_id].environment)
        self._count(key)
        writes = super().set_deployment_status(repository, deployment_id, state, url, description)
        for _ in range(writes - 1):
            self._count(key)
        return writes

    def set_check(
        self,
        repository: str,
        commit: str,
        check_id: int | None,
        *,
        name: str,
        state: str,
        title: str,
        summary: str,
        url: str | None,
    ) -> int | None:
        """See `bot.ports.Hub`."""
        self._count(self.owners[commit])
        return super().set_check(
            repository,
            commit,
            check_id,
            name=name,
            state=state,
            title=title,
            summary=summary,
            url=url,
        )

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """See `bot.ports.Hub`."""
        raise NotImplementedError

    def reply(self, key: model.EnvironmentKey, body: str) -> None:
        """See `bot.ports.Hub`."""
        raise NotImplementedError

    def _count(self, key: model.EnvironmentKey) -> None:
        self._time.advance(ANSWER_SECONDS)
        now = self._time.now().timestamp()
        times = self.times[key.repository.partition("/")[0]]
        for seconds, many in LIMITS:
            if len(times) >= many and now - times[-many] < seconds:
                self.refused += 1
                raise errors.UnreachableError(
                    "You have exceeded a secondary rate limit",
                    reason="rate-limited",
                    retry_after=seconds - (now - times[-many]),
                )
        times.append(now)
        self.of[key] += 1


def _key(repository: str, environment: str) -> model.EnvironmentKey:
    return model.EnvironmentKey(repository, int(environment.removeprefix("pr-")))


class PullRequest:
    """One of them: what is reported of it, and when."""

    def __init__(
        self, key: model.EnvironmentKey, clock: testing.SimulatedClock, chance: random.Random
    ) -> None:
        self.key = key
        self._clock = clock
        self._chance = chance
        self._began = clock.now()
        self._timeline: list[model.TimelineEntry] = []
        self._name = naming.environment_name(key)
        self._commits = [f"{chance.getrandbits(160):040x}" for _ in range(1 + PUSHES)]

    def life(self) -> Iterator[tuple[float, model.Report]]:
        """Each report, with the seconds from the storm's beginning to it."""
        chance = self._chance
        opened = chance.uniform(0, SPREAD_SECONDS)
        closed = chance.uniform(opened + 200, STORM_SECONDS)
        moments = [opened, *sorted(chance.uniform(opened + 5, closed) for _ in range(PUSHES))]
        for commit, begins, ends in zip(
            self._commits, moments, [*moments[1:], closed], strict=True
        ):
            at = begins
            for after, report in self._coming_up(commit):
                at += after
                if at < ends:  # else the next push, or the end, comes first
                    yield at, report
        yield closed, self._report(model.Phase.DESTROYING)
        gone = chance.uniform(100, 240) if chance.random() < EDGES else chance.uniform(5, 20)
        yield closed + gone, self._report(model.Phase.ABSENT, absence=self._absence())

    def _coming_up(self, commit: str) -> Iterator[tuple[float, model.Report]]:
        yield 0.0, self._report(model.Phase.PROVISIONING, commit)
        for ready in range(3):
            progress = _progress(ready)
            yield (
                self._chance.uniform(2, 8),
                self._report(model.Phase.PROVISIONING, commit, progress=progress),
            )
        if self._chance.random() < FAILING:
            yield 3.0, self._report(model.Phase.DEGRADED, commit, "web: crashing")
        else:
            yield 3.0, self._report(model.Phase.READY, commit, progress=_progress(3))

    def _report(
        self,
        phase: model.Phase,
        commit: str | None = None,
        reason: str = "",
        progress: model.Progress | None = None,
        absence: model.Absence | None = None,
    ) -> model.Report:
        routes = model.Routes(f"https://{self._name}.preview.test/") if commit else None
        return model.Report(self.key, self._name, phase, commit, reason, routes, progress, absence)

    def _absence(self) -> model.Absence:
        return model.Absence(("namespaces", "NodePools", "nodes"), (), self._clock.now())

    def run(self, say: Say) -> None:
        """Plan all of it on the clock, each report when the one before was made."""
        self._next(self.life(), say)

    def _next(self, life: Iterator[tuple[float, model.Report]], say: Say) -> None:
        planned = next(life, None)
        if planned is None:
            return
        at, report = planned

        def act() -> None:
            line = model.TimelineEntry(self._clock.now(), report.phase.value)
            if not self._timeline or self._timeline[-1].text != line.text:
                self._timeline.append(line)
            say(dataclasses.replace(report, timeline=tuple(self._timeline)))
            self._next(life, say)

        passed = (self._clock.now() - self._began).total_seconds()
        self._clock.at(max(at - passed, 0.0), act)


def _progress(ready: int) -> model.Progress:
    return model.Progress(
        tuple(
            model.ServiceProgress(name, 1, int(at < ready))
            for at, name in enumerate(("web", "api", "worker"))
        )
    )
