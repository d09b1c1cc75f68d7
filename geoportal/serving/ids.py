"""From a feature id to its row and back without SQL, where ids are whole numbers that lie close together.

Files (little-endian): ``ids.rows`` int32, the row of each id from the least on, -1 for an id that no feature has;
``ids.numbers`` int32 (n), how far the id of each row lies above the least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IDS_ROWS, IDS_NUMBERS = "ids.rows", "ids.numbers"
_THINNEST = 4  # numbers for each feature: beyond, the table of rows is larger than it is worth
_LONGEST = 19


def whole_numbers(names: Sequence[str]) -> NDArray[np.int64] | None:
    """Ids as numbers, None unless each is a whole number written in its one usual way, and they lie close together."""
    try:
        numbers = list(map(int, names))
        found = np.array(numbers, dtype=np.int64)
    except (ValueError, OverflowError):
        return None
    if not len(found) or int(found.max()) - int(found.min()) >= _THINNEST * len(found):
        return None
    return found if list(map(str, numbers)) == list(names) else None


def write_ids(folder: Path, numbers: NDArray[np.int64]) -> int:
    """Write the two files for the ids of rows; return the least id."""
    least = int(numbers.min())
    above = (numbers - least).astype("<i4")
    rows = np.full(int(above.max()) + 1, -1, dtype="<i4")
    rows[above] = np.arange(len(above), dtype="<i4")
    (folder / IDS_ROWS).write_bytes(rows.tobytes())
    (folder / IDS_NUMBERS).write_bytes(above.tobytes())
    return least


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """The ids of a layer that are whole numbers from ``least`` on."""

    least: int
    rows: NDArray[np.int32]
    numbers: NDArray[np.int32]

    def row_of(self, fid: str) -> int | None:
        """The row of the feature with this id; None if there is none."""
        number = whole_number(fid)
        if number is None or not 0 <= number - self.least < len(self.rows):
            return None
        row = int(self.rows[number - self.least])
        return row if row >= 0 else None

    def fids(self, rows: NDArray[np.int64]) -> list[str]:
        """The ids of the features in these rows."""
        least = self.least
        return [str(least + above) for above in self.numbers[rows].tolist()]


def whole_number(text: str) -> int | None:
    """The number that a text writes in its one usual way: no sign but ``-``, no idle zeros; None for other texts."""
    if len(text) > _LONGEST or not text.isascii() or not text.removeprefix("-").isdigit():
        return None
    number = int(text)
    return number if str(number) == text else None
