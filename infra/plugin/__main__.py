"""Starts the plugin: the engine runs `pulumi-resource-understudy` and reads the port it prints."""

from __future__ import annotations

import sys

from pulumi.provider.experimental import server

from infra.plugin.provider import UnderstudyProvider

VERSION = "0.1.0"


def main() -> None:
    """Serve until the engine ends the process."""
    server.main(sys.argv[1:], VERSION, UnderstudyProvider())


if __name__ == "__main__":
    main()
