import datetime
import decimal
import json
import struct
import uuid
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import shapely

from geoportal.errors import UnreadableSource
from geoportal.ingest import geoparquet
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

POINT = shapely.Point(116.99, -0.42)
ABSENT = object()


def parquet(path: Path, geo: Any = ABSENT, crs: Any = ABSENT, **columns: Any) -> Path:
    """A file with one point, with the metadata given (ABSENT: those of a good file; None: none at all)."""
    arrays = columns or {"nama": ["A"]}
    table = pa.table({**arrays, "geometry": pa.array([POINT.wkb], pa.binary())})
    said: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["Point"]}
    if crs is not ABSENT:
        said["crs"] = crs
    if geo is ABSENT:
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": said}}
    if geo is not None:
        table = table.replace_schema_metadata({"geo": geo if isinstance(geo, str | bytes) else json.dumps(geo)})
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        (ABSENT, "OGC:CRS84"),
        (None, None),
        (json.loads(geopandas.GeoSeries([POINT], crs=32750).crs.to_json()), "EPSG:32750"),
        (json.loads(geopandas.GeoSeries([POINT], crs=23837).crs.to_json()), "EPSG:23837"),
        (geopandas.GeoSeries([POINT], crs=4326).crs.to_wkt(), "EPSG:4326"),
    ],
)
def test_no_crs_is_wgs84_and_null_is_unknown(crs: Any, expected: str | None, tmp_path: Path) -> None:
    layer = read_layer(parquet(tmp_path / "a.parquet", crs=crs))
    assert layer.crs == expected and layer.frame.geometry[0] == POINT and layer.notes == ()


def test_what_a_projjson_says_is_believed_only_if_it_is_one(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(parquet(tmp_path / "a.parquet", crs={"type": "GeographicCRS", "name": "WGS 84"}))
    assert staged is None and {"crs-missing", "reader-message"} <= set(rules(report))


@pytest.mark.parametrize(
    "geo",
    [
        "{",
        "[]",
        {},
        {"primary_column": "geometry", "columns": []},
        {"primary_column": "geometry", "columns": {}},
        {"primary_column": "lain", "columns": {"lain": {}}},
        {"primary_column": 7, "columns": {"geometry": {}}},
        {"primary_column": "geometry", "columns": {"geometry": {"encoding": "svg"}}},
        {"primary_column": "geometry", "columns": {"geometry": {"encoding": "polygon"}}},
        {"primary_column": "nama", "columns": {"nama": {"encoding": "WKB"}}},
        {"primary_column": "geometry", "columns": {"geometry": {"encoding": 5}}},
        b"\xff\xfe",
    ],
)
def test_metadata_that_lie_are_refused(geo: Any, tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(parquet(tmp_path / "a.parquet", geo))
    assert staged is None and rules(report)["source-unreadable"]["reason"] == "metadata"


def test_without_a_description_it_is_a_table(tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "penduduk.parquet"
    pq.write_table(pa.table({"kode": ["64.02.01", "64.02.02"], "jiwa": [10, 20]}), path)
    layer = read_layer(path)
    assert layer.geometry_type is None and layer.frame["jiwa"].tolist() == [10, 20]
    report, staged = inspect(path)
    assert staged is not None and report.verdict is Verdict.ACCEPT_WITH_WARNINGS
    assert set(rules(report)) == {"layer-without-geometry"}


def test_columns_of_every_type(tmp_path: Path) -> None:
    one = uuid.UUID("12345678-1234-5678-1234-567812345678")
    columns = {
        "kamus": pa.array(["0012"]).dictionary_encode(),
        "kamus_angka": pa.array([7]).dictionary_encode(),
        "uang": pa.array([decimal.Decimal("12.50")], pa.decimal128(9, 2)),
        "uang_besar": pa.array([decimal.Decimal("123456789012345678.25")], pa.decimal128(30, 2)),
        "bulat": pa.array([decimal.Decimal("42")], pa.decimal128(18, 0)),
        "u8": pa.array([255], pa.uint8()),
        "u64": pa.array([2**63 - 1], pa.uint64()),
        "u64_besar": pa.array([2**64 - 1], pa.uint64()),
        "i64": pa.array([2**60]),
        "f16": pa.array([1.5], pa.float16()),
        "besar": pa.array(["x"], pa.large_string()),
        "pandang": pa.array(["y"], pa.string_view()),
        "hari": pa.array([datetime.date(2024, 1, 31)]),
        "wib": pa.array([pd.Timestamp("2024-01-31T15:00:00+07:00")], pa.timestamp("us", "Asia/Jakarta")),
        "halus": pa.array([1706688000123456789], pa.timestamp("ns", "UTC")),
        "lama": pa.array([datetime.timedelta(hours=1)]),
        "daftar": pa.array([[1, 2]]),
        "isi": pa.array([{"a": 1, "b": [{"c": "x"}]}]),
        "peta": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "hampa": pa.nulls(1),
        "ya": pa.array([True]),
        "biner": pa.array([b"\x00\xff"]),
        "uuid": pa.array([one.bytes], pa.uuid()),
        "Nama": ["a"],
        "nama": ["b"],
    }
    layer = read_layer(parquet(tmp_path / "a.parquet", **columns))
    row = layer.frame.iloc[0]
    types = {field.name: field.type for field in layer.fields}
    assert row["kamus"] == "0012" and row["kamus_angka"] == 7 and row["uang"] == 12.5 and row["bulat"] == 42
    assert row["uang_besar"] == "123456789012345678.25" and row["u64_besar"] == str(2**64 - 1)
    assert row["u64"] == 2**63 - 1 and row["i64"] == 2**60 and row["u8"] == 255 and row["f16"] == 1.5
    assert row["besar"] == "x" and row["pandang"] == "y" and row["lama"] == "1:00:00" and row["uuid"] == str(one)
    assert row["hari"] == datetime.date(2024, 1, 31) and row["wib"] == pd.Timestamp("2024-01-31T08:00:00Z")
    assert json.loads(row["isi"]) == {"a": 1, "b": [{"c": "x"}]} and json.loads(row["daftar"]) == [1, 2]
    assert {types[name] for name in ("daftar", "isi", "peta")} == {"json"} and types["biner"] == "binary"
    assert row["Nama"] == "a" and row["nama_2"] == "b" and pd.isna(row["hampa"])
    said = dict(layer.notes)["reader-message"]["message"]
    assert "uang_besar, u64_besar" in said and "millisecond: halus" in said and "'nama' -> 'nama_2'" in said


def test_text_that_no_geopackage_holds_is_cut_and_that_is_said(tmp_path: Path) -> None:
    layer = read_layer(parquet(tmp_path / "a.parquet", nama=["Muara\0sisa\nlagi"], lain=["x"]))
    assert layer.frame["nama"].tolist() == ["Muara"]
    assert layer.notes == (("reader-message", {"message": "text after a NUL is not kept: nama", "count": 1}),)


def test_boxes_are_left_only_where_they_are_boxes(tmp_path: Path, inspect: Inspect) -> None:
    data = makers.frame()
    data.to_parquet(tmp_path / "a.parquet", write_covering_bbox=True)
    report, staged = inspect(tmp_path / "a.parquet")
    assert staged is not None and report.verdict is Verdict.ACCEPT
    assert rules(report) == {"bbox-column-left": {"field": "bbox"}}
    assert [field.name for field in report.layers[0].fields] == ["nama", "kode"]
    said = {
        "encoding": "WKB",
        "covering": {"bbox": {side: ["nama", side] for side in ("xmin", "ymin", "xmax", "ymax")}},
    }
    geo = {"primary_column": "geometry", "columns": {"geometry": said}}
    layer = read_layer(parquet(tmp_path / "b.parquet", geo))
    assert layer.frame["nama"].tolist() == ["A"] and layer.notes == ()


def test_a_second_geometry_and_round_edges_are_said(tmp_path: Path, inspect: Inspect) -> None:
    data = makers.frame()
    data["pusat"] = data.geometry.buffer(5)
    data = data.assign(pusat=geopandas.GeoSeries(data["pusat"], crs=data.crs))
    data.to_parquet(tmp_path / "a.parquet")
    report, staged = inspect(tmp_path / "a.parquet")
    assert staged is not None and rules(report) == {"content-not-kept": {"things": {"other-geometries": 1}}}
    column = {"encoding": "WKB", "edges": "spherical", "epoch": 2020.5}
    geo = {"primary_column": "geometry", "columns": {"geometry": column}}
    said = dict(read_layer(parquet(tmp_path / "b.parquet", geo)).notes)["reader-message"]["message"]
    assert said == "edges: spherical; coordinate epoch: 2020.5"


def test_wkb_of_every_dialect(tmp_path: Path) -> None:
    values = [
        shapely.to_wkb(POINT, byte_order=0),
        shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2, 3), 4326), include_srid=True, flavor="extended"),
        shapely.to_wkb(POINT),
        b"\x00\x01",
        b"",
        None,
    ]
    table = pa.table({"n": range(6), "geometry": pa.array(values, pa.binary())})
    geo = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    path = tmp_path / "a.parquet"
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    layer = read_layer(path)
    shapes = layer.frame.geometry.tolist()
    assert shapes[0] == POINT and shapes[1] == shapely.Point(1, 2, 3) and shapes[2] == POINT
    assert shapes[3:] == [None, None, None]
    assert sum(params["count"] for rule, params in layer.notes if rule == "reader-message") == 2


def test_the_type_that_parquet_has_for_geometry(tmp_path: Path, shared: Path) -> None:
    source = shared / "data" / "messy" / "geoparquet" / "ogc_linestring_wkb.parquet"
    table = pq.read_table(source)
    bare = tmp_path / "a.parquet"
    field = table.schema.field("geometry")
    schema = pa.schema([table.schema.field("col"), field.with_metadata(field.metadata)])
    pq.write_table(table.cast(schema).replace_schema_metadata(None), bare)
    layer = read_layer(bare)
    assert layer.geometry_type == "LineString"


def test_the_samples_are_what_their_oracles_say(shared: Path) -> None:
    folder = shared / "data" / "messy" / "geoparquet"
    for kind in ("point", "linestring", "polygon"):
        expected = pd.read_csv(folder / f"ogc_{kind}.expected.csv")
        layer = read_layer(folder / f"ogc_{kind}_wkb.parquet")
        wanted = [None if pd.isna(text) else shapely.from_wkt(text) for text in expected["geometry"]]
        assert layer.frame["col"].tolist() == expected["col"].tolist()
        assert all(a is b or shapely.equals_exact(a, b) for a, b in zip(layer.frame.geometry, wanted, strict=True))


def test_arrow_files_with_either_description(tmp_path: Path) -> None:
    data = makers.frame()
    data.to_feather(tmp_path / "a.feather")
    layer = read_layer(tmp_path / "a.feather")
    assert layer.crs == "EPSG:32750" and layer.frame.geometry.geom_equals(data.geometry).all()
    for encoding in ("WKB", "geoarrow"):
        table = pa.table(data.to_arrow(geometry_encoding=encoding))
        pyarrow.feather.write_feather(table, tmp_path / "b.arrow", compression="uncompressed")
        layer = read_layer(tmp_path / "b.arrow")
        assert layer.crs == "EPSG:32750" and layer.frame.geometry.geom_equals(data.geometry).all()
        assert layer.frame["nama"].tolist() == data["nama"].tolist()


@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_a_cut_and_a_lying_file(name: str, tmp_path: Path, inspect: Inspect) -> None:
    whole = tmp_path / name
    (makers.frame().to_parquet if name.endswith("parquet") else makers.frame().to_feather)(whole)
    content = whole.read_bytes()
    lies = content[:-8] + struct.pack("<I", 1 << 31) + content[-4:]
    for number, damaged in enumerate([content[:-9], content[:12], lies, content[: len(content) // 2]]):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(damaged)
        report, staged = inspect(path)
        assert staged is None and "source-unreadable" in rules(report), (number, rules(report))


def test_encrypted_footers_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PARE" + bytes(20) + b"PARE")
    with pytest.raises(UnreadableSource) as caught:
        geoparquet.find_parquet(path, "a", 500)
    assert note_of(caught.value) == ("format-not-supported", {"kind": "Parquet (encrypted)"})


def test_more_cells_than_memory_holds_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geoparquet, "_CELLS", 5)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1, 2, 3], "y": [1, 2, 3]}), path)
    with pytest.raises(UnreadableSource) as caught:
        geoparquet.find_parquet(path, "a", 500)
    assert note_of(caught.value) == ("source-too-large", {"reason": "memory"})


def test_a_bomb_of_text_meets_the_memory_of_the_child(tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(pa.table({"x": pa.array(["a" * 100_000]).take(pa.array([0] * 20_000))}), path, compression="zstd")
    assert path.stat().st_size < 1 << 20
    report, staged = inspect(path, limits={"memory_mb": 512})
    assert staged is None and set(rules(report)) == {"source-too-large"}


def test_too_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({f"k{n}": [1] for n in range(502)}), path)
    with pytest.raises(UnreadableSource) as caught:
        geoparquet.find_parquet(path, "a", 500)
    assert note_of(caught.value) == ("fields-too-many", {"count": 502, "limit": 500})
