"""Spatial functions (OGC 21-065r2, 7.7): exact, by GEOS, for the features that the index leaves over.

They are asked in the system of coordinates in the filter: an edge is straight there, a feature in its own system is
the source's own numbers, and a box finds what the parameter ``bbox`` with ``bbox-crs`` finds.

Each is answered for all features at once: a truth for each row, kept in an array of bytes that SQL looks into. A
feature without a place makes every spatial function unknown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geoportal.errors import BadRequest, UnknownReferenceSystem
from geoportal.ogc.cql2.sql import Sql
from geoportal.ogc.cql2.tree import BadFilter, Node
from geoportal.serving.crs import CRS84, Operation, axis_swapped, half_turn, operation
from geoportal.serving.fragments import Serving
from geoportal.serving.spatial import frames_of

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
    ``functions``. ``until``: the moment (``time.monotonic``) from which on it is too late.
    """

    serving: Serving
    crs: str
    functions: dict[str, tuple[int, Callable[..., Any]]]
    until: float = math.inf

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
        """A GeoJSON geometry or a box of the filter in its own system, x before y; BadFilter when it is none."""
        found = self._box(node["bbox"]) if "bbox" in node else self._geometry(node)
        if shapely.is_empty(found):
            raise BadFilter("a geometry is empty")
        return found

    def _geometry(self, node: Node) -> shapely.Geometry:
        try:
            found = shapely.from_geojson(orjson.dumps(node))
        except (shapely.GEOSException, ValueError, TypeError):
            raise BadFilter("a {kind} cannot be understood", kind=node["type"]) from None
        found = shapely.force_2d(found)
        if not shapely.is_valid(found):
            raise BadFilter("a {kind} is not valid: {reason}", kind=node["type"], reason=shapely.is_valid_reason(found))
        return shapely.transform(found, lambda places: places[:, ::-1]) if axis_swapped(self.crs) else found

    def _box(self, numbers: Sequence[float]) -> shapely.Geometry:
        half = len(numbers) // 2
        west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
        if axis_swapped(self.crs):
            west, south, east, north = south, west, north, east
        turn = half_turn(self.crs)
        if south > north or (west > east and turn is None):
            raise BadFilter("a bbox has its lower corner first")
        if west <= east or turn is None:
            return _rectangle(west, south, east, north)
        # Across the antimeridian.
        return shapely.union(_rectangle(west, south, turn, north), _rectangle(-turn, south, east, north))

    def _matching(self, name: str, asked: shapely.Geometry) -> NDArray[np.int32]:
        """Rows of which the function is true; it needs a point in common, so the index leaves out the rest."""
        try:
            way = operation(self.crs, CRS84)
            rows = self._near(asked, None if way.null else way)
            function = _FUNCTIONS[_REVERSED.get(name, name)]
            shapely.prepare(asked)
            found = [rows[:0]]
            for start in range(0, len(rows), _BATCH):
                if time.monotonic() >= self.until:
                    raise BadFilter("its spatial functions take too long here: ask for less")
                some = rows[start : start + _BATCH]
                if way.null:
                    true = _asked(function, asked, self.serving.exact_geometry(some))
                else:
                    true = self._elsewhere(function, asked, some, way)
                found.append(some[true])
        except (BadRequest, UnknownReferenceSystem) as error:
            raise BadFilter("{detail}", detail=f"filter-crs: {error.detail}") from None
        return np.concatenate(found)

    def _near(self, asked: shapely.Geometry, way: Operation | None) -> NDArray[np.int32]:
        """Rows whose envelopes come near; all of them where nothing can be said of the place in degrees."""
        west, south, east, north = (float(value) for value in shapely.bounds(asked))
        margin = _MARGIN
        if way is not None:
            frame, _ = frames_of((west, south, east, north), way)
            west, south, east, north = frame or (-math.inf, -math.inf, math.inf, math.inf)
        inside, edge = self.serving.spatial.candidates((west - margin, south - margin, east + margin, north + margin))
        return np.unique(np.concatenate([inside, edge]))

    def _elsewhere(
        self, function: Callable[..., Any], asked: shapely.Geometry, rows: NDArray[np.int32], way: Operation
    ) -> NDArray[np.bool_]:
        """Which of these rows fulfil a function in the system of the filter. One that lies partly where that system
        ends (a polygon to the pole in web Mercator) is asked in degrees.
        """
        geometries = self.serving.geometry_in(rows, self.crs)
        endless = ~shapely.is_missing(geometries) & ~np.isfinite(shapely.bounds(geometries)).all(axis=1)
        geometries[endless] = None
        found = _asked(function, asked, geometries)
        if endless.any() and (moved := _in_degrees(asked, way)) is not None:
            found[endless] = _asked(function, moved, self.serving.exact_geometry(rows[endless]))
        return found

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


def _in_degrees(asked: shapely.Geometry, way: Operation) -> shapely.Geometry | None:
    """A geometry of the filter in degrees, its edges bent as they lie there; None when it has no place."""
    west, south, east, north = shapely.bounds(asked)
    step = max(east - west, north - south) / 100
    found = shapely.transform(shapely.segmentize(asked, step) if step > 0 else asked, way.transform)
    return found if np.isfinite(shapely.get_coordinates(found)).all() and shapely.is_valid(found) else None


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
