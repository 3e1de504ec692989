"""Who is asking: personal tokens, Apps' signed tokens, and installation tokens."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.world.github import errors, objects
from tests.world.github.objects import Account, App

TOKEN_LIFE = datetime.timedelta(hours=1)
MAX_JWT_SECONDS = 600
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
    key: str = ""
    """Requests are counted by this."""


class Credentials:
    """Every valid token, and every App's public key."""

    def __init__(self) -> None:
        self.apps: dict[int, App] = {}
        self._personal: dict[str, Account] = {}
        self._installed: dict[str, tuple[App, str, datetime.datetime]] = {}

    def add_token(self, token: str, account: Account) -> None:
        """Make a personal token valid."""
        self._personal[token] = account

    def revoke(self, token: str) -> None:
        """Make a token invalid; what it is does not matter."""
        self._personal.pop(token, None)
        self._installed.pop(token, None)

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

    def installation_token(self, app: App, owner: str) -> tuple[str, datetime.datetime]:
        """A new token for what the App is installed on."""
        token = f"ghs_{secrets.token_hex(18)}"
        until = objects.now() + TOKEN_LIFE
        self._installed[token] = (app, owner, until)
        return token, until

    def viewer(self, header: str | None) -> Viewer:
        """Who sent this Authorization header. Raises Refusal (401)."""
        if not header:
            raise errors.Refusal(401, "Requires authentication")
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in {"token", "bearer"} or not token:
            raise errors.Refusal(401, "Bad credentials")
        if token in self._personal:
            account = self._personal[token]
            return Viewer(account, key=f"user ID {account.id}")
        if token in self._installed:
            app, owner, until = self._installed[token]
            if until > objects.now():
                # A new token is no new allowance.
                key = f"installation ID {app.installations[owner]}"
                return Viewer(app.bot, app, owner, key=key)
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
