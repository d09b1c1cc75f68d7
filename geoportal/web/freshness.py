"""Is a dataset as new as its producer promised? From the date of its content and its rhythm of update."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from geoportal.model.record import Record

DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14}
MONTHS = {"monthly": 1, "quarterly": 3, "biannually": 6, "annually": 12, "biennially": 24}
"""Codes of MD_MaintenanceFrequencyCode (ISO 19115-1) that promise a date; asNeeded, irregular and others do not."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the next content is due, and how many days it is late (0: on schedule)."""

    due: date
    late_days: int


def freshness_of(record: Record, today: date) -> Freshness | None:
    """Freshness on a day; None where the record promises no date or names no date of its content."""
    try:
        content = date.fromisoformat(record.content_date or "")
    except ValueError:
        return None
    rhythm = record.update_frequency or ""
    if rhythm in DAYS:
        due = content + timedelta(days=DAYS[rhythm])
    elif rhythm in MONTHS:
        due = add_months(content, MONTHS[rhythm])
    else:
        return None
    return Freshness(due, max(0, (today - due).days))


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
