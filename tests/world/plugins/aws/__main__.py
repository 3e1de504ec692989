"""Serve the stand-in for pulumi-resource-aws."""

from tests.world.plugins.light import install


def main() -> None:
    """Serve until the engine has gone."""
    install()
    from pulumi.runtime.proto import provider_pb2_grpc  # noqa: PLC0415  # after install()

    from tests.world.plugins.aws.provider import AwsProvider  # noqa: PLC0415
    from tests.world.plugins.serve import serve  # noqa: PLC0415

    provider = AwsProvider()
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
