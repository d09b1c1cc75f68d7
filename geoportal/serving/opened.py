"""The files of one version, each mapped at the first question that needs it: thousands of layers open in a moment.

That they are all there, and of the right length, is looked at when the folder is opened. A process keeps the maps of
``MOST_MAPPED`` layers: beyond that those mapped first are let go of, and mapped again when they are asked for. What is
mapped goes on working
after the folder was deleted; what is not yet must still lie there. It does: the store deletes a build only when a node
starts, before anybody reads, and no sooner than a day after it was replaced.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import DTypeLike, NDArray

from geoportal.errors import Unavailable
from geoportal.serving.blocks import DEFLATED, DEFLATED_OFFSETS, SUMS, Blocks
from geoportal.serving.connections import Connections
from geoportal.serving.ids import IDS_NUMBERS, IDS_ROWS, Numbered
from geoportal.serving.mapping import expect, map_array, map_bytes
from geoportal.serving.spatial import SpatialIndex
from geoportal.serving.summary import (
    EXACT,
    EXACT_OFFSETS,
    FRAGMENT_GEOMETRY,
    FRAGMENT_OFFSETS,
    FRAGMENTS,
    ORDER,
    ROWS,
    SOURCE,
    SOURCE_OFFSETS,
    WORDS,
    Summary,
)
from geoportal.serving.values import VALUES, Values

Rows = range | NDArray[np.int32]

MOST_MAPPED = 500
"""Layers of which a process has files mapped. A layer has up to 16, a process may have 65,530 maps in all (Linux,
``vm.max_map_count``), and each page that was read counts as memory of the process that alone reads it.
"""

_MAPPED: deque[ReferenceType[Opened]] = deque()  # in the order of their first map: a use costs nothing
_TURN = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Pieces of one mapped file: ``offsets`` (n + 1) say where each starts; ``gap`` bytes lie between two."""

    data: Any
    view: memoryview
    """The same without a copy: slices of it are joined in half the time."""
    offsets: NDArray[np.int64]
    gap: int = 0

    def of(self, rows: Sequence[int] | Rows) -> list[bytes]:
        """The pieces of the rows, in the order given."""
        view, gap = self.view, self.gap
        if isinstance(rows, range) and rows.step == 1:
            cuts = self.offsets[rows.start : rows.stop + 1].tolist() if len(rows) else []
            return [view[start : end - gap].tobytes() for start, end in pairwise(cuts)]
        chosen = np.asarray(rows, dtype=np.int64)
        starts, ends = self.offsets[chosen].tolist(), self.offsets[chosen + 1].tolist()
        return [view[start : end - gap].tobytes() for start, end in zip(starts, ends, strict=True)]

    def joined(self, rows: Rows) -> bytes:
        """The pieces of the rows with ``,`` between them."""
        if isinstance(rows, range) and rows.step == 1:
            return self.run(rows.start, rows.stop)
        chosen = np.asarray(rows, dtype=np.int64)
        starts, ends = self.offsets[chosen].tolist(), (self.offsets[chosen + 1] - self.gap).tolist()
        view = self.view
        return b",".join([view[start:end] for start, end in zip(starts, ends, strict=True)])

    def run(self, start: int, stop: int) -> bytes:
        """The rows from ``start`` up to ``stop`` with what lies between them, in one copy."""
        if stop <= start:
            return b""
        found: bytes = self.data[self.offsets[start] : self.offsets[stop] - self.gap]
        return found


class Opened:
    """The files that ``summary`` tells of. Safe in any thread: two that come at once map a file twice, to no harm."""

    def __init__(self, folder: Path, summary: Summary) -> None:
        """Nothing is opened; Unavailable where a file is missing or not as long as it was written."""
        self.summary = summary
        self._folder = folder
        self._mapped = False
        try:
            with os.scandir(folder) as entries:
                found = {entry.name: entry.stat().st_size for entry in entries if entry.name in summary.files}
        except OSError as error:
            raise Unavailable("the serving files cannot be read") from error
        for name, size in summary.files.items():
            if found.get(name) != size:
                expect(folder / name, size)

    @cached_property
    def fragments(self) -> Texts:
        """GeoJSON Feature texts in CRS84."""
        return self._texts(FRAGMENTS, FRAGMENT_OFFSETS, 1)

    @cached_property
    def cuts(self) -> NDArray[np.uint32]:
        """Where the geometry lies in each text: start and end (n, 2)."""
        return self._array(FRAGMENT_GEOMETRY, "<u4", (self.summary.count, 2))

    @cached_property
    def source(self) -> Texts:
        """WKB in the layer's own system."""
        return self._texts(SOURCE, SOURCE_OFFSETS)

    @cached_property
    def exact(self) -> Texts:
        """WKB in CRS84; ``source`` itself where that says the same."""
        return self.source if self.summary.exact_is_source else self._texts(EXACT, EXACT_OFFSETS)

    @cached_property
    def spatial(self) -> SpatialIndex:
        """The index of envelopes in CRS84."""
        summary = self.summary
        self._keep_mapped()
        return SpatialIndex.open(self._folder, summary.count, summary.extent_crs84, summary.files)

    @cached_property
    def connections(self) -> Connections:
        """The columns of the fields, and the ids."""
        self._keep_mapped()
        return Connections(self._folder / ROWS)

    @cached_property
    def words(self) -> Connections | None:
        """The index of words; None for a layer without texts."""
        self._keep_mapped()
        return Connections(self._folder / WORDS) if WORDS in self.summary.files else None

    @cached_property
    def values(self) -> Values | None:
        """The rows of each value; None where no field can be looked up."""
        return Values.of(self._bytes(VALUES)) if VALUES in self.summary.files else None

    @cached_property
    def numbered(self) -> Numbered | None:
        """From ids to rows and back, where ids are whole numbers close together."""
        if self.summary.least_id is None:
            return None
        return Numbered(
            self.summary.least_id,
            self._array(IDS_ROWS, "<i4", (-1,)),
            self._array(IDS_NUMBERS, "<i4", (self.summary.count,)),
        )

    @cached_property
    def blocks(self) -> Blocks | None:
        """The features compressed beforehand; None for a small layer."""
        if not self.summary.block_rows:
            return None
        return Blocks(
            self.summary.block_rows,
            self._bytes(DEFLATED),
            self._array(DEFLATED_OFFSETS, "<i8", (-1,)),
            self._array(SUMS, "<u4", (-1,)),
            self.fragments.offsets,
        )

    @cached_property
    def order(self) -> NDArray[np.int32] | None:
        """The place of each row in the source; None where rows have the order of the source."""
        return self._array(ORDER, "<i4", (self.summary.count,)) if ORDER in self.summary.files else None

    def _keep_mapped(self) -> None:
        """Take a place among the layers that are mapped; whoever reads what is let go of reads on in it."""
        if self._mapped:
            return
        gone = []  # ends when the turn is over: it may be the last that a connection waits for
        with _TURN:
            if not self._mapped:
                self._mapped = True
                _MAPPED.append(ref(self))
            while len(_MAPPED) > MOST_MAPPED:
                first = _MAPPED.popleft()()
                if first is not None:
                    first._mapped = False
                    gone += [first.__dict__.pop(name, None) for name in _FILES]

    def _bytes(self, name: str) -> Any:
        self._keep_mapped()
        return map_bytes(self._folder / name, self.summary.files[name])

    def _array(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        self._keep_mapped()
        return map_array(self._folder / name, self.summary.files[name], dtype, shape)

    def _texts(self, name: str, offsets: str, gap: int = 0) -> Texts:
        data = self._bytes(name)
        return Texts(data, memoryview(data), self._array(offsets, "<i8", (self.summary.count + 1,)), gap)


_FILES = tuple(name for name, value in vars(Opened).items() if isinstance(value, cached_property))
"""What a layer lets go of."""
