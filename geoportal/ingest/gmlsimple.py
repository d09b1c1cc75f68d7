"""The straight geometries of GML, made from their numbers by ourselves: GDAL rounds one in four in its last digit.

Curves, patches and solids are not made here: ``simple`` says None, and GDAL is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import numpy as np

from geoportal.ingest import wkb
from geoportal.ingest.markup import local

_MEMBERS = {
    "MultiPoint": (wkb.MULTI_POINT, {"Point"}),
    "MultiLineString": (wkb.MULTI_LINE, {"LineString"}),
    "MultiCurve": (wkb.MULTI_LINE, {"LineString", "Curve"}),
    "MultiPolygon": (wkb.MULTI_POLYGON, {"Polygon"}),
    "MultiSurface": (wkb.MULTI_POLYGON, {"Polygon"}),
    "MultiGeometry": (wkb.COLLECTION, {"Point", "LineString", "Polygon"}),
}
_OUTER, _INNER = ("exterior", "outerBoundaryIs"), ("interior", "innerBoundaryIs")


class NotSimple(Exception):
    """A geometry, or a part of one, that is not made here."""


class NoNumbers(Exception):
    """Numbers that do not make positions."""


def simple(element: Element, *, swapped: bool) -> bytes | None:
    """The geometry of an element as ISO WKB with x before y; None where it is of a kind that is not made here.

    Raises NoNumbers where the numbers in it do not make positions.
    """
    try:
        return _made(element, _dimension(element, None), swapped)
    except NotSimple:
        return None


def _made(element: Element, dimension: int | None, swapped: bool) -> bytes:
    name = local(element.tag)
    dimension = _dimension(element, dimension)
    if name == "Point":
        positions = _positions(element, dimension, swapped)
        if len(positions) > 1:
            raise NoNumbers
        return wkb.point(positions)
    if name in ("LineString", "Curve", "LinearRing"):
        return wkb.line(_line(element, dimension, swapped))
    if name == "Polygon":
        rings = [
            *_rings(element, _OUTER, dimension, swapped),
            *_rings(element, _INNER, dimension, swapped),
        ]
        return wkb.polygon(rings)
    if name in _MEMBERS:
        kind, allowed = _MEMBERS[name]
        parts = []
        for member in element:
            if not local(member.tag).endswith(("ember", "embers")):
                continue
            for part in member:
                if local(part.tag) not in allowed:
                    raise NotSimple
                parts.append(_made(part, dimension, swapped))
        return wkb.gathered(kind, parts)
    raise NotSimple


def _rings(element: Element, names: tuple[str, ...], dimension: int | None, swapped: bool) -> Iterator[wkb.Coordinates]:
    for boundary in element:
        if local(boundary.tag) in names:
            for ring in boundary:
                if local(ring.tag) != "LinearRing":
                    raise NotSimple
                yield _positions(ring, _dimension(ring, dimension), swapped)


def _line(element: Element, dimension: int | None, swapped: bool) -> wkb.Coordinates:
    if local(element.tag) != "Curve":
        return _positions(element, dimension, swapped)
    segments = [segment for item in element if local(item.tag) == "segments" for segment in item]
    if len(segments) != 1 or local(segments[0].tag) != "LineStringSegment":
        raise NotSimple
    return _positions(segments[0], _dimension(segments[0], dimension), swapped)


def _dimension(element: Element, inherited: int | None) -> int | None:
    """How many numbers make a position, as ``srsDimension`` says here or further out."""
    said = element.get("srsDimension") or element.get("dimension") or ""
    return int(said) if said in ("2", "3") else inherited


def _positions(element: Element, dimension: int | None, swapped: bool) -> wkb.Coordinates:
    """The positions that stand in an element as pos, posList, coordinates or coord."""
    lists = []
    for item in element:
        name = local(item.tag)
        if name == "posList":
            numbers = _numbers(item.text or "")
            width = _dimension(item, dimension) or (3 if len(numbers) % 2 and len(numbers) % 3 == 0 else 2)
            lists.append(_rows(numbers, width))
        elif name == "pos":
            numbers = _numbers(item.text or "")
            lists.append(_rows(numbers, len(numbers) or 2))
        elif name == "coordinates":
            lists.append(_tuples(item))
        elif name == "coord":
            numbers = [number for axis in item for number in _numbers(axis.text or "")]
            lists.append(_rows(numbers, len(numbers) or 2))
        elif name in ("pointProperty", "pointRep", "Point"):
            raise NotSimple
    present = wkb.level([rows for rows in lists if len(rows)])
    positions = np.concatenate(present) if present else np.empty((0, 2))
    return positions[:, [1, 0, *range(2, positions.shape[1])]] if swapped else positions


def _tuples(element: Element) -> wkb.Coordinates:
    """``coordinates`` of GML 2: numbers apart by ``cs``, positions apart by ``ts``, with a ``decimal`` mark."""
    between, after, decimal = element.get("cs", ","), element.get("ts", " "), element.get("decimal", ".")
    text = (element.text or "").strip()
    places = text.split() if after.isspace() else text.split(after)
    if between.isspace() or not between or not after:
        raise NotSimple
    rows = [[part.strip().replace(decimal, ".") for part in place.split(between)] for place in places if place.strip()]
    if not rows:
        return np.empty((0, 2))
    return _rows(_numbers(" ".join(part for row in rows for part in row)), len(rows[0]), len(rows))


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split()]
    except ValueError:
        raise NoNumbers from None


def _rows(numbers: list[float], width: int, count: int | None = None) -> wkb.Coordinates:
    if width not in (2, 3) or len(numbers) % width or (count is not None and len(numbers) != count * width):
        raise NoNumbers
    return np.array(numbers, dtype=float).reshape(-1, width)
