"""Waivers: who let a version through a blocked gate, when, why, and what was found in it (pengecualian).

The publication keeps the reason, the audit trail all of it: a waiver is read from the trail, which nobody can change
afterwards. Going back to a version that was let through does not make the one who goes back its author.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from geoportal.model.access import Action, Actor
from geoportal.model.dataset import Publication
from geoportal.model.report import Finding
from geoportal.store import events


@dataclass(frozen=True, slots=True)
class Waiver:
    """One exception from the gate. ``at`` is in UTC; ``overruled`` names the blocking rules with the number of their
    places, empty where the trail is older than this note of it.
    """

    reason: str
    by: str
    at: datetime
    overruled: tuple[tuple[str, int], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The waiver as JSON."""
        return {
            "reason": self.reason,
            "by": self.by,
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "overruled": [{"rule": rule, "count": count} for rule, count in self.overruled],
        }


def overruled(findings: Iterable[Finding]) -> tuple[tuple[str, int], ...]:
    """What a waiver overrules: each rule once, with the number of its places in all layers."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + finding.count
    return tuple(counts.items())


def record(conn: sa.Connection, actor: Actor, dataset_id: str, number: int, waiver: Waiver) -> None:
    """Add a waiver to the audit trail, in the transaction that publishes the version."""
    what = {"version": number, "reason": waiver.reason, "overruled": [list(item) for item in waiver.overruled]}
    events.record(conn, actor, Action.GATE_OVERRIDE, dataset_id, **what)


def waiver_of(conn: sa.Connection, publication: Publication) -> Waiver | None:
    """The waiver under which a publication is out; None where its gate was open."""
    if not publication.override:
        return None
    given = events.list_recent(conn, dataset_id=publication.dataset_id, action=Action.GATE_OVERRIDE, limit=None)
    for event in given:
        if event.facts["version"] == publication.version.number and event.facts["reason"] == publication.override:
            found = tuple((str(rule), int(count)) for rule, count in event.facts["overruled"])
            return Waiver(publication.override, event.actor, event.at, found)
    return Waiver(publication.override, publication.published_by, publication.published_at)
