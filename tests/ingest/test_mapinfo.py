import struct
import warnings
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from pyogrio import write_dataframe

from geoportal.errors import UnreadableSource
from geoportal.ingest import mapinfo
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

HEAD = """Version 300
Charset "WindowsLatin1"
Delimiter ","
CoordSys Earth Projection 1, 104
Columns 2
  nama Char(20)
  kode Char(10)
Data
"""
OBJECTS = """Point 117 -0.5
    Symbol (35,0,12)
Line 117 -1 118 0
Pline 2
117 -1
118 0
Region 1
  4
117 -1
118 -1
118 0
117 -1
Rect 117 -1 118 0
Multipoint 2
117 -1
118 0
none
Collection 2
Pline 2
117 -1
118 0
Multipoint 1
117 -1
"""
ROUND = """Arc 117 -1 118 0
 0 90
Ellipse 117 -1 118 0
RoundRect 117 -1 118 0 0.2
Text "halo"
 117 -0.5 117.1 -0.4
"""


def mif(folder: Path, objects: str = OBJECTS, head: str = HEAD, mid: bytes | None = None, count: int = 8) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "jalan.mif"
    path.write_text(head + objects, "latin-1")
    rows = b"".join(f'"caf\xe9 {n}","0{n}"\n'.encode("latin-1") for n in range(count)) if mid is None else mid
    path.with_suffix(".mid").write_bytes(rows)
    return path


def tab(
    folder: Path, crs: str | None = "EPSG:32750", data: geopandas.GeoDataFrame | None = None, **options: Any
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "desa.tab"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_dataframe(makers.frame(crs=crs) if data is None else data, path, driver="MapInfo File", **options)
    return path


def test_objects_of_every_straight_kind(tmp_path: Path) -> None:
    layer = read_layer(mif(tmp_path / "m"))
    assert [shape and shape.geom_type for shape in layer.frame.geometry] == [
        "Point", "LineString", "LineString", "Polygon", "Polygon", "MultiPoint", None, "GeometryCollection"
    ]  # fmt: skip
    assert layer.frame["nama"].tolist()[1] == "café 1" and layer.frame["kode"].tolist()[:2] == ["00", "01"]
    assert layer.crs == "EPSG:4326" and layer.notes == () and layer.fields[0].width == 20


def test_round_objects_and_texts_are_counted(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(mif(tmp_path / "m", ROUND, count=4))
    assert staged is not None and report.verdict is Verdict.ACCEPT_WITH_WARNINGS
    counted = {finding.rule: finding.count for finding in report.findings}
    assert counted["geometry-curved"] == 3 and counted["content-not-kept"] == 1
    assert rules(report)["content-not-kept"]["things"] == {"texts-on-map": 1}
    assert report.layers[0].features == 4


def test_loose_parts_and_zips_of_both_kinds(tmp_path: Path, inspect: Inspect) -> None:
    table, exchange = tab(tmp_path / "t"), mif(tmp_path / "m")
    report, staged = inspect(table)
    assert staged is not None and report.verdict is Verdict.ACCEPT and report.layers[0].crs == "EPSG:32750"
    members = {f"a/{part.name.upper()}": part.read_bytes() for part in table.parent.iterdir()}
    members |= {f"b/{part.name}": part.read_bytes() for part in exchange.parent.iterdir()}
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", members))
    assert sorted((layer.name, layer.features) for layer in report.layers) == [("DESA", 3), ("jalan", 8)]


def test_a_table_keeps_its_values_and_places(tmp_path: Path) -> None:
    data = makers.frame(crs="EPSG:32750", nama=["Désa", "b", "c"], n=[1, -2, 3], x=[1.5, np.nan, 0.1])
    layer = read_layer(tab(tmp_path / "t", data=data, BOUNDS="0,9000000,1000000,10000000", ENCODING="UTF-8"))
    assert layer.frame["nama"].tolist() == ["Désa", "b", "c"] and layer.frame["n"].tolist() == [1, -2, 3]
    assert shapely.distance(layer.frame.geometry, data.geometry).max() < 0.001  # whole numbers of a grid of 2^31


def test_a_plan_that_is_not_on_earth_has_no_system(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(tab(tmp_path / "t", crs=None))
    assert staged is None and "crs-missing" in rules(report)
    head = HEAD.replace("Earth Projection 1, 104", 'NonEarth Units "m" Bounds (0, 0) (1000000, 1000000)')
    report, staged = inspect(mif(tmp_path / "m", head=head))
    assert staged is None and "crs-missing" in rules(report)


def test_text_without_character_set(tmp_path: Path) -> None:
    head = HEAD.replace("WindowsLatin1", "Neutral")
    layer = read_layer(mif(tmp_path / "m", "Point 1 2\nPoint 3 4\n", head, b'"caf\xe9",""\n"d\xc3\xa9sa",""\n'))
    assert layer.frame["nama"].tolist() == ["café", "désa"]
    said = dict(layer.notes)["encoding-assumed"]
    assert said == {"encoding": "Windows-1252", "fields": ["nama"], "count": 1}


def test_rows_and_objects_that_do_not_fit(tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(mif(tmp_path / "m", "Point 1 2\nPoint 3 4\n", count=3))
    found = rules(report)["record-count-differs"]
    assert (found["shapes"], found["table"]) == (2, 3)
    path = mif(tmp_path / "n")
    path.with_suffix(".mid").unlink()
    report, staged = inspect(path)
    assert staged is not None and "table-missing" in rules(report)


@pytest.mark.parametrize("gone", [".dat", ".map", ".id"])
def test_a_table_without_a_part_is_refused(gone: str, tmp_path: Path, inspect: Inspect) -> None:
    path = tab(tmp_path / "t")
    path.with_suffix(gone).unlink()
    report, staged = inspect(path)
    assert staged is None and rules(report) == {"source-unreadable": {"reason": "parts-missing"}}


def test_a_table_of_values_alone(tmp_path: Path, inspect: Inspect) -> None:
    path = tab(tmp_path / "t")
    path.with_suffix(".map").unlink()
    path.with_suffix(".id").unlink()
    report, staged = inspect(path)
    assert staged is not None and set(rules(report)) == {"layer-without-geometry"}
    assert report.layers[0].features == 3


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('Definition Table\n  Type LINKED Charset "Neutral"\n\n"\\IsSeamless" = "TRUE"\n', "seamless"),
        ('Definition Table\n  File "peta.tif"\n  Type "RASTER"\n', "RASTER"),
        ("Definition Table\n  Type ODBC\n", "ODBC"),
        ("Definition Table\n  Type DBF\n", "DBF"),
        ("Definition Table\n", "?"),
    ],
)
def test_tables_that_are_only_a_pointer_are_refused(body: str, kind: str, tmp_path: Path, inspect: Inspect) -> None:
    path = tab(tmp_path / "t")
    path.write_text(f"!table\n!version 300\n!charset Neutral\n\n{body}", "latin-1")
    report, staged = inspect(path)
    assert staged is None and rules(report)["format-not-supported"]["kind"] == f"MapInfo TAB ({kind})"


@pytest.mark.parametrize(
    ("part", "at", "value", "reason"),
    [
        (".dat", 4, struct.pack("<L", 1 << 30), "header"),
        (".map", 0x100, b"\0\0\0\0", "header"),
        (".id", 0, b"\xff\xff\xff\x7f", "truncated"),
        (".tab", 0, b"?table", "header"),
    ],
)
def test_damaged_parts(part: str, at: int, value: bytes, reason: str, tmp_path: Path) -> None:
    path = tab(tmp_path / "t")
    parts = {item.suffix: item for item in path.parent.iterdir()}
    content = bytearray(parts[part].read_bytes())
    content[at : at + len(value)] = value
    parts[part].write_bytes(content)
    with pytest.raises(UnreadableSource) as caught:
        mapinfo.find_sources(parts, "desa", 500)
    assert note_of(caught.value) == ("source-unreadable", {"reason": reason})


def test_interchange_files_that_make_no_sense(tmp_path: Path) -> None:
    for content, expected in [
        (HEAD.replace("Data\n", ""), ("source-unreadable", "truncated")),
        (HEAD + "Point 1 2\nPline 2\nnan 1\n1 2\n", ("source-unsafe", "not-a-number")),
        ("Versi 300\nData\n", ("source-unreadable", "header")),
    ]:
        path = tmp_path / "a.mif"
        path.write_text(content)
        with pytest.raises(UnreadableSource) as caught:
            mapinfo.find_sources({".mif": path}, "a", 500)
        rule, params = note_of(caught.value)
        assert (rule, params["reason"]) == expected
    path.write_text(HEAD.replace("Columns 2", "Columns 900") + OBJECTS)
    with pytest.raises(UnreadableSource) as caught:
        mapinfo.find_sources({".mif": path}, "a", 500)
    assert note_of(caught.value) == ("fields-too-many", {"count": 900, "limit": 500})


def test_the_objects_of_a_table_are_counted_by_their_kind(tmp_path: Path) -> None:
    shapes = [shapely.Point(117, -0.5), None, shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])]
    data = geopandas.GeoDataFrame({"n": range(4)}, geometry=shapes, crs="EPSG:4326")
    path = tab(tmp_path / "t", data=data)
    counted = mapinfo._objects_of_map(path.with_suffix(".map"), path.with_suffix(".id"))
    assert counted.total() == 4 and counted[0] == 1 and len(counted) == 4
    content = bytearray(path.with_suffix(".map").read_bytes())
    (first,) = struct.unpack_from("<I", path.with_suffix(".id").read_bytes())
    content[first] = 0x0B  # an arc
    path.with_suffix(".map").write_bytes(content)
    [source] = mapinfo.find_sources({item.suffix: item for item in path.parent.iterdir()}, "desa", 500)
    assert ("geometry-curved", {"count": 1}) in source.notes
