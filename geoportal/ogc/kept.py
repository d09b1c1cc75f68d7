"""Finished documents of the views of a node, in bounded memory: long ones lie compressed, the least used go first.

All views share one room, for their number is that of the audiences: whoever holds a token that opens other datasets
has one of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import zstandard

ROOM_BYTES = 4_000_000
"""What the documents of all views take together."""

PACKED_FROM = 2_000
"""Bytes from which a document lies compressed. It is text that repeats itself: the definition of 2,000 collections,
27 MB, takes less than 1 MB, and opens in a tenth of the time that it takes to make.
"""

_BESIDE = 500
"""Bytes that the name of a document and its place take, roughly."""

_Name = tuple[str, ...]


class Kept:
    """Documents by name. Safe in any thread."""

    def __init__(self, room: int = ROOM_BYTES, packed_from: int = PACKED_FROM) -> None:
        """Keep up to ``room`` bytes, as they lie here."""
        self._room = room
        self._packed_from = packed_from
        self._held = 0
        self._lock = Lock()
        self._bodies: OrderedDict[_Name, tuple[bytes, bool]] = OrderedDict()

    def get(self, name: _Name) -> bytes | None:
        """The document of this name, if it is here."""
        with self._lock:
            found = self._bodies.get(name)
            if found is None:
                return None
            self._bodies.move_to_end(name)
        body, packed = found
        return zstandard.decompress(body) if packed else body

    def put(self, name: _Name, body: bytes) -> None:
        """Keep a document in place of what had its name, if there can be room for it."""
        packed = len(body) >= self._packed_from
        lying = zstandard.ZstdCompressor(level=1).compress(body) if packed else body
        if len(lying) + _BESIDE > self._room:
            return
        with self._lock:
            if name in self._bodies:
                self._held -= len(self._bodies.pop(name)[0]) + _BESIDE
            self._bodies[name] = (lying, packed)
            self._held += len(lying) + _BESIDE
            while self._held > self._room:
                _, (gone, _) = self._bodies.popitem(last=False)
                self._held -= len(gone) + _BESIDE

    def __len__(self) -> int:
        """How many documents are here."""
        return len(self._bodies)

    @property
    def held(self) -> int:
        """The bytes that they take."""
        return self._held
