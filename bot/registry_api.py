"""Container registries as `bot.ports.Images`: the only module that asks them.

The protocol is the OCI distribution specification's: one HEAD for a manifest, and where a registry
wants to know who asks, one question for a token. Every wait is bounded, and no word of a login or a
token is in any message.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Collection, Mapping

import requests
import requests.auth
import urllib3.exceptions

from bot import errors, image_reference
from bot.image_reference import Reference
from bot.registry_logins import Login, Logins

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 60.0
"""For all images of an environment together; no question begins after that."""
MAX_REDIRECTS = 5
MAX_MANIFEST = 4 * 2**20
"""Bytes; registries take no larger ones."""
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_CHALLENGE = re.compile(r"(?:^|,)\s*(?P<scheme>Bearer|Basic)\s+", re.IGNORECASE)
_PARAMETER = re.compile(r'([A-Za-z_]+)="([^"]*)"')
_TOKEN = re.compile(r"[!-~]+")
_NO_ANSWER = requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError


class RegistryImages:
    """Implements `bot.ports.Images`; safe for threads."""

    def __init__(
        self, logins: Callable[[], Logins] = Logins, insecure: Collection[str] = ()
    ) -> None:
        """`logins` are read anew each time, as they may be changed; `insecure` are registries
        that are asked without encryption, beside those on this machine."""
        self._logins = logins
        self._insecure = frozenset(image_reference.registry(name) for name in insecure)

    def resolve(self, images: Collection[str]) -> Mapping[str, str | None]:
        """The digest of each image, or None. See `bot.ports.Images`."""
        found = {image: image_reference.parse(image) for image in sorted(set(images))}
        if not found:
            return {}
        with requests.Session() as session:
            session.max_redirects = MAX_REDIRECTS
            asking = _Asking(session, self._logins(), self._insecure)
            return {image: asking.digest(of) for image, of in found.items()}


class _Authorization(requests.auth.AuthBase):
    """A header that is given as it is; also keeps `~/.netrc` out of it."""

    def __init__(self, word: str | None) -> None:
        self._word = word

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._word is not None:
            request.headers["Authorization"] = self._word
        return request


class _Asking:
    """A few questions in a row, with what was learnt of how to ask."""

    def __init__(
        self, session: requests.Session, logins: Logins, insecure: Collection[str | None]
    ) -> None:
        self._session = session
        self._logins = logins
        self._insecure = insecure
        self._end = time.monotonic() + TOTAL_SECONDS
        self._words: dict[tuple[str, str], str] = {}
        """The header that a repository was answered with."""

    def digest(self, of: Reference) -> str | None:
        """The digest of a manifest; None where there is none. Raises UnreachableError."""
        with self._manifest("HEAD", of) as answer:
            if answer.status_code == 404:
                return None
        told = answer.headers.get("Docker-Content-Digest", "")
        if image_reference.DIGEST.fullmatch(told):
            return told
        # Not every registry says it; it is the hash of what is sent.
        with self._manifest("GET", of) as answer:
            if answer.status_code == 404:
                return None
            return f"sha256:{hashlib.sha256(_body(answer, of)).hexdigest()}"

    def _manifest(self, verb: str, of: Reference) -> requests.Response:
        scheme = "http" if of.local or of.registry in self._insecure else "https"
        url = f"{scheme}://{of.registry}/v2/{of.repository}/manifests/{of.version}"
        known = of.registry, of.repository
        answer = self._ask(verb, url, of, self._words.get(known))
        if answer.status_code == 401:
            answer.close()
            self._words[known] = self._introduce(answer, of)
            answer = self._ask(verb, url, of, self._words[known])
        if answer.status_code not in (200, 404):
            answer.close()
            raise _refused(answer.status_code, of, self._login(of))
        return answer

    def _introduce(self, answer: requests.Response, of: Reference) -> str:
        """What to say to a registry that asks who it is. Raises UnreachableError."""
        challenges = _challenges(answer.headers.get("WWW-Authenticate", ""))
        login = self._login(of)
        if "bearer" in challenges:
            return self._token(challenges["bearer"], of, answer.url, login)
        if "basic" in challenges and login is not None:
            return login.basic
        raise _refused(401, of, login)

    def _token(self, given: Mapping[str, str], of: Reference, url: str, login: Login | None) -> str:
        realm = given.get("realm", "")
        # A password that came encrypted does not go on in the clear.
        if not realm.startswith("https://") and not (
            realm.startswith("http://") and url.startswith("http://")
        ):
            raise errors.UnreachableError(
                f"the registry {of.registry} names no safe place to log in at: it has to begin "
                "with https://"
            )
        query = {"scope": given.get("scope") or f"repository:{of.repository}:pull"}
        if "service" in given:
            query["service"] = given["service"]
        answer = self._ask("GET", realm, of, login.basic if login else None, query)
        with answer:
            if answer.status_code != 200:
                raise _refused(answer.status_code, of, login)
            token = _token(_body(answer, of))
        if token is None:
            raise errors.UnreachableError(
                f"the registry {of.registry} gave out no token: what answers there is no registry's"
            )
        return f"Bearer {token}"

    def _login(self, of: Reference) -> Login | None:
        return self._logins.of(of.registry, of.repository)

    def _ask(
        self,
        verb: str,
        url: str,
        of: Reference,
        word: str | None,
        query: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if time.monotonic() > self._end:
            raise errors.UnreachableError(
                f"the registry {of.registry} answers too slowly: not every image was asked for "
                f"within {TOTAL_SECONDS:.0f} seconds"
            )
        try:
            return self._session.request(
                verb,
                url,
                params=query,
                headers={"Accept": ", ".join(MANIFESTS) if query is None else "application/json"},
                auth=_Authorization(word),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=True,
                stream=True,
            )
        except _NO_ANSWER as error:
            raise _silent(of, error) from error


def _challenges(header: str) -> dict[str, dict[str, str]]:
    """The parameters of each way to log in, by its scheme."""
    starts = list(_CHALLENGE.finditer(header))
    ends = [*(found.start() for found in starts[1:]), len(header)]
    return {
        found["scheme"].lower(): dict(_PARAMETER.findall(header[found.end() : end]))
        for found, end in zip(starts, ends, strict=True)
    }


def _token(body: bytes) -> str | None:
    """The token of an answer; None where there is none that could be said in a header."""
    try:
        told = json.loads(body)
        token = told.get("token") or told["access_token"]
        return token if _TOKEN.fullmatch(token) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _body(answer: requests.Response, of: Reference) -> bytes:
    """What was sent, within bounds. Raises UnreachableError."""
    end = time.monotonic() + READ_SECONDS
    body = b""
    try:
        for part in answer.iter_content(65_536):
            body += part
            if len(body) > MAX_MANIFEST or time.monotonic() > end:
                raise errors.UnreachableError(
                    f"the registry {of.registry} sends too much or too slowly for a manifest"
                )
    except _NO_ANSWER as error:
        raise _silent(of, error) from error
    return body


def _silent(of: Reference, error: Exception) -> errors.UnreachableError:
    return errors.UnreachableError(
        f"the registry {of.registry} did not answer when asked for {of.repository} "
        f"({type(error).__name__})"
    )


def _refused(status: int, of: Reference, login: Login | None) -> errors.UnreachableError:
    what = f"{of.repository} of the registry {of.registry}"
    if status in (401, 403):
        shown = "the login of UNDERSTUDY_PULL_SECRET" if login else "the bot without a login"
        return errors.UnreachableError(
            f"{what} is not shown to {shown} ({status}): give that Secret a login that may "
            "read it, and check the name",
            reason="registry-refused",
        )
    if status == 429:
        return errors.UnreachableError(
            f"the registry {of.registry} has been asked too often, so {of.repository} has to wait",
            reason="rate-limited",
        )
    return errors.UnreachableError(f"the registry answered {status} when asked for {what}")
