"""What each format promises beyond the round trip: hostile values, limits, papers, notes, the list beside the files."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import zipfile

import fiona
import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from lxml import etree

from geoportal.language import catalogue
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.text import LocalText
from geoportal.serving.downloads import build_downloads, dbf, kml, making, sheet
from geoportal.serving.downloads.short_names import short_names
from geoportal.serving.downloads.wkt import wkt_texts
from geoportal.serving.edition import Edition
from geoportal.serving.geojson import geometry_texts
from geoportal.serving.listing import KINDS, LISTING, Listing, read_listing
from tests.serving.samples import layer, polygons, served

EVIL = "<script>alert(1)</script>\"'`&]]>"
RECORD = Record(
    LocalText(f"Sekolah {EVIL}", "Schools"),
    LocalText("Letak sekolah.", "Places of schools."),
    licence="CC-BY-4.0",
    content_date="2026-01-31",
    lineage=LocalText("Survei.", "Survey."),
    synthetic=True,
    label="nama",
    fields={"nama": FieldMeaning(LocalText("Nama sekolah", "Name of school"), "orang")},
    style=Style(colour="#12ABef"),
)
EDITION = Edition(
    3,
    "2026-11-01",
    LocalText("Dinas Pendidikan", "Education office"),
    LocalText("Diskominfo", "Diskominfo"),
    "https://geo.example/dataset/sekolah",
)


def built(tmp_path, subject, record=RECORD):
    served(tmp_path, subject)
    return build_downloads(subject, tmp_path, "sekolah", record, EDITION), tmp_path / "berkas"


def codes(listing, extension):
    return [note.code for note in listing.file(extension).notes]


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    subject = layer([shapely.Point(116.5, -0.4), shapely.Point(117, 0)], {"nama": [f"SD {EVIL}", "SMP"], "n": [1, 2]})
    return built(tmp_path_factory.mktemp("school"), subject)


# What files say of themselves


def test_each_file_carries_what_it_can_of_its_record(school):
    _, folder = school
    told = {"license": "CC-BY-4.0", "producer": "Dinas Pendidikan", "version": "3", "version_date": "2026-11-01"}
    for name in ("sekolah.gpkg", "sekolah.fgb"):
        metadata = pyogrio.read_info(folder / name)["layer_metadata"]
        assert metadata.items() >= told.items() and metadata["synthetic"] == "true", name
    assert json.loads((folder / "sekolah.geojson").read_bytes())["metadata"].items() >= told.items()
    schema = pq.read_schema(folder / "sekolah.parquet").metadata
    assert {key: schema[f"geoportal:{key}".encode()].decode() for key in told} == told
    tree = etree.parse(folder / "sekolah.kml")
    values = {each.get("name"): each[0].text for each in tree.iter(f"{{{kml.NAMESPACE}}}Data")}
    assert values.items() >= told.items() and values["title"] == RECORD.title.id
    with sqlite3.connect(folder / "sekolah.gpkg") as base:
        (title, about) = base.execute("SELECT identifier, description FROM gpkg_contents").fetchone()
    base.close()
    assert title == RECORD.title.id and about.startswith("DATA SINTETIS")


def test_papers_in_the_zip(school):
    _, folder = school
    with zipfile.ZipFile(folder / "sekolah.shp.zip") as archive:
        record = json.loads(archive.read("metadata.json"))
        licence = archive.read("LISENSI.txt").decode("utf-8-sig")
        readme = archive.read("BACA_SAYA.txt").decode("utf-8-sig")
        names = archive.read("nama_kolom.csv").decode("utf-8-sig")
    assert record["id"] == "sekolah" and record["type"] == "Feature" and "ogcapi-records" in record["conformsTo"][0]
    assert record["properties"]["license"] == "CC-BY-4.0" and record["properties"]["synthetic"] is True
    assert record["geometry"]["coordinates"][0][0] == [116.5, -0.4]
    assert "CC-BY-4.0" in licence and "Dinas Pendidikan" in licence and "Education office" in licence
    assert "DATA SINTETIS" in readme and "SYNTHETIC DATA" in readme and "WGS 84 (EPSG:4326)" in readme
    assert '"nama","nama","Nama sekolah","Name of school","orang","string"' in names


def test_a_record_without_licence_or_fields(tmp_path):
    listing, folder = built(tmp_path, layer([shapely.Point(116, 0)]), Record(LocalText("Polos")))
    assert [each.extension for each in listing.files] == list(making.WRITERS)
    with zipfile.ZipFile(folder / "sekolah.shp.zip") as archive:
        assert "belum menyatakan lisensi" in archive.read("LISENSI.txt").decode("utf-8-sig")
        record = json.loads(archive.read("metadata.json"))
    assert "license" not in record["properties"] and record["time"] is None
    assert list(geopandas.read_file(f"zip://{folder}/sekolah.shp.zip")["nomor"]) == [1]


# The list


def test_the_list_names_every_file_with_digest_and_system(school, tmp_path):
    import hashlib

    listing, folder = school
    written = json.loads((folder / LISTING).read_bytes())
    assert [each["ext"] for each in written["files"]] == ["gpkg", "shp.zip", "geojson", "csv", "kml", "fgb", "parquet"]
    for each in written["files"]:
        body = (folder / each["name"]).read_bytes()
        assert each["bytes"] == len(body) and each["sha256"] == hashlib.sha256(body).hexdigest()
        assert each["count"] == 2 and each["media_type"] == KINDS[each["ext"]].media_type
        assert each["crs"] == ("OGC:CRS84" if each["ext"] in ("geojson", "kml") else "EPSG:4326")
        assert all(note["id"] and note["en"] and note["id"] != note["en"] for note in each["notes"])
    assert read_listing(folder.parent, "sekolah") == listing == Listing.from_dict(written)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [LISTING, *(each["name"] for each in written["files"])]
    )


def test_builds_of_former_programs_have_no_list(tmp_path):
    folder = tmp_path / "berkas"
    folder.mkdir()
    (folder / "lama.gpkg").write_bytes(b"12345")
    (folder / "lama.geojson").write_bytes(b"{}")
    (folder / "lama.csv").write_bytes(b"x")
    found = read_listing(tmp_path, "lama")
    assert [(each.extension, each.size_bytes, each.sha256) for each in found.files] == [
        ("gpkg", 5, None),
        ("geojson", 2, None),
    ]
    assert not read_listing(tmp_path, "lain").files
    for broken in (b"", b"[]", b"{}", b'{"files":[{"ext":"gpkg"}],"absent":[]}'):
        (folder / LISTING).write_bytes(broken)
        assert len(read_listing(tmp_path, "lama").files) == 2


def test_a_listed_file_that_is_gone_or_cut_short_is_not_offered(school, tmp_path):
    import shutil

    _, folder = school
    shutil.copytree(folder, tmp_path / "berkas")
    (tmp_path / "berkas" / "sekolah.kml").unlink()
    (tmp_path / "berkas" / "sekolah.csv").write_bytes(b"cut")
    found = [each.extension for each in read_listing(tmp_path, "sekolah").files]
    assert found == ["gpkg", "shp.zip", "geojson", "fgb", "parquet"]


def test_a_file_that_does_not_read_back_is_left_out_with_its_reason(tmp_path, monkeypatch, caplog):
    def cut(contents, path):
        path.write_bytes(path.read_bytes()[:-30])

    write, reopen = making.WRITERS["kml"]

    def spoilt(contents, path):
        notes = write(contents, path)
        cut(contents, path)
        return notes

    monkeypatch.setitem(making.WRITERS, "kml", (spoilt, reopen))
    listing, folder = built(tmp_path, layer([shapely.Point(116, 0)], {"nama": ["a"]}))
    assert listing.file("kml") is None and not (folder / "sekolah.kml").exists()
    assert [(each.extension, each.reason.code) for each in listing.absent] == [("kml", "unreadable")]
    assert "does not read back" in caplog.text


@pytest.mark.parametrize("extension", list(making.WRITERS))
def test_every_reader_sees_a_file_of_other_content(school, extension, tmp_path):
    """A file of another layer under this name is not what was to be written, whichever the format."""
    from geoportal.serving.downloads.contents import Contents

    _, folder = school
    fewer = layer([shapely.Point(116.5, -0.4)], {"nama": ["a"], "lain": [3]}, crs="EPSG:32750")
    served(tmp_path, fewer)
    expected = Contents(fewer, tmp_path, "sekolah", RECORD, EDITION)
    with pytest.raises((RuntimeError, ValueError)):
        making.WRITERS[extension][1](expected, folder / f"sekolah.{extension}")


def test_a_full_disk_is_no_fault_of_the_format(tmp_path, monkeypatch):
    def full(contents, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(making.WRITERS, "kml", (full, making.WRITERS["kml"][1]))
    with pytest.raises(OSError, match="No space"):
        built(tmp_path, layer([shapely.Point(116, 0)], {"nama": ["a"]}))


def test_the_same_content_is_the_same_bytes_in_every_format(tmp_path):
    subject = layer(polygons(60), {"nama": [f"n{n}" for n in range(60)], "saat": pd.to_datetime(["2024-02-29"] * 60)})
    one, _ = built(tmp_path / "a", subject)
    two, _ = built(tmp_path / "b", subject)
    assert [each.sha256 for each in one.files] == [each.sha256 for each in two.files]
    assert len(one.files) == 7


def test_every_note_is_said_in_both_languages_with_the_facts_that_it_is_given():
    from pathlib import Path

    from geoportal.language import has_text
    from geoportal.serving import downloads

    sources = [path.read_text("utf-8") for path in sorted(Path(downloads.__file__).parent.glob("*.py"))]
    used = {
        code: set(re.findall(r"(\w+)=", facts))
        for source in sources
        for code, facts in re.findall(
            r'Note\(\s*"([a-z0-9-]+)"((?:[^()]|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*)\)', source
        )
    }
    assert len(used) > 30
    for code, facts in used.items():
        for language in ("id", "en"):
            assert has_text("downloads", f"note.{code}", language), code
            template = catalogue("downloads", language).gettext(f"note.{code}")
            assert set(re.findall(r"\{(\w+)\}", template)) <= facts | {"code"}, code


# What cannot be held


def test_a_table_without_places(tmp_path):
    listing, folder = built(tmp_path, layer(None, {"kode": ["001", None]}, crs=None))
    assert {each.extension: each.reason.code for each in listing.absent} == {"kml": "no-geometry", "fgb": "no-geometry"}
    assert all(each.crs is None for each in listing.files)
    assert pq.read_table(folder / "sekolah.parquet").to_pydict() == {"kode": ["001", None]}
    assert b"geo" not in pq.read_schema(folder / "sekolah.parquet").metadata
    with zipfile.ZipFile(folder / "sekolah.shp.zip") as archive:
        assert not [name for name in archive.namelist() if name.endswith((".shp", ".prj"))]
    with fiona.open(f"zip://{folder}/sekolah.shp.zip!sekolah.dbf") as opened:
        assert [row["properties"]["kode"] for row in opened] == ["001", None]
    assert (folder / "sekolah.csv").read_text("utf-8-sig").splitlines() == ['"kode"', '"001"', '""']


def test_no_features(tmp_path):
    listing, folder = built(tmp_path, layer([], {"n": pd.Series([], dtype="int64")}))
    assert {each.extension: each.reason.code for each in listing.absent} == {"kml": "no-features", "fgb": "no-features"}
    assert len(geopandas.read_parquet(folder / "sekolah.parquet")) == 0


def test_a_shapefile_larger_than_programs_read_is_not_made(tmp_path, monkeypatch):
    from geoportal.serving.downloads import shapefile

    monkeypatch.setattr(shapefile, "MOST_BYTES", 10_000)
    listing, folder = built(tmp_path, layer(polygons(60, vertices=20), {"n": range(60)}))
    assert [(each.extension, each.reason.code) for each in listing.absent] == [("shp.zip", "too-large")]
    assert not list(folder.glob("*shp*"))


def test_more_columns_than_a_shapefile_has(tmp_path):
    columns = {f"kolom_yang_panjang_{n}": [n] for n in range(256)}
    listing, folder = built(tmp_path, layer([shapely.Point(116, 0)], columns))
    assert [(each.extension, each.reason.code) for each in listing.absent] == [("shp.zip", "too-many-columns")]
    assert len(geopandas.read_parquet(folder / "sekolah.parquet").columns) == 257


# Spreadsheets


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("＝1+1", "'＝1+1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("-", "'-"),
        ("-5", "-5"),
        ("+62", "+62"),
        ("-1.250,5", "-1.250,5"),
        ("-1e5", "-1e5"),
        ("007", "007"),
        ("a=b", "a=b"),
        ("a; b", "a; b"),
        ("", ""),
        ("Loa Kulu", "Loa Kulu"),
    ],
)
def test_formulas_are_harmless_and_numbers_are_not_harmed(text, written):
    assert sheet.harmless(text) == written


def test_no_cell_of_a_csv_is_a_formula(tmp_path):
    columns = {
        "=nama": ["=1+1", "@x", None],
        "json": ['["=1"]', None, None],
        "minus": [-5, -0.5, 3],
        "sandi": ["x"] * 3,
    }
    columns["isi"] = [b"\xf8\x00", None, None]
    subject = layer([shapely.Point(-116.5, -0.4)] * 3, columns, types={"json": "json", "isi": "binary"})
    listing, folder = built(tmp_path, subject)
    lines = list(csv.reader(io.StringIO((folder / "sekolah.csv").read_text("utf-8-sig"), newline="")))
    for line in lines:
        for cell in line:
            assert not cell.startswith(tuple("=@\t\r")) and (cell[:1] not in "+-" or not cell or float(cell))
    assert lines[0][0] == "'=nama" and lines[1][2] == "-5.0" and lines[1][-2:] == ["-116.5", "-0.4"]
    assert "formulas" in codes(listing, "csv")


def test_cells_longer_than_excel_holds_are_told(tmp_path):
    listing, _ = built(tmp_path, layer(polygons(2, vertices=2000), {"n": [1, 2]}))
    assert "long-cells" in codes(listing, "csv")


def test_wkt_gives_every_number_back():
    rng = np.random.default_rng(6402)
    points = shapely.points(rng.normal(size=(500, 2)) * 10.0 ** rng.integers(-12, 12, (500, 1)))
    texts = [
        "POINT Z (1 2 3)",
        "POINT ZM (1 2 3 4)",
        "LINESTRING M (1 2 3, 4 5 6)",
        "MULTIPOINT ((1 2), (3 4))",
        "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))",
        "POLYGON ((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "GEOMETRYCOLLECTION (POINT (1 2), MULTIPOINT ((1 2)), GEOMETRYCOLLECTION (LINESTRING (1 2, 3 4)))",
        "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))",
        "POINT EMPTY",
        "POLYGON EMPTY",
        "GEOMETRYCOLLECTION EMPTY",
    ]
    shapes = np.array([*points, *(shapely.from_wkt(text) for text in texts)], dtype=object)
    back = np.array([shapely.from_wkt(text) for text in wkt_texts(shapes)], dtype=object)
    assert shapely.equals_identical(back, shapes).all()
    with np.errstate(invalid="ignore"):
        assert wkt_texts(np.array([None, shapely.Point(1, 2, float("nan"))], dtype=object))[0] is None


# KML


def test_kml_escapes_every_value_and_says_its_names(school):
    _, folder = school
    tree = etree.parse(folder / "sekolah.kml")
    space = {"k": kml.NAMESPACE}
    assert tree.xpath("string(/k:kml/k:Document/k:name)", namespaces=space) == RECORD.title.id
    assert tree.xpath("string(//k:Placemark[1]/k:name)", namespaces=space) == f"SD {EVIL}"
    assert tree.xpath("//k:SimpleField/@type", namespaces=space) == ["string", "int"]
    assert tree.xpath("string(//k:SimpleField[1]/k:displayName)", namespaces=space) == "Nama sekolah"
    assert tree.xpath("string(//k:IconStyle/k:color)", namespaces=space) == "ffefab12"
    assert not tree.xpath("//*[local-name()='script']") and not tree.xpath("//@*[contains(., 'javascript')]")
    assert not tree.xpath("//k:href", namespaces=space)  # nothing to be fetched from elsewhere


def test_kml_holds_what_gdal_stops_at(tmp_path):
    bow = shapely.from_wkt("POLYGON ((116 0, 117 1, 117 0, 116 1, 116 0))")
    members = "POINT (116 0), LINESTRING (116 0, 117 1), MULTIPOLYGON (((116 0, 117 0, 117 1, 116 0)))"
    shapes = [bow, shapely.from_wkt(f"GEOMETRYCOLLECTION ({members})"), None, shapely.from_wkt("POINT EMPTY")]
    shapes.append(shapely.from_wkt("POLYGON ZM ((116 0 1 9, 117 0 2 9, 117 1 3 9, 116 0 1 9))"))
    listing, folder = built(tmp_path, layer(shapes, {"nama": ["a", None, "c", "d", "e"]}))
    frame = geopandas.read_file(folder / "sekolah.kml", engine="pyogrio")
    assert len(frame) == 5 and frame.geometry.isna().tolist() == [False, False, True, True, False]
    assert not frame.geometry.iloc[0].is_valid and len(frame.geometry.iloc[1].geoms) == 3
    assert frame["Name"].tolist() == ["a", "2", "c", "d", "e"]
    assert shapely.get_coordinates(frame.geometry.iloc[4], include_z=True)[:, 2].tolist() == [1, 2, 3, 1]
    assert {"measures", "heights-clamped", "empty-as-null"} <= set(codes(listing, "kml"))


def test_kml_geometry_writes_plain_numbers():
    (text,) = geometry_texts(np.array([shapely.Point(1e-7, -2.5e-8)], dtype=object))
    assert kml.geometry(text) == b"<Point><coordinates>0.000000100,-0.000000025</coordinates></Point>"
    assert kml.geometry(b"null") == b""


def test_fields_with_names_that_kml_has_itself_reach_their_readers(tmp_path):
    own = ["Name", "description", "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility"]
    own += ["drawOrder", "icon"]
    subject = layer([shapely.Point(116, 0)] * 2, {name: [f"{name} {n}" for n in range(2)] for name in own})
    listing, folder = built(tmp_path, subject, Record(LocalText("x")))
    frame = pyogrio.read_dataframe(folder / "sekolah.kml", use_arrow=False)
    for name in own:
        assert frame[name if name == "Name" else f"{name}_2"].tolist() == [f"{name} 0", f"{name} 1"]
    assert "name-taken" in codes(listing, "kml")


# Shapefiles


def test_short_names_are_unique_stable_and_ten_characters_long():
    names = ["penduduk_laki_laki", "penduduk_perempuan", "penduduk_l", "KODE", "kode", "Älter", "2024", "", "🌴", "a b"]
    found = short_names(names)
    assert found == [
        "penduduk_2",
        "penduduk_p",
        "penduduk_l",
        "KODE",
        "kode_2",
        "Alter",
        "f2024",
        "field",
        "field_2",
        "a_b",
    ]
    many = short_names([f"jumlah_penduduk_{n}" for n in range(1200)])
    assert len(set(many)) == 1200 and max(map(len, many)) == 10
    assert short_names([*names, "baru"])[: len(names)] == found


def test_numbers_in_a_dbf_are_exact(tmp_path):
    values = [0.1, 1 / 3, 1.7976931348623157e308, -2.2250738585072014e-308, 5e-324, 123456789.123456789, None]
    whole = [10**17 - 1, -(10**17 - 1), 0, None, 1, 2, 3]
    columns = [dbf.column("nyata", "number", values), dbf.column("bulat", "integer", whole)]
    dbf.write_dbf(tmp_path / "x.dbf", columns, np.arange(7), (2026, 11, 24))
    with fiona.open(tmp_path / "x.dbf") as opened:
        rows = [dict(row["properties"]) for row in opened]
    assert [row["nyata"] for row in rows] == values
    assert [row["bulat"] for row in rows] == whole
    assert dbf.column("besar", "integer", [10**17]).as_text


def test_texts_are_cut_between_letters_and_told(tmp_path):
    columns = {"nama": ["é" * 200, "🌴" * 100], "spasi": ["a ", "  "]}
    listing, folder = built(tmp_path, layer([shapely.Point(116, 0)] * 2, columns))
    with fiona.open(f"zip://{folder}/sekolah.shp.zip!sekolah.shp") as opened:
        assert [row["properties"]["nama"] for row in opened] == ["é" * 127, "🌴" * 63]
    said = {note.code: note for note in listing.file("shp.zip").notes}
    assert "400 byte" in said["cut"].id and "254" in said["cut"].en
    assert {"trimmed", "blank-as-null"} <= said.keys()
    with zipfile.ZipFile(folder / "sekolah.shp.zip") as archive:
        assert said["cut"].id in archive.read("BACA_SAYA.txt").decode("utf-8-sig")


def test_collections_measures_and_broken_areas_in_a_shapefile(tmp_path, ogrinfo):
    texts = [
        "GEOMETRYCOLLECTION (POINT (116 0), LINESTRING (116 0, 117 1), POINT (116 1))",
        "POLYGON ((116 0, 117 1, 117 0, 116 1, 116 0))",
        "LINESTRING ZM (116 0 1 9, 117 1 2 8)",
        "LINESTRING M (116 0 7, 117 1 8)",
    ]
    subject = layer([shapely.from_wkt(text) for text in texts], {"n": range(4)})
    listing, folder = built(tmp_path, subject)
    said = codes(listing, "shp.zip")
    assert {"collections-split", "several-files", "rings-regrouped"} <= set(said)
    found = {}
    with zipfile.ZipFile(folder / "sekolah.shp.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".shp"):
                with fiona.open(f"zip://{folder}/sekolah.shp.zip!{name}") as opened:
                    rows = list(opened)
                found[name.removeprefix("sekolah_")] = (
                    [row["properties"]["n"] for row in rows],
                    [row["geometry"]["type"] for row in rows],
                )
    assert found == {
        "multititik.shp": ([0], ["MultiPoint"]),
        "garis.shp": ([0], ["LineString"]),
        "garis_zm.shp": ([2], ["LineString"]),
        "garis_m.shp": ([3], ["LineString"]),
        "area.shp": ([1], ["Polygon"]),
    }
    path = f"/vsizip/{folder}/sekolah.shp.zip"
    shown = subprocess.run([ogrinfo, "-al", path, "sekolah_garis_zm"], capture_output=True, text=True, check=True)
    assert "LINESTRING ZM (116 0 1 9,117 1 2 8)" in shown.stdout


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:32750", "WGS_1984_UTM_Zone_50S"),
        ("EPSG:9470", "SRGI2013"),
        ("EPSG:9490", "SRGI2013_UTM_zone_50S"),
        ("EPSG:23837", "DGN_1995_Indonesia_TM-3_Zone_50.1"),
        ("OGC:CRS84", "GCS_WGS_1984"),
        ("EPSG:9469", "SRGI2013"),
        (None, None),
    ],
)
def test_reference_systems_in_the_words_of_esri(crs, words):
    from geoportal.serving.downloads.shapefile import esri_wkt

    found = esri_wkt(crs)
    assert found is None if words is None else words in found


# FlatGeobuf and GeoParquet


def test_flatgeobuf_keeps_heights_and_measures_where_it_can(tmp_path, ogrinfo):
    high = "POLYGON Z ((116 0 1, 117 0 2, 117 1 3, 116 0 1))"
    shapes = [shapely.from_wkt(high), shapely.from_wkt(f"MULTIPOLYGON Z {high[10:].join('()')}")]
    listing, folder = built(tmp_path / "a", layer(shapes, {"n": [1, 2]}))
    assert "promoted" in codes(listing, "fgb")
    frame = pyogrio.read_dataframe(folder / "sekolah.fgb", use_arrow=False)
    assert frame.geometry.geom_type.tolist() == ["MultiPolygon"] * 2 and frame.geometry.has_z.all()
    measured = [shapely.from_wkt("POINT ZM (116 0 1 2)"), shapely.from_wkt("POINT ZM (117 0 3 4)")]
    listing, folder = built(tmp_path / "b", layer(measured, {"n": [1, 2]}))
    assert "flattened" not in codes(listing, "fgb")
    shown = subprocess.run([ogrinfo, "-al", folder / "sekolah.fgb"], capture_output=True, text=True, check=True)
    assert "POINT ZM (117 0 3 4)" in shown.stdout
    assert {"measures"} <= set(codes(listing, "parquet")) & set(codes(listing, "geojson"))


def test_flatgeobuf_uses_the_key_as_id(tmp_path):
    subject = layer([shapely.Point(116, 0), shapely.Point(117, 1)], {"kode": ["b", "a"]})
    served(tmp_path, subject, key="kode")
    build_downloads(subject, tmp_path, "sekolah", RECORD)
    with fiona.open(tmp_path / "berkas" / "sekolah.fgb") as opened:
        assert list(opened.schema["properties"]) == ["kode"]


def test_geoparquet_is_version_1_1(tmp_path):
    shapes = geopandas.GeoSeries(polygons(40), crs=4326).to_crs(9490)
    _, folder = built(tmp_path, layer([*shapes, None], {"bbox": range(41), "geometry": ["x"] * 41}, crs="EPSG:9490"))
    path = folder / "sekolah.parquet"
    geo = json.loads(pq.read_schema(path).metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert geo["version"] == "1.1.0" and column["encoding"] == "WKB" and column["geometry_types"] == ["Polygon"]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 9490}
    assert column["covering"]["bbox"]["xmin"] == ["bbox_2", "xmin"]
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
    west, south, east, north = shapes.iloc[:1].total_bounds
    found = geopandas.read_parquet(path, bbox=(west, south, east, north))
    assert 1 <= len(found) < 41 and found.crs == "EPSG:9490"
