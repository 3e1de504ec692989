"""`python -m tests.world.demo`: a pull request gets an environment, and it goes away again.

Everything that is printed was measured or fetched in this run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time

import rich.console
import rich.markdown
import rich.panel
import rich.table

from bot import model
from tests.world import tools
from tests.world.cluster import Cluster
from tests.world.cluster.choice import choose
from tests.world.cluster.ground import Ground
from tests.world.prepare import prepare
from tests.world.tools import ToolError
from tests.world.walk import REPOSITORY, STAGE_FILE, Walk, WalkError
from tests.world.world import ALIAS, World

_KINDS = "namespaces,nodes"
_INSIDE = "pods,services,ingresses,networkpolicies"
_FURNISHED = {
    _KINDS: "namespaces,nodepools.karpenter.sh,nodeclaims.karpenter.sh,nodes",
    _INSIDE: f"{_INSIDE},instrumentations.opentelemetry.io",
}
"""What there is more of on a cluster of the world's own."""


class Demo:
    """Shows one walk."""

    def __init__(self, console: rich.console.Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._shown = 0

    def chapter(self, text: str) -> None:
        """Say what comes next."""
        self._console.rule(f"[bold]{text}[/bold]  {time.monotonic() - self._began:.1f} s")

    def run(self, cluster: Ground, keep: bool) -> None:
        """The whole walk."""
        console = self._console
        if isinstance(cluster, Cluster):
            self.chapter("Starting the world: a real cluster, Karpenter, the operator, clouds")
        else:
            self.chapter("Starting the world on a given cluster: clouds, GitHub, the bot")
            for text in cluster.leaves_out:
                console.print(f"  left out there: {text}")
        with World(cluster=cluster) as world:
            for name, seconds in world.seconds.items():
                console.print(f"  {name:<12} after {seconds:.1f} s")
            world.start_bot()
            world.github.create_repository(REPOSITORY, {".stage.yaml": STAGE_FILE})
            walk = Walk(world)
            try:
                self._walk(walk, keep)
            finally:
                walk.close_store()
        self.chapter("Done: the world is gone as well")

    def _walk(self, walk: Walk, keep: bool) -> None:
        console = self._console
        self.chapter("A pull request is opened with the label `stage`")
        walk.open()
        walk.until_serving(meanwhile=lambda: self._timeline(walk))
        self._timeline(walk)
        self.chapter("It answers")
        walk.until("the edge route", lambda: self._edge_serves(walk))
        self._answers(walk)
        self._listing(walk)
        walk.until("the comment", lambda: "Ready" in walk.comment() and walk.edge_headers())
        console.print(rich.panel.Panel(rich.markdown.Markdown(walk.comment()), title="the comment"))
        if keep:
            self._keep(walk)
        self.chapter("A second commit is pushed")
        walk.push()
        walk.until_serving(meanwhile=lambda: self._timeline(walk))
        self._timeline(walk)
        self._answers(walk)
        self.chapter("The pull request is closed")
        walk.close()
        walk.until_phase(model.Phase.ABSENT, 180, meanwhile=lambda: self._timeline(walk))
        self._timeline(walk)
        walk.until("the last word in the comment", lambda: "Proved" in walk.comment())
        console.print(rich.panel.Panel(rich.markdown.Markdown(walk.comment()), title="the proof"))
        console.print(self._get(walk, _KINDS))

    def _edge_serves(self, walk: Walk) -> bool:
        headers = walk.edge_headers()
        return bool(headers) and walk.edge_page(headers) == walk.commit

    def _timeline(self, walk: Walk) -> None:
        entries = walk.timeline()
        for entry in entries[self._shown :]:
            text = entry.text.replace("[", "\\[")
            self._console.print(f"  [dim]{entry.at:%H:%M:%S}[/dim] {text}")
        self._shown = len(entries)

    def _answers(self, walk: Walk) -> None:
        headers = walk.edge_headers()
        table = rich.table.Table("asked", "answered by commit")
        table.add_row(f"http://{walk.name}.preview.test/", walk.page())
        for header in headers:
            table.add_row(f"http://{ALIAS}/ with {header}", walk.edge_page(headers))
        table.add_row(f"http://{ALIAS}/ without it", walk.edge_page({}))
        self._console.print(table)
        items = walk.world.through_edge("/api/items", headers)
        self._console.print(f"  /api/items, through both services: {items.text.strip()}")

    def _listing(self, walk: Walk) -> None:
        self._console.print(self._get(walk, _KINDS))
        self._console.print(self._get(walk, _INSIDE, "--namespace", walk.name))

    def _get(self, walk: Walk, kinds: str, *words: str) -> str:
        cluster = walk.world.cluster
        command = [str(tools.kubectl()), "--kubeconfig", str(cluster.kubeconfig), "get"]
        wanted = _FURNISHED[kinds] if isinstance(cluster, Cluster) else kinds
        ran = subprocess.run(
            [*command, wanted, *words], capture_output=True, text=True, check=False
        )
        return (ran.stdout + ran.stderr).replace("[", "\\[")

    def _keep(self, walk: Walk) -> None:
        world = walk.world
        self._console.print(
            rich.panel.Panel(
                f"export KUBECONFIG={world.cluster.kubeconfig}\n"
                f"curl -H 'Host: {walk.name}.preview.test' {world.url('ingress')}/\n"
                + "".join(
                    f"curl -H 'Host: {ALIAS}' -H '{header}: {value}' {world.url('edge')}/\n"
                    for header, value in walk.edge_headers().items()
                )
                + f"aws --endpoint-url {world.url('aws')} cloudfront list-distributions\n"
                f"tail -f {world.cluster.logs}/bot.log\n\n"
                "Ctrl-C ends it all.",
                title="Left up: how to look at it",
            )
        )
        threading.Event().wait()


def main() -> int:
    """Run the demo; 1 with a sentence where it could not be shown to its end."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.demo")
    parser.add_argument("--keep", action="store_true", help="leave everything up until Ctrl-C")
    keep = parser.parse_args().keep
    console = rich.console.Console(highlight=False, soft_wrap=False)
    try:
        choice = choose(os.environ)
        prepare(choice.name)
        Demo(console).run(choice.make(), keep)
    except KeyboardInterrupt:
        console.print("ended by Ctrl-C; nothing is left")
        return 0 if keep else 130
    except (ToolError, WalkError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
