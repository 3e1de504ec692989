"""Fakes of what is asked for a configuration, and told of an environment."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from bot import errors, intent, model, ports
from bot.testing.faulty import Faulty
from infra import contract
from infra.contract import outputs


class FakeConfigurer(Faulty):
    """Every commit has a good stage file, but for those named in `invalid`."""

    def __init__(self) -> None:
        self.invalid: dict[str, str] = {}
        """What is wrong with the stage file, by commit."""
        self.asked: list[tuple[str, bool]] = []
        """The commits that configurations were asked for, and whether their authors are trusted."""
        self.waiting = contract.Images()
        """How images are waited for."""
        self.with_edge = True
        """Whether environments get a way through CloudFront."""

    def config(
        self,
        row: ports.Row,
        pull_request: model.PullRequest,
        *,
        trusted: bool,
    ) -> Mapping[str, str] | None:
        """See `bot.ports.Configurer`."""
        self.answer()
        self.asked.append((pull_request.head_sha, trusted))
        if row.lane is model.Lane.EDGE and not self.with_edge:
            return None
        if wrong := self.invalid.get(pull_request.head_sha):
            raise errors.InvalidStageFileError(wrong)
        commit = pull_request.head_sha
        pinned = row.images is not None and row.images.commit == commit
        return {"commit": commit, **(row.images.digests if row.images and pinned else {})}

    def images(self, pull_request: model.PullRequest, *, trusted: bool) -> ports.Needed:
        """See `bot.ports.Configurer`; there is one image, named by the commit."""
        del trusted
        self.answer()
        if wrong := self.invalid.get(pull_request.head_sha):
            raise errors.InvalidStageFileError(wrong)
        return ports.Needed((f"registry.test/web:{pull_request.head_sha}",), self.waiting)

    def routes(self, rows: Mapping[model.Lane, ports.Row]) -> model.Routes | None:
        """See `bot.ports.Configurer`."""
        url = rows[model.Lane.CLUSTER].outputs.get(outputs.URL)
        if not isinstance(url, str):
            return None
        row = rows.get(model.Lane.EDGE)
        if row is None or outputs.EDGE_HOST not in row.outputs:
            return model.Routes(url)
        host, header = row.outputs[outputs.EDGE_HOST], row.outputs[outputs.EDGE_HEADER]
        deployed = row.phase is model.Phase.READY
        return model.Routes(url, model.EdgeRoute(str(host), str(header), row.edge_value, deployed))


class FakePolicies(Faulty):
    """The same policy for every branch, but for those that it is not known of."""

    def __init__(self, policy: intent.Policy | None = None) -> None:
        self.settings = policy or intent.Policy()
        self.faults: dict[str, errors.UnderstudyError] = {}
        """What asking for a branch's policy raises, by the branch."""
        self.definitions: dict[str, intent.Policy] = {}
        """The policies of definitions, by name; of all others it is the same."""

    def policy(self, repository: str, branch: str, definition: str = "") -> intent.Policy:
        """See `bot.ports.Policies`."""
        del repository
        self.answer()
        if branch in self.faults:
            raise self.faults[branch]
        return self.definitions.get(definition, self.settings)


class FakeReporter:
    """Keeps every report."""

    def __init__(self) -> None:
        self.reports: list[model.Report] = []
        self.acknowledged: list[model.Command] = []
        self.answers: list[model.Command] = []

    def acknowledge(self, command: model.Command) -> None:
        """See `bot.ports.Reporter`."""
        self.acknowledged.append(command)

    def answer(self, command: model.Command) -> None:
        """See `bot.ports.Reporter`."""
        self.answers.append(command)

    def report(self, report: model.Report) -> None:
        """See `bot.ports.Reporter`."""
        self.reports.append(report)

    def phases(self) -> list[model.Phase]:
        """The phases that were told, each once where it was told several times in a row."""
        return [phase for phase, _ in itertools.groupby(report.phase for report in self.reports)]
