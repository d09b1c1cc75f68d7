"""What was seen in one field: its type, how full it is, how its values look, and between which bounds they lie."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.code_shapes import LONGEST_CODE, is_code, pattern_of
from geoportal.checks.columns import as_numbers
from geoportal.checks.distinct import distinct

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Field

TYPES = {
    "string": "text", "json": "text", "integer": "integer", "number": "real", "boolean": "boolean", "date": "date",
    "date-time": "datetime",
}  # fmt: skip
MOST_CODES, LEAST_ROWS, LEAST_TIMES = 12, 20, 5
"""A code list is proposed for so many different values at most, from so many features on, each so often on average."""
LONGEST_LISTED = 60
MOST_SHOWN = 5
_ROUND = (10, 20, 50, 100, 150, 254)
_DEGREES = {"lat": 90.0, "latitude": 90.0, "lintang": 90.0, "lon": 180.0, "lng": 180.0, "long": 180.0,
            "longitude": 180.0, "bujur": 180.0}  # fmt: skip
_YEARS = re.compile(r"tahun|thn|year|th$", re.IGNORECASE)
_KEYS = re.compile(r"(?:^|_)(?:id|fid|gid|objectid|kode|kd|code|key|nib|nop|uuid)(?:$|_)|^kd|^kode|id$", re.IGNORECASE)


LIKE_IDENTITY = 1e15
"""Whole numbers of sixteen digits may be those of identity cards (NIK)."""


@dataclass(frozen=True, slots=True)
class FieldSeen:
    """One field: ``values`` are its different values as text, ``filled`` the features that have one of ``rows``.

    ``lowest`` and ``highest`` are those of a number, ``longest`` the length of the longest text.
    """

    name: str
    type: str | None
    width: int | None
    rows: int
    filled: int
    values: tuple[str, ...]
    longest: int
    lowest: float | None
    highest: float | None
    pattern: str | None

    @property
    def required(self) -> bool:
        """Every feature has a value."""
        return self.rows > 0 and self.filled == self.rows

    @property
    def unique(self) -> bool:
        """No value comes twice."""
        return self.filled > 1 and len(self.values) == self.filled

    @property
    def could_be_key(self) -> bool:
        """Values are short texts without blanks, or whole numbers: what one would write into an address."""
        if self.type == "integer":
            return True
        return self.type == "text" and self.longest <= LONGEST_CODE and all(
            value.isascii() and not any(letter.isspace() for letter in value) for value in self.values
        )  # fmt: skip

    @property
    def says_key(self) -> bool:
        """The name of the field says that it holds codes or numbers of things."""
        return bool(_KEYS.search(self.name))

    @property
    def codes(self) -> tuple[str, ...]:
        """The values as a code list, where they are few and each comes often; blanks around a value are no code."""
        if self.type not in ("text", "integer") or not 2 <= len(self.values) <= MOST_CODES:
            return ()
        often = self.filled >= LEAST_ROWS and self.filled >= LEAST_TIMES * len(self.values)
        clean = all(
            len(value) <= LONGEST_LISTED and value == value.strip() and value.isprintable() for value in self.values
        )
        return tuple(sorted(self.values, key=_in_order)) if often and clean else ()

    @property
    def length(self) -> int | None:
        """Characters of a text: the width of the source, exact for codes, else a round number above the longest."""
        if self.type != "text" or not self.values or self.codes:
            return None
        if self.pattern is not None:
            return self.longest
        if self.width is not None and self.longest <= self.width <= _ROUND[-1]:
            return self.width
        return next((size for size in _ROUND if size >= self.longest), None)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Round bounds around numbers, wider than what was seen; those of years and of codes are not guessed."""
        if self.lowest is None or self.highest is None or self.codes or (self.says_key and self.unique):
            return None, None
        if self.highest >= LIKE_IDENTITY:
            return None, None
        if self.type == "integer" and _YEARS.search(self.name) and self.lowest >= 1800 and self.highest <= 2200:
            return 1900 if self.lowest >= 1900 else 1800, 2100 if self.highest <= 2100 else 2200
        most = _DEGREES.get(self.name.casefold())
        if most is not None and -most <= self.lowest and self.highest <= most:
            return -most, most
        low = 0.0 if self.lowest >= 0 else -rounded_up(-self.lowest)
        high = 0.0 if self.highest <= 0 else rounded_up(self.highest)
        return low, None if low == high else high

    def told(self, means: str | None) -> list[tuple[str, dict[str, Any]]]:
        """What a comment says of the field: codes of texts with their parameters."""
        facts: list[tuple[str, dict[str, Any]]] = []
        if self.type is None:
            facts.append(("field-type-unknown", {}))
        if means is not None:
            facts.append((f"means-{means}", {}))
        if self.filled < self.rows:
            facts.append(("field-gaps", {"blank": self.rows - self.filled, "rows": self.rows}))
        if self.codes:
            facts.append(("field-codes", {"count": len(self.values)}))
        elif self.lowest is not None and self.highest is not None and self.highest >= LIKE_IDENTITY:
            pass  # as long as the numbers of identity cards: nothing of them is written out
        elif self.lowest is not None and means is None:
            facts.append(("field-numbers", {"lowest": self.lowest, "highest": self.highest}))
        elif self.values and self.lowest is None:
            shown = [f"“{value[:40]}”" for value in sorted(self.values, key=_in_order)[:3]]
            facts.append(
                ("field-values", {"count": len(self.values), "examples": ", ".join(shown), "longest": self.longest})
            )
        return facts


def seen(context: Context, field: Field) -> FieldSeen:
    """Look at one field of a layer."""
    values = distinct(context, field.name)
    kind = TYPES.get(field.type)
    lowest = highest = None
    if kind in ("integer", "real"):
        numbers = as_numbers(context.column(field.name))
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size:
            lowest, highest = float(numbers.min()), float(numbers.max())
    texts = tuple(map(str, values.values))
    return FieldSeen(
        name=field.name,
        type=kind,
        width=field.width,
        rows=len(context),
        filled=values.filled,
        values=texts,
        longest=max(map(len, texts), default=0),
        lowest=lowest,
        highest=highest,
        pattern=pattern_of(texts) if kind == "text" and all(map(is_code, texts[:MOST_SHOWN])) else None,
    )


def rounded_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 ... that is not below a positive number."""
    if value <= 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(value))
    found = next((unit * step for step in (1, 2, 5, 10) if unit * step >= value), unit * 10)
    return round(found, 12) if round(found, 12) >= value else found


def _in_order(value: str) -> tuple[bool, float, str]:
    """Numbers by size, then texts."""
    try:
        number = float(value)
    except ValueError:
        return (True, 0.0, value)
    return (not math.isfinite(number), number if math.isfinite(number) else 0.0, value)
