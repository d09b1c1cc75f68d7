"""A layer written in each format by somebody else goes in through the child and is the same layer: count, reference
system, values and coordinates.
"""

import datetime
import math
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
import shapely
from pyogrio import read_dataframe, write_dataframe

from geoportal.ingest.crs import same
from geoportal.model.report import Verdict
from tests.ingest.conftest import Inspect, rules

SHAPES = [
    shapely.Polygon(
        [(117.123456789012, -1.0), (118.0, -1.000000001), (118.0, 0.123456789), (117.123456789012, -1.0)],
        [[(117.6, -0.7), (117.8, -0.7), (117.8, -0.6), (117.6, -0.7)]],
    ),
    shapely.MultiPolygon([shapely.box(116, -1, 116.25, -0.5), shapely.box(116.5, 0, 116.75, 0.5)]),
    shapely.box(115.1, -0.1, 115.2, 0.1),
]
VALUES = {
    "nama": ["Désa & <b>", "Muara 'X'", "東"],
    "kode": ["0012", "64.02", "03"],
    "n": [1, 2**31 + 7, -3],
    "x": [1.5, 0.1, -123456.789],
    "d": [datetime.date(2024, 1, 31), datetime.date(1999, 12, 31), datetime.date(2026, 2, 28)],
    "t": pd.to_datetime(["2024-01-31T08:00:00Z", "2024-01-31T08:00:01Z", "1999-12-31T23:59:59Z"]),
}


def layer(crs: str = "EPSG:4326") -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(VALUES, geometry=SHAPES, crs="EPSG:4326").to_crs(crs)


def by_gdal(driver: str, **options: Any) -> Callable[[geopandas.GeoDataFrame, Path], None]:
    def write(data: geopandas.GeoDataFrame, path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_dataframe(data, path, driver=driver, **options)

    return write


def by_arrow(**options: Any) -> Callable[[geopandas.GeoDataFrame, Path], None]:
    return lambda data, path: data.to_parquet(path, **options)


FORMATS: dict[str, tuple[Callable[[geopandas.GeoDataFrame, Path], None], str]] = {
    "libkml.kml": (by_gdal("LIBKML"), "EPSG:4326"),
    "old.kml": (by_gdal("KML"), "EPSG:4326"),
    "libkml.kmz": (by_gdal("LIBKML"), "EPSG:4326"),
    "gml2.gml": (by_gdal("GML", FORMAT="GML2"), "EPSG:4326"),
    "gml3.gml": (by_gdal("GML", FORMAT="GML3"), "EPSG:4326"),
    "gml32.gml": (by_gdal("GML", FORMAT="GML3.2"), "EPSG:4326"),
    "gml32-short.gml": (by_gdal("GML", FORMAT="GML3.2", SRSNAME_FORMAT="SHORT"), "EPSG:4326"),
    "gml32-url.gml": (by_gdal("GML", FORMAT="GML3.2", SRSNAME_FORMAT="OGC_URL"), "EPSG:4326"),
    "gml32-utm.gml": (by_gdal("GML", FORMAT="GML3.2"), "EPSG:32750"),
    "deegree.gml": (by_gdal("GML", FORMAT="GML3Deegree"), "EPSG:4326"),
    "index.fgb": (by_gdal("FlatGeobuf"), "EPSG:4326"),
    "plain.fgb": (by_gdal("FlatGeobuf", SPATIAL_INDEX="NO"), "EPSG:9480"),
    "lines.geojsonl": (by_gdal("GeoJSONSeq", COORDINATE_PRECISION="15"), "EPSG:4326"),
    "sequence.geojsons": (by_gdal("GeoJSONSeq", RS="YES", COORDINATE_PRECISION="15"), "EPSG:4326"),
    "wkb.parquet": (by_arrow(write_covering_bbox=True), "EPSG:23837"),
    "zstd.parquet": (by_arrow(compression="zstd", schema_version="1.0.0"), "EPSG:4326"),
    "arrow.feather": (lambda data, path: data.to_feather(path), "EPSG:32650"),
    "tab.tab": (by_gdal("MapInfo File", BOUNDS="100,-20,130,20"), "EPSG:4326"),
    "mif.mif": (by_gdal("MapInfo File", FORMAT="MIF"), "EPSG:4326"),
}
# What a format cannot do better: whole numbers of a grid (TAB), digits of its writer, text where it has no types.
TOLERANCE = {
    "tab.tab": 4e-8,
    "old.kml": 1e-13,
    "gml2.gml": 1e-9,
    "gml3.gml": 1e-9,
    "gml32.gml": 1e-9,
    "gml32-short.gml": 1e-9,
    "gml32-url.gml": 1e-9,
    "gml32-utm.gml": 1e-6,
    "deegree.gml": 1e-9,
    "mif.mif": 1e-9,
    "libkml.kml": 1e-13,
    "libkml.kmz": 1e-13,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_layer_comes_in_as_it_was_written(name: str, tmp_path: Path, inspect: Inspect) -> None:
    write, crs = FORMATS[name]
    data = layer(crs)
    path = tmp_path / name
    write(data, path)
    report, staged = inspect(path)
    assert staged is not None, rules(report)
    assert report.verdict is Verdict.ACCEPT, rules(report)
    [summary] = report.layers
    assert summary.features == 3 and summary.crs is not None and same(summary.crs, crs)
    read = read_dataframe(staged.path)
    order = [read["kode"].tolist().index(code) for code in VALUES["kode"]]  # an index of FlatGeobuf sorts
    read = read.iloc[order].reset_index(drop=True)
    furthest = [shapely.hausdorff_distance(a, b) for a, b in zip(read.geometry, data.geometry, strict=True)]
    counts = shapely.get_num_coordinates(read.geometry.to_numpy()) == shapely.get_num_coordinates(
        data.geometry.to_numpy()
    )
    assert max(furthest) <= TOLERANCE.get(name, 0.0) and counts.all()
    for column, values in VALUES.items():
        for found, expected in zip(read[column], values, strict=True):
            assert told(found) == told(expected), column


_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")  # how GDAL's older KML driver writes a time


def told(value: Any) -> Any:
    """A value as one can compare it over formats without types: numbers as such, dates and times as ISO text."""
    if isinstance(value, pd.Timestamp):
        if value.tzinfo is None and value == value.normalize():
            return value.date().isoformat()
        return value.tz_convert("UTC").isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            number = float(value) if not value.startswith("0") else math.nan
        except ValueError:
            number = math.nan
        if not math.isnan(number):
            return number
        plain = value.replace("/", "-").removesuffix("+00").replace("Z", "+00:00")
        return f"{plain.replace(' ', 'T')}+00:00" if _INSTANT.fullmatch(plain) else plain
    return float(value)


def test_the_native_encoding_of_points_lines_and_polygons(tmp_path: Path, inspect: Inspect) -> None:
    shapes = {
        "point": [shapely.Point(117.1, -0.5), None, shapely.Point(1, 2)],
        "line": [shapely.LineString([(0, 0, 5), (1, 1, 6)]), shapely.LineString([(0, 0, 1), (2, 2, 2), (3, 3, 3)])],
        "multipolygon": [SHAPES[1], shapely.MultiPolygon([SHAPES[0]])],
        "multipoint": [shapely.MultiPoint([(0, 0), (1, 1)])],
        "multiline": [shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])],
    }
    for name, geometry in shapes.items():
        data = geopandas.GeoDataFrame({"n": range(len(geometry))}, geometry=geometry, crs="EPSG:32750")
        data.to_parquet(tmp_path / f"{name}.parquet", geometry_encoding="geoarrow")
        report, staged = inspect(tmp_path / f"{name}.parquet")
        assert staged is not None, rules(report)
        read = read_dataframe(staged.path)
        assert [shapely.to_wkb(g) if g else None for g in read.geometry] == [
            shapely.to_wkb(g) if g else None for g in geometry
        ]
        assert report.layers[0].crs == "EPSG:32750"
