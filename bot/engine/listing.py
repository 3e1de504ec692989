"""Lists the stacks' names straight from the state backend, where that is files.

`pulumi stack ls` reads every stack's whole state to tell when it was last changed (12 s for 2,000
of them), and fails as a whole where one is damaged. The names are the names of the files: see
projectReferenceStore in pkg/backend/diy/store.go.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

from bot import aws_api, errors
from infra import naming

FOLDER = f".pulumi/stacks/{naming.PROJECT}/"
_STATE = re.compile(r"([A-Za-z0-9._-]+?)\.json(\.gz|\.zst)?")
_BUCKET_SETTINGS = frozenset(
    {"region", "endpoint", "profile", "awssdk", "s3ForcePathStyle", "use_path_style"}
    | {"disableSSL", "disable_https"}
)
"""The parameters of `s3://` that say how to ask, not what (gocloud.dev/blob/s3blob)."""


def names(backend_url: str) -> list[str] | None:
    """Every stack's name, sorted; None where only the command line can tell them.

    Raises UnreachableError.
    """
    url = urllib.parse.urlsplit(backend_url)
    query = dict(urllib.parse.parse_qsl(url.query))
    if url.scheme == "file":
        return _named(_in_folder(Path(urllib.parse.unquote(url.netloc + url.path))))
    if url.scheme == "s3" and query.keys() <= _BUCKET_SETTINGS:
        return _named(_in_bucket(url, query))
    return None


def _named(files: Iterable[str]) -> list[str]:
    found = (_STATE.fullmatch(file) for file in files)
    return sorted({match[1] for match in found if match})


def _in_folder(root: Path) -> list[str]:
    try:
        if not root.is_dir():
            raise errors.UnreachableError(f"the folder of Pulumi's state, {root}, is not there")
        return [one.name for one in (root / FOLDER).iterdir()]
    except FileNotFoundError:
        return []  # no stack was made yet
    except OSError as error:
        raise errors.UnreachableError(
            f"the folder of Pulumi's state, {root}, can't be read ({error.strerror})"
        ) from error


def _in_bucket(url: urllib.parse.SplitResult, query: dict[str, str]) -> list[str]:
    folder = f"{url.path.strip('/')}/{FOLDER}".lstrip("/")
    endpoint = query.get("endpoint")
    if endpoint and "://" not in endpoint:
        plain = "true" in (query.get("disableSSL"), query.get("disable_https"))
        endpoint = f"{'http' if plain else 'https'}://{endpoint}"
    keys = aws_api.keys(
        bucket=url.netloc,
        prefix=folder,
        region=query.get("region"),
        endpoint=endpoint,
        profile=query.get("profile"),
    )
    return [key.removeprefix(folder) for key in keys]
