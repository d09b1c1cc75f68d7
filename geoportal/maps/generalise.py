"""Generalisation: as many corners as the scale of a map can show and its weight allows, shared borders kept shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import shapely

from geoportal.maps.drawing import AREA, DIMENSIONS, POINT, Shapes

ROUNDS: Final = 12
MOSAIC: Final = 0.8
INLET: Final = 0.006
"""Half the width of an inlet that runs together on a map of the whole, as a part of its span."""


@dataclass(frozen=True, slots=True)
class MosaicLines:
    """The lines of a mosaic: ``inner`` between its areas, ``edge`` around the whole, ``shore`` where the edge winds too
    closely.
    """

    inner: Shapes
    edge: Shapes
    shore: Shapes


def within(shapes: Shapes, most: int, span: float) -> tuple[Shapes, bool]:
    """The shapes with at most about ``most`` corners, and whether any were left out. ``span`` is the width of the
    whole, in their unit.

    A shape of very many parts loses its smallest ones; then borders are smoothed, by doubling steps from a fraction
    that a zoomed map still hides.
    """
    if _corners(shapes) <= most:
        return shapes, False
    # What stays of a part has about five corners, so parts are counted before any border is smoothed.
    parts = max(16, most // 5 // max(1, len(shapes)))
    lighter = shapes = np.array([_largest_parts(shape, parts) for shape in shapes], dtype=object)
    tolerance = span / 8000
    fewest = 5 * int(shapely.get_num_geometries(shapes).sum())
    for _ in range(ROUNDS):
        if _corners(lighter) <= max(most, fewest):
            break
        lighter = simplified(shapes, tolerance)
        tolerance *= 2
    excess = _corners(lighter) / most
    return (np.array([_thinned(shape, excess) for shape in lighter], dtype=object) if excess > 1 else lighter), True


def simplified(shapes: Shapes, tolerance: float) -> Shapes:
    """The shapes with fewer corners, ``tolerance`` in their own unit; shared borders stay shared, nothing vanishes.

    Areas are simplified together (GEOS coverage simplification, which also serves where neighbours overlap: what they
    do share stays equal), lines and leftovers one by one.
    """
    if tolerance <= 0 or not len(shapes):
        return shapes
    result = shapes.copy()
    kinds = DIMENSIONS[shapely.get_type_id(shapes)]
    areas = (kinds == AREA) & shapely.is_valid(shapes)
    if areas.any():
        try:
            # The tolerance of a coverage is the root of an area (Visvalingam), so about the same corners survive at
            # half of it.
            result[areas] = shapely.coverage_simplify(shapes[areas], tolerance)
        except shapely.errors.GEOSException:
            areas[:] = False
    rest = ~areas & (kinds != POINT)
    # Keeping the topology of a line that crosses itself thousands of times (a track) takes minutes: not for a picture.
    result[rest] = shapely.simplify(shapes[rest], tolerance / 2, preserve_topology=False)
    return np.where(shapely.is_empty(result), shapes, result)


def is_mosaic(areas: Shapes, width: float) -> bool:
    """Whether areas tile the ground, as administrative units do: together they have far less edge than one by one.

    ``width`` is that of the whole in the unit of the areas; neighbours that miss each other by less than a thousandth
    of it still count as neighbours. Ribbons along rivers or roads tile nothing, however they adjoin.
    """
    sound = areas[shapely.is_valid(areas)]
    if len(sound) < 2 or is_ribbon(sound, width / 130):
        return False
    joined = shapely.union_all(shapely.buffer(sound, width / 2000, quad_segs=1), grid_size=width / 100_000)
    return float(shapely.length(joined)) < MOSAIC * float(shapely.length(sound).sum())


def mosaic_lines(areas: Shapes, span: float, inlet: float | None = None) -> MosaicLines:
    """The lines of a mosaic of areas, each drawn once. ``span`` is the width of the whole in the unit of the areas,
    ``inlet`` half the width of an inlet that runs together.

    Hairline holes and slivers of a mosaic with faults are no edge. Where the edge winds through inlets too narrow to
    show (a delta), it is a shore: drawn as thinly as water, or it would run together into a black knot.
    """
    sound = areas[shapely.is_valid(areas)]
    whole = _without_hairlines(shapely.union_all(sound, grid_size=span / 100_000), span)
    edge = shapely.boundary(whole)
    reach = span * INLET if inlet is None else inlet
    gaps = shapely.get_parts(shapely.difference(_closed(whole, reach), whole))
    deep = gaps[shapely.area(gaps) > 3 * reach**2]
    inlets = shapely.buffer(shapely.union_all(deep), reach * 0.35, quad_segs=4)
    near_edge = shapely.buffer(edge, span / 8000, quad_segs=1)
    inner = shapely.difference(_network(sound, span), near_edge)
    return MosaicLines(
        _lines(inner), _lines(shapely.difference(edge, inlets)), _lines(shapely.intersection(edge, inlets))
    )


def is_ribbon(areas: Shapes, width: float) -> bool:
    """Whether areas are long and thin on the whole: less wide than ``width`` on average, in their own unit."""
    around = float(shapely.length(areas).sum())
    return bool(around) and 2 * float(shapely.area(areas).sum()) / around < width


def without_specks(areas: Shapes, least: float) -> Shapes:
    """Areas without the parts and holes smaller than ``least`` in their own square unit; the largest part stays."""
    return np.array([_without(area, least) for area in areas], dtype=object)


def _without(area: shapely.Geometry, least: float) -> shapely.Geometry:
    faces = shapely.get_parts(area)
    sizes = shapely.area(faces)
    faces = faces[(sizes >= least) | (sizes == sizes.max(initial=0))]
    kept = []
    for face in faces[shapely.get_type_id(faces) == 3]:
        rings = shapely.get_rings(face)
        if len(rings) > 1:
            holes = rings[1:][shapely.area(shapely.polygons(rings[1:])) >= least]
            face = shapely.polygons(rings[0], holes)
        kept.append(face)
    return cast("shapely.Geometry", shapely.multipolygons(kept)) if kept else area


def heart(areas: Shapes) -> Shapes:
    """The middle of each area's widest place, where a name reads best; of its bounds where an area has no width."""
    hearts = middle(areas)
    for place, area in enumerate(areas):
        part = max(shapely.get_parts(area), key=shapely.area)
        across = shapely.length(shapely.envelope(part)) / 4
        try:
            circle = shapely.maximum_inscribed_circle(part, tolerance=across / 100)
        except shapely.errors.GEOSException:
            continue
        if not shapely.is_empty(circle):
            hearts[place] = shapely.get_point(circle, 0)
    return hearts


def middle(shapes: Shapes) -> Shapes:
    """The middle of the bounds of each shape: there is one for every shape that has corners."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    centres = shapely.points((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2)
    return np.array(centres, dtype=object)


def _corners(shapes: Shapes) -> int:
    return int(shapely.get_num_coordinates(shapes).sum())


def _largest_parts(shape: shapely.Geometry, most: int) -> shapely.Geometry:
    """A multi-part shape cut down to its largest ``most`` parts; points are taken evenly."""
    if shapely.get_num_geometries(shape) <= most:
        return shape
    parts = shapely.get_parts(shape)
    kind = int(DIMENSIONS[shapely.get_type_id(parts[0])])
    if kind == POINT:
        kept = parts[np.linspace(0, len(parts) - 1, most).round().astype(np.intp)]
        return cast("shapely.Geometry", shapely.multipoints(kept))
    size = shapely.area(parts) if kind == AREA else shapely.length(parts)
    kept = parts[np.sort(np.argsort(-size, kind="stable")[:most])]
    return cast("shapely.Geometry", shapely.multipolygons(kept) if kind == AREA else shapely.multilinestrings(kept))


def _thinned(shape: shapely.Geometry, excess: float) -> shapely.Geometry:
    """A line that no smoothing makes light, by every so many of its corners; anything else as it is."""
    if shapely.get_type_id(shape) != 1:
        return shape
    corners = shapely.get_coordinates(shape)
    kept = np.linspace(0, len(corners) - 1, max(2, int(len(corners) / excess))).round().astype(np.intp)
    return cast("shapely.Geometry", shapely.linestrings(corners[kept]))


def _without_hairlines(whole: shapely.Geometry, span: float) -> shapely.Geometry:
    """Areas without the holes and islands that are too small to be meant."""
    smallest = (span / 150) ** 2
    faces = shapely.get_parts(whole)
    faces = faces[shapely.get_type_id(faces) == 3]
    filled = []
    for face in faces[shapely.area(faces) > smallest / 25]:
        holes = [hole for hole in face.interiors if shapely.area(shapely.polygons(hole)) > smallest]
        filled.append(shapely.Polygon(face.exterior, holes))
    return cast("shapely.Geometry", shapely.multipolygons(filled)) if filled else whole


def _closed(whole: shapely.Geometry, reach: float) -> shapely.Geometry:
    return cast("shapely.Geometry", shapely.buffer(shapely.buffer(whole, reach, quad_segs=2), -reach, quad_segs=2))


def _network(areas: Shapes, span: float) -> shapely.Geometry:
    """All borders of the areas, each segment once."""
    coordinates, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(areas)), return_index=True)
    grid = np.rint(coordinates / (span / 200_000))
    follows = ring[1:] == ring[:-1]
    start, end = np.flatnonzero(follows), np.flatnonzero(follows) + 1
    ends = np.stack([grid[start], grid[end]], axis=1)
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[swap] = ends[swap][:, ::-1]
    _, once = np.unique(ends.reshape(-1, 4), axis=0, return_index=True)
    segments = np.stack([coordinates[start[once]], coordinates[end[once]]], axis=1)
    return cast("shapely.Geometry", shapely.line_merge(shapely.MultiLineString(list(segments))))


def _lines(shape: shapely.Geometry) -> Shapes:
    parts = shapely.get_parts(shape)
    parts = parts[(shapely.get_type_id(parts) == 1) & ~shapely.is_empty(parts)]
    merged = shapely.line_merge(shapely.multilinestrings(parts)) if len(parts) else None
    return cast("Shapes", shapely.get_parts(merged) if merged is not None else parts)
