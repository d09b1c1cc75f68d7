"""Tables as text: what becomes a number, a date, a place, and what is told; whatever may be a code stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.checks import validate
from geoportal.errors import UnreadableSource
from geoportal.ingest.dms import parse_angle, parse_pair
from geoportal.ingest.numerals import is_code_name
from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from geoportal.model.region import Region
from geoportal.model.report import Verdict
from geoportal.model.text import LocalText
from tests.ingest.conftest import Inspect, rules
from tests.processes import ROOT

DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """``table("kode,nama\\n...")``: the layer of a CSV with this text (or these bytes)."""
    count = 0

    def read(content: str | bytes, **named: Any) -> Layer:
        nonlocal count
        count += 1
        path = tmp_path / f"tabel-{count}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_layer(path, **named)

    return read


def test_a_title_without_delimiters_stands_above_a_table(table: Any) -> None:
    layer = table("Jumlah penduduk\nkode;nama\n01;A\n02;B\n")
    assert list(types(layer)) == ["kode", "nama"] and "table-title-rows" in told(layer)


def types(layer: Layer) -> dict[str, str]:
    return {field.name: field.type for field in layer.fields}


def told(layer: Layer) -> dict[str, dict[str, Any]]:
    return dict(layer.notes)


def column(layer: Layer, name: str) -> list[Any]:
    return [None if pandas.isna(value) else value for value in layer.frame[name].tolist()]


def xy(layer: Layer) -> list[Any]:
    return [None if g is None else (g.x, g.y) for g in layer.frame.geometry]


# types ------------------------------------------------------------


def test_numbers_and_dates_only_where_every_value_is_one(table: Any) -> None:
    layer = table("a,b,c,d,e\n1,1.5,2024-01-31,x,2024-13-01\n-20,0.25,2023-02-28,1,2024-01-01\n")
    assert types(layer) == {"a": "integer", "b": "number", "c": "date", "d": "string", "e": "string"}
    assert column(layer, "a") == [1, -20] and column(layer, "b") == [1.5, 0.25]
    assert [str(day) for day in column(layer, "c")] == ["2024-01-31", "2023-02-28"]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("nomor", ["007", "12"]),
        ("pin", ["+62", "12"]),
        ("ident", ["6402061234560001", "6402061234560002"]),
        ("kontak", ["081234567890", "0811"]),
        ("kontak", ["6281234567890", "62811234567"]),
        ("wilayah", ["64.02.01", "64.02.02"]),
        ("wilayah", ["64.01", "64.10"]),
        ("kode", ["6402", "6403"]),
        ("kodepos", ["75511", "75512"]),
        ("KDEPUM", ["6402012001", "6402012002"]),
        ("NIK", ["1", "2"]),
        ("regency_code", ["11", "12"]),
        ("besar", ["99999999999999999999", "1"]),
        ("nol", ["-0", "1"]),
        ("campur", ["1.5", "1.50"]),
        ("panjang", ["0.10000000000000001", "0.25"]),
    ],
)
def test_what_may_be_a_code_stays_text(table: Any, header: str, values: list[str]) -> None:
    layer = table(f"{header},nama\n" + "".join(f"{value},x\n" for value in values))
    assert types(layer)[header] == "string"
    assert column(layer, header) == values


@settings(deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8))
def test_integers_come_back_as_they_were_written(values: list[int]) -> None:
    import pyarrow as pa

    from geoportal.ingest.numerals import typed

    (made,) = typed(["jumlah"], [pa.array([str(value) for value in values])], ",").columns
    assert [str(value) for value in made.to_pylist()] == [str(value) for value in values]


@settings(deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=4, allow_nan=False), min_size=1, max_size=8), st.booleans())
def test_reals_come_back_as_they_were_written(values: list[Any], comma: bool) -> None:
    import pyarrow as pa

    from geoportal.ingest.numerals import typed

    texts = [f"{value:f}".replace(".", "," if comma else ".") for value in values]
    done = typed(["luas"], [pa.array(texts)], ";")
    (made,) = done.columns
    if pa.types.is_floating(made.type):
        assert [f"{value:.4f}".replace("-0.0000", "0.0000") for value in made.to_pylist()] == [
            text.replace(",", ".").replace("-0.0000", "0.0000") for text in texts
        ]
        assert comma == (dict(done.notes).get("table-decimal-comma") is not None)
    else:
        assert made.to_pylist() == texts


def test_a_decimal_comma_is_taken_where_it_can_be_nothing_else(table: Any) -> None:
    layer = table("nama;luas;jumlah\nA;12,5;1.234\nB;3,75;12.500\n")
    assert column(layer, "luas") == [12.5, 3.75] and column(layer, "jumlah") == [1234, 12500]
    assert told(layer)["table-decimal-comma"]["fields"] == ["luas"]
    assert told(layer)["table-thousands"]["fields"] == ["jumlah"]


def test_a_mark_with_two_meanings_is_left_and_told(table: Any) -> None:
    layer = table("nama;jumlah\nA;1.234\nB;12.500\n")
    assert column(layer, "jumlah") == ["1.234", "12.500"]
    assert told(layer)["table-numbers-ambiguous"]["fields"] == ["jumlah"]
    layer = table('nama,jumlah\nA,"1,234"\nB,"12,500"\n')
    assert column(layer, "jumlah") == ["1,234", "12,500"]


def test_thousands_in_two_groups_are_certain(table: Any) -> None:
    layer = table("nama,jumlah\nA,1.234.567\nB,999\n")
    assert column(layer, "jumlah") == [1234567, 999]
    assert told(layer)["table-thousands"]["fields"] == ["jumlah"]


def test_words_of_codes() -> None:
    assert all(map(is_code_name, ("kode", "KDPPUM", "Kode Desa", "no_kk", "NIK", "kodepos", "FCODE", "state_fips")))
    assert not any(
        map(is_code_name, ("jumlah", "nama", "luas_km2", "id", "lat", "total", "Jumlah KK", "KDRT", "HP", "KK"))
    )


# the layout of the text ------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(table: Any, mark: str, end: str) -> None:
    layer = table(end.join([mark.join(row) for row in (["kode", "nama"], ["01", "Ana"], ["02", "Budi"])]))
    assert column(layer, "kode") == ["01", "02"] and column(layer, "nama") == ["Ana", "Budi"]


@pytest.mark.parametrize(
    ("codec", "known"), [("utf-8", True), ("utf-8-sig", True), ("utf-16", True), ("cp1252", False)]
)
def test_encodings(table: Any, codec: str, known: bool) -> None:
    layer = table("nama,x\nDésa Sañga,1\n".encode(codec))
    assert column(layer, "nama") == ["Désa Sañga"] and types(layer) == {"nama": "string", "x": "integer"}
    assert ("encoding-assumed" not in told(layer)) is known


def test_quotes_line_ends_in_cells_and_nul(table: Any) -> None:
    layer = table('nama,isi\n"Loa, Kulu","dua\nbaris"\nB,"ia ""besar"""\nC,x\0y\n' + "D,z\n" * 20)
    assert column(layer, "nama") == ["Loa, Kulu", "B", "C", *["D"] * 20]
    assert column(layer, "isi") == ["dua\nbaris", 'ia "besar"', "xy", *["z"] * 20]
    assert told(layer)["text-nul-padded"]["count"] == 1


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(table: Any) -> None:
    layer = table('nama,isi\nA,"buka\nB,dua\nC,tiga\n')
    assert column(layer, "nama") == ["A", "B", "C"] and column(layer, "isi") == ['"buka', "dua", "tiga"]
    assert "row 2" in told(layer)["reader-message"]["message"]


def test_no_row_is_lost(table: Any) -> None:
    layer = table("a,b,c\n1,2,3\n\n4,5\n ,,\n6,7,8,9\n,,x\n")
    assert len(layer) == 4
    assert column(layer, "c") == ["3", None, "8", "x"] and column(layer, "field_4") == [None, None, 9, None]
    ragged = told(layer)["table-rows-ragged"]
    assert ragged == {"short": 1, "long": 1, "cells": 3, "count": 2, "rows": ["4", "6"], "features": ["2", "3"]}


def test_titles_above_the_header_are_told(table: Any) -> None:
    layer = table("Data Penduduk,,\nTahun 2024,,\n,,\nkode,nama,jumlah\n01,A,5\n02,B,6\n")
    assert list(types(layer)) == ["kode", "nama", "jumlah"] and len(layer) == 2
    assert told(layer)["table-title-rows"] == {"titles": ["Data Penduduk", "Tahun 2024"], "count": 2}


def test_a_header_of_two_lines(table: Any) -> None:
    layer = table("Kecamatan,Penduduk,,Luas\n,Pria,Wanita,\nA,1,2,3.5\nB,4,5,6.5\n")
    assert list(types(layer)) == ["Kecamatan", "Penduduk Pria", "Penduduk Wanita", "Luas"]
    assert column(layer, "Penduduk Wanita") == [2, 5]
    assert told(layer)["table-header-lines"] == {"lines": 2}


def test_no_header_no_names(table: Any) -> None:
    layer = table("-122,48,place\n-121,47,other\n")
    assert list(types(layer)) == ["field_1", "field_2", "field_3"] and len(layer) == 2
    assert layer.geometry_type is None and "table-without-header" in told(layer)


def test_years_are_names(table: Any) -> None:
    layer = table("nama,2023,2024\nA,1,2\n")
    assert list(types(layer)) == ["nama", "2023", "2024"]


def test_names_that_come_twice_or_are_blank(table: Any) -> None:
    layer = table("nama,nama,,d,\nA,B,C,D,\n")
    assert list(types(layer)) == ["nama", "nama_2", "field_3", "d"]
    assert "nama_2" in told(layer)["reader-message"]["message"]


@pytest.mark.parametrize("text", ["Kepada Yth.\nDi tempat\n", "satu\ndua\ntiga\n"])
def test_prose_is_no_table(table: Any, text: str) -> None:
    with pytest.raises(UnreadableSource):
        table(text)


def test_too_many_columns(tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "lebar.csv"
    path.write_text(",".join(f"k{n}" for n in range(600)) + "\n" + ",".join("1" * 600) + "\n")
    report, staged = inspect(path)
    assert staged is None and rules(report)["fields-too-many"]["limit"] == 500


# places ------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "lon,lat", "longitude,latitude", "Long,Lat", "LNG,LAT", "bujur,lintang", "Bujur Timur,Lintang Selatan", "X,Y",
        "koordinat_x,koordinat_y", "Koordinat X (m),Koordinat Y (m)", "easting,northing", "POINT_X,POINT_Y", "BT,LS",
    ],
)  # fmt: skip
def test_header_words(table: Any, header: str) -> None:
    layer = table(f"nama,{header}\nA,116.5,-0.25\n")
    assert layer.geometry_type == "Point" and xy(layer) == [(116.5, -0.25)]
    assert layer.crs is None and len(layer.fields) == 3


def test_coordinates_that_cannot_be_read_leave_the_row(table: Any) -> None:
    layer = table("nama,lon,lat\nA,116.5,-0.25\nB,di sana,-0.5\nC,,\nD,117,\n")
    assert xy(layer) == [(116.5, -0.25), None, None, None]
    bad = told(layer)["table-coordinates-unreadable"]
    assert (bad["features"], bad["rows"], bad["values"]) == (["2", "4"], ["3", "5"], ["di sana / -0.5", "117 / "])


def test_swapped_columns_are_told_and_left(table: Any) -> None:
    layer = table("nama,lat,lon\nA,116.5,-0.25\nB,117,0.5\n")
    assert xy(layer) == [(-0.25, 116.5), (0.5, 117.0)]
    assert told(layer)["table-coordinates-swapped"]["count"] == 2


@pytest.mark.parametrize(
    ("text", "degrees", "axis"),
    [
        ("0°26'15\" LS", -0.4375, "lat"), ("116 58 41 BT", 116.97805555555556, "lon"), ("S 0 26.25", -0.4375, "lat"),
        ("1 05 30.6s", -1.0918333333333332, "lat"), ("1d05m30.6s", 1.0918333333333332, None), ("117° BT", 117, "lon"),
        ("1d05m30.6s S", -1.0918333333333332, "lat"), ("-1 05 30.6", -1.0918333333333332, None),
        ("0° 26' 15,5\" Lintang Selatan", -0.4376388888888889, "lat"),
        ("U 1 30", 1.5, "lat"), ("1:30:00 B", -1.5, "lon"),
    ],
)  # fmt: skip
def test_degrees_minutes_seconds(text: str, degrees: float, axis: str | None) -> None:
    angle = parse_angle(text)
    assert angle is not None and angle.degrees == pytest.approx(degrees, abs=1e-12) and angle.axis == axis


@pytest.mark.parametrize(
    "text", ["1 65 30", "1 5 61", "95 N", "200 E", "S 1 5 N", "-1 5 S", "12.5 30", "abc", "", "1 2 3 4", "391837N"]
)
def test_what_is_no_angle(text: str) -> None:
    assert parse_angle(text) is None


STYLES = (
    "{d}°{m}'{s}\" {h}",
    "{d} {m} {s} {h}",
    "{h} {d} {m} {s}",
    "{d}:{m}:{s}{h}",
    "{h}{d}°{m}′{s}″",
    "{d}d{m}m{s}s {h}",
)


@settings(deadline=None)
@given(
    st.integers(0, 89), st.integers(0, 59), st.integers(0, 59999), st.sampled_from(["N", "S", "U", "LU", "LS"]),
    st.sampled_from(STYLES),
)  # fmt: skip
def test_any_latitude_is_read_as_written(degrees: int, minutes: int, millis: int, sky: str, style: str) -> None:
    text = style.format(d=degrees, m=minutes, s=f"{millis / 1000:.3f}", h=sky)
    angle = parse_angle(text)
    assert angle is not None and angle.axis == "lat"
    expected = (degrees + minutes / 60 + millis / 3_600_000) * (-1 if sky in ("S", "LS") else 1)
    assert angle.degrees == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_two_plain_numbers_in_a_cell(first: float, second: float) -> None:
    text = f"{first:.6f}, {second:.6f}"
    pair = parse_pair(text)
    assert pair is not None and (pair[0].degrees, pair[1].degrees) == (float(f"{first:.6f}"), float(f"{second:.6f}"))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for angle in (parse_angle(text), *(parse_pair(text) or ())):
        assert angle is None or -1e13 < angle.degrees < 1e13


@pytest.mark.parametrize(
    ("header", "cell", "place"),
    [
        ("koordinat", '"-0.42, 116.99"', (116.99, -0.42)), ("koordinat", '"116.99; -0.42"', (116.99, -0.42)),
        ("Titik Koordinat", "\"0°25'12\"\" LS 116°59'24\"\" BT\"", (116.99, -0.42)),
        ("latlong", '"10, 20"', (20.0, 10.0)), ("lonlat", '"10, 20"', (10.0, 20.0)),
        ("koordinat", '"BT 116 59 24, LS 0 25 12"', (116.99, -0.42)),
    ],
)  # fmt: skip
def test_both_coordinates_in_one_cell(table: Any, header: str, cell: str, place: tuple[float, float]) -> None:
    layer = table(f"nama,{header}\nA,{cell}\n")
    assert xy(layer)[0] == pytest.approx(place, abs=1e-9)


def test_an_order_that_nobody_can_tell_is_not_guessed(table: Any) -> None:
    assert table('nama,koordinat\nA,"10, 20"\n').geometry_type is None


def test_geometry_as_text(table: Any) -> None:
    layer = table("id;wkt\n1;POINT (1 2)\n2;LINESTRING (0 0, 1 1)\n3;bukan\n")
    assert layer.geometry_type == "Unknown" and [g and g.wkt for g in layer.frame.geometry] == [
        "POINT (1 2)", "LINESTRING (0 0, 1 1)", None,
    ]  # fmt: skip
    assert "wkt" in types(layer) and told(layer)["table-coordinates-unreadable"]["rows"] == ["4"]
    whole = table("id;wkt\n1;POINT (1 2)\n")
    assert list(types(whole)) == ["id"]  # the geometry holds all of the text


def test_ewkt_and_ewkb_state_their_system(table: Any) -> None:
    assert table('id,geom\n1,"SRID=32750;POINT (500000 9900000)"\n').crs == "EPSG:32750"
    point = shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2), 4326), hex=True, include_srid=True)
    layer = table(f"id,geom\n1,{point}\n")
    assert layer.crs == "EPSG:4326" and xy(layer) == [(1.0, 2.0)]
    mixed = table('id,geom\n1,"SRID=32750;POINT (1 2)"\n2,"SRID=32650;POINT (1 2)"\n')
    assert mixed.crs is None and "SRID" in told(mixed)["reader-message"]["message"]


def test_geojson_in_a_cell(table: Any) -> None:
    layer = table('id|geom\n1|{"type":"Point","coordinates":[116,-1]}\n')
    assert xy(layer) == [(116.0, -1.0)] and layer.crs is None


def test_an_officer_gives_the_reference_system(table: Any) -> None:
    assert table("nama,lon,lat\nA,116.5,-0.25\n", crs="EPSG:4326").crs == "EPSG:4326"


def test_degrees_by_name_make_wgs_84_the_first_suggestion(table: Any) -> None:
    region = Region(LocalText("x", "x"), "64.02", (115.4, -1.2, 117.7, 1.5), ("EPSG:9470", "EPSG:4326", "EPSG:32750"))

    def candidates(text: str) -> list[str]:
        report = validate(table(text), None, region)
        return [item["crs"] for item in rules(report)["crs-missing"]["candidates"]]

    assert candidates("nama,lon,lat\nA,116.5,-0.25\n")[0] == "EPSG:4326"
    assert candidates("nama,x,y\nA,116.5,-0.25\n")[0] == "EPSG:9470"
    assert candidates("nama,lon,lat\nA,20,50\n") == ["EPSG:4326"]
    assert candidates("nama,easting,northing\nA,500000,9950000\n")[0] == "EPSG:32750"


# real files ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("penduduk_kabupaten", {"kode": "string", "pria": "integer", "wanita": "integer", "total": "integer"}),
        ("kode_wilayah_kaltim", {"kode": "string", "nama": "string"}),
        ("kodepos_64", {"kode": "string", "kodepos": "string"}),
        ("luas_kabupaten", {"kode": "string", "luas_km2": "number"}),
        ("geonames_places_indonesia", {"lat": "number", "lng": "number", "admin1": "string"}),
    ],
)
def test_types_of_real_tables(shared: Path, name: str, kinds: dict[str, str]) -> None:
    layer = read_layer(shared / "data" / "real" / f"{name}.csv")
    assert {field: types(layer)[field] for field in kinds} == kinds


def test_the_islands_of_indonesia_lie_where_their_minutes_say(shared: Path) -> None:
    layer = read_layer(shared / "data" / "real" / "pulau_indonesia_dms.csv")
    assert len(layer) == 17373 and layer.geometry_type == "Point" and not layer.frame.geometry.isna().any()
    first = layer.frame.iloc[0]
    assert first["coordinate"] == "03°19'03.44\" N 097°07'41.73\" E"
    assert (first.geometry.x, first.geometry.y) == pytest.approx((97.1282583, 3.3176222), abs=1e-7)
    west, south, east, north = layer.frame.total_bounds
    assert 94 < west < east < 142 and -12 < south < north < 7


def test_places_of_the_world_pass_the_child_quickly(shared: Path, inspect: Inspect) -> None:
    report, staged = inspect(shared / "data" / "real" / "geonames_places_world.csv", {"cpu_s": 20})
    assert report.layers[0].features == 171075 and report.verdict is Verdict.ACCEPT_WITH_WARNINGS
    assert report.layers[0].extent == pytest.approx((-179.11838, -54.93355, 179.36451, 78.22334))
    assert staged is None  # a reference system is asked for, never assumed


@pytest.mark.parametrize("seed", range(12))
def test_mutants_of_tables_do_no_harm(shared: Path, tmp_path: Path, inspect: Inspect, seed: int) -> None:
    generator = np.random.default_rng(seed)
    names = sorted((shared / "data" / "messy" / "csv").glob("*.csv"))
    text = bytearray(names[seed % len(names)].read_bytes())
    for _ in range(20):
        text[int(generator.integers(len(text)))] = int(generator.integers(256))
    path = tmp_path / "mutan.csv"
    path.write_bytes(bytes(text))
    report, _ = inspect(path)
    assert "source-crashed" not in rules(report)
