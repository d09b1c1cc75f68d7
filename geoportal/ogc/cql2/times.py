"""Instants and intervals, and how they lie to each other (OGC 21-065r2, 7.8; Allen's relations).

Instants are texts that sort as time: ``2026-01-31``, ``2026-01-31T08:00:00`` (UTC, no Z), as rows.sqlite keeps them.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from geoportal.ogc.cql2.sql import INSTANTS, Sql, literal
from geoportal.ogc.cql2.tree import BadFilter, Node
from geoportal.serving.attributes import stored_instant

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE)

RELATIONS = {
    "t_after": "{a0} > {b1}",
    "t_before": "{a1} < {b0}",
    "t_contains": "{a0} < {b0} AND {a1} > {b1}",
    "t_disjoint": "{a1} < {b0} OR {a0} > {b1}",
    "t_during": "{a0} > {b0} AND {a1} < {b1}",
    "t_equals": "{a0} = {b0} AND {a1} = {b1}",
    "t_finishedBy": "{a0} < {b0} AND {a1} = {b1}",
    "t_finishes": "{a0} > {b0} AND {a1} = {b1}",
    "t_intersects": "{a0} <= {b1} AND {a1} >= {b0}",
    "t_meets": "{a1} = {b0}",
    "t_metBy": "{a0} = {b1}",
    "t_overlappedBy": "{a0} > {b0} AND {a0} < {b1} AND {a1} > {b1}",
    "t_overlaps": "{a0} < {b0} AND {a1} > {b0} AND {a1} < {b1}",
    "t_startedBy": "{a0} = {b0} AND {a1} > {b1}",
    "t_starts": "{a0} = {b0} AND {a1} < {b1}",
}
"""What each function says of the start (0) and the end (1) of its first (a) and its second (b) argument."""
_END = re.compile(r"\{([ab][01])\}")


def instant(node: Node) -> Sql:
    """A date or a timestamp, bound; BadFilter when it is none."""
    (kind, written), *_ = node.items()
    text = str(written).strip()
    try:
        if kind == "date":
            if not _DATE.fullmatch(text):
                raise ValueError(text)
            return literal(date.fromisoformat(text).isoformat(), "date")
        if not _TIMESTAMP.fullmatch(text):
            raise ValueError(text)
        cut = re.sub(r"(\.\d{6})\d+", r"\1", text.upper())
        return literal(stored_instant(datetime.fromisoformat(cut)), "timestamp")
    except (ValueError, OverflowError):
        example = "2026-01-31" if kind == "date" else "2026-01-31T08:00:00Z"
        raise BadFilter(
            f"{{value}} is no {kind}: it is written as {{example}}", value=repr(text[:40]), example=example
        ) from None


def temporal(name: str, one: tuple[Sql, Sql], other: tuple[Sql, Sql]) -> Sql:
    """How two periods lie to each other, each as start and end."""
    ends = {"a0": one[0], "a1": one[1], "b0": other[0], "b1": other[1]}
    if {end.kind for end in ends.values()} >= INSTANTS:
        # A day among instants lasts from its first to its last moment.
        ends = {name: end.as_timestamp() if name[1] == "0" else end.as_end() for name, end in ends.items()}
    parameters: list[object] = []

    def put(match: re.Match[str]) -> str:
        end = ends[match[1]]
        parameters.extend(end.parameters)
        return end.text

    return Sql(f"({_END.sub(put, RELATIONS[name])})", tuple(parameters), "truth")
