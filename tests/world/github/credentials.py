"""Who is asking: personal tokens, Apps' signed tokens, and installation tokens."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.world.github import errors, objects
from tests.world.github.objects import Account, App, Repository

TOKEN_LIFE = datetime.timedelta(hours=1)
MAX_JWT_SECONDS = 600
SCOPES = ("repo",)
"""Of a personal token that nothing else was said of."""
LEEWAY_SECONDS = 60
"""GitHub lets clocks differ a little."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who a request comes from."""

    account: Account
    app: App | None = None
    owner: str | None = None
    """Of an installation token: the login of the account that it is for."""
    as_app: bool = False
    """It came with the App's own signed token."""
    permissions: Mapping[str, str] | None = None
    """Of an installation token; None: everything."""
    scopes: tuple[str, ...] | None = None
    """Of a personal token."""
    key: str = ""
    """Requests are counted by this."""

    def sees(self, repository: Repository) -> bool:
        """Whether the repository is there for the caller."""
        if self.app is None:
            return True
        inside = not self.as_app and self.owner == repository.owner.login
        return inside and self.app.covers(repository)


@dataclass(frozen=True, slots=True)
class _Installed:
    """What stands behind an installation token."""

    app: App
    owner: str
    permissions: Mapping[str, str] | None
    until: datetime.datetime


class Credentials:
    """Every valid token, and every App's public key."""

    def __init__(self) -> None:
        self.apps: dict[int, App] = {}
        self._personal: dict[str, tuple[Account, tuple[str, ...]]] = {}
        self._installed: dict[str, _Installed] = {}

    def add_token(self, token: str, account: Account, scopes: Sequence[str] = SCOPES) -> None:
        """Make a personal token valid."""
        self._personal[token] = (account, tuple(scopes))

    def revoke(self, token: str) -> None:
        """Make a token invalid; what it is does not matter."""
        self._personal.pop(token, None)
        self._installed.pop(token, None)

    def forget(self, app: App, owner: str) -> None:
        """Make every token of an installation invalid."""
        for token, found in list(self._installed.items()):
            if (found.app, found.owner) == (app, owner):
                del self._installed[token]

    def add_app(self, number: int, slug: str, bot: Account, owner: Account) -> tuple[App, str]:
        """Make an App; its private key is given out once, as GitHub does."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.apps[number] = App(number, slug, bot, owner, public.decode())
        return self.apps[number], private.decode()

    def installation_token(
        self, app: App, owner: str, permissions: Mapping[str, str] | None = None
    ) -> tuple[str, datetime.datetime]:
        """A new token for what the App is installed on; with permissions, for those only."""
        token = f"ghs_{secrets.token_hex(18)}"
        until = objects.now() + TOKEN_LIFE
        may = app.permissions if permissions is None else permissions
        self._installed[token] = _Installed(app, owner, may, until)
        return token, until

    def viewer(self, header: str | None) -> Viewer:
        """Who sent this Authorization header. Raises Refusal (401)."""
        if not header:
            raise errors.Refusal(401, "Requires authentication")
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in {"token", "bearer"} or not token:
            raise errors.Refusal(401, "Bad credentials")
        if token in self._personal:
            account, scopes = self._personal[token]
            return Viewer(account, scopes=scopes, key=f"user ID {account.id}")
        found = self._installed.get(token)
        if found is not None and found.until > objects.now():
            # A new token is no new allowance.
            key = f"installation ID {found.app.installations[found.owner]}"
            return Viewer(
                found.app.bot, found.app, found.owner, permissions=found.permissions, key=key
            )
        if token.count(".") == 2:
            app = self._signed_by(token)
            return Viewer(app.bot, app, as_app=True, key=f"app ID {app.id}")
        raise errors.Refusal(401, "Bad credentials")

    def _signed_by(self, token: str) -> App:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            app = self.apps[int(claims["iss"])]
        except (jwt.PyJWTError, ValueError, KeyError, TypeError):
            raise errors.Refusal(401, "A JSON web token could not be decoded") from None
        try:
            claims = jwt.decode(
                token,
                app.public_key,
                algorithms=["RS256"],
                leeway=LEEWAY_SECONDS,
                # GitHub takes the App's id as a number, which the standard does not.
                options={"require": ["iat", "exp"], "verify_iss": False},
            )
        except jwt.ExpiredSignatureError:
            message = "'Expiration time' claim ('exp') must be a numeric value representing the "
            message += "future time at which the assertion expires"
            raise errors.Refusal(401, message) from None
        except jwt.PyJWTError:
            raise errors.Refusal(401, "A JSON web token could not be decoded") from None
        late = objects.now().timestamp() + MAX_JWT_SECONDS + LEEWAY_SECONDS
        if claims["exp"] > late:
            raise errors.Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
        return app
