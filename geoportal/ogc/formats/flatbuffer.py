"""FlatBuffers, as far as FlatGeobuf needs them: size-prefixed buffers, written from the front.

Offsets point forward, so a table comes before what it refers to. Positions are counted from the size prefix, and
everything is aligned to its own size from there.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_UINT = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number inside a table: the letter of ``struct`` for its size and its value."""

    letter: str
    value: int


@dataclass(frozen=True, slots=True)
class Vector:
    """Numbers behind each other: their bytes, and how many bytes each takes."""

    data: bytes
    size: int = 1


Table = Mapping[int, Any]
"""Number of a field in the schema -> Scalar, str, Vector, a table, or a list of tables."""


class Buffer:
    """One size-prefixed buffer while it grows."""

    def __init__(self) -> None:
        """Room for the size and for where the root table is."""
        self.data = bytearray(8)

    def finish(self, root: Table) -> bytes:
        """The whole buffer of a root table, its length a multiple of eight."""
        self.point(4, self.table(root))
        self.pad(8)
        _UINT.pack_into(self.data, 0, len(self.data) - 4)
        return bytes(self.data)

    def pad(self, size: int, behind: int = 0) -> int:
        """Fill up until what comes after ``behind`` more bytes is aligned to ``size``; the position reached."""
        self.data += bytes(-(len(self.data) + behind) % size)
        return len(self.data)

    def point(self, place: int, target: int) -> None:
        """Let the offset at ``place`` point to ``target``."""
        _UINT.pack_into(self.data, place, target - place)

    def table(self, fields: Table) -> int:
        """Append a table, then what it refers to; the position of the table."""
        present = {slot: value for slot, value in fields.items() if value is not None}
        sizes = {
            slot: struct.calcsize(value.letter) if isinstance(value, Scalar) else 4 for slot, value in present.items()
        }
        places, end = {}, 4
        for slot in sorted(present, key=lambda slot: -sizes[slot]):  # after the offset of four bytes
            end += -end % sizes[slot]
            places[slot] = end
            end += sizes[slot]
        slots = range(max(present, default=-1) + 1)
        directory = struct.pack(
            f"<{2 + len(slots)}H", 4 + 2 * len(slots), end, *(places.get(slot, 0) for slot in slots)
        )
        self.pad(8, behind=len(directory))
        start = len(self.data)
        self.data += directory
        table = len(self.data)
        self.data += bytes(end)
        struct.pack_into("<i", self.data, table, table - start)
        for slot, value in present.items():
            place = table + places[slot]
            if isinstance(value, Scalar):
                struct.pack_into(f"<{value.letter}", self.data, place, value.value)
            else:
                self.point(place, self.append(value))
        return table

    def append(self, value: str | Vector | Table | Sequence[Table]) -> int:
        """Append what a table refers to; its position."""
        if isinstance(value, str):
            text = value.encode()
            place = self.pad(4)
            self.data += _UINT.pack(len(text)) + text + b"\0"
            return place
        if isinstance(value, Vector):
            place = self.pad(4) if value.size <= 4 else self.pad(value.size, behind=4)
            self.data += _UINT.pack(len(value.data) // value.size) + value.data
            return place
        if isinstance(value, Mapping):
            return self.table(value)
        place = self.pad(4)
        self.data += _UINT.pack(len(value)) + bytes(4 * len(value))
        for number, member in enumerate(value):
            self.point(place + 4 + 4 * number, self.table(member))
        return place
