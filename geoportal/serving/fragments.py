"""Reading a version's serving files: pages, single features, choices and other reference systems, from memory maps.

Opened once per version and kept by whoever asks; safe in any thread; goes on working after the folder was deleted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.errors import BadRequest, UnknownReferenceSystem
from geoportal.serving import attributes
from geoportal.serving.attributes import Condition, Connections
from geoportal.serving.crs import (
    CRS84,
    Extent,
    Operation,
    axis_swapped,
    crs_from_uri,
    decimals_of,
    operation,
    same_place,
)
from geoportal.serving.geojson import Geometries, changed, geometry_texts, right_handed
from geoportal.serving.mapping import expect, map_array, map_bytes
from geoportal.serving.spatial import Box, SpatialIndex, area_of, checked_box, frames_of, meeting
from geoportal.serving.summary import (
    EXACT,
    EXACT_OFFSETS,
    FRAGMENT_GEOMETRY,
    FRAGMENT_OFFSETS,
    FRAGMENTS,
    ROWS,
    SOURCE,
    SOURCE_OFFSETS,
    Summary,
    read_summary,
)

Rows = range | NDArray[np.int32]
_BATCH = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Pieces of one mapped file: ``offsets`` (n + 1) say where each starts; ``gap`` bytes lie between two."""

    data: Any
    offsets: NDArray[np.int64]
    gap: int = 0

    def of(self, rows: Sequence[int] | Rows) -> list[bytes]:
        """The pieces of the rows, in the order given."""
        data, gap = self.data, self.gap
        if isinstance(rows, range) and rows.step == 1:
            cuts = self.offsets[rows.start : rows.stop + 1].tolist() if len(rows) else []
            return [data[start : end - gap] for start, end in pairwise(cuts)]
        chosen = np.asarray(rows, dtype=np.int64)
        starts, ends = self.offsets[chosen].tolist(), self.offsets[chosen + 1].tolist()
        return [data[start : end - gap] for start, end in zip(starts, ends, strict=True)]

    def run(self, start: int, stop: int) -> bytes:
        """The rows from ``start`` up to ``stop`` with what lies between them, in one copy."""
        if stop <= start:
            return b""
        found: bytes = self.data[self.offsets[start] : self.offsets[stop] - self.gap]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """The open serving files of one version. Rows are numbers from 0 in the order of the layer.

    ``fragments`` are GeoJSON Feature texts in CRS84, ``cuts`` (n, 2) where the geometry lies in each; ``source`` is WKB
    in the layer's own system, ``exact`` WKB in CRS84.
    """

    summary: Summary
    fragments: Texts
    cuts: NDArray[np.uint32]
    source: Texts
    exact: Texts
    spatial: SpatialIndex
    connections: Connections

    @property
    def count(self) -> int:
        """The number of features."""
        return self.summary.count

    def row_of(self, fid: str) -> int | None:
        """The row of the feature with this id; None if there is none."""
        if self.summary.fid_from == "row":
            plain = fid.isascii() and fid.isdigit() and not fid.startswith("0") and len(fid) < 12
            return int(fid) - 1 if plain and int(fid) <= self.count else None
        return attributes.row_of(self.connections, fid)

    def fids(self, rows: Rows | Sequence[int]) -> list[str]:
        """The ids of the features in these rows."""
        if self.summary.fid_from == "row":
            return [str(row + 1) for row in np.asarray(rows, dtype=np.int64).tolist()]
        return attributes.fids_of(self.connections, np.asarray(rows, dtype=np.int64).tolist())

    def page(self, rows: Rows | Sequence[int]) -> list[bytes]:
        """GeoJSON Feature texts in CRS84."""
        return self.fragments.of(rows)

    def slice(self, start: int, stop: int) -> bytes:
        """The Features from row ``start`` up to ``stop``, ``,`` between them: the inside of a page's ``features``."""
        return self.fragments.run(max(0, start), min(stop, self.count))

    def geometry(self, rows: Rows | Sequence[int]) -> list[bytes | None]:
        """WKB in the layer's own reference system, x before y; None for a feature without geometry."""
        return [text or None for text in self.source.of(rows)]

    def select(
        self,
        bbox_crs84: Sequence[float] | Sequence[Sequence[float]] | None = None,
        properties: Sequence[tuple[str, object]] = (),
        sortby: Sequence[tuple[str, int]] = (),
        offset: int = 0,
        limit: int = 10,
        *,
        bbox_in: tuple[Sequence[float], str] | None = None,
        condition: Condition | None = None,
    ) -> tuple[Rows, int]:
        """The rows of one page and the exact number of all that match.

        ``bbox_crs84``: one box or several (two for one across the antimeridian), west, south, east, north in degrees;
        features that touch an edge match, and features without a place match every box. ``bbox_in``: a box in another
        reference system, in its authority's axis order, with its URI; tested there, on the source's coordinates.
        ``condition``: what must hold besides.
        ``properties``: values that all must hold. ``sortby``: (field, +1 or -1), then layer order; no value last.
        BadRequest names the parameter that does not fit; Unavailable after 5 s.
        """
        if offset < 0 or limit < 0:
            raise BadRequest("offset and limit cannot be negative", parameter="offset" if offset < 0 else "limit")
        asked = attributes.question(self.summary, properties, sortby, condition)
        among = None
        if bbox_crs84 is not None:
            among = self._inside(_boxes(bbox_crs84))
        if bbox_in is not None:
            inside = self._inside_elsewhere(*bbox_in)
            among = inside if among is None else np.intersect1d(among, inside, assume_unique=True)
        if asked.empty:
            if among is None:
                return range(min(offset, self.count), min(offset + limit, self.count)), self.count
            return among[offset : offset + limit], len(among)
        if among is None or len(among) == self.count:
            return attributes.page(self.connections, asked, offset, limit)
        return attributes.page_among(self.connections, asked, among, self.count, offset, limit)

    def exact_geometry(self, rows: Rows | Sequence[int]) -> Geometries:
        """Geometries in longitude and latitude, all their decimals; None for a feature without a place."""
        if not self.summary.operation.null:
            return self._read(self.exact, rows)
        geometries = self._read(self.source, rows)
        if self.summary.unplaced:
            geometries[shapely.is_missing(self._read(self.exact, rows))] = None
        return geometries

    def reproject(self, rows: Rows | Sequence[int], crs_uri: str) -> list[bytes]:
        """GeoJSON Feature texts with the geometry in another reference system, in its authority's axis order.

        In the layer's own system the coordinates are the source's own numbers. BadRequest for a system that is not
        known, or in which a feature has no finite place.
        """
        if crs_uri == CRS84:
            return self.page(rows)
        crs_from_uri(crs_uri)
        moved = self._moved(rows, crs_uri, decimals_of(crs_uri))
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            raise BadRequest(f"crs: not all these features have a place in {crs_uri}", parameter="crs")
        texts = geometry_texts(right_handed_in(moved, swapped=axis_swapped(crs_uri)))
        chosen = np.asarray(rows, dtype=np.int64)
        return [
            fragment[:start] + text + fragment[end:]
            for fragment, text, (start, end) in zip(self.page(rows), texts, self.cuts[chosen].tolist(), strict=True)
        ]

    def _moved(self, rows: Rows | Sequence[int], crs_uri: str, decimals: int | None) -> Geometries:
        """The source's geometry in another system, x before y; inf for what lies outside, None for no place at all."""
        geometries = self._read(self.source, rows)
        if self.summary.unplaced:
            geometries[shapely.is_missing(self._read(self.exact, rows))] = None
        if self.summary.crs is None or same_place(self.summary.crs, crs_uri):
            return geometries
        way = self._way(self.summary.crs, crs_uri, crs_uri)
        if way.null:
            return geometries

        def move(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
            xy = way.transform(coordinates[:, :2])
            return np.column_stack([xy if decimals is None else np.round(xy, decimals), coordinates[:, 2:]])

        return changed(geometries, move)

    def _inside(self, boxes: Sequence[Box]) -> NDArray[np.int32]:
        found = []
        for box in boxes:
            if self.spatial.covered_by(box):
                return np.arange(self.count, dtype=np.int32)
            inside, edge = self.spatial.candidates(box)
            found += [inside, edge[meeting(area_of(box), self._read(self.exact, edge))] if len(edge) else edge]
        return self.spatial.in_order(found)

    def _inside_elsewhere(self, box: Sequence[float], crs_uri: str) -> NDArray[np.int32]:
        """Rows that meet a box of another system: sure ones by the index, the rest by their coordinates over there."""
        turned = [box[1], box[0], box[3], box[2]] if len(box) == 4 and axis_swapped(crs_uri) else box
        there = checked_box(turned)
        if same_place(CRS84, crs_uri):
            return self._inside([there])
        outer, inner = frames_of(there, self._way(crs_uri, CRS84, crs_uri))
        if inner and self.spatial.covered_by(inner):
            return np.arange(self.count, dtype=np.int32)
        sure = self.spatial.candidates(inner)[0] if inner else self.spatial.placeless[:0]
        possible = np.concatenate(self.spatial.candidates(outer or (-math.inf, -math.inf, math.inf, math.inf)))
        possible = np.setdiff1d(possible, sure, assume_unique=True)
        found = [sure]
        for start in range(0, len(possible), _BATCH):
            rows = possible[start : start + _BATCH]
            geometries = self._moved(rows, crs_uri, None)
            geometries[~np.isfinite(shapely.bounds(geometries)).all(axis=1)] = None
            found.append(rows[meeting(area_of(there), geometries)])
        return self.spatial.in_order(found)

    def _way(self, source: str, target: str, asked: str) -> Operation:
        try:
            return operation(source, target, self._area())
        except UnknownReferenceSystem as error:
            raise BadRequest(f"crs: this layer cannot be brought to {asked}", parameter="crs") from error

    def _area(self) -> Extent | None:
        extent = self.summary.extent_crs84
        return (
            extent
            if extent and extent[0] >= -180 and extent[2] <= 180 and extent[1] >= -90 and extent[3] <= 90
            else None
        )

    def _read(self, texts: Texts, rows: Rows | Sequence[int]) -> Geometries:
        found = np.empty(len(rows), dtype=object)
        found[:] = [text or None for text in texts.of(rows)]
        geometries: Geometries = shapely.from_wkb(found)
        return geometries


def right_handed_in(geometries: Geometries, *, swapped: bool) -> Geometries:
    """Right-handed polygons; x and y exchanged if the authority writes north first. Vertices keep their order."""
    oriented = right_handed(geometries)
    if not swapped:
        return oriented
    return changed(oriented, lambda coordinates: coordinates[:, [1, 0, *range(2, coordinates.shape[1])]])


def open_serving(folder: Path) -> Serving:
    """Open the serving files of a version; Unavailable where they are missing, cut short or of another format."""
    summary = read_summary(folder)
    sizes, count = summary.files, summary.count
    expect(folder / ROWS, sizes[ROWS])

    def texts(name: str, offsets: str, gap: int = 0) -> Texts:
        return Texts(
            map_bytes(folder / name, sizes[name]), map_array(folder / offsets, sizes[offsets], "<i8", (count + 1,)), gap
        )

    source = texts(SOURCE, SOURCE_OFFSETS)
    return Serving(
        summary=summary,
        fragments=texts(FRAGMENTS, FRAGMENT_OFFSETS, 1),
        cuts=map_array(folder / FRAGMENT_GEOMETRY, sizes[FRAGMENT_GEOMETRY], "<u4", (count, 2)),
        source=source,
        exact=source if summary.exact_is_source else texts(EXACT, EXACT_OFFSETS),
        spatial=SpatialIndex.open(folder, count, summary.extent_crs84, sizes),
        connections=Connections(folder / ROWS),
    )


def _boxes(given: Sequence[float] | Sequence[Sequence[float]]) -> list[Box]:
    if given and not isinstance(given[0], (int, float)):
        return [checked_box(box) for box in given]  # type: ignore[arg-type]
    return [checked_box(given)]  # type: ignore[arg-type]
