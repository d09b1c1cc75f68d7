"""Who may knock: tokens, each with the audience that it opens. (Accounts and roles come with the desk.)

A token is ``gp_<prefix>_<secret>`` with 256 random bits. It is shown once; the register keeps the prefix, to find the
row, and the sha256, to compare. A slow hash is for passwords: nobody guesses 256 bits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from geoportal.errors import Conflict, Invalid, NotFound
from geoportal.model.access import Audience, Classification
from geoportal.store import generation
from geoportal.store.clock import now
from geoportal.store.tables import tokens

LONGEST_DAYS = 3650
_NO_DIGEST = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the register knows it: everything but the secret. Times are UTC."""

    name: str
    prefix: str
    audience: Audience
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        """Whether the token opens anything at a moment."""
        return self.revoked_at is None and at < self.expires_at


def add_token(conn: sa.Connection, name: str, audience: Audience, days: int) -> str:
    """Make a token for ``audience`` that lasts ``days``, and return it in clear, for the only time.

    A name is free again once its token was revoked or has expired; a live one raises Conflict.
    """
    if not name.strip() or len(name) > 64 or not name.isprintable():
        raise Invalid("a token needs a readable name of 1 to 64 characters", name=name)
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"a token lasts 1 to {LONGEST_DAYS} days", days=days)
    moment = now(conn)
    live = tokens.c.name == name, tokens.c.revoked_at.is_(None)
    conn.execute(sa.update(tokens).where(*live, tokens.c.expires_at <= moment).values(revoked_at=moment))
    if conn.execute(sa.select(tokens.c.sequence).where(*live)).first():
        raise Conflict(f"there is a token named {name!r} already; revoke it first", name=name)
    prefix = secrets.token_hex(4)
    clear = f"gp_{prefix}_{secrets.token_urlsafe(32)}"
    conn.execute(
        sa.insert(tokens).values(
            name=name,
            prefix=prefix,
            digest=_digest(clear),
            classes=sorted(audience.classes),
            datasets=sorted(audience.datasets),
            opd=audience.opd,
            created_at=moment,
            expires_at=moment + timedelta(days=days),
        )
    )
    generation.bump(conn)
    return clear


def token_of(conn: sa.Connection, text: str) -> Token | None:
    """The live token that ``text`` is, None where it is none, has expired or was revoked.

    Takes the same time for a wrong secret as for an unknown prefix. A caller that keeps the answer must look at
    ``expires_at`` itself, and ask again when the generation moves.
    """
    parts = text.split("_", 2)
    prefix = parts[1] if len(parts) == 3 and parts[0] == "gp" else ""
    row = conn.execute(sa.select(tokens).where(tokens.c.prefix == _searchable(prefix))).first()
    same = hmac.compare_digest(_digest(text), row.digest if row else _NO_DIGEST)
    token = _token(row) if row and same else None
    return token if token and token.is_live(now(conn)) else None


def audience_of(conn: sa.Connection, token: str) -> Audience | None:
    """What the bearer of ``token`` may see; None where it opens nothing."""
    found = token_of(conn, token)
    return found.audience if found else None


def list_tokens(conn: sa.Connection) -> list[Token]:
    """All tokens that ever were, oldest first."""
    return [_token(row) for row in conn.execute(sa.select(tokens).order_by(tokens.c.sequence))]


def revoke_token(conn: sa.Connection, name: str) -> None:
    """End a token at once, on every worker's next request. NotFound where none of this name is left to revoke."""
    ended = conn.execute(
        sa.update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(revoked_at=now(conn))
    )
    if not ended.rowcount:
        raise NotFound(f"there is no token named {name!r}", name=name)
    generation.bump(conn)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _searchable(prefix: str) -> str:
    """``prefix`` where it could be one of ours; anything else may not even be text that a database takes."""
    return prefix if prefix.isascii() and len(prefix) <= 16 else ""


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    value = row._mapping
    audience = Audience(
        classes=frozenset(Classification(item) for item in value["classes"]),
        datasets=frozenset(value["datasets"]),
        opd=value["opd"],
    )
    return Token(
        name=value["name"],
        prefix=value["prefix"],
        audience=audience,
        created_at=value["created_at"],
        expires_at=value["expires_at"],
        revoked_at=value["revoked_at"],
    )
