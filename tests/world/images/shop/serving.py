"""What both services of the sample shop share: health, faults to rehearse, and a quick end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

from flask import Flask

COMMIT = os.environ.get("COMMIT", "unknown")
# What a commit may bring with it: "crash" ends at once, "unready" never passes its probe,
# "slow" takes five seconds to start.
_FAULT = os.environ.get("SHOP_FAULT", "")
_LAST_SECONDS = 0.8  # for telemetry on its way out; then the process ends whatever is pending


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    last = threading.Timer(_LAST_SECONDS, os._exit, [0])
    last.daemon = True
    last.start()
    sys.exit(0)


def service(name: str) -> Flask:
    """A Flask application with `/healthz`."""
    if _FAULT == "crash":
        sys.exit("this commit ends at once: SHOP_FAULT=crash")
    logging.basicConfig(level=logging.INFO, format=f"{name} %(levelname)s %(message)s")
    app = Flask(name)

    @app.get("/healthz")
    def healthz() -> tuple[dict[str, str], int]:
        status = 503 if _FAULT == "unready" else 200
        return {"service": name, "commit": COMMIT}, status

    return app


def serve(app: Flask) -> None:
    """Answer on `$PORT` (8080) until SIGTERM; a first process gets no default for signals."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    if _FAULT == "slow":
        time.sleep(5)
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8080")), threaded=True)
