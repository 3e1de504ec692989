"""Branches, definitions, and other repositories' services, on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import model
from tests.world.cluster.api import CORE
from tests.world.walk import LABEL, NO_EDGE, STAGE_FILE, Walk

pytestmark = [pytest.mark.world, pytest.mark.slow]

SERVICE = """\
services:
  {name}: {{image: "registry.test/shop-{name}:{{sha}}", port: 8080, route: /}}
edge: none
"""
ROOT = "environments: {web: {path: apps/web}, api: {path: apps/api}}\n"
FOLDERS = {f"apps/{name}/.stage.yaml": SERVICE.format(name=name) for name in ("web", "api")}


def _gone(walk: Walk) -> bool:
    return walk.name not in walk.world.cluster.api.names(f"{CORE}/namespaces")


def _commit(walk: Walk, files: dict[str, str], repository: str = "") -> str:
    """Commit to the default branch; the images of that commit are there."""
    made = walk.world.github.commit(repository or walk.repository, "main", files)
    walk.world.publish(made)
    return made


def test_a_branch_has_an_environment_that_follows_it_and_goes_by_word(walk: Walk) -> None:
    walk.open(stage_file=NO_EDGE)
    walk.until_serving()
    base = walk.beside(branch="main")
    try:
        base.commit = _commit(walk, {".stage.yaml": f"{STAGE_FILE}when: {{base: [main]}}\n"})
        base.until_serving()
        base.commit = _commit(walk, {"README.md": "newer"})
        base.until_serving()
        assert walk.page() == walk.commit, "the pull request's own is another"
        base.until("GitHub to show it", lambda: _deployed(base) == "success")
        _commit(walk, {".stage.yaml": STAGE_FILE})
        base.until_phase(model.Phase.ABSENT, 180)
        assert _gone(base)
    finally:
        base.close_store()


def _deployed(base: Walk) -> str:
    """The state of the branch's newest deployment."""
    made = base.world.github.deployments(base.repository)
    ours = [one for one in made if one["environment"] == f"base-{base.branch}"]
    newest = max(ours, key=lambda one: int(one["id"]))
    return str(newest["statuses"][-1]["state"]) if newest["statuses"] else ""


@pytest.fixture
def several(walk: Walk) -> Iterator[tuple[Walk, Walk]]:
    _commit(walk, {".stage.yaml": ROOT, **FOLDERS})
    walk.number, walk.commit = walk.world.github.open_pull_request(
        walk.repository, files={"apps/web/a": "1"}, labels=(LABEL,)
    )
    walk.world.publish(walk.commit)
    made = walk.beside(definition="web"), walk.beside(definition="api")
    yield made
    for one in made:
        one.close_store()


def test_of_several_definitions_what_is_changed_comes_up(
    walk: Walk, several: tuple[Walk, Walk]
) -> None:
    web, api = several
    web.until_serving()
    assert _gone(api)
    walk.say("/stage/api up")
    api.until_phase(model.Phase.READY)  # its page is not for people
    api.until("the comment", lambda: "Ready · api" in api.comment())
    assert "/stage/web down" in web.comment()
    walk.say("/stage/web down")
    web.until_phase(model.Phase.ABSENT, 180)
    assert api.row() is model.Phase.READY
    walk.close()
    api.until_phase(model.Phase.ABSENT, 180)
    assert _gone(api)
    assert _gone(web)


def test_another_repository_s_services_run_beside_one_s_own(walk: Walk) -> None:
    other = f"{walk.repository}-api"
    shared = SERVICE.format(name="api").replace("route: /", "route: /api")
    walk.world.github.create_repository(other, {"README.md": "1"})
    theirs = _commit(walk, {".stage.yaml": f"{shared}shared_with: [{walk.repository}]\n"}, other)
    own = SERVICE.format(name="web")
    walk.open(stage_file=f"{own}uses: [{{repository: {other}}}]\n")
    walk.until_serving()
    images = {pod.partition("-")[0]: image for pod, image in walk.pods().items()}
    assert images["web"].endswith(walk.commit)
    assert images["api"].endswith(theirs)
    _commit(walk, {".stage.yaml": shared}, other)
    walk.push()
    walk.until("the refusal", lambda: "shares no services with" in walk.comment())
    assert walk.page(), "what is there stays"
