"""The deliveries of the fake GitHub, byte by byte as they were sent, at the bot's own door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import errors, model
from bot.webhook import intake
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import Default, World

SECRET = "of the hook"
KEY = model.EnvironmentKey("acme/shop", 1)


@pytest.fixture
def world() -> Iterator[World]:
    """A GitHub whose deliveries nobody hears; what was sent is kept."""
    made = World(hook=Default("http://127.0.0.1:1/webhook", SECRET, ["*"]))
    with Server(made) as server:
        github = GitHubWorld(server.url)
        github.create_repository(KEY.repository, {"a": "1"})
        github.open_pull_request(KEY.repository, "change", {"a": "2"}, ["stage"])
        github.push(*_pull(), {"a": "3"})
        github.unlabel(*_pull(), "stage")
        github.comment(*_pull(), "mona", "/stage up")
        github.close(*_pull())
        github.reopen(*_pull())
        github.settled()
        yield made


def _pull() -> tuple[str, int]:
    return KEY.repository, KEY.number


def test_each_is_accepted_as_what_it_is(world: World) -> None:
    accepted = [
        intake.accept(sent.headers.get, "application/json", sent.body, SECRET.encode())
        for sent in world.deliveries.all
    ]
    assert [(each.delivery.event, each.delivery.action) for each in accepted] == [
        ("ping", ""),
        ("pull_request", "opened"),
        ("pull_request", "labeled"),
        ("pull_request", "synchronize"),
        ("pull_request", "unlabeled"),
        ("issue_comment", "created"),
        ("pull_request", "closed"),
        ("pull_request", "reopened"),
    ]
    keys = {each.delivery.key for each in accepted if each.delivery.event == "pull_request"}
    assert keys == {KEY}
    assert len({each.id for each in accepted}) == len(accepted)


def test_a_changed_byte_and_another_secret_are_refused(world: World) -> None:
    sent = world.deliveries.all[-1]
    body = sent.body.replace(b"reopened", b"closed!!")
    assert body != sent.body
    for given, secret in ((body, SECRET), (sent.body, "another")):
        with pytest.raises(errors.InvalidDeliveryError) as caught:
            intake.accept(sent.headers.get, "application/json", given, secret.encode())
        assert (caught.value.reason, caught.value.status) == ("wrong-signature", 401)
