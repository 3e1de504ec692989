from pathlib import Path

import pydantic
import pytest

from bot import errors
from bot.settings import PREFIX, SECRETS, Settings

ROOT = Path(__file__).parents[3]
GIVEN = {
    "WEBHOOK_SECRET": "hunter2-webhook",
    "GITHUB_TOKEN": "hunter2-token",
    "PLATFORM_FILE": "platform.yaml",
    "PULUMI_PASSPHRASE": "hunter2-passphrase",
}


def environ(**changes: str | None) -> dict[str, str]:
    given = {**GIVEN, **{name.upper(): value for name, value in changes.items()}}
    return {PREFIX + name: value for name, value in given.items() if value is not None}


def read(**changes: str | None) -> Settings:
    return Settings.from_env(environ(**changes))


def refusal(**changes: str | None) -> str:
    with pytest.raises(errors.InvalidSettingsError) as caught:
        read(**changes)
    assert caught.value.reason == "invalid-settings"
    assert "\n" not in caught.value.message
    return caught.value.message


def test_what_is_not_set_has_its_default() -> None:
    settings = read()
    assert (settings.label, settings.workers, settings.port) == ("stage", 2, 8080)
    assert settings.trust_anyone is False
    assert settings.database == "sqlite:////var/lib/understudy/understudy.db"


def test_what_is_set_is_taken() -> None:
    settings = read(workers="7", trust_anyone="true", label="preview", port="1234", host="0.0.0.0")
    assert (settings.workers, settings.trust_anyone, settings.label) == (7, True, "preview")
    assert (settings.host, settings.port) == ("0.0.0.0", 1234)
    assert read(database_url="sqlite:////x/y.db").database == "sqlite:////x/y.db"


def test_repositories_are_a_list() -> None:
    assert read().repositories == ()
    assert read(repositories="acme/shop").repositories == ("acme/shop",)
    assert read(repositories=" acme/shop, beta_co/web.site ,").repositories == (
        "acme/shop",
        "beta_co/web.site",
    )
    as_app = {"github_token": None, "github_app_id": "1", "github_private_key": "key"}
    assert "UNDERSTUDY_REPOSITORIES" in refusal(**as_app, repositories="acme/shop")


def test_settings_do_not_change() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        read().workers = 3  # type: ignore[misc]


@pytest.mark.parametrize("name", ["WEBHOOK_SECRET", "PLATFORM_FILE", "PULUMI_PASSPHRASE"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_required_setting_without_a_value_is_named(name: str, value: str | None) -> None:
    assert refusal(**{name: value}) == (
        f"UNDERSTUDY_{name} is missing: set it; docs/settings.md says to what"
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("workers", "hunter2", "integer"),
        ("workers", "0", "greater than or equal to 1"),
        ("workers", "65", "less than or equal to 64"),
        ("port", "70000", "less than or equal to 65535"),
        ("trust_anyone", "hunter2", "boolean"),
        ("github_url", "hunter2", "form"),
        ("github_url", "ftp://hunter2", "form"),
        ("production_host", "https://hunter2.test", "form"),
        ("label", "hunter2" * 10, "at most 50"),
        ("repositories", "acme/shop,hunter2", "form"),
        ("repositories", "https://hunter2/a", "form"),
        ("sweep_seconds", "9", "greater than or equal to 10"),
        ("sweep_brake_share", "1.1", "less than or equal to 1"),
        ("lifetime_seconds", "59", "greater than or equal to 60"),
        ("lifetime_from", "hunter2", "'creation', 'push' or 'command'"),
        ("warn_seconds", "-1", "greater than or equal to 0"),
        ("colour", "hunter2", "is no setting"),
    ],
)
def test_a_wrong_value_is_explained_and_not_shown(name: str, value: str, sentence: str) -> None:
    message = refusal(**{name: value})
    assert message.startswith(f"UNDERSTUDY_{name.upper()}")
    assert sentence in message
    assert "docs/settings.md" in message
    assert "hunter2" not in message


def test_a_misspelt_name_is_told_before_what_is_missing_by_it() -> None:
    message = refusal(webhook_secret=None, webhok_secret="hunter2")
    assert message == "UNDERSTUDY_WEBHOK_SECRET is no setting: docs/settings.md lists them"


def test_what_others_set_with_the_same_prefix_is_overlooked() -> None:
    # Kubernetes gives these to every pod beside a Service named `understudy`.
    links = {
        "SERVICE_HOST": "10.0.0.1",
        "SERVICE_PORT": "80",
        "SERVICE_PORT_HTTP": "80",
        "PORT": "tcp://10.0.0.1:80",
        "PORT_80_TCP": "tcp://10.0.0.1:80",
        "PORT_80_TCP_ADDR": "10.0.0.1",
        "WEB_SERVICE_HOST": "10.0.0.2",
        "WEB_PORT": "tcp://10.0.0.2:80",
        "CACHE": "/somewhere",
    }
    assert read(**links) == read()


# -- who the bot is on GitHub ---------------------------------------------------------------------


def test_an_app_takes_the_place_of_a_token() -> None:
    settings = read(github_token=None, github_app_id="12", github_private_key="hunter2-key")
    assert settings.github_app_id == 12
    assert settings.github_token is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"github_token": None}, "UNDERSTUDY_GITHUB_TOKEN is missing"),
        ({"github_app_id": "12", "github_private_key": "hunter2"}, "choose one"),
        ({"github_token": None, "github_app_id": "12"}, "set both"),
        ({"github_token": None, "github_private_key": "hunter2"}, "set both"),
    ],
)
def test_exactly_one_identity_is_wanted(changes: dict[str, str | None], sentence: str) -> None:
    message = refusal(**changes)
    assert sentence in message
    assert "hunter2" not in message


# -- secrets --------------------------------------------------------------------------------------


def test_every_secret_is_known_as_one() -> None:
    secret = {
        name
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert secret == set(SECRETS)


def test_no_secret_is_shown() -> None:
    settings = read(database_url="postgresql://bot:hunter2-db@host/x")
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "hunter2" not in shown
    assert set(settings.secrets()) == {
        "hunter2-webhook",
        "hunter2-token",
        "hunter2-passphrase",
        "postgresql://bot:hunter2-db@host/x",
    }


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("postgresql://of a file\n")
    more = {"github_token": None, "github_app_id": "1", "github_private_key": "key"}
    changes = more if name == "github_private_key" else {}
    settings = read(**{**changes, name: None, f"{name}_file": str(path)})
    assert getattr(settings, name).get_secret_value() == "postgresql://of a file"


def test_a_secrets_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    message = refusal(webhook_secret=None, webhook_secret_file=str(tmp_path / "none"))
    assert message.startswith("UNDERSTUDY_WEBHOOK_SECRET_FILE")
    assert "No such file" in message


def test_a_secrets_file_without_content_counts_as_wrong(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    message = refusal(webhook_secret=None, webhook_secret_file=str(tmp_path / "empty"))
    assert message.startswith("UNDERSTUDY_WEBHOOK_SECRET: ")


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    message = refusal(webhook_secret_file=str(tmp_path / "secret"))
    assert "UNDERSTUDY_WEBHOOK_SECRET and UNDERSTUDY_WEBHOOK_SECRET_FILE" in message


# -- folders and files ----------------------------------------------------------------------------


def test_the_state_is_kept_in_a_private_folder_by_default(tmp_path: Path) -> None:
    settings = read(data_dir=str(tmp_path / "data"))
    assert settings.backend == f"file://{tmp_path}/data/state"
    assert (tmp_path / "data" / "state").stat().st_mode & 0o777 == 0o700
    assert read(pulumi_backend_url="s3://bucket").backend == "s3://bucket"


def test_a_folder_that_can_not_be_made_is_named() -> None:
    with pytest.raises(errors.InvalidSettingsError, match="UNDERSTUDY_DATA_DIR"):
        _ = read(data_dir="/dev/null/data").backend


def platform(tmp_path: Path, text: str | bytes, **changes: str) -> str:
    path = tmp_path / "platform.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(errors.InvalidSettingsError) as caught:
        read(platform_file=str(path), **changes).platform()
    assert caught.value.message.startswith(f"UNDERSTUDY_PLATFORM_FILE: {path}")
    assert "\n" not in caught.value.message
    return caught.value.message


def test_the_platform_is_read_and_the_kubeconfig_setting_wins(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text("domain: preview.test\nkubeconfig: /of/the/file\n")
    given = {"platform_file": str(path)}
    assert read(**given).platform().kubeconfig == "/of/the/file"
    assert read(**given, kubeconfig="/mine").platform().kubeconfig == "/mine"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("domain: [", "is no YAML"),
        (b"\xff\xfe", "is no YAML"),
        ("", "is no mapping"),
        ("- domain", "is no mapping"),
        ("scheme: https", "domain: field required"),
        ("domain: x\ncolour: red", "colour: "),
    ],
)
def test_a_platform_file_that_can_not_be_used_is_explained(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    assert sentence in platform(tmp_path, text)


def test_a_platform_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidSettingsError, match=r"can't be read .No such file"):
        read(platform_file=str(tmp_path / "none")).platform()


def test_prices_belong_together() -> None:
    given = read(core_hour_price="0.04", gib_hour_price="0.005", currency="€")
    assert (given.core_hour_price, given.gib_hour_price, given.currency) == (0.04, 0.005, "€")
    assert "UNDERSTUDY_GIB_HOUR_PRICE belong together" in refusal(core_hour_price="0.04")
    assert "UNDERSTUDY_CURRENCY" in refusal(currency="<b>")


# -- documentation --------------------------------------------------------------------------------


def documented() -> list[str]:
    lines = []
    for name, field in Settings.model_fields.items():
        match field.default:
            case _ if field.is_required():
                default = "required"
            case None | ():
                default = "none"
            case bool():
                default = f"`{str(field.default).lower()}`"
            case _:
                default = f"`{field.default}`"
        meaning = " ".join((field.description or "").split())
        secret = "*Secret.* " if name in SECRETS else ""
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {secret}{meaning} |")
    return lines


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_documentation_has_every_setting_as_it_is() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("| `")] == documented()


@pytest.mark.parametrize("provider", ["passphrase", "default", "awskms://alias/x?region=eu-west-1"])
def test_a_secrets_provider_has_pulumis_form(provider: str) -> None:
    assert read(pulumi_secrets_provider=provider).pulumi_secrets_provider == provider
    assert "UNDERSTUDY_PULUMI_SECRETS_PROVIDER" in refusal(pulumi_secrets_provider="awskms:x")


def test_registries_are_named_by_host_and_a_secret_by_namespace() -> None:
    given = read(pull_secret="understudy/registry", insecure_registries="localhost, r.test:5000")
    assert given.pull_secret == "understudy/registry"
    assert given.insecure_registries == ("localhost", "r.test:5000")
    assert "UNDERSTUDY_PULL_SECRET" in refusal(pull_secret="registry")
    assert "UNDERSTUDY_PULL_SECRET" in refusal(pull_secret="../x/y")
    assert "UNDERSTUDY_INSECURE_REGISTRIES" in refusal(insecure_registries="http://r.test")
