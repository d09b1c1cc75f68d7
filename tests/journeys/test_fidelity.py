"""Every value and every coordinate that is served is that of the source file: bytes in, bytes out (CONFORMANCE 4).

The sources are read by geopandas, pyogrio and pandas, not by us, and compared with what ``/ogc`` of the whole
application says: values with their types, coordinates in the layer's own reference system to the last digit, in CRS84
to nine decimals, rings right-handed, extents tight.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyogrio
import pyproj
import pytest
import shapely
from starlette.testclient import TestClient

from geoportal.ingest.reader import read_layer
from geoportal.node import Node
from geoportal.settings import Settings, StorageSettings
from geoportal.web.app import create_app
from tests.ogc.differential.meaning import strict
from tests.ogc.whole import CRS84, whole
from tests.ogc.world import World
from tests.processes import ROOT

MADE_UP = {
    "kabupaten": {"gml_id", "lowerCorner", "upperCorner"},
    "sungai": {"Name", "tessellate", "extrude", "visibility", "drawOrder", "altitudeMode", "icon"},
}
"""Columns that GDAL's reader makes of the markup of a format; they are no attributes of the features."""


def _semicolons(path: Path) -> pandas.DataFrame:
    """With semicolons and decimal commas, as offices here write them."""
    return pandas.read_csv(path, sep=";", decimal=",", dtype={"kode_kecamatan": str, "kode_desa": str})


def _points(frame: pandas.DataFrame, x: str, y: str) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(frame, geometry=geopandas.points_from_xy(frame[x], frame[y]), crs="OGC:CRS84")


READERS: Mapping[str, Callable[[Path], Any]] = {
    "jalan": geopandas.read_parquet,
    "penduduk_kecamatan": _semicolons,
    "faskes": lambda path: _points(_semicolons(path), "lon", "lat"),
    "sekolah": lambda path: _points(pandas.read_excel(path, dtype={"kode_desa": str}), "bujur", "lintang"),
}
SOURCES = (
    "kabupaten/kabupaten.gml",
    "kecamatan/kecamatan.gpkg",
    "ibu_kota_kecamatan/ibu_kota_kecamatan.zip",
    "desa/desa.geojson",
    "penduduk_kecamatan/penduduk_kecamatan.csv",
    "sungai/sungai.kml",
    "danau/danau.gpkg",
    "jalan/jalan.parquet",
    "faskes/faskes.csv",
    "sekolah/sekolah.xlsx",
    "menara/menara.gpx",
    "rawan_banjir/rawan_banjir.fgb",
    "izin_lokasi/izin_lokasi.gpkg",
    "pola_ruang/pola_ruang.gpkg",
    "kawasan_hutan/kawasan_hutan.zip",
)


def read(name: str, path: Path) -> Any:
    """The source as a stranger reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return READERS[name](path) if name in READERS else pyogrio.read_dataframe(path)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, demo_data: Any) -> Iterator[TestClient]:
    node = Node(Settings(storage=StorageSettings(data=demo_data(tmp_path_factory.mktemp("setia") / "data"))))
    with TestClient(create_app(node), base_url=node.settings.base_url, follow_redirects=False) as client:
        yield client
    node.close()


def items(client: TestClient, name: str, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"/ogc/collections/{name}/items?limit=10000{query}")
    assert response.status_code == 200, response.text[:300]
    document = strict(response.content)
    assert document["numberMatched"] == len(document["features"])
    return list(document["features"])


def same(served: Any, source: Any) -> bool:
    """Whether a value is the source's own: null for what is none, dates as ISO, numbers by value, texts by letter."""
    if source is None or source is pandas.NaT or (isinstance(source, float) and np.isnan(source)):
        return served is None
    if isinstance(source, pandas.Timestamp):
        moment = pandas.Timestamp(served)
        return bool(moment.tz_localize(None) == source.tz_localize(None)) if source.tz is None else moment == source
    if isinstance(source, date):
        return bool(served == source.isoformat())
    if isinstance(served, str) and not isinstance(source, str):  # a code that GDAL takes for a number
        return float(served) == float(source)
    if isinstance(source, (bool, np.bool_)) or isinstance(served, bool):
        return served is bool(source)
    return bool(served == source)


def shapes_of(features: list[dict[str, Any]], swapped: bool = False) -> Any:
    """Geometries as shapely has them, x before y."""
    texts = [json.dumps(feature["geometry"]) if feature["geometry"] else None for feature in features]
    found = shapely.from_geojson(np.array(texts, dtype=object))
    if not swapped:
        return found
    return shapely.transform(found, lambda at: at[:, [1, 0, *range(2, at.shape[1])]], include_z=None)


def coordinates(shapes: Any) -> Any:
    """Coordinates of geometries however their rings turn and begin, with heights."""
    return shapely.get_coordinates(shapely.normalize(shapes), include_z=True)


def turned_right(features: list[dict[str, Any]]) -> bool:
    """Whether all outer rings turn against the clock and all holes with it (RFC 7946, 3.1.6)."""
    for shape in shapely.get_parts(shapes_of([f for f in features if f["geometry"]])):
        rings = (
            [shape.exterior.is_ccw, *(not hole.is_ccw for hole in shape.interiors)]
            if shape.geom_type == "Polygon"
            else []
        )
        if not all(rings):
            return False
    return True


@pytest.mark.parametrize("source", SOURCES)
def test_a_layer_of_the_demonstration_is_its_source(demo, source):
    name = source.partition("/")[0]
    frame = read(name, ROOT / "datasets" / source)
    features = items(demo, name)
    assert len(features) == len(frame)
    columns = set(frame.columns) - {"geometry"}
    served = set(features[0]["properties"])
    told = {column for column in columns if frame[column].notna().any()} - MADE_UP.get(name, set())
    assert told <= served, f"not served: {told - served}"
    for column in served & columns:
        for feature, value in zip(features, frame[column].tolist(), strict=True):
            assert same(feature["properties"][column], value), (column, feature["properties"][column], value)
    if not isinstance(frame, geopandas.GeoDataFrame):
        assert all(feature["geometry"] is None for feature in features) or name == "penduduk_kecamatan"
        return

    collection = strict(demo.get(f"/ogc/collections/{name}").content)
    storage = collection["storageCrs"]
    swapped = pyproj.CRS(storage).axis_info[0].direction == "north" if storage != CRS84 else False
    own = items(demo, name, f"&crs={storage}")
    assert np.array_equal(
        coordinates(shapes_of(own, swapped)), coordinates(frame.geometry.to_numpy()), equal_nan=True
    ), "in its own reference system a layer has the source's own numbers"
    degrees = coordinates(shapes_of(features))
    wanted = coordinates(frame.to_crs("OGC:CRS84").geometry.to_numpy())
    assert np.nanmax(np.abs(degrees - wanted)) < 1e-8
    assert turned_right(features) and (swapped or turned_right(own))
    assert collection["extent"]["spatial"]["bbox"][0] == [
        *degrees[:, :2].min(axis=0).tolist(),
        *degrees[:, :2].max(axis=0).tolist(),
    ], "the extent is tight"


HOLED = shapely.Polygon(  # clockwise outside, hole against the clock: wrong way round on purpose
    [(117, 0), (117, 1), (118, 1), (118, 0)], [[(117.2, 0.2), (117.8, 0.2), (117.8, 0.8), (117.2, 0.8)]]
)
ROWS: list[dict[str, Any]] = [
    {"nama": "a<b> & \"c\" 'd' </script>", "hari": "2026-02-28", "kala": "2026-02-28T23:59:59.123", "bulat": 2**53 + 1},
    {"nama": "村 é \U0001f30f \u2028 \u202e", "hari": None, "kala": None, "bulat": -(2**62)},
    {"nama": "", "hari": "0999-12-31", "kala": "1900-01-01T00:00:00", "bulat": 0},
    {"nama": None, "hari": "9999-12-31", "kala": "2026-06-30T12:00:00", "bulat": None},
    {"nama": " tepi\tbaris\nbaru ", "hari": "2024-02-29", "kala": "2026-01-01T00:00:00.5", "bulat": 7},
]
NUMBERS = [0.1 + 0.2, 1e-300, 1.7976931348623157e308, None, -0.0]
TRUTHS = [True, False, None, True, None]
SHAPES = [
    HOLED,
    shapely.MultiPolygon([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)]),
    shapely.Polygon([(0.1, 0.1, 1.5), (1.1, 0.1, 2.5), (1.1, 1.1, 3.25)]),
    None,
    shapely.Polygon([(116.123456789, 0.987654321), (116.2, 0.987654321), (116.2, 1)]),
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, geopandas.GeoDataFrame]]:
    """A GeoPackage of odd things, written by GDAL, read and published by us."""
    folder = tmp_path_factory.mktemp("ganjil")
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    frame = geopandas.GeoDataFrame(
        {
            "nama": pandas.Series(columns["nama"], dtype=object),
            "hari": pandas.Series(
                [None if d is None else date.fromisoformat(d) for d in columns["hari"]], dtype=object
            ),
            "kala": pandas.to_datetime(pandas.Series(columns["kala"]), format="ISO8601"),
            "bulat": pandas.array(columns["bulat"], dtype="Int64"),
            "pecahan": NUMBERS,
            "benar": pandas.array(TRUTHS, dtype="boolean"),
        },
        geometry=SHAPES,
        crs="EPSG:4326",
    )
    path = folder / "ganjil.gpkg"
    pyogrio.write_dataframe(frame, path, layer="ganjil")
    with whole(folder / "data") as world:
        world.publish("ganjil", read_layer(path), key=None)
        yield world, frame


def test_odd_values_come_through_untouched(odd):
    world, _ = odd
    features = items(world.client, "ganjil")
    assert [feature["properties"]["nama"] for feature in features] == [row["nama"] for row in ROWS]
    assert [feature["properties"]["hari"] for feature in features] == [row["hari"] for row in ROWS]
    assert [feature["properties"]["bulat"] for feature in features] == [row["bulat"] for row in ROWS]
    assert [feature["properties"]["pecahan"] for feature in features] == NUMBERS
    assert [feature["properties"]["benar"] for feature in features] == TRUTHS
    for feature, row in zip(features, ROWS, strict=True):
        told = feature["properties"]["kala"]
        assert (told is None) == (row["kala"] is None)
        assert told is None or pandas.Timestamp(told).tz_localize(None) == pandas.Timestamp(row["kala"])


def test_odd_shapes_come_through_untouched(odd):
    world, frame = odd
    features = items(world.client, "ganjil")
    served = shapes_of(features)
    for mine, source in zip(served, frame.geometry, strict=True):
        if source is None:
            assert mine is None
            continue
        assert mine.has_z == source.has_z
        assert np.array_equal(coordinates(mine), coordinates(source), equal_nan=True)
        assert [len(part.interiors) for part in shapely.get_parts(mine)] == [
            len(part.interiors) for part in shapely.get_parts(source)
        ]
    assert turned_right(features)
    (bbox,) = strict(world.get("/ogc/collections/ganjil").content)["extent"]["spatial"]["bbox"]
    assert bbox == [-180.0, -1.0, 180.0, 1.1]


def test_one_item_and_all_pages_have_the_same_bytes_of_a_feature(odd):
    """A feature reads the same in the page, alone, in a page of one, and in a filtered page."""
    world, _ = odd
    for feature in items(world.client, "ganjil"):
        fid = feature["id"]
        alone = strict(world.get(f"/ogc/collections/ganjil/items/{fid}").content)
        assert {name: alone[name] for name in feature} == feature
        (filtered,) = strict(world.get(f"/ogc/collections/ganjil/items?limit=1&offset={int(fid) - 1}").content)[
            "features"
        ]
        assert filtered == feature
