"""Readers of the forms that know nothing of how they were written: csv, pyarrow, geopandas, fiona, lxml."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import shapely
from lxml import etree

GML = "{http://www.opengis.net/gml/3.2}"


@dataclass
class Read:
    """What a reader shows: attributes by feature, places (x and y as written), reference system, names of columns."""

    rows: list[dict[str, Any]]
    shapes: list[Any]
    crs: Any = None
    names: list[str] = field(default_factory=list)
    raw: Any = None


def read_csv(body: bytes, folder: Path) -> Read:
    """By Python's own reader; an empty cell without quotes is None."""
    assert body.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    header, *lines = csv.reader(text, strict=True, quoting=csv.QUOTE_NOTNULL)
    shapes = []
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    for row in rows:
        shapes.append(shapely.from_wkt(row["wkt"]) if row.get("wkt") else None)
    return Read(rows, shapes, None, header)


def read_fgb(body: bytes, folder: Path) -> Read:
    """By two GDALs, which have to agree; attributes are those of the newer one."""
    path = folder / "x.fgb"
    path.write_bytes(body)
    meta, _, wkb, columns = pyogrio.raw.read(path, datetime_as_string=True)
    names = meta["fields"].tolist()
    with fiona.open(path) as opened:
        assert list(opened.schema["properties"]) == names
        features = list(opened)
    count = len(features)
    shapes = [None] * count if wkb is None else [shapely.from_wkb(each) for each in wkb]
    for feature, shape in zip(features, shapes, strict=True):
        old = None if feature.geometry is None else shapely.geometry.shape(feature.geometry)
        assert (old is None) == (shape is None)
        assert shape is None or shapely.equals_exact(shapely.force_2d(old), shapely.force_2d(shape))
    assert all(len(column) == count for column in columns)
    rows = [{name: _plain(column[n]) for name, column in zip(names, columns, strict=True)} for n in range(count)]
    return Read(rows, shapes, meta["crs"], names, meta)


def read_parquet(body: bytes, folder: Path) -> Read:
    """By pyarrow, and its geometries by shapely."""
    opened = pq.read_table(io.BytesIO(body))
    geo = json.loads((opened.schema.metadata or {}).get(b"geo", b"{}"))
    rows = opened.to_pylist()
    place = geo.get("primary_column")
    shapes = [shapely.from_wkb(row[place]) if place and row[place] is not None else None for row in rows]
    crs = geo["columns"][place]["crs"]["id"] if place else None
    return Read(rows, shapes, crs, opened.column_names, (opened, geo))


def read_jsonfg(body: bytes, folder: Path) -> Read:
    """As JSON."""
    document = json.loads(body)
    features = document.get("features", [document])
    rows = [{"id": feature["id"], **feature["properties"]} for feature in features]
    places = [feature["place"] or feature["geometry"] for feature in features]
    return Read(rows, [place and shape_of(place) for place in places], document.get("coordRefSys"), [], document)


def read_gml(body: bytes, folder: Path) -> Read:
    """By lxml: attributes as text, geometries put together from their elements."""
    root = etree.fromstring(body)
    collection = etree.QName(root).localname == "FeatureCollection"
    features = root.xpath("//*[local-name()='featureMember']/*") if collection else [root]
    rows, shapes, crs = [], [], set()
    ids = [each.get(f"{GML}id") for each in root.iter() if each.get(f"{GML}id")]
    assert len(ids) == len(set(ids))
    for feature in features:
        row: dict[str, Any] = {"gml:id": feature.get(f"{GML}id")}
        shape = None
        for child in feature:
            if len(child):
                crs.add(child[0].get("srsName"))
                shape = _gml_shape(child[0], int(child[0].get("srsDimension")))
            else:
                row[etree.QName(child).localname] = child.text or ""
        rows.append(row)
        shapes.append(shape)
    assert len(crs) <= 1
    return Read(rows, shapes, next(iter(crs), None), [], root)


def shape_of(geometry: Any) -> Any:
    """The geometry of a GeoJSON object, exactly."""
    return shapely.geometry.shape(geometry)


def _gml_shape(element: Any, dimension: int) -> Any:
    kind = etree.QName(element).localname
    if kind in ("Point", "LineString"):
        numbers = _numbers(element[0], dimension)
        return shapely.Point(numbers[0]) if kind == "Point" else shapely.LineString(numbers)
    if kind == "Polygon":
        rings = [_numbers(side[0][0], dimension) for side in element]
        return shapely.Polygon(rings[0], rings[1:])
    parts = [_gml_shape(member[0], dimension) for member in element]
    made = {"MultiPoint": shapely.MultiPoint, "MultiCurve": shapely.MultiLineString}
    made |= {"MultiSurface": shapely.MultiPolygon, "MultiGeometry": shapely.GeometryCollection}
    return made[kind](parts)


def _numbers(element: Any, dimension: int) -> list[list[float]]:
    return np.array([float(number) for number in element.text.split()]).reshape(-1, dimension).tolist()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is None or value != value else value


READERS = {"csv": read_csv, "fgb": read_fgb, "parquet": read_parquet, "jsonfg": read_jsonfg, "gml": read_gml}
