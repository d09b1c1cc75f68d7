"""Instants and intervals: the ``datetime`` and ``as-of`` parameters, and what they choose among the features of a layer
whose record names the fields of its time (OGC 17-069r4 7.15.4).

A date is a whole day, a date-time an instant, both in UTC. A feature without a time matches every ``datetime``.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from geoportal.language import text
from geoportal.serving.attributes import Condition, stored_instant
from geoportal.serving.fragments import Serving
from geoportal.serving.summary import ServedField, Summary

_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[Tt](?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?(?P<zone>[Zz]|[+-]\d{2}:\d{2}))?)?)?",
    re.ASCII,
)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?)?", re.ASCII)

TEMPORAL = ("date", "date-time")
Span = tuple[datetime | None, datetime | None]


class NotATime(ValueError):
    """A value that is no time. ``key`` is the sentence (in ``messages.po``), ``params`` fill its gaps."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(text("messages", key, "en", **params))
        self.key = key
        self.params: dict[str, Any] = {**params}


def span_of(value: str, name: str = "datetime") -> tuple[datetime, datetime]:
    """First and last instant (UTC) of an RFC 3339 time, or of a year, month or day; NotATime for anything else."""
    match = _TIME.fullmatch(value)
    if match is None:
        raise NotATime("{name}: {value} is not an RFC 3339 date or time.", name=name, value=repr(value[:60]))
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    if match["hour"] is None:
        first = _utc(f"{year:04}-{month:02}-{day:02}T00:00:00+00:00", value, name)
        last_month = month if match["month"] else 12
        last_day = day if match["day"] else calendar.monthrange(max(year, 1), last_month)[1]
        return first, first.replace(month=last_month, day=last_day, hour=23, minute=59, second=59, microsecond=999999)
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    zone = "+00:00" if match["zone"] in "Zz" else match["zone"]
    clock = f"{match['hour']}:{match['minute']}:{min(match['second'], '59')}"  # a leap second is the one before it
    moment = _utc(f"{year:04}-{month:02}-{day:02}T{clock}.{fraction}{zone}", value, name)
    return moment, moment


def _utc(iso: str, value: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(iso).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotATime("{name}: {value} is not a date that exists.", name=name, value=repr(value[:60])) from error


def interval_of(value: str) -> Span:
    """Start and end (UTC) of a ``datetime`` parameter, None where it is open; NotATime where it makes no sense."""
    start, slash, end = value.partition("/")
    if not slash:
        return span_of(start)
    first = None if start in ("", "..") else span_of(start)[0]
    last = None if end in ("", "..") else span_of(end)[1]
    if first is None and last is None and (start, end) not in (("..", ".."), ("", ".."), ("..", "")):
        raise NotATime("{name}: an interval needs a start or an end.", name="datetime")
    if first is not None and last is not None and first > last:
        raise NotATime("{name}: the interval ends before it begins.", name="datetime")
    return first, last


def moment_of(value: str, zone: tzinfo, name: str = "as-of") -> datetime:
    """The instant (UTC) that a date or a date and time means; without a zone in ``zone``, a date at 00:00 (CONTRACT 3).

    NotATime for anything else.
    """
    if not _MOMENT.fullmatch(value):
        raise NotATime("{name}: {value} is not an RFC 3339 date or time.", name=name, value=repr(value[:60]))
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.upper()).replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotATime("{name}: {value} is not a date that exists.", name=name, value=repr(value[:60])) from error


def checked_datetime(resource_def: Mapping[str, Any], datetime_: str | None = None) -> str | None:
    """Seam S5: the parameter as it is if its form is right, else ValueError, which pygeoapi answers with 400.

    Times outside of the extent are no mistake: they simply match nothing (Requirement /req/core/fc-time-response).
    """
    if datetime_ is not None:
        interval_of(datetime_)
    return datetime_


def times_in(summary: Summary, names: Sequence[str]) -> tuple[ServedField, ...]:
    """The fields that hold the time of a layer's features: one, or since when and until when.

    Empty where the layer lacks one of ``names``, as an earlier version may, or holds no dates in it: then its features
    have no time.
    """
    found = [summary.field_named(name) for name in names]
    fields = tuple(field for field in found if field is not None and field.type in TEMPORAL and field.column)
    return fields if len(fields) == len(names) else ()


def holding(summary: Summary, names: Sequence[str], span: Span) -> Condition | None:
    """What holds of the features whose time meets ``span``, and of those without a time; None where all do.

    ``names`` are those of the record. Of two fields an empty one leaves the period open at that end.
    """
    fields, (first, last) = times_in(summary, names), span
    terms: list[tuple[str, str]] = []
    if fields and last is not None:
        terms.append(_bounded(fields[0], "<=", last))
    if fields and first is not None:
        terms.append(_bounded(fields[-1], ">=", first))
    if not terms:
        return None
    if len(fields) == 1:
        field = fields[0]
        joined = " AND ".join(term for term, _ in terms)
        condition = f"({joined}) OR {field.column} IS NULL" if field.nulls else joined
    else:
        # Without a start and an end there is no time: such a feature meets both terms.
        condition = " AND ".join(f"({term} OR {term.split()[0]} IS NULL)" for term, _ in terms)
    return Condition(condition, tuple(value for _, value in terms))


def _bounded(field: ServedField, sign: str, bound: datetime) -> tuple[str, str]:
    # Days are compared with days, instants with instants: both sort as text.
    value = bound.date().isoformat() if field.type == "date" else stored_instant(bound)
    return f"{field.column} {sign} ?", value


def extent_of(serving: Serving, names: Sequence[str]) -> tuple[str | None, str | None] | None:
    """First and last instant (RFC 3339, UTC) at which a feature of the layer holds; None at an end that is open.

    None altogether where no feature has a time.
    """
    fields = times_in(serving.summary, names)
    if not fields:
        return None
    since, until = fields[0], fields[-1]
    if since.least is None and until.greatest is None:
        return None
    if len(fields) == 1:
        return _start(since), _end(until)
    return (
        None if _lacks(serving, since, until) else _start(since),
        None if _lacks(serving, until, since) else _end(until),
    )


def _lacks(serving: Serving, one: ServedField, other: ServedField) -> bool:
    """Whether some feature has a value in ``other`` and none in ``one``."""
    if not one.nulls:
        return False
    asked = f"SELECT EXISTS (SELECT 1 FROM rows WHERE {one.column} IS NULL AND {other.column} IS NOT NULL)"
    with serving.connections.use() as connection:
        return bool(connection.execute(asked).fetchone()[0])


def _start(field: ServedField) -> str | None:
    if field.least is None:
        return None
    return f"{field.least}T00:00:00Z" if field.type == "date" else f"{str(field.least).removesuffix('Z')}Z"


def _end(field: ServedField) -> str | None:
    if field.greatest is None:
        return None
    return f"{field.greatest}T23:59:59Z" if field.type == "date" else f"{str(field.greatest).removesuffix('Z')}Z"
