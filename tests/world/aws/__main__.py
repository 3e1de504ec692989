"""`python -m tests.world.aws --host H --port N`: serve the simulated AWS until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading


def main(arguments: list[str]) -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.aws", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--deploy-seconds",
        type=float,
        default=2.0,
        help="how long a change of a distribution stays InProgress (default: %(default)s)",
    )
    parser.add_argument(
        "--every-type", action="store_true", help="offer all instance types, as a large region does"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s"
    )
    logging.getLogger("world.aws").setLevel(logging.INFO)

    from tests.world.aws import server  # noqa: PLC0415  so that a wrong option answers at once

    serving = server.make(
        options.host, options.port, options.deploy_seconds, every_type=options.every_type
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever(), which this handler interrupts: another thread.
        signal.signal(
            number, lambda *_: threading.Thread(target=serving.shutdown, daemon=True).start()
        )
    server.log.info("AWS on http://%s:%d", options.host, serving.server_port)
    serving.serve_forever()
    serving.server_close()


if __name__ == "__main__":
    main(sys.argv[1:])
