import datetime
import sqlite3
import time
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from geoportal.ingest.reader import read_layer
from geoportal.ingest.writer import write_layer
from geoportal.model.layer import ID_COLUMN, Field, Layer
from tests.ingest import makers


def everything() -> Layer:
    shapes = [
        shapely.Point(117, -1),
        None,
        shapely.from_wkt("POLYGON EMPTY"),
        shapely.from_wkt("LINESTRING Z (0 0 1, 1 1 2)"),
    ]
    columns = {
        "teks": pd.Series(["a", None, "", "é'\"\x01"], dtype="str"),
        "bulat": pd.Series([1, None, -(2**62), 2**62], dtype="Int64"),
        "penuh": pd.Series([1, 2, 3, 4], dtype="int64"),
        "nyata": pd.Series([1.5, np.nan, 1e300, -0.1], dtype="float64"),
        "ya": pd.Series([True, None, False, True], dtype="boolean"),
        "tanggal": pd.Series([datetime.date(1900, 1, 1), None, datetime.date(9999, 12, 31), None], dtype=object),
        "saat": pd.to_datetime(pd.Series(["2024-01-31T08:00:00.123Z", None, None, None])).dt.as_unit("ms"),
        "biner": pd.Series([b"\0\1", None, b"", b"x"], dtype=object),
        "susun": pd.Series(['{"a":1}', None, "[1]", "null"], dtype="str"),
    }
    kinds = ["string", "integer", "integer", "number", "boolean", "date", "date-time", "binary", "json"]
    fields = tuple(Field(name, kind, 5 if name == "teks" else None) for name, kind in zip(columns, kinds, strict=True))
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
    return Layer("Desa", frame, "OGC:CRS84", fields, "Unknown", ids=("x", "y", "10", "2"))


def test_every_type_comes_back_as_it_was(tmp_path: Path) -> None:
    layer = everything()
    write_layer(layer, tmp_path / "layer.gpkg")
    again = read_layer(tmp_path / "layer.gpkg")
    assert again.name == "layer" and again.ids == ("1", "2", "3", "4")
    # For a reader of foreign files the name of our column is taken, so it is seen under another.
    assert again.frame[f"{ID_COLUMN}_2"].tolist() == list(layer.ids or ())
    assert again.fields[:-1] == layer.fields
    for field in layer.fields:
        expected, found = layer.frame[field.name], again.frame[field.name]
        assert expected.isna().tolist() == found.isna().tolist(), field.name
        present = expected.notna()
        assert expected[present].tolist() == found[present].tolist(), field.name
    for before, after in zip(layer.frame.geometry, again.frame.geometry, strict=True):
        assert (before is None) == (after is None)
        assert before is None or shapely.to_wkt(before, -1) == shapely.to_wkt(after, -1)


def test_the_same_layer_gives_the_same_bytes_at_another_time(tmp_path: Path) -> None:
    layer = everything()
    write_layer(layer, tmp_path / "1.gpkg")
    time.sleep(1.1)
    write_layer(layer, tmp_path / "2.gpkg")
    assert (tmp_path / "1.gpkg").read_bytes() == (tmp_path / "2.gpkg").read_bytes()


@pytest.mark.parametrize("crs", ["EPSG:9470", "EPSG:23837", "EPSG:32750"])
def test_coordinates_are_the_sources_very_numbers(crs: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(6402).uniform(-1e6, 1e7, (200, 2))
    frame = geopandas.GeoDataFrame({"a": range(200)}, geometry=shapely.points(numbers), crs=crs)
    source = read_layer(makers.geopackage(tmp_path / "a.gpkg", frame))
    write_layer(source, tmp_path / "layer.gpkg")
    with sqlite3.connect(tmp_path / "layer.gpkg") as connection:
        rows = connection.execute("SELECT fid, geom FROM layer ORDER BY fid").fetchall()
    connection.close()
    assert [fid for fid, _ in rows] == list(range(1, 201))
    found = shapely.get_coordinates(shapely.from_wkb([blob[8:] for _, blob in rows]))
    assert np.array_equal(found, numbers)
    assert read_layer(tmp_path / "layer.gpkg").crs == crs


def test_a_reference_system_without_a_code_survives(tmp_path: Path) -> None:
    wkt = geopandas.GeoSeries([], crs="+proj=tmerc +lon_0=116.7 +k=0.9999 +x_0=200000 +y_0=1500000 +ellps=WGS84").crs
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs=wkt)
    source = read_layer(makers.geopackage(tmp_path / "a.gpkg", frame))
    assert source.crs is not None and source.crs.startswith("PROJCRS")
    write_layer(source, tmp_path / "layer.gpkg")
    again = read_layer(tmp_path / "layer.gpkg")
    assert again.frame.crs.equals(source.frame.crs, ignore_axis_order=True)


def test_what_cannot_be_written_whole_is_not_left_half(tmp_path: Path) -> None:
    layer = everything()
    broken = Layer("x", layer.frame.assign(penuh=["a", "b", "c", "d"]), layer.crs, layer.fields, "Unknown")
    with pytest.raises(Exception, match=r".+"):
        write_layer(broken, tmp_path / "layer.gpkg")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match=r"layer\.gpkg"):
        write_layer(layer, tmp_path / "no folder" / "layer.gpkg")
