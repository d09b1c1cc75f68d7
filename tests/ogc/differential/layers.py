"""The same layers for both servers: for ours a Layer, for the stock one a GeoJSON file written with ``json`` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas
import pandas
import pyproj
import shapely

from geoportal.model.layer import Field, Layer

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
REGION = (115.4411, -1.135, 117.612, 1.4725)
"""Extent of the test's region, which a layer without geometry is said to have."""

MARKUP = "a<b & \"c\" 'd' </script><script>alert(1)</script>"
MONTHS = ("2026-01-05", "2026-03-15", "2026-06-30", None, "2026-12-31", "2024-02-29")


@dataclass(frozen=True, slots=True)
class Sample:
    """A layer by its rows: ``types`` are those of the fields in order, ``geometries`` are x before y in ``epsg``.

    ``time`` names the field that says when a feature holds.
    """

    id: str
    title: str
    types: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    geometries: Sequence[shapely.Geometry | None]
    epsg: int = 4326
    time: str | None = None

    @property
    def placed(self) -> bool:
        """Whether any feature has a geometry."""
        return any(geometry is not None for geometry in self.geometries)

    @property
    def storage(self) -> str:
        """The reference system of the file; longitude first is CRS84 in OGC's words."""
        return CRS84 if self.epsg == 4326 else f"{EPSG}{self.epsg}"

    @property
    def key(self) -> str:
        """The field whose value is the id of a feature: the first."""
        return next(iter(self.types))

    def layer(self) -> Layer:
        """As our node is given it."""
        columns = {
            name: pandas.array([row[name] for row in self.rows], dtype="Int64")
            if kind == "integer"
            else pandas.Series([row[name] for row in self.rows], dtype=object)
            for name, kind in self.types.items()
        }
        fields = tuple(Field(name, kind) for name, kind in self.types.items())
        if not self.placed:
            return Layer(self.id, pandas.DataFrame(columns), None, fields, None)
        frame = geopandas.GeoDataFrame(columns, geometry=list(self.geometries), crs=f"EPSG:{self.epsg}")
        kinds = {geometry.geom_type for geometry in self.geometries if geometry is not None}
        return Layer(self.id, frame, f"EPSG:{self.epsg}", fields, kinds.pop() if len(kinds) == 1 else "Unknown")

    def geojson(self) -> str:
        """As the stock server's GeoJSON provider is given it, in the same reference system."""
        features = [
            {
                "type": "Feature",
                "id": str(row[self.key]),
                "geometry": None if geometry is None else json.loads(shapely.to_geojson(geometry)),
                "properties": dict(row),
            }
            for row, geometry in zip(self.rows, self.geometries, strict=True)
        ]
        return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)

    def extent(self) -> tuple[float, ...]:
        """What an officer would write down as its extent in degrees."""
        if not self.placed:
            return REGION
        placed = [geometry for geometry in self.geometries if geometry is not None]
        frame = geopandas.GeoSeries(placed, crs=f"EPSG:{self.epsg}")
        return tuple(float(value) for value in frame.to_crs("OGC:CRS84").total_bounds)


def samples() -> list[Sample]:
    """All layers of the comparison."""
    return [_points(), _crossing(), _grid(), _lines(), _table(), _many()]


def _points() -> Sample:
    """Points with markup, other scripts, gaps and dates; the first row is whole, since stock reads the types of it."""
    names = ["Kantor & Pasar", MARKUP, "村 é \u2028 \U0001f30f", None, "", "biasa"]
    rows = [
        {
            "kode": f"P{number}",
            "nama": name,
            "nilai": None if number == 4 else number * 1.25,
            "urut": None if number == 5 else number,
            "aktif": None if number == 6 else number % 2 == 1,
            "tanggal": date,
        }
        for number, (name, date) in enumerate(zip(names, MONTHS, strict=True), 1)
    ]
    places = [shapely.Point(116 + number * 0.25, -0.5 + number * 0.125) for number in range(1, 6)]
    types = {"kode": "string", "nama": "string", "nilai": "number", "urut": "integer"}
    return Sample(
        "titik",
        "Titik & <tanda>",
        {**types, "aktif": "boolean", "tanggal": "date"},
        rows,
        [*places, None],
        4326,
        "tanggal",
    )


def _crossing() -> Sample:
    """Polygons like those of Natural Earth: cut at 180 degrees, one around the pole, one with a hole, one far away."""
    cut = shapely.MultiPolygon([shapely.box(176, -20, 180, -10), shapely.box(-180, -20, -175, -10)])
    pole = shapely.Polygon([(-180, -90), (180, -90), (180, -75), (60, -70), (-60, -72), (-180, -75)])
    holed = shapely.Polygon(
        [(170, 40), (179, 40), (179, 50), (170, 50)], [[(173, 43), (173, 47), (176, 47), (176, 43)]]
    )
    shapes = [
        cut,
        pole,
        holed,
        shapely.box(-179, 60, -170, 66),
        shapely.box(100, -5, 110, 5),
        shapely.box(-10, 0, 20, 9),
    ]
    names = ("fiji", "antartika", "berlubang", "chukotka", "jauh", "nol")
    rows = [{"nama": name, "luas": number * 10} for number, name in enumerate(names, 1)]
    geometries = [shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape]) for shape in shapes]
    return Sample("lintas", "Lintas 180", {"nama": "string", "luas": "integer"}, rows, geometries)


def _grid() -> Sample:
    """Points on the edge of a box in degrees, stored in UTM 50S, where those edges are curves."""
    to_utm = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:32750", always_xy=True)
    at = [(west, south) for west in (115.5, 116.5, 117.5) for south in (-1.1, 0.15, 1.4)]
    places = [shapely.Point(*(round(value, 3) for value in to_utm.transform(*place))) for place in at]
    rows = [{"kode": f"U{number}", "lajur": number % 3} for number in range(len(at))]
    return Sample("utm", "Petak UTM", {"kode": "string", "lajur": "integer"}, rows, places, 32750)


def _lines() -> Sample:
    lines = [shapely.LineString([(116, 0, 5), (116.5, 0.25, 10)]), shapely.LineString([(117, -1, 0), (117, 1, 2.5)])]
    rows = [{"ruas": 101, "nama": "Jalan A"}, {"ruas": 202, "nama": "Jalan <B>"}]
    return Sample("ruas", "Ruas jalan", {"ruas": "integer", "nama": "string"}, rows, lines)


def _table() -> Sample:
    rows = [{"kode": "T1", "jiwa": 10}, {"kode": "T2", "jiwa": 20}, {"kode": "T3", "jiwa": 20}]
    return Sample("tabel", "Tabel penduduk", {"kode": "string", "jiwa": "integer"}, rows, [None] * 3)


def _many() -> Sample:
    rows = [{"kode": f"{number:04}", "kelas": number % 7} for number in range(1, 238)]
    places = [shapely.Point(116 + number % 50 * 0.01, number // 50 * 0.01) for number in range(1, 238)]
    return Sample("banyak", "Banyak titik", {"kode": "string", "kelas": "integer"}, rows, places)
