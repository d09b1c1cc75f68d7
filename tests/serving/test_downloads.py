import json
import sqlite3

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from geoportal.model.layer import ID_COLUMN
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.serving.build import build
from geoportal.serving.downloads import build_downloads, geopackage
from geoportal.serving.downloads.contents import Contents
from geoportal.serving.edition import Edition
from tests.factories import make_layer
from tests.serving.samples import features, layer, polygons, served

RECORD = Record(LocalText("Batas desa <SINTETIS> 'uji'", "Village boundaries"), LocalText("Data uji.", "Test data."))


def made(tmp_path, *arguments, **named):
    subject = arguments[0] if len(arguments) == 1 else layer(*arguments, **named)
    tmp_path.mkdir(exist_ok=True)
    serving = served(tmp_path, subject)
    build_downloads(subject, tmp_path, "batas_desa", RECORD)
    return serving, tmp_path / "berkas" / "batas_desa.gpkg", tmp_path / "berkas" / "batas_desa.geojson"


def test_geojson_is_the_same_features(tmp_path):
    serving, _, geojson = made(tmp_path / "s", [*polygons(50), None], {"n": range(51)})
    whole = json.loads(geojson.read_bytes())
    assert whole["name"] == "batas_desa"
    assert whole["features"] == features(serving)
    assert whole["bbox"] == list(serving.summary.extent_crs84)
    frame = geopandas.read_file(geojson)
    assert len(frame) == 51
    assert frame.crs.to_authority() in {("EPSG", "4326"), ("OGC", "CRS84")}


def test_geopackage_is_the_source_s_own_numbers(tmp_path):
    frame = geopandas.GeoSeries(polygons(50), crs=4326).to_crs(9490)
    columns = {
        "n": range(50),
        "nama": pd.Series(["é <b>", None] * 25),
        "nyata": pd.Series([0.1, np.nan] * 25),
        "saat": pd.to_datetime(["2024-02-29T01:00:00Z"] * 50),
        "susunan": ['{"a": [1]}'] * 50,
        ID_COLUMN: [f"x{n}" for n in range(50)],
    }
    subject = layer(frame, columns, crs="EPSG:9490", ids=[f"x{n}" for n in range(50)], types={"susunan": "json"})
    _, geopackage, _ = made(tmp_path / "s", subject)
    found = geopandas.read_file(geopackage, layer="batas_desa")
    assert found.crs == "EPSG:9490"
    assert shapely.equals_identical(found.geometry.to_numpy(), frame.to_numpy()).all()
    assert list(found.columns) == ["n", "nama", "nyata", "saat", "susunan", "geometry"]
    assert found["nama"].iloc[0] == "é <b>"
    assert found["nama"].isna().iloc[1]
    assert json.loads(found["susunan"].iloc[0]) == {"a": [1]}
    with sqlite3.connect(geopackage) as connection:
        contents = connection.execute(
            "SELECT table_name, identifier, description, last_change FROM gpkg_contents"
        ).fetchall()
    connection.close()
    assert contents == [("batas_desa", "Batas desa <SINTETIS> 'uji'", "Data uji.", "1970-01-01T00:00:00.000Z")]


def test_names_that_clash_with_those_of_a_geopackage(tmp_path):
    columns = {
        "fid": ["a", "b"],
        "geom": ["c", "d"],
        "FID_2": ["e", "f"],
        "Nama": ["g", "h"],
        "nama": ["i", "j"],
        "GEOMETRY": ["m", "n"],
        "a\"b'c": ["k", "l"],
    }
    _, geopackage, _ = made(tmp_path / "s", polygons(2), columns)
    found = geopandas.read_file(geopackage)
    assert list(found.columns) == ["fid", "geom", "FID_2", "Nama", "nama_2", "GEOMETRY", "a\"b'c", "geometry"]
    assert found.iloc[1].tolist()[:7] == ["b", "d", "f", "h", "j", "n", "l"]


def test_no_geometry_and_mixed_geometry(tmp_path):
    _, geopackage, geojson = made(tmp_path / "table", None, {"kode": ["a", "b"]}, crs=None)
    assert pyogrio.read_dataframe(geopackage)["kode"].tolist() == ["a", "b"]
    assert [feature["geometry"] for feature in json.loads(geojson.read_bytes())["features"]] == [None, None]
    mixed = [shapely.Point(116, 0), None, *polygons(1), shapely.from_wkt("POLYGON EMPTY"), shapely.Point(1, 2, 3)]
    _, geopackage, _ = made(tmp_path / "mixed", mixed, {"n": range(5)})
    found = geopandas.read_file(geopackage)
    assert found["n"].tolist() == list(range(5))
    assert found.geometry.iloc[1] is None
    assert found.geometry.iloc[4].has_z


def test_a_layer_in_which_nothing_has_a_place(tmp_path):
    _, geopackage, _ = made(tmp_path / "s", [None, None], {"n": [1, 2]})
    found = geopandas.read_file(geopackage)
    assert found["n"].tolist() == [1, 2]
    assert found.geometry.tolist() == [None, None]
    assert found.crs == "EPSG:4326"


def test_an_empty_layer(tmp_path):
    _, geopackage, geojson = made(tmp_path / "s", [], {"n": pd.Series([], dtype="int64")})
    whole = json.loads(geojson.read_bytes())
    assert (whole["name"], whole["features"], "bbox" in whole) == ("batas_desa", [], False)
    assert len(geopandas.read_file(geopackage)) == 0


def test_the_same_content_is_the_same_bytes(tmp_path):
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    subject = layer(polygons(200), {"n": range(200)})
    _, first, _ = made(tmp_path / "a", subject)
    _, second, _ = made(tmp_path / "b", subject)
    assert first.read_bytes() == second.read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before


def test_needs_the_serving_files(tmp_path):
    from geoportal.errors import Unavailable

    with pytest.raises(Unavailable):
        build_downloads(layer(polygons(2)), tmp_path, "x", RECORD)
    build(layer(polygons(2)), tmp_path)
    assert len(build_downloads(layer(polygons(2)), tmp_path, "x", RECORD).files) == 7


def test_a_geopackage_that_others_would_read_otherwise_is_not_published(tmp_path):
    layer = make_layer([shapely.Point(116, 0), shapely.Point(116, 1)], crs="EPSG:4326", nama=["a", "b"])
    build(layer, tmp_path)
    record = Record(LocalText("Titik", "Points"))
    build_downloads(layer, tmp_path, "titik", record)
    path = tmp_path / "berkas" / "titik.gpkg"
    geopackage.reopen(Contents(layer, tmp_path, "titik", record, Edition()), path)
    fewer = make_layer([shapely.Point(116, 0)], crs="EPSG:4326", nama=["a"])
    moved = make_layer([shapely.Point(116, 0), shapely.Point(116, 1)], crs="EPSG:32750", nama=["a", "b"])
    renamed = make_layer([shapely.Point(116, 0), shapely.Point(116, 1)], crs="EPSG:4326", name=["a", "b"])
    for other in (fewer, moved, renamed):
        with pytest.raises(RuntimeError):
            geopackage.reopen(Contents(other, tmp_path, "titik", record, Edition()), path)
