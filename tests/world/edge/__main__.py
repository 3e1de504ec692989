"""`python -m tests.world.edge --host H --port N --aws URL`: serve the edge until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from tests.world.edge import origins
from tests.world.edge.server import Edge
from tests.world.edge.view import View


def _rule(text: str) -> tuple[str, str]:
    try:
        return origins.parse_rule(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main(arguments: list[str]) -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.edge", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--aws", required=True, help="the simulated AWS, as http://HOST:PORT")
    parser.add_argument(
        "--resolve",
        type=_rule,
        action="append",
        default=[],
        metavar="SUFFIX=ADDRESS",
        help="connect to ADDRESS for origins whose host ends in SUFFIX; may be repeated",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s"
    )
    edge = Edge((options.host, options.port), View(options.aws), options.resolve)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever(), which this handler interrupts: another thread.
        signal.signal(number, lambda *_: threading.Thread(target=edge.shutdown).start())
    logging.getLogger("world.edge").info("edge on http://%s:%d", options.host, edge.server_port)
    with edge:
        edge.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main(sys.argv[1:])
