"""The way to AWS: one client of CloudFront, made at first use and shared by all calls."""

import functools
import threading
from typing import TYPE_CHECKING, Any

from tests.world.plugins.aws.settings import Settings
from tests.world.plugins.serve import Refused

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient


class Account:
    """The configured account. Loading the SDK takes a moment: `warm` begins it in time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()

    def warm(self) -> None:
        """Begin to load the client, beside whatever the engine does next."""

        def load() -> None:
            try:
                _ = self.cloudfront
            except Refused:
                return  # The first call that needs it says so.

        threading.Thread(target=load, name="warm", daemon=True).start()

    @property
    def cloudfront(self) -> "CloudFrontClient":
        """The client of CloudFront."""
        with self._lock:
            client: CloudFrontClient = self._cloudfront
            return client

    @property
    def identifier(self) -> str:
        """The account's number, which ARNs have; empty if it may not be asked for."""
        with self._lock:
            return self._identifier

    @functools.cached_property
    def _cloudfront(self) -> Any:
        return self._client("cloudfront")

    @functools.cached_property
    def _identifier(self) -> str:
        if not self._settings.account_known:
            return ""
        return str(self._client("sts").get_caller_identity()["Account"])

    def _client(self, service: str) -> Any:
        # Not boto3: what it adds costs time at each start, and none of it is needed.
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        settings, keys = self._settings, self._settings.credentials
        try:
            session = botocore.session.Session(profile=settings.profile)
            return session.create_client(
                service,
                region_name=settings.region,
                endpoint_url=settings.endpoints.get(service),
                aws_access_key_id=keys.get("accessKey"),
                aws_secret_access_key=keys.get("secretKey"),
                aws_session_token=keys.get("token"),
                config=botocore.config.Config(
                    connect_timeout=5,
                    read_timeout=30,
                    max_pool_connections=32,
                    retries={"mode": "standard", "total_max_attempts": 4},
                ),
            )
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            raise Refused(f"The AWS provider can't be configured: {error}") from error
