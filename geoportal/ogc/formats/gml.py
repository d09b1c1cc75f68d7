"""Features as GML 3.2 (OGC 07-036r1) in the feature collection of OGC API Features (``core-sf.xsd``), with simple
properties as in the Simple Features profile (OGC 10-100r3).

``srsName`` is the address of the reference system, and coordinates are in the axis order of its authority. A property
without a value is left out, and so is an empty geometry, which GML cannot write. No application schema is published, so
this declares no conformance with the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import shapely

from geoportal.ogc.formats.chosen import Batch, Chosen
from geoportal.ogc.formats.names import element_names, escaped, id_of, quoted
from geoportal.serving.downloads.contents import as_texts, free_name

SF = "http://www.opengis.net/ogcapi-features-1/1.0/sf"
GML = "http://www.opengis.net/gml/3.2"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write(chosen: Chosen, base_url: str) -> Iterator[bytes]:
    """The feature collection."""
    spaces = f'xmlns:sf="{SF}" {_spaces(chosen, base_url)}'
    yield f'{_PROLOGUE}<sf:FeatureCollection {spaces} gml:id="{_element(chosen)}">\n'.encode()
    for batch in chosen.batches():
        yield "".join(f"<sf:featureMember>{text}</sf:featureMember>\n" for text in _features(batch)).encode()
    yield b"</sf:FeatureCollection>\n"


def write_one(chosen: Chosen, base_url: str) -> Iterator[bytes]:
    """One feature as a document of its own."""
    for batch in chosen.batches():
        for text in _features(batch, f" {_spaces(chosen, base_url)}"):
            yield f"{_PROLOGUE}{text}\n".encode()


def _spaces(chosen: Chosen, base_url: str) -> str:
    return f'xmlns:gml="{GML}" xmlns:app="{quoted(f"{base_url}/ogc/collections/{chosen.dataset_id}")}"'


def _element(chosen: Chosen) -> str:
    return element_names([chosen.dataset_id])[0]


def _features(batch: Batch, spaces: str = "") -> Iterator[str]:
    chosen = batch.chosen
    element = _element(chosen)
    names = element_names(chosen.column_names)
    # GDAL would not say of what kind an element "geometry" is, and pyogrio could not read one with heights at all.
    place = free_name("geom", names)
    columns = [
        [None if value is None else f"<app:{name}>{value}</app:{name}>" for value in _texts(kind, values)]
        for name, kind, values in zip(names, chosen.column_types, batch.columns, strict=True)
    ]
    ids = [id_of(chosen.dataset_id, fid) for fid in batch.ids]
    shapes = batch.shapes_as_written
    rows = zip(*columns, strict=True) if columns else ((),) * len(batch)
    for gml_id, shape, empty, row in zip(ids, shapes, shapely.is_empty(shapes).tolist(), rows, strict=True):
        texts = "".join(text for text in row if text is not None)
        if shape is not None and not empty:
            texts += f"<app:{place}>{geometry(shape, f'{gml_id}.g', chosen.crs)}</app:{place}>"
        yield f'<app:{element}{spaces} gml:id="{gml_id}">{texts}</app:{element}>'


def _texts(kind: str, values: list[Any]) -> list[str | None]:
    return [None if value is None else escaped(value) for value in as_texts(values)]


def geometry(shape: Any, gml_id: str, srs: str | None = None) -> str:
    """A geometry that is not empty as an element with an id; only the outermost tells reference system and dimension.

    ``shape`` has its coordinates in the order in which they are written.
    """
    dimension = 3 if shapely.has_z(shape) else 2
    told = f' srsName="{quoted(srs)}" srsDimension="{dimension}"' if srs else ""
    kind = shape.geom_type
    head = f'gml:id="{gml_id}"{told}'
    if kind in _MULTI:
        element, member = _MULTI[kind]
        inside = "".join(
            f"<gml:{member}>{geometry(part, f'{gml_id}.{number}')}</gml:{member}>"
            for number, part in enumerate((part for part in shapely.get_parts(shape) if not part.is_empty), 1)
        )
        return f"<gml:{element} {head}>{inside}</gml:{element}>"
    element, inside = _SIMPLE[kind](shape)
    return f"<gml:{element} {head}>{inside}</gml:{element}>"


def _point(shape: Any) -> tuple[str, str]:
    return "Point", f"<gml:pos>{_numbers(shape)}</gml:pos>"


def _line(shape: Any) -> tuple[str, str]:
    return "LineString", f"<gml:posList>{_numbers(shape)}</gml:posList>"


def _polygon(shape: Any) -> tuple[str, str]:
    rings = [("exterior", shape.exterior), *(("interior", ring) for ring in shape.interiors if not ring.is_empty)]
    return "Polygon", "".join(
        f"<gml:{side}><gml:LinearRing><gml:posList>{_numbers(ring)}</gml:posList></gml:LinearRing></gml:{side}>"
        for side, ring in rings
    )


def _numbers(shape: Any) -> str:
    """The coordinates of a shape in the fewest digits that give every number back, blanks between."""
    coordinates = shapely.get_coordinates(shape, include_z=bool(shapely.has_z(shape))) + 0.0
    return orjson.dumps(coordinates.ravel(), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode().replace(",", " ")


_SIMPLE: dict[str, Callable[[Any], tuple[str, str]]] = {
    "Point": _point,
    "LineString": _line,
    "LinearRing": _line,
    "Polygon": _polygon,
}
_MULTI = {
    "MultiPoint": ("MultiPoint", "pointMember"),
    "MultiLineString": ("MultiCurve", "curveMember"),
    "MultiPolygon": ("MultiSurface", "surfaceMember"),
    "GeometryCollection": ("MultiGeometry", "geometryMember"),
}
