"""Stand-ins for the Pulumi plugins that can't be downloaded everywhere.

They speak the plugins' gRPC protocols and are found by the engine through PATH; nothing outside
`tests/world` knows of them. Every plugin process imports this package, so it imports nothing.
"""

from pathlib import Path


def path_folder() -> Path:
    """A folder to put in front of PATH, with a launcher for each plugin that is to be replaced.

    A plugin is replaced only if the official one is neither installed nor to be downloaded.
    """
    from tests.world.plugins.launchers import written_folder  # noqa: PLC0415

    return written_folder()


def replaced(program: str) -> bool:
    """Whether a plugin, such as `pulumi-resource-kubernetes`, is stood in for on this machine."""
    return (path_folder() / program).exists()
