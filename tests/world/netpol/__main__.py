"""`python -m tests.world.netpol`: enforce a cluster's policies until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.world.netpol.api import Api
from tests.world.netpol.endpoints import Neighbour
from tests.world.netpol.enforcer import Enforcer, RefusedError, loader
from tests.world.plugins.serve import Refused


def _neighbour(text: str) -> Neighbour:
    try:
        return Neighbour.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main() -> int:
    """Run until it is ended; 1 if rules had to be left behind, 2 for a kubeconfig of no use."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.netpol")
    parser.add_argument(
        "--kubeconfig", type=Path, required=True, help="how to reach the API server"
    )
    parser.add_argument(
        "--neighbour",
        action="append",
        default=[],
        type=_neighbour,
        metavar="ADDRESS:PORT=NAMESPACE/KEY=VALUE,…",
        help="a program beside the cluster that policies see as a pod with these labels",
    )
    parser.add_argument(
        "--netns", help="the network namespace to load rules in, if not this process's own"
    )
    arguments = parser.parse_args()
    if not arguments.kubeconfig.is_file():
        parser.error(f"there is no kubeconfig at {arguments.kubeconfig}")
    try:
        api = Api(arguments.kubeconfig)
    except (Refused, OSError, ValueError) as error:  # a certificate that is none is a ValueError
        print(f"{arguments.kubeconfig} is of no use: {error}", file=sys.stderr)
        return 2
    enter = ("nsenter", f"--net=/run/netns/{arguments.netns}", "--") if arguments.netns else ()
    enforcer = Enforcer(api, loader(enter), arguments.neighbour)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: enforcer.stop())
    try:
        enforcer.run()
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
