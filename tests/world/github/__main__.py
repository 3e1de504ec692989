"""`python -m tests.world.github`: run the fake GitHub until it is told to end."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from tests.world.github import npm
from tests.world.github.server import Server
from tests.world.github.world import BOT, EVENTS, Default, World
from tests.world.tools.errors import ToolError


def main(words: list[str]) -> int:
    """Serve; 1 where GitHub's published examples can't be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.github", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any; it is printed")
    parser.add_argument("--token", default="world-token", help=f"a token of {BOT}")
    parser.add_argument("--hook", help="where each repository's deliveries go")
    parser.add_argument("--secret", default="", help="the hook's secret")
    parser.add_argument("--events", default=",".join(EVENTS), help="what the hook is told of")
    given = parser.parse_args(words)
    try:
        npm.load(npm.EXAMPLES)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    hook = Default(given.hook, given.secret, given.events.split(",")) if given.hook else None
    world = World(hook=hook)
    world.credentials.add_token(given.token, world.state.account(BOT))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Server(world, given.host, given.port) as server:
        print(f"GitHub answers at {server.url}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
