"""Which images the world has, and the image of a commit."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.world.images import layers
from tests.world.images.oci import Image, write_archive
from tests.world.tools import cache_dir
from tests.world.tools.cache import kept

REGISTRY = "registry.test"  # a reserved name: nobody answers, so nothing is ever pulled
PAUSE = f"{REGISTRY}/pause:1"
BUSYBOX = f"{REGISTRY}/busybox:1"
AUTOINSTRUMENTATION = f"{REGISTRY}/autoinstrumentation-python:1"
SERVICES = ("web", "api")
_SHOP_USER = "10001:10001"
_LOCK = "archives"


def commit_name(service: str, sha: str) -> str:
    """The image name of a shop service at a commit, such as `registry.test/shop-web:4f5…`."""
    if service not in SERVICES:
        raise ValueError(f"the shop has no service {service!r}; it has {' and '.join(SERVICES)}")
    if not re.fullmatch(r"[0-9a-f]{40}", sha):
        raise ValueError(f"{sha!r} is no full commit: forty lower-case hexadecimal digits are")
    return f"{REGISTRY}/shop-{service}:{sha}"


def _shop(service: str, name: str, env: Mapping[str, str]) -> Image:
    own = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
    command = ["python3", "-m", f"shop.{service}"]
    parts = [layers.debian(), layers.shop()]
    return Image(name, parts, command, {**own, **env}, user=_SHOP_USER)


def _pause() -> list[Image]:
    return [Image(PAUSE, [layers.busybox()], ["/pause"], {"PATH": "/bin"}, user="65535:65535")]


def _busybox() -> list[Image]:
    return [Image(BUSYBOX, [layers.busybox()], ["sh"], {"PATH": "/bin"})]


def _instrumentation() -> list[Image]:
    parts = [layers.busybox(), layers.autoinstrumentation()]
    return [Image(AUTOINSTRUMENTATION, parts, ["sh"], {"PATH": "/bin"})]


def _bases() -> list[Image]:
    return [_shop(name, f"{REGISTRY}/shop-{name}:base", {}) for name in SERVICES]


IMAGES: dict[str, Callable[[], Sequence[Image]]] = {
    "pause": _pause,
    "busybox": _busybox,
    "shop": _bases,
    "autoinstrumentation": _instrumentation,
}


def _archive(name: str, images: Sequence[Image], *, with_layers: bool = True) -> Path:
    made_from = [
        [i.name, [part.digest for part in i.layers], list(i.command), dict(i.env), i.user]
        for i in images
    ]
    path = cache_dir() / "images" / f"{name}-{layers.key_of([made_from, with_layers])}.tar"
    write = functools.partial(write_archive, images=images, with_layers=with_layers)
    return kept(path, _LOCK, write)


def build(name: str) -> Path:
    """The archive of `pause`, `busybox`, `shop` or `autoinstrumentation`, made if need be."""
    try:
        recipe = IMAGES[name]
    except KeyError:
        raise ValueError(f"there is no image {name!r}; there are: {', '.join(IMAGES)}") from None
    return _archive(name, recipe())


def commit_image(service: str, sha: str, env: Mapping[str, str] | None = None) -> Path:
    """The archive of one shop service at a commit: names and settings only, a few kilobytes.

    `build("shop")` has to be imported before. `env` adds settings that the commit brings, such as
    `SHOP_FAULT=crash`.
    """
    return _archive(f"shop-{service}", [_of_commit(service, sha, env)], with_layers=False)


def write_commit(target: Path, sha: str, env: Mapping[str, str] | None = None) -> None:
    """Write an archive of all of the shop's services at a commit, with all layers (140 MB)."""
    write_archive(target, [_of_commit(service, sha, env) for service in SERVICES])


def _of_commit(service: str, sha: str, env: Mapping[str, str] | None) -> Image:
    return _shop(service, commit_name(service, sha), {"COMMIT": sha, **(env or {})})
