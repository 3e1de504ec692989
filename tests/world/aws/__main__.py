"""`python -m tests.world.aws --port N`: serve until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys

from werkzeug.serving import WSGIRequestHandler, make_server


class _Handler(WSGIRequestHandler):
    """Keeps connections open: clients ask much and often."""

    protocol_version = "HTTP/1.1"


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.aws")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--deploy-seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "true")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # moto reads its environment when it is imported
    from tests.world.aws.server import Application  # noqa: PLC0415

    server = make_server(
        arguments.host,
        arguments.port,
        Application(arguments.deploy_seconds),
        threaded=True,
        request_handler=_Handler,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
