import datetime
import json
from dataclasses import replace

import geopandas
import geopandas.testing
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from geoportal.errors import Conflict
from geoportal.ingest import reader, writer
from geoportal.model.layer import ID_COLUMN, Field, LayerSummary
from geoportal.model.report import Report

LARGE = 2**60 + 1
FIELDS = (
    Field("whole", "integer"),
    Field("gaps", "integer"),
    Field("yes", "boolean"),
    Field("maybe", "boolean"),
    Field("real", "number"),
    Field("text", "string", 10),
    Field("zoned", "date-time"),
    Field("plain", "date-time"),
    Field("day", "date"),
    Field("list", "json"),
    Field("geometry", "string"),
    Field("fid", "integer"),
)
POINTS = [shapely.Point(500000.123456789, 9950000.5), None, shapely.Point(500001, 9950001, 5)]


def frame():
    attributes = pd.DataFrame(
        {
            "whole": [3, 1, 2],
            "gaps": pd.array([1, None, LARGE], dtype="Int64"),
            "yes": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "real": [1.5, np.nan, -2.0],
            "text": ["é村", None, ""],
            "zoned": pd.to_datetime(["2024-01-01T00:00:00.5Z", None, "2024-02-01T00:00:00Z"], format="ISO8601"),
            "plain": pd.to_datetime(["2024-01-01T08:00:00", None, "2024-02-01T00:00:00"]),
            "day": [datetime.date(2024, 1, 2), None, datetime.date(1890, 5, 6)],
            "list": [json.dumps([1, 2]), None, "{}"],
            "geometry": ["a", "b", "c"],
            "fid": [7, 7, 8],
            ID_COLUMN: ["x", "y", "z"],
        }
    )
    attributes["where"] = geopandas.GeoSeries(POINTS, crs="EPSG:32750")
    return geopandas.GeoDataFrame(attributes, geometry="where")


def sealed(files, tmp_path, report, layer=None):
    path = tmp_path / "layer.gpkg"
    pyogrio.write_dataframe(
        frame() if layer is None else layer,
        path,
        layer="layer",
        driver="GPKG",
        layer_options={"FID": "_fid", "GEOMETRY_NAME": "_geom"},
    )
    with files.registering():
        return files.seal("d", path, "d.gpkg", path, report)


def summary(fields=FIELDS, features=3, name="desa"):
    return LayerSummary(name, features, "EPSG:32750", (500000.0, 9950000.0, 500001.0, 9950001.0), "Point", fields)


def test_a_layer_comes_back_as_it_was(files, tmp_path):
    digest = sealed(files, tmp_path, Report((summary(),)))
    layer = files.open_layer("d", digest)
    assert (layer.name, layer.crs, layer.fields, layer.geometry_type) == ("desa", "EPSG:32750", FIELDS, "Point")
    assert layer.ids == ("x", "y", "z")
    assert [name for name in layer.frame.columns if name != layer.frame.active_geometry_name] == [
        f.name for f in FIELDS
    ]
    assert layer.frame.crs.to_epsg() == 32750
    assert isinstance(layer.frame.index, pd.RangeIndex)
    assert [g and g.wkb for g in layer.frame.geometry] == [p and p.wkb for p in POINTS], "to the last bit"
    got = layer.frame
    assert got["whole"].dtype == np.int64 and got["whole"].tolist() == [3, 1, 2]
    assert got["gaps"].tolist()[2] == LARGE and got["gaps"].isna().tolist() == [False, True, False]
    assert got["yes"].dtype == bool and got["yes"].tolist() == [True, False, True]
    assert got["maybe"].tolist()[::2] == [True, False] and got["maybe"].isna()[1]
    assert got["real"].tolist()[::2] == [1.5, -2.0] and got["real"].isna()[1]
    assert got["text"].tolist()[::2] == ["é村", ""] and got["text"].isna()[1]
    assert got["geometry"].tolist() == ["a", "b", "c"] and got["fid"].tolist() == [7, 7, 8]
    assert str(got["zoned"][0]) == "2024-01-01 00:00:00.500000+00:00" and got["zoned"].isna()[1]
    assert str(got["plain"][0]) == "2024-01-01 08:00:00+00:00" and got["plain"].isna()[1]
    assert [str(value)[:10] for value in got["day"][::2]] == ["2024-01-02", "1890-05-06"]
    assert got["list"].tolist()[::2] == ["[1, 2]", "{}"]


def test_of_several_layers_in_a_report_the_one_with_these_fields_is_meant(files, tmp_path):
    other = LayerSummary("lain", 9, None, None, "Polygon", (Field("a", "string"),))
    digest = sealed(files, tmp_path, Report((other, summary())))
    assert files.open_layer("d", digest).name == "desa"


def test_without_a_word_in_the_report_the_file_speaks_for_itself(files, tmp_path):
    digest = sealed(files, tmp_path, Report())
    layer = files.open_layer("d", digest)
    assert (layer.name, layer.crs) == ("layer", "EPSG:32750")
    kinds = {field.name: field.type for field in layer.fields}
    assert kinds["gaps"] == kinds["fid"] == "integer"
    assert (kinds["maybe"], kinds["real"], kinds["text"], kinds["zoned"]) == (
        "boolean",
        "number",
        "string",
        "date-time",
    )
    assert ID_COLUMN not in kinds


def test_a_report_about_another_number_of_features_is_not_believed(files, tmp_path):
    digest = sealed(files, tmp_path, Report((summary(features=4),)))
    with pytest.raises(Conflict, match="3 features"):
        files.open_layer("d", digest)


def test_reading_leaves_the_sealed_folder_as_it_was(files, tmp_path):
    digest = sealed(files, tmp_path, Report((summary(),)))
    files.open_layer("d", digest)
    names = sorted(path.name for path in files.folder("d", digest).iterdir())
    assert names == ["layer.gpkg", "manifest.json", "report.json", "source"]
    assert files.verify("d", digest) == []


def test_crs84_stays_crs84(files, tmp_path):
    said = replace(summary(), crs="OGC:CRS84")
    digest = sealed(files, tmp_path, Report((said,)), frame().set_crs("EPSG:4326", allow_override=True))
    layer = files.open_layer("d", digest)
    assert (layer.crs, layer.frame.crs.to_authority()) == ("OGC:CRS84", ("OGC", "CRS84"))


def test_what_the_reader_made_and_what_is_read_back_are_alike(files, tmp_path):
    """The contract with ``ingest``, by its own writer: the same types, the same values, the same layer."""
    source = tmp_path / "desa.geojson"
    properties = [
        {
            "id": 7,
            "kode": "01",
            "n": LARGE,
            "r": 1.5,
            "d": "2024-01-02",
            "t": "2024-01-02T03:04:05Z",
            "b": True,
            "j": [1],
        },
        {"id": 8, "kode": None, "n": None, "r": None, "d": None, "t": None, "b": None, "j": None},
    ]
    features = [
        {
            "type": "Feature",
            "id": f"f{n}",
            "properties": p,
            "geometry": {"type": "Point", "coordinates": [116.123456789, n]},
        }
        for n, p in enumerate(properties)
    ]
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    first = reader.read_layer(source)
    writer.write_layer(first, tmp_path / "layer.gpkg")
    said = LayerSummary(first.name, len(first), first.crs, None, first.geometry_type, first.fields)
    with files.registering():
        digest = files.seal("d", source, source.name, tmp_path / "layer.gpkg", Report((said,)))
    again = files.open_layer("d", digest)
    assert replace(again, frame=None) == replace(first, frame=None, notes=())
    geopandas.testing.assert_geodataframe_equal(again.frame, first.frame, check_like=False)


def test_an_empty_layer_and_one_without_ids_are_layers(files, tmp_path):
    empty = frame().drop(columns=[ID_COLUMN]).iloc[:0]
    digest = sealed(files, tmp_path, Report((summary(features=0),)), empty)
    layer = files.open_layer("d", digest)
    assert (len(layer), layer.ids, layer.frame.crs.to_epsg()) == (0, None, 32750)
