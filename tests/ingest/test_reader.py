import datetime
import json
import sqlite3
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from geoportal.errors import UnreadableSource
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.ingest.shapefile import codec_of
from geoportal.ingest.writer import write_layer
from geoportal.model.layer import ID_COLUMN, Layer
from tests.ingest import makers


def notes(layer: Layer) -> dict[str, dict[str, Any]]:
    return dict(layer.notes)


def types(layer: Layer) -> dict[str, str]:
    return {field.name: field.type for field in layer.fields}


def test_integers_with_gaps_stay_integers_and_codes_stay_text(tmp_path: Path) -> None:
    rows = [
        {
            "n": 1,
            "big": 2**60,
            "kode": "0042",
            "ya": True,
            "nyata": 1.5,
            "d": "2024-01-31",
            "t": "2024-01-31T08:00:00Z",
        },
        {"n": None, "big": 1, "kode": "64.02", "ya": None, "nyata": None, "d": None, "t": None},
    ]
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", *[makers.point(**row) for row in rows]))
    assert types(layer) == {
        "n": "integer",
        "big": "integer",
        "kode": "string",
        "ya": "boolean",
        "nyata": "number",
        "d": "date",
        "t": "date-time",
    }
    frame = layer.frame
    assert str(frame["n"].dtype) == "Int64" and frame["big"].tolist() == [2**60, 1]
    assert frame["kode"].tolist() == ["0042", "64.02"] and str(frame["ya"].dtype) == "boolean"
    assert frame["d"].tolist() == [datetime.date(2024, 1, 31), None]
    assert frame["t"][0] == pd.Timestamp("2024-01-31T08:00:00Z") and layer.notes == ()


@pytest.mark.parametrize(
    "texts",
    [
        ["2024/01/31"],
        ["2024-01-31", "Januari"],
        ["2024-02-30"],
        ["2024-01-31T08:00:00+08:00"],
        ["2024-01-31T08:00:00"],
        ["2024"],
    ],
)
def test_text_that_is_not_exactly_a_date_stays_text(texts: list[str], tmp_path: Path) -> None:
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", *[makers.point(d=text) for text in texts]))
    assert types(layer) == {"d": "string"} and layer.frame["d"].tolist() == texts


def test_nested_values_are_json_text(tmp_path: Path) -> None:
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", makers.point(o={"a": [1, "x"]}, l=[1, 2], s=["a"])))
    assert types(layer) == {"o": "json", "l": "json", "s": "json"}
    assert [json.loads(layer.frame[name][0]) for name in "ols"] == [{"a": [1, "x"]}, [1, 2], ["a"]]


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        ([1, "x"], "string", ["1", "x"]),
        (["012", 12], "string", ["012", "12"]),
        ([{"b": 1}, "x"], "string", ['{ "b": 1 }', "x"]),
        ([{"b": 1}, [2], None], "json", ['{ "b": 1 }', "[ 2 ]", None]),
        ([1, 1.5], "number", [1.0, 1.5]),
        ([10**30], "number", [1e30]),
    ],
)
def test_mixed_values(values: list[Any], kind: str, texts: list[Any], tmp_path: Path) -> None:
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", *[makers.point(a=value) for value in values]))
    assert types(layer) == {"a": kind}
    assert [None if pd.isna(value) else value for value in layer.frame["a"]] == texts


def test_geojson_ids_names_and_reference_system(tmp_path: Path) -> None:
    path = makers.geojson(tmp_path / "!aneh#.geojson", makers.feature(None, {"a": 1}, id="x"), makers.feature(id="y"))
    layer = read_layer(path)
    assert (layer.name, layer.crs, layer.ids, types(layer)) == ("!aneh#", "OGC:CRS84", ("x", "y"), {"a": "integer"})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32750"}}
    layer = read_layer(
        makers.geojson(tmp_path / "b.geojson", makers.point(500000, 9950000, id=1), crs=crs, name="Desa")
    )
    assert (layer.name, layer.crs, layer.ids, types(layer)) == ("Desa", "EPSG:32750", None, {"id": "integer"})
    assert notes(layer) == {"crs-from-member": {"crs": "EPSG:32750"}}
    assert shapely.get_coordinates(layer.frame.geometry).tolist() == [[500000.0, 9950000.0]]
    layer = read_layer(makers.geojson(tmp_path / "c.geojson", makers.point(), crs=None))
    assert layer.crs is None and layer.frame.crs is None


def test_names_that_only_differ_in_case_and_names_of_ours(tmp_path: Path) -> None:
    values = {"Nama": 1, "nama": 2, "geometry": 3, "fid": 4, "geom": 5, ID_COLUMN: 6, "wkb_geometry": 7, "": 8}
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", makers.point(**values)))
    names = [field.name for field in layer.fields]
    assert len({name.casefold() for name in names}) == 8 and ID_COLUMN not in names
    assert "columns renamed" in notes(layer)["reader-message"]["message"]
    assert sorted(layer.frame[name][0] for name in names) == [1, 2, 3, 4, 5, 6, 7, 8]
    write_layer(layer, tmp_path / "out.gpkg")
    again = read_layer(tmp_path / "out.gpkg")
    assert [field.name for field in again.fields] == names and again.frame.geometry[0].equals(layer.frame.geometry[0])


def test_an_open_ring_is_closed_and_said(tmp_path: Path) -> None:
    broken = {"type": "Polygon", "coordinates": [makers.SQUARE[0][:-1]]}
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", makers.feature(), makers.feature(broken)))
    assert notes(layer) == {"geometry-invalid": {"reason": "ring-not-closed", "count": 1, "features": ["2"]}}
    assert layer.frame.geometry[1].equals(layer.frame.geometry[0])


def test_common_type(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": makers.SQUARE}
    squares = {"type": "MultiPolygon", "coordinates": [makers.SQUARE]}
    for shapes, expected in (
        ([square], "Polygon"),
        ([square, squares], "MultiPolygon"),
        ([square, {"type": "Point", "coordinates": [1, 2]}], "Unknown"),
        ([], "Unknown"),
    ):
        layer = read_layer(makers.geojson(tmp_path / "a.geojson", *map(makers.feature, shapes)))
        assert layer.geometry_type == expected


def test_z_stays_and_m_goes(tmp_path: Path) -> None:
    lines = shapely.from_wkt(["LINESTRING ZM (0 0 5 7, 1 1 6 8)", "LINESTRING ZM (0 0 1 2, 2 2 3 4)"])
    path = tmp_path / "a.gpkg"
    makers.geopackage(path, geopandas.GeoDataFrame({"a": [1, 2]}, geometry=shapely.force_3d(lines), crs=4326))
    with sqlite3.connect(path) as connection:  # pyogrio cannot write M values
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        for fid, line in enumerate(lines, 1):
            blob = b"GP\0\1" + (4326).to_bytes(4, "little") + shapely.to_wkb(line, flavor="iso")
            connection.execute("UPDATE desa SET geom = ? WHERE fid = ?", (blob, fid))
        connection.execute("UPDATE gpkg_geometry_columns SET m = 1")
    connection.close()
    layer = read_layer(path)
    assert notes(layer) == {"geometry-measured": {"count": 2}}
    coordinates = shapely.get_coordinates(layer.frame.geometry, include_z=True)
    assert coordinates.tolist() == [[0, 0, 5], [1, 1, 6], [0, 0, 1], [2, 2, 3]]
    assert not shapely.has_m(np.asarray(layer.frame.geometry)).any()


def test_views_and_foreign_tables_are_left_alone(tmp_path: Path) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW bom AS SELECT fid, geom, zeroblob(1000000000) AS x FROM desa")
        columns = "table_name, data_type, identifier, srs_id"
        connection.execute(f"INSERT INTO gpkg_contents ({columns}) VALUES ('bom', 'features', 'bom', 32750)")
        connection.execute("CREATE TABLE lain (a TEXT)")
    connection.close()
    layer = read_layer(path)
    assert layer.name == "desa" and "bom" in notes(layer)["reader-message"]["message"]


def refused(path: Path) -> tuple[str, dict[str, Any]]:
    with pytest.raises(UnreadableSource) as caught:
        read_layer(path)
    return note_of(caught.value)


def test_geopackages_that_are_refused(tmp_path: Path) -> None:
    good = makers.geopackage(tmp_path / "a.gpkg", makers.frame(2000)).read_bytes()
    (tmp_path / "cut.gpkg").write_bytes(good[: len(good) // 2])
    assert refused(tmp_path / "cut.gpkg")[0] == "source-unreadable"
    page = bytearray(good)
    page[len(good) // 2 : len(good) // 2 + 4096] = bytes(4096)
    (tmp_path / "hole.gpkg").write_bytes(page)
    assert refused(tmp_path / "hole.gpkg")[0] == "source-unreadable"
    with sqlite3.connect(tmp_path / "other.gpkg") as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    assert refused(tmp_path / "other.gpkg") == ("format-not-supported", {"kind": "SQLite"})
    wide = makers.frame(1, **{f"k{n}": [1] for n in range(501)})
    assert refused(makers.geopackage(tmp_path / "wide.gpkg", wide))[0] == "fields-too-many"


def test_the_definition_in_a_geopackage_decides_not_its_label(tmp_path: Path) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 4326 WHERE srs_id = 32750")
    connection.close()
    assert read_layer(path).crs == "EPSG:32750"
    for undefined in (0, -1):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (undefined,))
        connection.close()
        assert read_layer(path).crs is None


def test_a_geopackage_that_was_open_in_qgis_keeps_what_stands_in_the_file(tmp_path: Path) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert path.read_bytes()[18:20] == b"\2\2"
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / "a.gpkg"
    copy.write_bytes(path.read_bytes())
    assert len(read_layer(copy)) == 3
    assert [item.name for item in copy.parent.iterdir()] == ["a.gpkg"]


def test_a_reference_system_in_odd_bytes(tmp_path: Path) -> None:
    members = makers.point_shapefile([b"a"]) | {"titik.prj": b'GEOGCS["GCS_\xa5",broken'}
    layer = read_layer(makers.zipped(tmp_path / "a.zip", members))
    assert layer.crs is None and notes(layer)["reader-message"]["message"].startswith("CRS: GEOGCS")


def test_ids_of_a_geopackage_are_its_own(tmp_path: Path) -> None:
    path = makers.geopackage(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE desa SET fid = fid * 10")
    connection.close()
    assert read_layer(path).ids == ("10", "20", "30")


@pytest.mark.parametrize(
    ("texts", "language", "cpg", "expected", "note"),
    [
        ([b"Loa Kulu"], 0, None, ["Loa Kulu"], None),
        (["Jalan Café".encode()], 0x57, None, ["Jalan Café"], None),
        (["Jalan Café".encode("cp1252")], 0x57, None, ["Jalan Café"], "encoding-assumed"),
        (["Jalan Café".encode("cp437")], 0x01, None, ["Jalan Café"], None),
        (["Łódź".encode("cp1250")], 0, b"1250", ["Łódź"], None),
        (["Москва".encode("cp1251")], 0x57, b"ANSI 1251", ["Москва"], None),
        (["é".encode() * 20], 0, None, ["é" * 10], None),
        ([b"a" + "é".encode() * 20], 0, b"UTF-8", ["a" + "é" * 9], None),
        ([b"Kota\0\0\0"], 0, None, ["Kota"], "text-nul-padded"),
        ([b"\xff\xfe!"], 0, b"UTF-8", ["ÿþ!"], "encoding-assumed"),
        (
            ["Désa".encode(), b"\xff!", "é".encode(), "ü".encode()],
            0,
            b"UTF-8",
            ["Désa", "\ufffd!", "é", "ü"],
            "encoding-assumed",
        ),
        (["Désa".encode(), b"Loa"], 0, b"1252", ["Désa", "Loa"], "encoding-assumed"),
        (["Désa".encode("cp1252"), "é".encode()], 0, b"1252", ["Désa", "Ã©"], None),
        (["Désa".encode()], 0x03, None, ["Désa"], "encoding-assumed"),
    ],
)
def test_text_of_shapefiles(
    texts: list[bytes], language: int, cpg: bytes | None, expected: list[str], note: str | None, tmp_path: Path
) -> None:
    members = makers.point_shapefile(texts, language=language) | ({"titik.cpg": cpg} if cpg else {})
    layer = read_layer(makers.zipped(tmp_path / "a.zip", members))
    assert layer.frame["NAMA"].tolist() == expected
    assert list(notes(layer)) == ([note] if note else [])


@pytest.mark.parametrize(
    ("text", "codec"),
    [("UTF-8", "utf-8"), ("utf8", "utf-8"), ("65001", "utf-8"), ("1252", "cp1252"), ("ANSI 1252", "cp1252"),
     ("OEM 850", "cp850"), ("88591", "iso8859-1"), ("8859-15", "iso8859-15"), ("885913", "iso8859-13"),
     ("ISO-8859-2", "iso8859-2"), ("LDID/201", "cp1251"), ("big5", "big5"), ("rot13", None),
     ("zlib", None), ("utf-16", None), ("", None), ("Latin-Kutai", None)],
)  # fmt: skip
def test_names_of_code_pages(text: str, codec: str | None) -> None:
    assert codec_of(text) == codec


def test_missing_parts_are_said(tmp_path: Path) -> None:
    def left(*names: str) -> Layer:
        folder = tmp_path / "-".join(names)
        folder.mkdir()
        return read_layer(makers.zipped_shapefile(folder, leave_out=names))

    assert notes(left(".shx")) == {"shx-restored": {}} and notes(left(".dbf")) == {"table-missing": {}}
    layer = left(".prj")
    assert layer.crs is None and notes(layer) == {}
    layer = left(".shx", ".dbf", ".prj")
    assert len(layer) == 3 and set(notes(layer)) == {"shx-restored", "table-missing"}


def test_a_table_that_claims_more_records(tmp_path: Path) -> None:
    members = makers.point_shapefile([b"a", b"b"], header_count=4_000_000_000)
    layer = read_layer(makers.zipped(tmp_path / "a.zip", members))
    assert notes(layer)["record-count-differs"] == {"header": 4_000_000_000, "table": 2, "shapes": 2, "read": 2}
    assert layer.frame["NAMA"].tolist() == ["a", "b"]


def test_several_shapefiles_in_one_zip(tmp_path: Path) -> None:
    members = {}
    for folder, name in (("a", "jalan"), ("b", "jalan"), ("", "sungai")):
        shp = makers.shapefile(tmp_path / f"x{folder}", name)
        members |= {f"{folder}/{n}".lstrip("/"): content for n, content in makers.parts(shp).items()}
    path = makers.zipped(tmp_path / "a.zip", members)
    rule, params = refused(path)
    assert rule == "layer-not-found" and params["names"] == ["jalan", "jalan (2)", "sungai"]
    assert read_layer(path, layer="jalan (2)").crs == "EPSG:32750"


def test_other_layers_in_a_zip(tmp_path: Path) -> None:
    gpkg = makers.geopackage(tmp_path / "a.gpkg").read_bytes()
    assert len(read_layer(makers.zipped(tmp_path / "1.zip", {"data/a.gpkg": gpkg}))) == 3
    text = makers.geojson(tmp_path / "a.geojson", makers.point()).read_bytes()
    assert read_layer(makers.zipped(tmp_path / "2.zip", {"Desa.geojson": text})).name == "Desa"
    vrt = b"<OGRVRTDataSource/>"
    assert refused(makers.zipped(tmp_path / "3.zip", {"a.gpkg": vrt}))[1]["kind"] == "VRT"
    assert refused(makers.zipped(tmp_path / "4.zip", {"a.shp": vrt}))[0] == "source-unreadable"


def test_control_characters_stay_as_they_are(tmp_path: Path) -> None:
    value = "baris\u0001\t\u202e<b>\u0000x"
    layer = read_layer(makers.geojson(tmp_path / "a.geojson", makers.point(nama=value.replace("\u0000", ""))))
    assert layer.frame["nama"][0] == value.replace("\u0000", "")


def test_a_missing_crs_is_given_and_never_overruled(tmp_path: Path) -> None:
    bare = makers.zipped_shapefile(tmp_path, leave_out=(".prj",))
    assert read_layer(bare, "EPSG:32750").crs == "EPSG:32750"
    layer = read_layer(makers.geopackage(tmp_path / "a.gpkg"), "EPSG:4326")
    assert layer.crs == "EPSG:32750" and "crs-conflict" in notes(layer)


def test_an_attribute_table_is_a_plain_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    import pyogrio

    pyogrio.write_dataframe(makers.table(kode=["1", "2"]), path, layer="tabel", driver="GPKG")
    layer = read_layer(path)
    assert layer.geometry_type is None and not isinstance(layer.frame, geopandas.GeoDataFrame) and len(layer) == 2
    write_layer(layer, tmp_path / "out.gpkg")
    again = read_layer(tmp_path / "out.gpkg")
    assert again.geometry_type is None and again.frame["kode"].tolist() == ["1", "2"]
