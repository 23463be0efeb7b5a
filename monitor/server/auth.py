"""Who is asking: signed tokens, in a cookie or an Authorization header.

No accounts yet: whoever can read ``secret`` in the data folder makes links. A link
carries its token once; opening it moves the token into a cookie that scripts cannot
read and other sites cannot send.
"""

from __future__ import annotations

import math
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlencode, urlsplit

import jwt
from fastapi import HTTPException
from starlette.requests import HTTPConnection

from monitor.events import Person

Role = Literal["agent", "supervisor", "admin"]
COOKIE = "monitor_token"
TOKEN_FOR_S = 12 * 3600.0
"""A shift."""
_ALGORITHM = "HS256"
_AUDIENCE = "call-monitor"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class AuthError(Exception):
    """The token is missing, forged or old."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking. ``id`` is the agent id by which calls belong to an agent."""

    role: Role
    id: str
    name: str
    until_s: float = math.inf  # Unix time

    @property
    def supervises(self) -> bool:
        return self.role != "agent"

    def may_see(self, agent_id: str) -> bool:
        """Agents see their own calls only, everything of them; the others see all."""
        return self.supervises or (bool(self.id) and self.id == agent_id)


class Auth:
    """Makes and reads tokens with one secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the secret must have at least 32 bytes")
        self._secret = secret

    @classmethod
    def load(cls, data_dir: Path) -> Auth:
        """With the secret in ``data_dir``, made on first use, for its owner only."""
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = data_dir / "secret"
        part = data_dir / f"secret.{secrets.token_hex(8)}"
        if not path.exists():
            # Written whole under another name, then linked: of two processes that
            # start together one wins and both read the same.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(secrets.token_bytes(32))
            try:
                path.hardlink_to(part)
            except FileExistsError:
                pass
            finally:
                part.unlink()
        return cls(path.read_bytes())

    def token(self, role: Role, agent: Person | None = None, for_s: float = TOKEN_FOR_S) -> str:
        """A token good for ``for_s`` seconds."""
        person = agent or Person()
        claims = {
            "aud": _AUDIENCE,
            "role": role,
            "id": person.id,
            "name": person.name,
            "exp": datetime.now(UTC) + timedelta(seconds=for_s),
        }
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def link(self, base_url: str, role: Role, agent: Person | None = None, path: str = "/") -> str:
        """A URL that lets its reader in with that role."""
        return f"{base_url.rstrip('/')}{path}?{urlencode({'token': self.token(role, agent)})}"

    def identity(self, token: str) -> Identity:
        """Whose token it is. Raises AuthError."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                [_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["exp", "role"]},
            )
        except jwt.ExpiredSignatureError:
            raise AuthError("this link is no longer valid; ask for a new one") from None
        except jwt.InvalidTokenError:
            raise AuthError("this link is not valid here; ask for a new one") from None
        if claims["role"] not in get_args(Role):
            raise AuthError("this link has no known role")
        who = str(claims.get("id", "")), str(claims.get("name", ""))
        return Identity(claims["role"], *who, until_s=float(claims["exp"]))

    def identify(self, connection: HTTPConnection) -> Identity:
        """Who makes this request. Raises HTTPException 401, or 403 for a foreign page."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = connection.cookies.get(COOKIE, "")
            unsafe = connection.scope.get("method", "GET") in _UNSAFE
            if (unsafe or connection.scope["type"] == "websocket") and not same_origin(connection):
                raise HTTPException(403, "this request comes from another site's page")
        if not token:
            raise HTTPException(401, "open the link that the monitor printed at its start")
        try:
            return self.identity(token.strip())
        except AuthError as error:
            raise HTTPException(401, str(error)) from None


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a page of this very host asks (or no page at all: scripts send no Origin)."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host", "")
