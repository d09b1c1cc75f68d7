"""Workbooks: values as they are stored, codes as text, and what a person sees and a program does not is told."""

from __future__ import annotations

import contextlib
import datetime
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.model.report import Verdict
from tests.ingest.conftest import Inspect, rules
from tests.ingest.test_tables import column, told, types, xy


def workbook(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
    """A workbook with these sheets of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def changed(path: Path, member: str, old: bytes, new: bytes) -> Path:
    """A workbook with some bytes of one part exchanged."""
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            text = source.read(entry)
            if entry.filename == member:
                assert old in text
                text = text.replace(old, new)
            target.writestr(entry.filename, text)
    return path


def test_each_kind_of_cell(tmp_path: Path) -> None:
    day, moment = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 10, 30)  # noqa: DTZ001 - Excel has no zones
    rows = [
        ["nama", "jumlah", "luas", "tanggal", "waktu", "aktif", "nip", "campur"],
        ["Ana", 5, 1.5, day, moment, True, "0012", 1],
        ["Budi", 6, 2.25, day, moment, False, "0013", "dua"],
        [None, None, None, None, None, None, None, 3.5],
    ]
    layer = read_layer(workbook(tmp_path / "a.xlsx", ("Data", rows)))
    assert layer.name == "Data" and layer.geometry_type is None
    assert types(layer) == {
        "nama": "string", "jumlah": "integer", "luas": "number", "tanggal": "date", "waktu": "string",
        "aktif": "boolean", "nip": "string", "campur": "string",
    }  # fmt: skip
    assert column(layer, "jumlah") == [5, 6, None] and column(layer, "tanggal") == [day, day, None]
    assert column(layer, "waktu")[0] == "2024-02-29T10:30:00"
    assert column(layer, "nip") == ["0012", "0013", None] and column(layer, "campur") == ["1", "dua", "3.5"]


def test_coordinates_in_a_sheet(tmp_path: Path) -> None:
    rows = [["nama", "bujur", "lintang"], ["A", 116.5, -0.25], ["B", "117° BT", "0°30' LS"], ["C", None, None]]
    layer = read_layer(workbook(tmp_path / "a.xlsx", ("Titik", rows)))
    assert layer.geometry_type == "Point" and xy(layer) == [(116.5, -0.25), (117.0, -0.5), None]


def test_codes_that_were_typed_as_numbers(tmp_path: Path) -> None:
    rows = [["kode", "jumlah"], [64.01, 1], [64.1, 2], [64.11, 3]]
    layer = read_layer(workbook(tmp_path / "a.xlsx", ("Data", rows)))
    assert column(layer, "kode") == ["64.01", "64.1", "64.11"]
    note = told(layer)["table-codes-as-numbers"]
    assert (note["count"], note["values"], note["features"]) == (1, ["64.1"], ["2"])


def test_the_damaged_codes_of_a_real_table(shared: Path, inspect: Inspect) -> None:
    path = shared / "data" / "messy" / "indonesia" / "kabupaten_indonesia_kode_sebagai_angka.xlsx"
    report, staged = inspect(path)
    assert report.verdict is Verdict.ACCEPT_WITH_WARNINGS and staged is not None
    finding = next(item for item in report.findings if item.rule == "table-codes-as-numbers")
    assert finding.count == 23 and report.layers[0].features == 514


def test_sheets_are_layers_and_empty_ones_are_none(tmp_path: Path) -> None:
    rows = [["a", "b"], [1, 2]]
    path = workbook(tmp_path / "a.xlsx", ("Satu", rows), ("Kosong", []), ("Dua", rows))
    assert [source.name for source in find_sources(path, tmp_path)] == ["Satu", "Dua"]
    with pytest.raises(UnreadableSource, match="no-layer"):
        find_sources(workbook(tmp_path / "b.xlsx", ("Kosong", [])), tmp_path)


def test_hidden_sheets_are_told_and_not_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    secret = book.create_sheet("Rahasia")
    secret.append(["NIK", "x"])
    secret.sheet_state = "veryHidden"
    book.save(tmp_path / "a.xlsx")
    (source,) = find_sources(tmp_path / "a.xlsx", tmp_path)
    assert dict(source.notes)["table-sheets-hidden"] == {"names": ["Rahasia"], "count": 1}


def test_formulas_are_not_evaluated_and_errors_are_no_values(tmp_path: Path) -> None:
    rows = [["nama", "jumlah"], ["A", 1], ["B", "=1+1"], ["C", "=1/0"]]
    path = workbook(tmp_path / "a.xlsx", ("Data", rows))
    changed(path, "xl/worksheets/sheet1.xml", b'r="B4"', b'r="B4" t="e"')
    layer = read_layer(path)
    assert column(layer, "jumlah") == [1, None, None]
    assert told(layer)["table-cells-without-value"] == {"cells": ["B3", "B4"], "count": 2}


def test_a_stored_result_is_taken(shared: Path) -> None:
    layer = read_layer(shared / "data" / "messy" / "xlsx" / "frictionless_adjust-floating-point-error.xlsx")
    assert types(layer)["actual PO4 (formula)"] == "number"
    assert column(layer, "actual PO4 (formula)")[1] == pytest.approx(274.66)


def test_titles_and_merged_headers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Penduduk Kutai Kartanegara"], [], ["Kecamatan", "Penduduk", None, "Luas"], [None, "Pria", "Wanita", None],
        ["A", 1, 2, 3.5], ["B", 4, 5, 6.5], ["C", 7, 8, 9.5],
    ):  # fmt: skip
        sheet.append(row)
    for area in ("A1:D1", "A3:A4", "B3:C3", "D3:D4", "A5:A6"):
        sheet.merge_cells(area)
    book.save(tmp_path / "a.xlsx")
    layer = read_layer(tmp_path / "a.xlsx")
    assert list(types(layer)) == ["Kecamatan", "Penduduk Pria", "Penduduk Wanita", "Luas"]
    assert column(layer, "Penduduk Wanita") == [2, 5, 8] and column(layer, "Kecamatan") == ["A", None, "C"]
    assert "Penduduk Kutai Kartanegara" in told(layer)["table-title-rows"]["titles"][0]
    assert told(layer)["table-merged-cells"] == {"cells": ["A5:A6"], "count": 1}


def test_a_header_of_several_rows(shared: Path) -> None:
    layer = read_layer(shared / "data" / "messy" / "xlsx" / "frictionless_multiline-headers.xlsx")
    assert list(types(layer))[:2] == ["Region", "Caloric contribution (%)"] and len(layer) == 1


def test_dates_counted_from_1904(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["hari", "x"])
    book.active.append([datetime.date(2020, 5, 17), 1])
    book.save(tmp_path / "a.xlsx")
    assert column(read_layer(tmp_path / "a.xlsx"), "hari") == [datetime.date(2020, 5, 17)]


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"]
)
def test_a_document_type_anywhere_is_refused(tmp_path: Path, inspect: Inspect, part: str) -> None:
    path = workbook(tmp_path / "a.xlsx", ("Data", [["a", "b"], [1, 2]]))
    with zipfile.ZipFile(path) as source:
        start = source.read(part)
    root = start.index(b"<", start.index(b"?>")) if start.startswith(b"<?xml") else 0
    evil = start[:root] + b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + start[root:]
    report, staged = inspect(changed(path, part, start, evil))
    assert report.verdict is Verdict.REJECT and staged is None
    assert rules(report)["source-unsafe"]["reason"] == "doctype"


def test_billion_laughs_and_bombs(shared: Path, tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(shared / "data" / "messy" / "attacks" / "xlsx_billion_laughs.xlsx")
    assert report.verdict is Verdict.REJECT and "source-unsafe" in rules(report)
    path = workbook(tmp_path / "bom.xlsx", ("Data", [["a", "b"], [1, 2]]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.bin", bytes(64 << 20))
    report, _ = inspect(path)
    assert report.verdict is Verdict.REJECT and rules(report)["archive-unsafe"]["reason"] == "compression-ratio"


@pytest.mark.parametrize("cut", [40, 400, 1500])
def test_a_cut_workbook_is_refused(tmp_path: Path, inspect: Inspect, cut: int) -> None:
    path = workbook(tmp_path / "a.xlsx", ("Data", [["a", "b"], [1, 2]]))
    path.write_bytes(path.read_bytes()[:-cut])
    report, staged = inspect(path)
    assert report.verdict is Verdict.REJECT and staged is None and "source-crashed" not in rules(report)


def test_a_workbook_in_a_zip(tmp_path: Path) -> None:
    inner = workbook(tmp_path / "a.xlsx", ("Data", [["kode", "x"], ["01", 2]]))
    with zipfile.ZipFile(tmp_path / "luar.zip", "w") as archive:
        archive.write(inner, "tabel/a.xlsx")
    work = tmp_path / "work"
    work.mkdir()
    (source,) = find_sources(tmp_path / "luar.zip", work)
    assert source.name == "Data"


FRAGMENTS = (
    b"<", b">", b'"', b"1e309", b"99999999999999999999", b't="s"', b't="e"', b't="b"', b's="-5"', b'r="ZZZ1"', b"NaN",
    b'r="A9999999"', b"&lt;", b"\xff", b'ref="A1:XFD1048576"', b"2958466", b"0.99999999999", b"",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_mutants_of_the_parts_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    rows = [
        ["kode", "lon", "lat", "hari"],
        [64.01, 116.5, "0°30' LS", datetime.date(2024, 1, 31)],
        ["x", True, 1, None],
    ]
    whole = workbook(tmp_path / "a.xlsx", ("Data", rows)).read_bytes()
    generator = random.Random(seed)
    for _ in range(25):
        path = tmp_path / "mutan.xlsx"
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(path, "w") as target:
            for entry in source.infolist():
                part = bytearray(source.read(entry))
                for _ in range(generator.randint(0, 3)):
                    at, piece = generator.randrange(len(part)), generator.choice(FRAGMENTS)
                    part[at : at + generator.choice((0, 1, len(piece)))] = piece
                target.writestr(entry.filename, bytes(part))
        with contextlib.suppress(UnreadableSource):
            for found in find_sources(path, tmp_path):
                read_layer(found)
