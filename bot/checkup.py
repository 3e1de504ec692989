"""What `understudy doctor` looks at: puts the checks together, as `bot.app` does the stages.

Nothing is opened before the check that is about it, and nothing is made: neither a database nor the
folder of the state.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bot import app, clock, engine, github_api, kube_api, store
from bot.doctor import Check, Finding, cloud, cluster, database, github, permissions, state, webhook
from bot.doctor.findings import ok
from bot.settings import Settings

if TYPE_CHECKING:
    from infra import contract

SETTINGS = "settings"
PLATFORM = "platform file"


class Checkup:
    """The checks for the settings of one environment."""

    def __init__(self, environ: Mapping[str, str], time: clock.Clock) -> None:
        self._environ = environ
        self._clock = time
        self._connect = cluster.connector(
            lambda: kube_api.connect(self._platform.kubeconfig, self._platform.context)
        )

    def checks(self) -> Sequence[Check]:
        """All of them, in the order in which one builds on another."""
        return (*self._own(), *self._of_github(), *self._of_surroundings(), *self._of_pulumi())

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown. Raises InvalidSettingsError."""
        return self._settings.secrets()

    # -- what is read once ------------------------------------------------------------------------

    @functools.cached_property
    def _settings(self) -> Settings:
        return Settings.from_env(self._environ)

    @functools.cached_property
    def _platform(self) -> contract.Platform:
        return self._settings.platform()

    @functools.cached_property
    def _hub(self) -> github_api.GitHubHub:
        given = self._settings
        return github_api.GitHubHub(given.github_url, app.credentials(given), given.repositories)

    @functools.cached_property
    def _address(self) -> github.Address:
        return github.Address(self._settings.github_url, self._clock)

    @property
    def _backend(self) -> str:
        """Not `Settings.backend`, which makes the folder."""
        given = self._settings
        return given.pulumi_backend_url or (given.data_dir / "state").resolve().as_uri()

    # -- checks -----------------------------------------------------------------------------------

    def _own(self) -> Iterator[Check]:
        yield Check(
            SETTINGS, self._read, "set it in the bot's environment; docs/settings.md says to what"
        )
        yield Check(
            PLATFORM,
            self._describe,
            "set UNDERSTUDY_PLATFORM_FILE as docs/settings.md says",
            (SETTINGS,),
        )
        yield Check(
            database.FOLDER,
            lambda: database.folder(self._settings.data_dir),
            "set UNDERSTUDY_DATA_DIR to a folder that the bot's user can write to",
            (SETTINGS,),
        )
        yield Check(
            database.DATABASE,
            lambda: database.tables(lambda: store.schema.look(self._settings.database)),
            "see that it runs, and that UNDERSTUDY_DATABASE_URL or UNDERSTUDY_DATA_DIR leads to it",
            (SETTINGS,),
        )

    def _of_github(self) -> Iterator[Check]:
        yield Check(
            github.ADDRESS,
            self._reach,
            "see that UNDERSTUDY_GITHUB_URL is right, and that the network leads there",
            (SETTINGS,),
        )
        yield Check(
            github.CLOCK,
            self._compare_clocks,
            "set this machine's clock, for example by NTP",
            (github.ADDRESS,),
        )
        yield Check(
            github.CREDENTIALS,
            lambda: github.identity(self._hub),
            "set UNDERSTUDY_GITHUB_APP_ID and UNDERSTUDY_GITHUB_PRIVATE_KEY, or "
            "UNDERSTUDY_GITHUB_TOKEN, to what GitHub gave out",
            (github.ADDRESS,),
        )
        needs = (github.CREDENTIALS,)
        again = "see that GitHub works (githubstatus.com), and look again"
        yield Check(
            permissions.PERMISSIONS, lambda: permissions.permissions(self._hub), again, needs
        )
        yield Check(github.REPOSITORIES, lambda: github.visible(self._hub), again, needs)
        yield Check(webhook.WEBHOOK, lambda: webhook.webhooks(self._hub), again, needs)

    def _of_surroundings(self) -> Iterator[Check]:
        yield Check(
            cluster.CLUSTER,
            lambda: cluster.reach(self._connect),
            "see that it runs, and that UNDERSTUDY_KUBECONFIG leads to it",
            (PLATFORM,),
        )
        yield Check(
            cluster.APIS,
            lambda: cluster.apis(
                self._connect,
                node_pools=self._platform.node_class is not None,
                telemetry=self._platform.otlp_endpoint is not None,
            ),
            "let the bot's account read /apis",
            (cluster.CLUSTER,),
        )
        yield Check(
            cluster.RIGHTS,
            lambda: cluster.rights(self._connect, node_pools=self._platform.node_class is not None),
            "let the bot's account create selfsubjectaccessreviews",
            (cluster.CLUSTER,),
        )
        yield Check(
            cloud.AWS,
            lambda: cloud.identity(self._platform),
            "give the bot AWS credentials, by a role or as docs/settings.md says",
            (PLATFORM,),
        )
        yield Check(
            cloud.DISTRIBUTION,
            lambda: cloud.distribution(self._platform),
            "allow cloudfront:GetDistribution and cloudfront:ListDistributions to the bot's role",
            (cloud.AWS,),
        )

    def _of_pulumi(self) -> Iterator[Check]:
        yield Check(
            state.PULUMI, _command_line, "install Pulumi's command line where PATH leads to it"
        )
        yield Check(
            state.STATE,
            lambda: state.stacks(
                self._backend, self._settings.data_dir.resolve() / "state", self._stacks
            ),
            "see that UNDERSTUDY_PULUMI_BACKEND_URL is right and that the bot may list there",
            (SETTINGS, state.PULUMI),
        )
        yield Check(
            state.PASSPHRASE,
            lambda: state.passphrase(self._settings.pulumi_secrets_provider),
            "set UNDERSTUDY_PULUMI_PASSPHRASE",
            (SETTINGS,),
        )

    def _read(self) -> Iterator[Finding]:
        given = self._settings
        who = f"GitHub App {given.github_app_id}" if given.github_app_id else "a token"
        yield ok(SETTINGS, f"can be read; GitHub is asked as {who}")

    def _describe(self) -> Iterator[Finding]:
        yield ok(PLATFORM, f"can be used; environments are below {self._platform.domain}")

    def _reach(self) -> Iterator[Finding]:
        return self._address.reach()

    def _compare_clocks(self) -> Iterator[Finding]:
        return self._address.compare_clocks()

    def _stacks(self) -> Sequence[str]:
        return engine.PulumiEngine(app.engine_settings(self._settings, self._backend)).names()


def _command_line() -> Iterator[Finding]:
    # Loads Pulumi's SDK, which takes seconds.
    from bot.engine import installed  # noqa: PLC0415

    yield from state.command_line(installed.command_line, installed.sdk())
