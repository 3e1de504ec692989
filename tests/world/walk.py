"""The walk of a pull request, as people take and see it: open, push, close, and what answers.

The demo shows it, tests check it and the benchmark times it: here are the steps of all three.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

import requests

from bot import clock, model, overview, store
from infra import naming
from tests.world.cluster.api import CORE
from tests.world.world import World

REPOSITORY = "acme/shop"
LABEL = "stage"
STAGE_FILE = """\
services:
  web:
    image: registry.test/shop-web:{sha}
    port: 8080
    route: /
    language: python
    probe: {path: /healthz}
  api:
    image: registry.test/shop-api:{sha}
    port: 8080
    language: python
    probe: {path: /healthz}
"""
NO_EDGE = STAGE_FILE + "edge: none\n"
_COMMIT = re.compile(r'id="commit">([0-9a-f]+)<')


class WalkError(AssertionError):
    """A step did not come to its end."""


class Walk:
    """One pull request in a world whose bot runs."""

    def __init__(
        self, world: World, repository: str = REPOSITORY, *, bot: str = "bot", label: str = LABEL
    ) -> None:
        self.world = world
        self.repository = repository
        self.number = 0
        self.branch = ""
        self.definition = ""
        self.commit = ""
        self.label = label
        self._bot = bot
        self._store = store.SqlStore(world.database_url(bot), clock.SystemClock())

    def close_store(self) -> None:
        """Let the bot's database go."""
        self._store.close()

    @property
    def key(self) -> model.EnvironmentKey:
        """The environment that is walked."""
        number = 0 if self.branch else self.number
        return model.EnvironmentKey(self.repository, number, self.branch, self.definition)

    @property
    def name(self) -> str:
        """The environment's name."""
        return naming.environment_name(self.key)

    def beside(self, *, branch: str = "", definition: str = "") -> Walk:
        """Another environment of the same repository: a branch's, or another definition's."""
        made = Walk(self.world, self.repository, bot=self._bot, label=self.label)
        made.number, made.branch, made.definition = self.number, branch, definition
        made.commit = self.commit
        return made

    # -- what people do ---------------------------------------------------------------------------

    def open(
        self,
        *,
        stage_file: str = STAGE_FILE,
        labels: tuple[str, ...] | None = None,
        env: Mapping[str, str] | None = None,
        publish: bool = True,
        fork: str | None = None,
    ) -> None:
        """Open a pull request whose images are there."""
        files = {".stage.yaml": stage_file, "README.md": f"{time.time_ns()}"}
        wanted = (self.label,) if labels is None else labels
        self.number, self.commit = self.world.github.open_pull_request(
            self.repository, files=files, labels=wanted, fork=fork
        )
        if publish:
            self.world.publish(self.commit, env)

    def push(
        self, files: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Push a commit whose images are there."""
        given = {"README.md": f"{time.time_ns()}", **(files or {})}
        self.commit = self.world.github.push(self.repository, self.number, given)
        self.world.publish(self.commit, env)

    def say(self, body: str, login: str = "ada") -> int:
        """Comment as somebody who may write, and return the comment's id."""
        self.world.github.set_permission(self.repository, login, "write")
        return self.world.github.comment(self.repository, self.number, login, body)

    def close(self) -> None:
        """Close the pull request."""
        self.world.github.close(self.repository, self.number)

    def leave(self) -> None:
        """Close what is open and wait until it is gone. Raises WalkError."""
        if not self.number:
            return
        if self.world.github.pull_request(self.repository, self.number)["state"] == "open":
            self.close()
        if self.row() is not None:
            self.until_phase(model.Phase.ABSENT, 180)

    # -- what people see --------------------------------------------------------------------------

    def row(self) -> model.Phase | None:
        """The phase that the bot has recorded."""
        lanes = self._store.lanes(self.key) if self.number or self.branch else None
        return overview.together(lanes)[0] if lanes else None

    def timeline(self) -> list[model.TimelineEntry]:
        """What the bot says has happened."""
        return list(self._store.timeline(self.key))

    def comment(self) -> str:
        """The bot's comment; empty while there is none. Raises WalkError for more than one."""
        marker = f"<!-- understudy:environment {self.key} -->"
        found = [
            str(comment["body"])
            for comment in self.world.github.comments(self.repository, self.number)
            if str(comment["body"]).startswith(marker)
        ]
        if len(found) > 1:
            raise WalkError(f"{len(found)} comments instead of one")
        return found[0] if found else ""

    def pods(self) -> dict[str, str]:
        """The image of each pod's service, by pod."""
        found = self.world.cluster.api.items(f"{CORE}/namespaces/{self.name}/pods")
        return {
            str(pod["metadata"]["name"]): str(pod["spec"]["containers"][0]["image"])
            for pod in found
        }

    def answers(self) -> list[str]:
        """What the bot has answered to commands, oldest first."""
        found = self.world.github.comments(self.repository, self.number)
        marker = "<!-- understudy:answer"
        return [str(one["body"]) for one in found if str(one["body"]).startswith(marker)]

    def edge_headers(self) -> dict[str, str]:
        """The header that leads to the environment, out of the comment; empty without one."""
        found = re.search(r"curl -H '([^:']+): ([^']+)'", self.comment())
        return {found[1]: found[2]} if found else {}

    def page(self) -> str:
        """The commit that answers at the environment's own host; empty if none does."""
        return _commit(lambda: self.world.through_ingress(self.name))

    def edge_page(self, headers: Mapping[str, str]) -> str:
        """The commit that answers at production's domain."""
        return _commit(lambda: self.world.through_edge("/", headers))

    # -- waiting ----------------------------------------------------------------------------------

    def until(
        self,
        what: str,
        question: Callable[[], object],
        seconds: float = 90.0,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask until it is so. Raises WalkError with what the bot says."""
        end = time.monotonic() + seconds
        while not question():
            meanwhile()
            if time.monotonic() > end:
                lines = "\n".join(
                    f"  {entry.at:%H:%M:%S} {entry.text}" for entry in self.timeline()
                )
                raise WalkError(f"{what}: not within {seconds:.0f} s. The timeline:\n{lines}")
            time.sleep(0.1)

    def until_phase(
        self,
        phase: model.Phase,
        seconds: float = 90.0,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Wait until the bot has recorded a phase."""
        self.until(f"phase {phase.value}", lambda: self.row() is phase, seconds, meanwhile)

    def until_serving(
        self, seconds: float = 90.0, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Wait until the pull request's newest commit answers at its host and is called ready."""
        self.until(
            f"{self.commit[:7]} serving", lambda: self.page() == self.commit, seconds, meanwhile
        )
        self.until_phase(model.Phase.READY, seconds, meanwhile)


def _commit(ask: Callable[[], requests.Response]) -> str:
    try:
        answer = ask()
    except requests.RequestException:
        return ""
    found = _COMMIT.search(answer.text)
    return found[1] if found else ""
