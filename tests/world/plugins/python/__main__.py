"""Serve the stand-in for pulumi-language-python; the engine's address is the last argument."""

import sys

from tests.world.plugins.light import install


def main(arguments: list[str]) -> None:
    """Serve until the engine has gone."""
    install()
    from pulumi.runtime.proto import language_pb2_grpc  # noqa: PLC0415  # after install()

    from tests.world.plugins.python.host import PythonHost  # noqa: PLC0415
    from tests.world.plugins.serve import serve  # noqa: PLC0415

    addresses = [word for word in arguments if not word.startswith("-")]
    host = PythonHost(addresses[-1] if addresses else "")
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main(sys.argv[1:])
