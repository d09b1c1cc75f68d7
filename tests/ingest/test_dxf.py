import struct
from pathlib import Path

import pytest
from pyogrio import read_dataframe

from geoportal.errors import UnreadableSource
from geoportal.ingest import dxf
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

LINE = "0 LINE 5 1A 8 JALAN 62 1 10 500000.0 20 9950000.0 11 500100.0 21 9950100.0"
TEXT = "0 TEXT 5 1C 8 LABEL 10 500000 20 9950000 40 2.5 1 Tenggarong"
SPLINE = "0 SPLINE 5 1B 8 SUNGAI 70 8 71 3 73 0 74 3 11 0.0 21 0.0 31 0.0 11 1.0 21 1.0 31 0.0 11 2.0 21 0.0 31 0.0"
IMAGE = "0 IMAGE 5 1D 8 FOTO 10 0.0 20 0.0"


def pairs(*groups: str) -> list[tuple[int, str]]:
    words = " ".join(groups).split(" ")
    return [(int(code), value) for code, value in zip(words[::2], words[1::2], strict=True)]


def drawing(*entities: str, unit: int | None = None) -> list[tuple[int, str]]:
    header = "0 SECTION 2 HEADER 9 $ACADVER 1 AC1015" + ("" if unit is None else f" 9 $INSUNITS 70 {unit}")
    return pairs(header, "0 ENDSEC 0 SECTION 2 ENTITIES", *entities, "0 ENDSEC 0 EOF")


def as_text(path: Path, groups: list[tuple[int, str]], end: str = "\n") -> Path:
    path.write_bytes("".join(f"{code:>3}{end}{value}{end}" for code, value in groups).encode())
    return path


def as_binary(path: Path, groups: list[tuple[int, str]]) -> Path:
    body = dxf.BINARY
    for code, value in groups:
        body += struct.pack("<H", code)
        if code < 10 or code == 100:
            body += value.encode() + b"\0"
        elif code < 60:
            body += struct.pack("<d", float(value))
        else:
            body += struct.pack("<h", int(value))
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("write", [as_text, as_binary])
def test_layer_colour_and_text_come_along(write: object, tmp_path: Path) -> None:
    layer = read_layer(write(tmp_path / "a.dxf", drawing(LINE, TEXT)))  # type: ignore[operator]
    assert layer.crs is None and layer.name == "a" and layer.geometry_type == "Unknown"
    table = layer.frame[["Layer", "EntityHandle", "Text", "Color"]]
    assert table.iloc[0].tolist()[:2] == ["JALAN", "1A"] and table.iloc[0]["Color"] == "#ff0000"
    assert table.iloc[1]["Layer"] == "LABEL" and table.iloc[1]["Text"] == "Tenggarong"
    assert layer.frame.geometry[0].coords[1] == (500100.0, 9950100.0)


def test_the_reference_system_is_asked_for(tmp_path: Path, inspect: Inspect) -> None:
    path = as_text(tmp_path / "a.dxf", drawing(LINE), end="\r\n")
    report, staged = inspect(path)
    assert report.verdict is Verdict.ACCEPT_WITH_WARNINGS and set(rules(report)) == {"crs-missing"} and staged is None
    report, staged = inspect(path, crs="EPSG:32750")
    assert report.verdict is Verdict.ACCEPT and staged is not None and staged.summary.crs == "EPSG:32750"
    assert read_dataframe(staged.path)["Color"].tolist() == ["#ff0000"]


def test_a_spline_that_would_be_left_out_in_silence_is_named(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(as_text(tmp_path / "a.dxf", drawing(SPLINE, LINE, TEXT)), crs="EPSG:32750")
    assert report.verdict is Verdict.REJECT and staged is None
    assert rules(report)["source-unreadable"] == {"reason": "spline", "message": None, "entities": ["SUNGAI (1B)"]}


def test_units_other_than_the_metre_are_told_and_nothing_is_scaled(tmp_path: Path) -> None:
    layer = read_layer(as_text(tmp_path / "a.dxf", drawing(LINE, unit=4)))
    assert ("drawing-unit", {"unit": "millimetre"}) in layer.notes
    assert layer.frame.geometry[0].coords[0] == (500000.0, 9950000.0)
    for unit in (0, 6, 99):
        layer = read_layer(as_text(tmp_path / "b.dxf", drawing(LINE, unit=unit)))
        assert not layer.notes


def test_what_cannot_be_a_feature_is_counted(tmp_path: Path) -> None:
    layer = read_layer(as_text(tmp_path / "a.dxf", drawing(LINE, IMAGE, IMAGE)))
    assert ("entities-unread", {"kinds": ["IMAGE (2)"], "count": 2}) in layer.notes
    assert len(layer) == 1


def test_characters_written_as_codes_are_read(tmp_path: Path) -> None:
    layer = read_layer(as_text(tmp_path / "a.dxf", drawing(LINE.replace("JALAN", r"JALAN\U+00E9\U+6771"))))
    assert layer.frame["Layer"].tolist() == ["JALANé東"]


@pytest.mark.parametrize("content", [b"0\nSECTION\nx\ny\n", b"0\nSECTION\n", dxf.BINARY + b"\0\0SECTION", dxf.BINARY])
def test_a_broken_drawing_is_refused_or_empty(content: bytes, tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "a.dxf"
    path.write_bytes(content)
    report, staged = inspect(path)
    assert staged is None and report.verdict is not Verdict.ACCEPT


def test_a_group_code_that_is_none(tmp_path: Path) -> None:
    path = as_text(tmp_path / "a.dxf", drawing(LINE))
    path.write_bytes(path.read_bytes().replace(b" 62\n", b" xx\n"))
    with pytest.raises(UnreadableSource) as caught:
        dxf.look(path)
    assert note_of(caught.value) == ("source-unreadable", {"reason": "dxf"})


def test_a_drawing_in_a_zip(tmp_path: Path, inspect: Inspect) -> None:
    content = as_text(tmp_path / "a.dxf", drawing(LINE)).read_bytes()
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", {"Gambar/JALAN.DXF": content, "Gambar/kop.pdf": b"%PDF"}))
    assert report.layers[0].name == "JALAN"
    assert rules(report)["members-left"] == {"files": ["Gambar/kop.pdf"]}
