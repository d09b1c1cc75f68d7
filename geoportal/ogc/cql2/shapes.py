"""Spatial functions (OGC 21-065r2, 7.7): exact, by GEOS, in longitude and latitude, for the features that the index
leaves over.

Each is answered for all features at once: a truth for each row, kept in an array of bytes that SQL looks into. A
feature without a place makes every spatial function unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.errors import BadRequest
from geoportal.ogc.cql2.sql import Sql
from geoportal.ogc.cql2.tree import BadFilter, Node
from geoportal.serving.crs import CRS84, axis_swapped, crs_from_uri, operation, same_place
from geoportal.serving.fragments import Serving

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "s_intersects": shapely.intersects,
    "s_equals": shapely.equals,
    "s_disjoint": shapely.disjoint,
    "s_touches": shapely.touches,
    "s_within": shapely.within,
    "s_overlaps": shapely.overlaps,
    "s_crosses": shapely.crosses,
    "s_contains": shapely.contains,
}
_REVERSED = {"s_within": "s_contains", "s_contains": "s_within"}
_FEW = 2_000
_BATCH = 20_000
_MARGIN = 1e-8
"""Degrees: the index holds envelopes of nine decimals, the functions are asked of all of them."""
FALSE, TRUE, UNKNOWN = 0, 1, 2


@dataclass
class Shapes:
    """Answers spatial functions on one layer. ``crs`` is that of coordinates in the filter; look-ups are added to
    ``functions``.
    """

    serving: Serving
    crs: str
    functions: dict[str, tuple[int, Callable[..., Any]]]

    def against(self, name: str, node: Node, *, reverse: bool) -> Sql:
        """The features' geometry against a literal; ``reverse``: the literal stands first."""
        if reverse:
            name = _REVERSED.get(name, name)
        asked = self.literal(node)
        base = "s_intersects" if name == "s_disjoint" else name
        found = self._matching(base, asked)
        answer = self._truths(found)
        return answer.wrapped("NOT ({0})") if name == "s_disjoint" else answer

    def itself(self, name: str) -> Sql:
        """A geometry against itself: true or false for all that have one."""
        true = name in ("s_intersects", "s_equals", "s_within", "s_contains")
        rows = np.arange(self.serving.count, dtype=np.int32) if true else np.empty(0, dtype=np.int32)
        return self._truths(np.setdiff1d(rows, self.serving.spatial.placeless, assume_unique=True))

    def between(self, name: str, left: Node, right: Node) -> Sql:
        """Two literals: one answer for all features."""
        found = bool(_FUNCTIONS[name](self.literal(left), self.literal(right)))
        return Sql("1" if found else "0", (), "truth")

    def missing(self) -> Sql:
        """Whether a feature has no geometry."""
        return self._rows(np.asarray(self.serving.spatial.placeless))

    def literal(self, node: Node) -> shapely.Geometry:
        """A GeoJSON geometry or a box of the filter in longitude and latitude; BadFilter when it is none."""
        found = self._box(node["bbox"]) if "bbox" in node else self._geometry(node)
        if self.crs != CRS84 and not same_place(CRS84, self.crs):
            found = self._moved(found)
        elif self.crs != CRS84 and axis_swapped(self.crs):
            found = shapely.transform(found, lambda places: places[:, ::-1])
        if shapely.is_empty(found) or not np.isfinite(shapely.get_coordinates(found)).all():
            raise BadFilter(f"a geometry is empty, or has no place in {self.crs}")
        return found

    def _geometry(self, node: Node) -> shapely.Geometry:
        try:
            found = shapely.from_geojson(orjson.dumps(node))
        except (shapely.GEOSException, ValueError, TypeError):
            raise BadFilter(f"a {node['type']} cannot be understood") from None
        found = shapely.force_2d(found)
        if not shapely.is_valid(found):
            raise BadFilter(f"a {node['type']} is not valid: {shapely.is_valid_reason(found)}")
        return found

    def _box(self, numbers: Sequence[float]) -> shapely.Geometry:
        half = len(numbers) // 2
        west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
        if west <= east:
            return _rectangle(west, south, east, north)
        if self.crs != CRS84:
            raise BadFilter("a bbox has its lower corner first")
        # Across the antimeridian.
        return shapely.union(_rectangle(west, south, 180.0, north), _rectangle(-180.0, south, east, north))

    def _moved(self, found: shapely.Geometry) -> shapely.Geometry:
        try:
            crs_from_uri(self.crs)
            way = operation(self.crs, CRS84)
        except BadRequest as error:
            raise BadFilter(f"filter-crs: {error.detail}") from None
        if axis_swapped(self.crs):
            found = shapely.transform(found, lambda places: places[:, ::-1])
        west, south, east, north = shapely.bounds(found)
        # Straight edges over there are bent here: points on them keep the shape.
        step = max(east - west, north - south) / 100
        dense = shapely.segmentize(found, step) if step > 0 and math.isfinite(step) else found
        return shapely.transform(dense, way.transform)

    def _matching(self, name: str, asked: shapely.Geometry) -> NDArray[np.int32]:
        """Rows of which the function is true; it needs a point in common, so the index leaves out the rest."""
        west, south, east, north = (float(value) for value in shapely.bounds(asked))
        frame = (west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
        inside, edge = self.serving.spatial.candidates(frame)
        rows = np.unique(np.concatenate([inside, edge]))
        function = _FUNCTIONS[_REVERSED.get(name, name)]
        shapely.prepare(asked)
        found = [rows[:0]]
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            found.append(some[_asked(function, asked, self.serving.exact_geometry(some))])
        return np.concatenate(found)

    def _truths(self, rows: NDArray[np.int32]) -> Sql:
        placeless = self.serving.spatial.placeless
        if not len(placeless):
            return self._rows(rows)
        truths = np.zeros(self.serving.count, dtype=np.uint8)
        truths[rows] = TRUE
        truths[placeless] = UNKNOWN
        return self._looked_up(truths)

    def _rows(self, rows: NDArray[np.int32]) -> Sql:
        if len(rows) <= _FEW:
            given = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY).decode()
            return Sql("(row IN (SELECT value FROM json_each(?)))", (given,), "truth")
        truths = np.zeros(self.serving.count, dtype=np.uint8)
        truths[rows] = TRUE
        return self._looked_up(truths)

    def _looked_up(self, truths: NDArray[np.uint8]) -> Sql:
        values, said = truths.tobytes(), (FALSE, TRUE, None)
        name = f"cql_rows_{len(self.functions)}"
        self.functions[name] = (1, lambda row: said[values[row]])
        return Sql(f"{name}(row)", (), "truth")


def _rectangle(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)


def _asked(function: Callable[..., Any], asked: shapely.Geometry, geometries: NDArray[Any]) -> NDArray[np.bool_]:
    """Which geometries fulfil a function with ``asked`` in front. One too broken for GEOS fulfils none."""
    try:
        return np.asarray(function(asked, geometries), dtype=np.bool_)
    except shapely.GEOSException:
        broken = ~shapely.is_valid(geometries)
        mended = geometries.copy()
        mended[broken] = shapely.make_valid(geometries[broken])
        return np.asarray(function(asked, mended), dtype=np.bool_)
