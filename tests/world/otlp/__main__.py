"""`python -m tests.world.otlp`: receive until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.world.otlp.server import Server
from tests.world.otlp.store import KEPT_ENVIRONMENTS, KEPT_SPANS, Store


def main() -> int:
    """Serve; 1 with a sentence if the address is not to be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.otlp")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=4318)
    parser.add_argument("--spans", type=int, default=KEPT_SPANS, help="kept, per environment")
    parser.add_argument("--environments", type=int, default=KEPT_ENVIRONMENTS, help="kept")
    arguments = parser.parse_args()
    try:
        server = Server(
            (arguments.host, arguments.port), Store(arguments.spans, arguments.environments)
        )
    except OSError as error:
        print(f"cannot listen on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
