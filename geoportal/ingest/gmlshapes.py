"""One geometry of GML as WKB: straight ones by ourselves (``gmlsimple``), curves and surfaces by GDAL from the text of
that element alone.

GDAL reads a word as 0 and leaves parts out that are only linked: both are found here before anybody is asked.
"""

from __future__ import annotations

import math
import re
from ctypes import c_char_p, c_int, c_void_p, create_string_buffer
from xml.etree.ElementTree import Element, tostring

from geoportal.ingest import gdal
from geoportal.ingest.gmlsimple import NoNumbers, simple
from geoportal.ingest.markup import local
from geoportal.ingest.refusal import refuse

NAMES = frozenset(
    {
        "Point", "LineString", "Polygon", "LinearRing", "MultiPoint", "MultiLineString", "MultiPolygon",
        "MultiGeometry", "Curve", "MultiCurve", "CompositeCurve", "OrientableCurve", "Surface", "MultiSurface",
        "CompositeSurface", "OrientableSurface", "PolyhedralSurface", "TriangulatedSurface", "Tin", "Solid",
        "MultiSolid", "CompositeSolid", "Ring", "Box", "Envelope", "Circle", "Arc", "Triangle", "Rectangle",
    }
)  # fmt: skip
"""Elements that are geometries."""

_NUMBERS = {"pos", "posList", "X", "Y", "Z", "radius", "startAngle", "endAngle", "lowerCorner", "upperCorner"}
_LITTLE_ENDIAN = 1


class Unreadable(Exception):
    """A geometry that cannot be read whole; ``links`` are the places where its parts are said to lie."""

    def __init__(self, links: list[str] | None = None) -> None:
        super().__init__("unreadable")
        self.links = links or []


def stated_system(element: Element) -> str | None:
    """The first srsName in an element and what is in it, the outermost before others."""
    return next((name for item in element.iter() if (name := item.get("srsName"))), None)


def shape_of(element: Element, *, swapped: bool) -> bytes:
    """The geometry of one element as ISO WKB, with x before y; ``swapped`` says that the file has them the other way.

    Raises Unreadable for what cannot be read whole, a refusal (source-unsafe) for numbers that are none.
    """
    _look(element)
    try:
        straight = simple(element, swapped=swapped)
    except NoNumbers:
        raise Unreadable from None
    if straight is not None:
        return straight
    text = tostring(_plain(element), encoding="utf-8")
    create = gdal.function("OGR_G_CreateFromGML", c_void_p, c_char_p)
    made = create(text)
    if not made:
        raise Unreadable
    try:
        if swapped:
            gdal.function("OGR_G_SwapXY", None, c_void_p)(made)
        size = gdal.function("OGR_G_WkbSize", c_int, c_void_p)(made)
        buffer = create_string_buffer(size)
        if gdal.function("OGR_G_ExportToIsoWkb", c_int, c_void_p, c_int, c_char_p)(made, _LITTLE_ENDIAN, buffer):
            raise Unreadable
        return buffer.raw
    finally:
        gdal.function("OGR_G_DestroyGeometry", None, c_void_p)(made)


def _look(element: Element) -> None:
    """Every number is one, and no part lies elsewhere."""
    links = []
    for item in element.iter():
        name = local(item.tag)
        href = next((value for key, value in item.attrib.items() if local(key) == "href"), None)
        if href is not None and len(item) == 0:
            links.append(href)
        if name in _NUMBERS:
            _check(item.text or "")
        elif name == "coordinates":
            _check(_separated(item))
    if links:
        raise Unreadable([link for link in links if not link.startswith("#")])


def _check(text: str) -> None:
    try:
        numbers = [float(part) for part in text.split()]
    except ValueError:
        raise Unreadable from None
    if "_" in text:
        raise Unreadable
    if not all(map(math.isfinite, numbers)):
        raise refuse("source-unsafe", reason="not-a-number")


def _separated(element: Element) -> str:
    """The text of ``coordinates`` with blanks between its numbers and points in them (GML 2: cs, ts, decimal)."""
    text = element.text or ""
    between, decimal, after = element.get("cs", ","), element.get("decimal", "."), element.get("ts", " ")
    for mark in (between, after):
        if mark != decimal:
            text = text.replace(mark, " ")
    return text.replace(decimal, ".")


def _plain(element: Element) -> Element:
    """The same element with names without prefixes, and of its attributes those that say how to read it."""
    attributes = {
        key: value for key, value in element.attrib.items() if key in _READING or local(key) in ("orientation", "uom")
    }
    plain = Element(local(element.tag), attributes)
    plain.text = _BLANKS.sub(" ", element.text) if element.text else None
    plain.extend(_plain(child) for child in element)
    return plain


_READING = ("srsName", "srsDimension", "dimension", "cs", "ts", "decimal", "count", "interpolation", "numArc")
_BLANKS = re.compile(r"\s+")
