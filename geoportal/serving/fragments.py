"""Reading a version's serving files: pages, single features, choices and other reference systems, from memory maps.

Opened once per version and kept by whoever asks; safe in any thread. ``opened`` says when which file is mapped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.errors import BadRequest, UnknownReferenceSystem
from geoportal.serving import attributes
from geoportal.serving.attributes import EVERYTHING, FEW, Condition, Question
from geoportal.serving.blocks import gzipped
from geoportal.serving.crs import (
    CRS84,
    DECIMALS_DEGREES,
    Extent,
    Operation,
    axis_swapped,
    crs_from_uri,
    decimals_of,
    operation,
    same_place,
)
from geoportal.serving.geojson import Geometries, changed, geometry_texts, right_handed
from geoportal.serving.ids import whole_number
from geoportal.serving.opened import Opened, Rows, Texts
from geoportal.serving.spatial import Box, area_of, checked_box, frames_of, meeting, outline_of, turned
from geoportal.serving.summary import read_summary
from geoportal.serving.words import rows_with, terms_of

_BATCH = 10_000


class Serving(Opened):
    """The open serving files of one version. Rows are numbers from 0 in the order in which they are served.

    ``fragments`` are GeoJSON Feature texts in CRS84, ``cuts`` (n, 2) where the geometry lies in each; ``source`` is WKB
    in the layer's own system, ``exact`` WKB in CRS84.
    """

    @property
    def count(self) -> int:
        """The number of features."""
        return self.summary.count

    def row_of(self, fid: str) -> int | None:
        """The row of the feature with this id; None if there is none."""
        if self.numbered is not None:
            return self.numbered.row_of(fid)
        if self.summary.fid_from == "row":
            number = whole_number(fid)
            return number - 1 if number is not None and 0 < number <= self.count else None
        return attributes.row_of(self.connections, fid)

    def fids(self, rows: Rows | Sequence[int]) -> list[str]:
        """The ids of the features in these rows."""
        if self.numbered is not None:
            return self.numbered.fids(np.asarray(rows, dtype=np.int64))
        if self.summary.fid_from == "row":
            return [str(row + 1) for row in np.asarray(rows, dtype=np.int64).tolist()]
        return attributes.fids_of(self.connections, np.asarray(rows, dtype=np.int64).tolist())

    def page(self, rows: Rows | Sequence[int]) -> list[bytes]:
        """GeoJSON Feature texts in CRS84."""
        return self.fragments.of(rows)

    def joined(self, rows: Rows) -> bytes:
        """GeoJSON Feature texts in CRS84 with ``,`` between them: the inside of a page's ``features``."""
        return self.fragments.joined(rows)

    def bare(self, rows: Rows | Sequence[int]) -> list[bytes]:
        """GeoJSON Feature texts without geometry (null)."""
        cuts = self.cuts[np.asarray(rows, dtype=np.int64)].tolist()
        return [text[:start] + b"null" + text[end:] for text, (start, end) in zip(self.page(rows), cuts, strict=True)]

    def slice(self, start: int, stop: int) -> bytes:
        """The Features from row ``start`` up to ``stop``, ``,`` between them: the inside of a page's ``features``."""
        return self.fragments.run(max(0, start), min(stop, self.count))

    def gzipped(self, head: bytes, start: int, stop: int, tail: bytes) -> bytes:
        """``head + slice(start, stop) + tail`` as one gzip member, made of what was compressed beforehand."""
        start, stop, blocks = max(0, start), min(stop, self.count), self.blocks
        first, last = blocks.inside(start, stop) if blocks else (0, 0)
        if blocks is None or first == last:
            return gzipped(head + self.fragments.run(start, stop) + tail)
        begin, end = blocks.rows_of(first, last)
        before = self.fragments.run(start, begin) + b"," if begin > start else b""
        after = b"," + self.fragments.run(end, stop) if stop > end else b""
        return blocks.joined(head + before, first, last, after + tail)

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
        bbox_in: tuple[Sequence[float] | Sequence[Sequence[float]], str] | None = None,
        condition: Condition | None = None,
        q: str | None = None,
    ) -> tuple[Rows, int]:
        """The rows of one page and the exact number of all that match.

        ``bbox_crs84``: one box or several (two for one across the antimeridian), west, south, east, north in degrees;
        features that touch an edge match, and features without a place match every box. ``bbox_in``: boxes in another
        reference system, in its authority's axis order, with its URI; tested there, on the source's coordinates.
        ``condition``: what must hold besides. ``q``: words that the texts must contain (``words``).
        ``properties``: values that all must hold. ``sortby``: (field, +1 or -1), then layer order; no value last.
        BadRequest names the parameter that does not fit; Unavailable after 5 s.
        """
        if offset < 0 or limit < 0:
            raise BadRequest("offset and limit cannot be negative", parameter="offset" if offset < 0 else "limit")
        asked = attributes.question(self.summary, properties, sortby, condition)
        among: NDArray[np.int32] | None = None
        if bbox_crs84 is not None:
            among = self._inside(_boxes(bbox_crs84))
        if bbox_in is not None:
            inside = self._inside_elsewhere(_listed(bbox_in[0]), bbox_in[1])
            among = inside if among is None else np.intersect1d(among, inside, assume_unique=True)
        if q is not None and (terms := terms_of(q)):
            told = rows_with(self.words, terms) if self.words else np.empty(0, dtype=np.int32)
            among = told if among is None else np.intersect1d(among, told, assume_unique=True)
        if (valued := self._valued(asked)) is not None:
            among = valued if among is None else np.intersect1d(among, valued, assume_unique=True)
            asked = asked.without_values()
        if asked.empty:
            if among is None:
                return range(min(offset, self.count), min(offset + limit, self.count)), self.count
            return among[offset : offset + limit], len(among)
        if among is None or len(among) == self.count:
            return attributes.page(self.connections, asked, offset, limit)
        return attributes.page_among(self.connections, asked, among, self.count, offset, limit)

    def looks_up(self, properties: Sequence[tuple[str, object]]) -> bool:
        """Whether the rows with these values are found without SQL."""
        known = self.values.columns if self.values and properties else {}
        fields = [self.summary.field_named(name) for name, _ in properties]
        return all(field is not None and field.column in known for field in fields)

    def _valued(self, asked: Question) -> NDArray[np.int32] | None:
        """The rows with the values that are asked for; None where they are not all looked up, or where SQL has to look
        at many of them besides.
        """
        found = None
        for column, value in zip(asked.columns, asked.parameters, strict=False):
            rows = self.values.rows(column, value) if self.values else None
            if rows is None:
                return None
            found = rows if found is None else np.intersect1d(found, rows, assume_unique=True)
        alone = asked.condition is None and asked.order == EVERYTHING.order
        return found if alone or (found is not None and len(found) <= FEW) else None

    def exact_geometry(self, rows: Rows | Sequence[int]) -> Geometries:
        """Geometries in longitude and latitude, all their decimals; None for a feature without a place."""
        if not self.summary.operation.null:
            return self._read(self.exact, rows)
        geometries = self._read(self.source, rows)
        if self.summary.unplaced:
            geometries[shapely.is_missing(self._read(self.exact, rows))] = None
        return geometries

    def geometry_in(self, rows: Rows | Sequence[int], crs_uri: str) -> Geometries:
        """Geometries in another reference system, x before y and flat, with all decimals, the source's own numbers in
        its own system; None for a feature without a place, inf for what lies where that system ends.

        BadRequest for a system that this layer cannot be brought to.
        """
        return np.asarray(shapely.force_2d(self._moved(rows, crs_uri, None)), dtype=object)

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

    def shapes(self, rows: Rows | Sequence[int], crs_uri: str) -> Geometries:
        """The geometries with the very coordinates of ``page`` (CRS84) or ``reproject``, but always x before y.

        Polygons are right-handed; None for a feature without a place. Heights that are no number stay. BadRequest for
        a system that is not known, or in which a feature has no finite place.
        """
        if crs_uri == CRS84:
            return right_handed(self._placed(rows))
        crs_from_uri(crs_uri)
        moved = self._moved(rows, crs_uri, decimals_of(crs_uri))
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            raise BadRequest(f"crs: not all these features have a place in {crs_uri}", parameter="crs")
        return right_handed(moved)

    def kinds(self, rows: Rows | Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The geometry type of each feature (shapely's numbers, -1 for none) and whether it has heights, read off the
        heads of the geometries alone.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        kinds, solid = np.full(len(chosen), -1, dtype=np.int64), np.zeros(len(chosen), dtype=np.bool_)
        placed = np.flatnonzero(self.exact.offsets[chosen + 1] > self.exact.offsets[chosen])
        if len(placed):
            octets = np.frombuffer(self.source.data, dtype=np.uint8)
            heads = octets[self.source.offsets[chosen[placed], None] + np.arange(1, 5)]  # behind the byte order
            codes = np.ascontiguousarray(heads).view("<u4")[:, 0].astype(np.int64)
            kinds[placed], solid[placed] = (codes & 0xFFFF) % 1000, (codes & 0x80000000) != 0
        # WKB counts from Point = 1 without the ring that shapely has between line and polygon.
        return np.where(kinds > 2, kinds, kinds - (kinds > 0)), solid

    def _placed(self, rows: Rows | Sequence[int]) -> Geometries:
        """The geometries in CRS84 as the fragments have them, heights included."""
        flat = self._read(self.exact, rows)
        if self.summary.dimension == 2 or self.summary.exact_is_source:
            return flat
        found = self._read(self.source, rows)
        found[shapely.is_missing(flat)] = None
        xy = shapely.get_coordinates(flat)
        owners = shapely.get_coordinates(flat, return_index=True)[1]
        solid = shapely.has_z(found)[owners] if len(owners) else np.zeros(0, dtype=np.bool_)

        def place(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
            if coordinates.shape[1] == 2:
                return xy[~solid]
            return np.column_stack([xy[solid], np.round(coordinates[:, 2], DECIMALS_DEGREES)])

        return changed(found, place)

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
        for box in (copy for asked in boxes for copy in turned(asked, self.summary.extent_crs84)):
            if self.spatial.covered_by(box):
                return np.arange(self.count, dtype=np.int32)
            inside, edge = self.spatial.candidates(box)
            found += [inside, edge[meeting(area_of(box), self._read(self.exact, edge))] if len(edge) else edge]
        return self.spatial.in_order(found)

    def _inside_elsewhere(self, boxes: Sequence[Sequence[float]], crs_uri: str) -> NDArray[np.int32]:
        """Rows that meet a box of another system: sure ones by the index, the rest by their coordinates over there."""
        there = []
        for box in boxes:
            swapped = len(box) == 4 and axis_swapped(crs_uri)
            there.append(checked_box([box[1], box[0], box[3], box[2]] if swapped else box))
        if same_place(CRS84, crs_uri):
            return self._inside(there)
        way = self._way(crs_uri, CRS84, crs_uri)
        found: list[NDArray[np.int32]] = []
        for one in there:
            outer, inner = frames_of(one, way)
            if inner and self.spatial.covered_by(inner):
                return np.arange(self.count, dtype=np.int32)
            sure = self.spatial.candidates(inner)[0] if inner else self.spatial.placeless[:0]
            possible = np.concatenate(self.spatial.candidates(outer or (-math.inf, -math.inf, math.inf, math.inf)))
            possible = np.setdiff1d(possible, sure, assume_unique=True)
            found.append(sure)
            for start in range(0, len(possible), _BATCH):
                rows = possible[start : start + _BATCH]
                found.append(rows[self._meeting_elsewhere(one, rows, crs_uri, way)])
        return self.spatial.in_order(found)

    def _meeting_elsewhere(self, box: Box, rows: NDArray[np.int32], crs_uri: str, way: Operation) -> NDArray[np.bool_]:
        """Which of these rows meet a box of another system. One that lies partly where that system ends (a polygon to
        the pole in web Mercator) is tested in degrees, by the outline of the box.
        """
        geometries = self._moved(rows, crs_uri, None)
        endless = ~np.isfinite(shapely.bounds(geometries)).all(axis=1)
        geometries[endless] = None
        found = meeting(area_of(box), geometries)
        if endless.any():
            outline = outline_of(box, way)
            if outline is not None:
                area = shapely.make_valid(shapely.Polygon(outline))
                found[endless] = meeting(area, self._read(self.exact, rows[endless]))
        return found

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
    return Serving(folder, read_summary(folder))


def _boxes(given: Sequence[float] | Sequence[Sequence[float]]) -> list[Box]:
    return [checked_box(box) for box in _listed(given)]


def _listed(given: Sequence[float] | Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """One box or several, as a list."""
    if given and not isinstance(given[0], (int, float)):
        return list(given)  # type: ignore[arg-type]
    return [given]  # type: ignore[list-item]
