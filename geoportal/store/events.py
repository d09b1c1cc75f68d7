"""The audit trail: who did what to which dataset, in one order, never changed.

Each event carries the sha256 of itself and of the one before it, so that a row that was altered, put in or taken out
of the middle shows (``broken_at``). Rows cut from the end leave a whole chain: compare the last hash with one that
was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from geoportal.model.access import Action, Actor
from geoportal.store.clock import now
from geoportal.store.tables import events, storable

_FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did. ``sequence`` is the order, ``at`` only what the clock said (UTC)."""

    sequence: int
    at: datetime
    actor: str
    role: str
    action: str
    dataset_id: str | None
    facts: Mapping[str, Any]
    opd: str | None = None
    system_user: str | None = None


def record(conn: sa.Connection, actor: Actor, action: Action, dataset_id: str | None = None, **facts: Any) -> Event:
    """Add an event, in the transaction of the change that it tells of. ``facts`` must be JSON, and never a secret."""
    last = conn.execute(sa.select(events.c.sequence, events.c.hash).order_by(events.c.sequence.desc()).limit(1)).first()
    row = {
        "sequence": (last.sequence if last else 0) + 1,
        "at": now(conn),
        "actor": storable(actor.name),
        "role": str(actor.role),
        "opd": storable(actor.opd) if actor.opd else None,
        "system_user": storable(actor.system_user) if actor.system_user else None,
        "action": str(action),
        "dataset_id": dataset_id,
        "facts": json.dumps(facts, sort_keys=True, allow_nan=False),
    }
    before = last.hash if last else _FIRST
    conn.execute(sa.insert(events).values(**row, prev_hash=before, hash=_hash(before, row)))
    return _event(row)


def list_recent(
    conn: sa.Connection, dataset_id: str | None = None, limit: int | None = 100, *, action: Action | None = None
) -> list[Event]:
    """The newest events, newest first, of one dataset or of all, of one action or of any."""
    query = sa.select(events).order_by(events.c.sequence.desc()).limit(limit)
    if dataset_id is not None:
        query = query.where(events.c.dataset_id == dataset_id)
    if action is not None:
        query = query.where(events.c.action == str(action))
    return [_event(row) for row in conn.execute(query).mappings().all()]


def broken_at(conn: sa.Connection) -> int | None:
    """The sequence number at which the trail does not follow from what is before it, None where it is whole."""
    before, expected = _FIRST, 1
    for row in conn.execute(sa.select(events).order_by(events.c.sequence)).mappings():
        if row["sequence"] != expected or row["prev_hash"] != before or row["hash"] != _hash(before, row):
            return expected
        before, expected = row["hash"], expected + 1
    return None


def _hash(before: str, row: sa.RowMapping | dict[str, Any]) -> str:
    names = ("sequence", "actor", "role", "opd", "system_user", "action", "dataset_id", "facts")
    told = [before, row["at"].isoformat(timespec="microseconds"), *(row[name] for name in names)]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode("ascii")).hexdigest()


def _event(row: sa.RowMapping | dict[str, Any]) -> Event:
    names = ("sequence", "at", "actor", "role", "action", "dataset_id", "opd", "system_user")
    return Event(facts=json.loads(row["facts"]), **{name: row[name] for name in names})
