"""The files of features and geometries while they grow, and where each begins in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from itertools import islice, repeat
from pathlib import Path
from typing import IO

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.serving.columns import Values
from geoportal.serving.geojson import Geometries
from geoportal.serving.summary import (
    EXACT,
    EXACT_OFFSETS,
    FRAGMENT_GEOMETRY,
    FRAGMENT_OFFSETS,
    FRAGMENTS,
    SOURCE,
    SOURCE_OFFSETS,
)


class Writer:
    """The files of bytes and their offsets while they grow.

    ``exact.wkb`` is begun when it first says something else than ``source.wkb``: then with all that was the same.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, IO[bytes]] = {}
        self._folder = folder
        self._ends = dict.fromkeys((FRAGMENTS, SOURCE, EXACT), 0)

    def __enter__(self) -> Writer:
        for name in (EXACT, EXACT_OFFSETS):
            (self._folder / name).unlink(missing_ok=True)
        for name in (FRAGMENTS, FRAGMENT_OFFSETS, FRAGMENT_GEOMETRY, SOURCE, SOURCE_OFFSETS):
            self._files[name] = (self._folder / name).open("wb")
        for name in (FRAGMENT_OFFSETS, SOURCE_OFFSETS):
            self._files[name].write(np.zeros(1, dtype="<i8").tobytes())
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    @property
    def size(self) -> int:
        """Bytes of all features so far, with a ``,`` for each."""
        return self._ends[FRAGMENTS]

    def write_features(
        self, fids: Sequence[str], geometries: Sequence[bytes], names: Sequence[str], columns: Sequence[Values]
    ) -> None:
        """Append Feature texts with the fields ``names``, each led by ``,`` but the first of the file."""
        records = zip(*columns, strict=True) if columns else repeat(())
        properties = [dict(zip(names, values, strict=True)) for values in islice(records, len(fids))]
        heads = [b'{"type":"Feature","id":%b,"geometry":' % each for each in map(orjson.dumps, fids)]
        tails = list(map(orjson.dumps, properties))
        starts, shapes, ends = _lengths(heads), _lengths(geometries), _lengths(tails)
        texts = [b'%b%b,"properties":%b}' % pieces for pieces in zip(heads, geometries, tails, strict=True)]
        first = b"," if self._ends[FRAGMENTS] else b""
        self._files[FRAGMENTS].write(first + b",".join(texts))
        self._files[FRAGMENT_GEOMETRY].write(np.column_stack([starts, starts + shapes]).astype("<u4").tobytes())
        self._offsets(FRAGMENTS, FRAGMENT_OFFSETS, starts + shapes + ends + len(b',"properties":},'))

    def write_geometries(self, source: Geometries, placed: Geometries, *, same: bool) -> None:
        """Append WKB: the source's own, and the flat one in CRS84 for exact tests; ``same`` where these are equal."""
        if not same and EXACT not in self._files:
            self._begin_exact()
        found = self._write_wkb(SOURCE, SOURCE_OFFSETS, shapely.to_wkb(source, byte_order=1))
        if EXACT in self._files:
            flat = found if same else shapely.to_wkb(placed, output_dimension=2, byte_order=1)
            self._write_wkb(EXACT, EXACT_OFFSETS, flat)

    def _begin_exact(self) -> None:
        for name, like in ((EXACT, SOURCE), (EXACT_OFFSETS, SOURCE_OFFSETS)):
            self._files[like].flush()
            shutil.copyfile(self._folder / like, self._folder / name)
            self._files[name] = (self._folder / name).open("ab")
        self._ends[EXACT] = self._ends[SOURCE]

    def _write_wkb(self, name: str, offsets: str, texts: Iterable[bytes | None]) -> list[bytes]:
        found = [text or b"" for text in texts]
        self._files[name].write(b"".join(found))
        self._offsets(name, offsets, _lengths(found))
        return found

    def _offsets(self, name: str, offsets: str, lengths: NDArray[np.int64]) -> None:
        ends = self._ends[name] + np.cumsum(lengths)
        self._files[offsets].write(ends.astype("<i8").tobytes())
        self._ends[name] = int(ends[-1])


def _lengths(texts: Sequence[bytes]) -> NDArray[np.int64]:
    return np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
