"""The ``datetime`` parameter (OGC 17-069r4 7.15.4): instants and intervals, checked for form; what they select is the
provider's matter.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[Tt](?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?(?P<zone>[Zz]|[+-]\d{2}:\d{2}))?)?)?",
    re.ASCII,
)


def span_of(value: str) -> tuple[datetime, datetime]:
    """First and last instant (UTC) of an RFC 3339 time, or of a year, month or day; ValueError for anything else."""
    match = _TIME.fullmatch(value)
    if match is None:
        raise ValueError(f"datetime: {value[:60]!r} is not an RFC 3339 date or time")
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    if match["hour"] is None:
        first = _utc(f"{year:04}-{month:02}-{day:02}T00:00:00+00:00", value)
        last_month = month if match["month"] else 12
        last_day = day if match["day"] else calendar.monthrange(max(year, 1), last_month)[1]
        return first, first.replace(month=last_month, day=last_day, hour=23, minute=59, second=59, microsecond=999999)
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    zone = "+00:00" if match["zone"] in "Zz" else match["zone"]
    clock = f"{match['hour']}:{match['minute']}:{min(match['second'], '59')}"  # a leap second is the one before it
    moment = _utc(f"{year:04}-{month:02}-{day:02}T{clock}.{fraction}{zone}", value)
    return moment, moment


def _utc(iso: str, value: str) -> datetime:
    try:
        return datetime.fromisoformat(iso).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"datetime: {value[:60]!r} is not a date that exists") from error


def interval_of(value: str) -> tuple[datetime | None, datetime | None]:
    """Start and end (UTC) of a ``datetime`` parameter, None where it is open; ValueError where it makes no sense."""
    start, slash, end = value.partition("/")
    if not slash:
        return span_of(start)
    first = None if start in ("", "..") else span_of(start)[0]
    last = None if end in ("", "..") else span_of(end)[1]
    if first is None and last is None and (start, end) not in (("..", ".."), ("", ".."), ("..", "")):
        raise ValueError("datetime: an interval needs a start or an end")
    if first is not None and last is not None and first > last:
        raise ValueError("datetime: the interval ends before it begins")
    return first, last


def checked_datetime(resource_def: Mapping[str, Any], datetime_: str | None = None) -> str | None:
    """Seam S5: the parameter as it is if its form is right, else ValueError, which pygeoapi answers with 400.

    Times outside of the extent are no mistake: they simply match nothing (Requirement /req/core/fc-time-response).
    """
    if datetime_ is not None:
        interval_of(datetime_)
    return datetime_
