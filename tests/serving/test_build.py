import json
import math
import os
import subprocess
import sys

import geopandas
import numpy as np
import orjson
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from geoportal.errors import UnknownReferenceSystem
from geoportal.model.layer import ID_COLUMN
from geoportal.serving.build import build
from geoportal.serving.fragments import open_serving
from tests.processes import ROOT
from tests.serving.samples import features, layer, polygons, served
from tests.serving.test_geojson import GEOMETRIES

POINTS = [shapely.Point(116 + i / 10, -0.5) for i in range(4)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), GEOMETRIES),
            st.one_of(st.none(), st.text()),
            st.integers(-(2**63), 2**63 - 1),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.text(min_size=1, max_size=12).filter(lambda name: name not in ("geometry", ID_COLUMN)),
)
def test_gives_back_what_the_frame_holds(tmp_path_factory, rows, name):
    made = layer(
        [row[0] for row in rows],
        {
            name: pd.Series([row[1] for row in rows], dtype=object),
            "bulat": pd.Series([row[2] for row in rows], dtype="int64"),
            "pecahan": pd.Series([row[3] for row in rows], dtype="float64"),
            "benar": pd.Series([row[4] for row in rows], dtype=bool),
        },
    )
    serving = served(tmp_path_factory.mktemp("serving"), made)
    assert serving.count == len(rows)
    for number, (feature, row) in enumerate(zip(features(serving), rows, strict=True)):
        geometry, text, whole, real, truth = row
        assert feature["id"] == str(number + 1)
        assert feature["properties"] == {name: text, "bulat": whole, "pecahan": real, "benar": truth}
        if geometry is None:
            assert feature["geometry"] is None
            assert serving.geometry([number]) == [None]
            continue
        found = shape(feature["geometry"])
        assert found.has_z == geometry.has_z
        assert shapely.equals_exact(found, shapely.orient_polygons(geometry), tolerance=5e-10)
        assert shapely.equals_identical(shapely.from_wkb(serving.geometry([number])[0]), geometry)


def test_the_stored_source_is_untouched(tmp_path):
    clockwise = shapely.Polygon([(116, 0), (116, 1), (117, 1), (116, 0)])
    made = layer([clockwise], {"nama": ["a"]})
    before = made.frame.copy(deep=True)
    serving = served(tmp_path / "s", made)
    assert serving.geometry([0]) == [clockwise.wkb]
    assert shape(features(serving)[0]["geometry"]).exterior.is_ccw
    assert shapely.equals_identical(made.frame.geometry[0], before.geometry[0])


def test_nine_decimals(tmp_path):
    serving = served(tmp_path / "s", [shapely.Point(116.1234567894999, -0.1234567895001)])
    assert features(serving)[0]["geometry"]["coordinates"] == [116.123456789, -0.12345679]
    assert b"116.123456789,-0.12345679]" in serving.slice(0, 1)
    assert not serving.summary.exact_is_source


def test_degrees_of_the_source_stay_its_own_numbers(tmp_path):
    serving = served(tmp_path / "s", [shapely.Point(116.123456789, -0.1)])
    assert serving.summary.operation.null
    assert serving.summary.exact_is_source
    assert not (tmp_path / "s" / "exact.wkb").exists()


@pytest.mark.parametrize(
    ("columns", "ids", "key", "kind", "wanted"),
    [
        ({"kode": ["a/b", "ö ?", "%", "#"]}, None, "kode", "key", ["a/b", "ö ?", "%", "#"]),
        ({"kode": [1, 2, 3, 4]}, ["x", "y", "z", "w"], "kode", "key", ["1", "2", "3", "4"]),
        ({"kode": [1.0, 2.0, 3.0, 4.5]}, None, "kode", "key", ["1", "2", "3", "4.5"]),
        ({"kode": ["a", "a", "b", "c"]}, ["x", "y", "z", "w"], "kode", "source", ["x", "y", "z", "w"]),
        ({"kode": ["a", None, "b", "c"]}, None, "kode", "row", ["1", "2", "3", "4"]),
        ({"kode": ["a", "", "b", "c"]}, None, "kode", "row", ["1", "2", "3", "4"]),
        ({"kode": ["a", "..", "b", "c"]}, None, "kode", "row", ["1", "2", "3", "4"]),
        ({"kode": [True, False, None, True]}, ["x", "x", "y", "z"], "kode", "row", ["1", "2", "3", "4"]),
        ({"kode": ["a", "b", "c", "d"]}, None, "lain", "row", ["1", "2", "3", "4"]),
        ({"kode": ["a", "b", "c", "d"]}, ["7", "8", "9", "10"], None, "source", ["7", "8", "9", "10"]),
    ],
)
def test_ids(tmp_path, columns, ids, key, kind, wanted):
    serving = served(tmp_path / "s", POINTS, columns, ids=ids, key=key)
    assert serving.summary.fid_from == kind
    assert [feature["id"] for feature in features(serving)] == wanted
    assert [serving.row_of(fid) for fid in wanted] == [0, 1, 2, 3]
    assert serving.fids([2, 0]) == [wanted[2], wanted[0]]
    assert serving.fids(range(4)) == wanted
    for nobody in ("0", "5x", "01", "-1", "", "a\x00", "\ud800", "9" * 400, "²", "٣"):
        assert serving.row_of(nobody) is None


def test_the_column_of_the_source_s_ids_is_never_served(tmp_path):
    serving = served(tmp_path / "s", POINTS, {ID_COLUMN: list("abcd"), "nama": list("wxyz")}, ids=list("abcd"))
    assert [field.name for field in serving.summary.fields] == ["nama"]
    assert ID_COLUMN.encode() not in serving.slice(0, 4)
    assert ID_COLUMN.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "s").iterdir())


def test_hostile_names_of_fields(tmp_path):
    names = ['"; DROP TABLE rows; --', "row", "fid", "c0", "type", "id", "a\nb", "</script>", "ROW", "'", "%s"]
    serving = served(tmp_path / "s", POINTS[:2], {name: [f"{name}1", None] for name in names})
    assert [feature["properties"] for feature in features(serving)] == [
        {name: f"{name}1" for name in names},
        dict.fromkeys(names),
    ]
    for name in names:
        rows, matched = serving.select(properties=[(name, f"{name}1")], sortby=[(name, -1)])
        assert (list(rows), matched) == ([0], 1)


def test_all_kinds_of_values(tmp_path):
    moment = pd.Series(pd.to_datetime(["2024-01-02T03:04:05.5+08:00", None], utc=True))
    made = layer(
        POINTS[:2],
        {
            "saat": moment,
            "hari": pd.Series(["2024-01-02", None]),
            "besar": pd.Series([2**63 + 1, 5], dtype="uint64"),
            "biner": pd.Series([b"\x01", None], dtype=object),
            "susunan": pd.Series(['{"a": [1, {"b": "<"}]}', None]),
        },
        types={"saat": "date-time", "hari": "date", "besar": "integer", "biner": "binary", "susunan": "json"},
    )
    serving = served(tmp_path / "s", made)
    assert features(serving)[0]["properties"] == {
        "saat": "2024-01-01T19:04:05.5Z",
        "hari": "2024-01-02",
        "besar": 2**63 + 1,
        "biner": "AQ==",
        "susunan": {"a": [1, {"b": "<"}]},
    }
    saat, hari, besar, biner, susunan = serving.summary.fields
    assert (saat.zoned, saat.nulls, saat.least, saat.greatest) == (
        True,
        1,
        "2024-01-01T19:04:05.5Z",
        "2024-01-01T19:04:05.5Z",
    )
    assert serving.summary.times == {"saat": (saat.least, saat.greatest), "hari": ("2024-01-02", "2024-01-02")}
    assert [field.as_schema() for field in (hari, besar, biner)] == [
        {"type": "string", "format": "date"},
        {"type": "integer"},
        {"type": "string", "contentEncoding": "base64"},
    ]
    assert not biner.queryable
    assert not susunan.queryable


def test_places_that_are_none(tmp_path):
    solid = shapely.Point(116, 0, 5)
    given_ = [
        POINTS[0],
        None,
        shapely.from_wkt("POLYGON EMPTY"),
        shapely.Point(math.nan, 1),
        shapely.Point(1, math.inf),
        solid,
    ]
    serving = served(tmp_path / "s", given_, {"n": range(6)})
    found = [feature["geometry"] for feature in features(serving)]
    assert found[1] is found[3] is found[4] is None
    assert found[2] == {"type": "Polygon", "coordinates": []}
    assert found[5]["coordinates"] == [116, 0, 5]
    assert (serving.summary.unplaced, serving.summary.placeless, serving.summary.dimension) == (2, 4, 3)
    assert serving.summary.extent_crs84 == (116.0, -0.5, 116.0, 0.0)
    for uri in ("http://www.opengis.net/def/crs/EPSG/0/32750", "http://www.opengis.net/def/crs/EPSG/0/4326"):
        assert [json.loads(text)["geometry"] is None for text in serving.reproject(range(6), uri)] == [
            False,
            True,
            False,
            True,
            True,
            False,
        ]


def test_measures_are_left_out_and_heights_kept(tmp_path):
    given_ = [shapely.from_wkt("LINESTRING ZM (116 0 1 7, 117 1 2 8)"), shapely.from_wkt("POINT M (116 0 7)")]
    serving = served(tmp_path / "s", given_, {"n": [1, 2]})
    found = [feature["geometry"]["coordinates"] for feature in features(serving)]
    assert found == [[[116, 0, 1], [117, 1, 2]], [116, 0]]
    moved = [json.loads(text)["geometry"]["coordinates"] for text in serving.reproject(range(2), "EPSG:32750")]
    assert [vertex[2] for vertex in moved[0]] == [1, 2]
    assert len(moved[1]) == 2


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["petak",UNIT["metre",1]]'])
def test_an_unknown_reference_system_is_refused(tmp_path, crs):
    made = layer(POINTS, {"n": range(4)}, crs=None)
    made = type(made)(made.name, made.frame, crs, made.fields, made.geometry_type)
    with pytest.raises(UnknownReferenceSystem):
        build(made, tmp_path)
    assert not (tmp_path / "summary.json").exists()


def test_a_table_and_an_empty_layer_are_layers(tmp_path):
    table = served(tmp_path / "table", None, {"kode": ["a", "b"]}, crs=None, key="kode")
    assert [feature["geometry"] for feature in features(table)] == [None, None]
    assert table.select((0, 0, 1, 1))[1] == 2
    assert table.summary.extent_crs84 is None
    empty = served(tmp_path / "empty", geopandas.GeoSeries([], crs=4326), {"kode": pd.Series([], dtype=str)})
    assert features(empty) == []
    assert empty.select((0, 0, 1, 1), properties=[("kode", "a")])[1] == 0
    assert (list(empty.select()[0]), empty.row_of("1"), empty.page(range(0))) == ([], None, [])


def test_nothing_but_geometry(tmp_path):
    serving = served(tmp_path / "s", POINTS)
    assert [feature["properties"] for feature in features(serving)] == [{}] * 4


def test_the_summary_says_how_it_came_to_crs84(tmp_path):
    made = layer(geopandas.GeoSeries(POINTS, crs=4326).to_crs(9490), {"n": range(4)}, crs="EPSG:9490")
    folder = tmp_path / "s"
    summary = served(folder, made).summary
    assert summary.operation.accuracy_m == 1.2
    assert summary.crs_uri == "http://www.opengis.net/def/crs/EPSG/0/9490"
    assert summary.extent_source == tuple(made.frame.total_bounds)
    stored = orjson.loads((folder / "summary.json").read_bytes())
    assert "DGN95 to SRGI2013" in stored["operation"]["name"]
    assert stored["operation"]["ballpark"] is False


def test_the_same_layer_makes_the_same_bytes(tmp_path):
    made = layer(polygons(300), {"n": range(300), "nama": [f"petak {n % 7}" for n in range(300)]})
    served(tmp_path / "a", made)
    served(tmp_path / "b", made)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_batches_join_without_a_seam(tmp_path, monkeypatch):
    made = layer([*polygons(50), None], {"n": range(51)})
    served(tmp_path / "one", made)
    monkeypatch.setattr("geoportal.serving.build.BATCH", 7)
    many = served(tmp_path / "many", made)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "many" / path.name).read_bytes(), path.name
    assert [feature["properties"]["n"] for feature in features(many)] == list(range(51))


def test_builds_in_a_stream(tmp_path):
    """50,000 polygons of 60 vertices: 140 MB are written, and no more held than a batch needs."""
    script = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}]
from pathlib import Path
from tests.serving.samples import layer, polygons
from geoportal.serving.build import build
made = layer(polygons(50_000, vertices=60), {{"n": range(50_000)}})
build(layer(polygons(10), {{"n": range(10)}}), Path({str(tmp_path)!r}))
Path("/proc/self/clear_refs").write_text("5")
def held(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
before = held("VmRSS:")
build(made, Path({str(tmp_path)!r}))
print((held("VmHWM:") - before) // 1024)
"""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("this system does not tell a process its peak of memory")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    written = sum(path.stat().st_size for path in tmp_path.iterdir()) >> 20
    assert written > 130
    assert int(run.stdout) < 70, f"{run.stdout.strip()} MB held while {written} MB were written"


def test_what_is_read_is_what_was_written(tmp_path):
    serving = served(tmp_path / "s", POINTS, {"n": range(4)})
    again = open_serving(tmp_path / "s")
    assert again.summary == serving.summary
    assert np.array_equal(again.cuts, serving.cuts)
