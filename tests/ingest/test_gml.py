import json
import random
from ctypes import c_char_p, c_int, c_void_p, create_string_buffer
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring as element

import pytest
import shapely
from pyproj import CRS, Transformer

from geoportal.errors import UnreadableSource
from geoportal.ingest import gdal
from geoportal.ingest.axes import understood
from geoportal.ingest.crs import same
from geoportal.ingest.formats import find_sources
from geoportal.ingest.gmlshapes import shape_of
from geoportal.ingest.gmlsimple import simple
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.ingest.typed import type_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

NAMESPACES = (
    'xmlns:gml="http://www.opengis.net/gml" xmlns:wfs="http://www.opengis.net/wfs" xmlns:k="urn:kukar" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def gml(path: Path, *features: str, head: str = "", attributes: str = "") -> Path:
    members = "".join(f"<gml:featureMember>{feature}</gml:featureMember>" for feature in features)
    path.write_text(
        f"<wfs:FeatureCollection {NAMESPACES} {attributes}>{head}{members}</wfs:FeatureCollection>", "utf-8"
    )
    return path


def desa(shape: str = "", values: str = "", own: str = "") -> str:
    geometry = f"<k:geom>{shape}</k:geom>" if shape else ""
    return f"<k:desa {own}>{values}{geometry}</k:desa>"


def point(text: str, srs: str | None = "EPSG:4326", inner: str = "") -> str:
    name = "" if srs is None else f'srsName="{srs}"'
    return f"<gml:Point {name}><gml:pos {inner}>{text}</gml:pos></gml:Point>"


def read_shape(tmp_path: Path, shape: str) -> Any:
    return read_layer(gml(tmp_path / "a.gml", desa(shape))).frame.geometry[0]


# The same place near Tenggarong as each authority writes it.
LON, LAT = 116.99, -0.42


@pytest.mark.parametrize(
    ("srs", "code", "northing_first"),
    [
        ("urn:ogc:def:crs:EPSG::4326", "EPSG:4326", True),
        ("urn:ogc:def:crs:EPSG:6.9:4326", "EPSG:4326", True),
        ("urn:x-ogc:def:crs:EPSG:4326:4326", "EPSG:4326", True),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "EPSG:4326", True),
        ("https://www.opengis.net/def/crs/EPSG/9.9.1/9470", "EPSG:9470", True),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84", False),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84", False),
        ("EPSG:4326", "EPSG:4326", False),
        ("epsg:4326", "EPSG:4326", False),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", "EPSG:4326", False),
        ("urn:ogc:def:crs:EPSG::32750", "EPSG:32750", False),
        ("urn:ogc:def:crs:EPSG::23837", "EPSG:23837", False),
        ("urn:ogc:def:crs:EPSG::31468", "EPSG:31468", True),
        ("EPSG:31468", "EPSG:31468", False),
    ],
)
def test_axes_come_in_the_order_that_the_name_means(srs: str, code: str, northing_first: bool, tmp_path: Path) -> None:
    x, y = Transformer.from_crs("OGC:CRS84", code, always_xy=True).transform(LON, LAT)
    written = f"{y!r} {x!r}" if northing_first else f"{x!r} {y!r}"
    layer = read_layer(gml(tmp_path / "a.gml", desa(point(written, srs))))
    assert layer.crs is not None and same(layer.crs, code) and layer.frame.geometry[0] == shapely.Point(x, y)


def test_the_rule_of_axes_is_that_of_the_epsg_register() -> None:
    for code in (4326, 4755, 9470, 4238, 32650, 32750, 9480, 9490, 23837, 23838, 3857, 31467, 2193, 3035):
        directions = [axis.direction for axis in CRS.from_epsg(code).axis_info[:2]]
        assert understood(f"urn:ogc:def:crs:EPSG::{code}").swapped == (directions == ["north", "east"]), code
        assert not understood(f"EPSG:{code}").swapped


def test_a_name_that_nobody_knows_is_no_reference_system(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(gml(tmp_path / "a.gml", desa(point("1 2", "#lokal"))))
    assert staged is None and {"crs-missing", "reader-message"} <= set(rules(report))
    report, _ = inspect(gml(tmp_path / "b.gml", desa(point("1 2", None))))
    assert "crs-missing" in rules(report) and "reader-message" not in rules(report)


def test_the_system_of_the_collection_holds_where_a_shape_has_none(tmp_path: Path) -> None:
    box = "<gml:boundedBy><gml:Envelope srsName='urn:ogc:def:crs:EPSG::4326'/></gml:boundedBy>"
    layer = read_layer(gml(tmp_path / "a.gml", desa(point("-0.42 116.99", None)), head=box))
    assert layer.frame.geometry[0] == shapely.Point(116.99, -0.42) and layer.crs == "EPSG:4326"
    own = desa(point("-0.42 116.99", None), f"<gml:boundedBy>{box[15:-16]}</gml:boundedBy>")
    assert read_layer(gml(tmp_path / "b.gml", own)).frame.geometry[0].x == 116.99


def test_two_systems_are_two_layers_and_each_kind_is_one(tmp_path: Path, inspect: Inspect) -> None:
    path = gml(
        tmp_path / "a.gml",
        desa(values="<k:n>0</k:n>"),
        desa(point("500000 9950000", "EPSG:32750"), "<k:n>1</k:n>"),
        desa(point("116.99 -0.42"), "<k:n>2</k:n>"),
        f"<k:jalan><k:g>{point('1 2')}</k:g></k:jalan>",
    )
    report, _ = inspect(path)
    assert [(layer.name, layer.features, layer.crs) for layer in report.layers] == [
        ("desa (EPSG:32750)", 2, "EPSG:32750"),
        ("desa (EPSG:4326)", 1, "EPSG:4326"),
        ("jalan", 1, "EPSG:4326"),
    ]
    assert read_layer(path, layer="desa (EPSG:32750)").frame["n"].tolist() == [0, 1]


def test_values_ids_types_and_what_repeats(tmp_path: Path) -> None:
    values = """<gml:name>{0}</gml:name><k:kode>{1}</k:kode><k:luas uom="ha">{2}</k:luas><k:kec>64.0{0}</k:kec>
        <k:d>2024-01-0{0}</k:d><k:ket>a</k:ket><k:ket>b</k:ket><k:alamat><k:jalan>X</k:jalan><k:rt>1</k:rt></k:alamat>
        <k:kosong xsi:nil="true"/><k:jenis xlink:href="urn:kode:7"/>"""
    path = gml(
        tmp_path / "a.gml",
        desa(point("1 2"), values.format(1, "0012", "1.5"), 'gml:id="d.1"'),
        desa(point("3 4"), values.format(2, "64", "120.25"), 'gml:id="d.2"'),
    )
    layer = read_layer(path)
    assert {field.name: field.type for field in layer.fields} == {
        "name": "integer",
        "kode": "string",
        "luas": "number",
        "luas_uom": "string",
        "kec": "string",
        "d": "date",
        "ket": "string",
        "alamat": "string",
        "kosong": "string",
        "jenis": "string",
    } | {"ket": "string"}
    first = layer.frame.iloc[0]
    assert first["kode"] == "0012" and first["kec"] == "64.01" and json.loads(first["ket"]) == ["a", "b"]
    assert json.loads(first["alamat"]) == {"jalan": "X", "rt": "1"} and first["jenis"] == "urn:kode:7"
    assert layer.ids == ("d.1", "d.2") and layer.notes == ()


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "20", None, ""], "integer"),
        (["1", "020"], "string"),
        (["6402", "6403"], "integer"),
        (["64.02", "64.03"], "string"),
        (["64.02"], "string"),
        (["1.5", "12.25"], "number"),
        (["1.50", "2.25", "10"], "string"),
        (["1", "2.5"], "number"),
        (["116.99000001"], "number"),
        (["12345678901234567890"], "string"),
        (["-0.57219373850491234"], "number"),
        (["1e5"], "string"),
        (["nan"], "string"),
        ([None], "string"),
        ([["a"]], "string"),
    ],
)
def test_numbers_only_where_nothing_is_lost(texts: list[Any], kind: str) -> None:
    assert type_of(texts) == kind


RING = "<gml:LinearRing><gml:posList {1}>{0}</gml:posList></gml:LinearRing>"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("<gml:Point><gml:coordinates>1,2</gml:coordinates></gml:Point>", "POINT (1 2)"),
        ("<gml:Point><gml:coord><gml:X>1</gml:X><gml:Y>2</gml:Y></gml:coord></gml:Point>", "POINT (1 2)"),
        ("<gml:Point><gml:pos srsDimension='3'>1 2 3</gml:pos></gml:Point>", "POINT Z (1 2 3)"),
        (
            "<gml:LineString><gml:coordinates cs=';' ts='|' decimal=','>1,5;2|3;4</gml:coordinates></gml:LineString>",
            "LINESTRING (1.5 2, 3 4)",
        ),
        (
            "<gml:Polygon><gml:outerBoundaryIs>"
            + RING.format("0 0 1 0 1 1 0 0", "")
            + "</gml:outerBoundaryIs></gml:Polygon>",
            "POLYGON ((0 0, 1 0, 1 1, 0 0))",
        ),
        (
            "<gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:exterior>"
            + RING.format("0 0 5 1 0 5 1 1 5 0 0 5", "srsDimension='3'")
            + "</gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>",
            "MULTIPOLYGON Z (((0 0 5, 1 0 5, 1 1 5, 0 0 5)))",
        ),
        (
            "<gml:MultiCurve><gml:curveMember><gml:LineString><gml:posList>1 2 3 4</gml:posList></gml:LineString>"
            "</gml:curveMember></gml:MultiCurve>",
            "MULTILINESTRING ((1 2, 3 4))",
        ),
        (
            f"<gml:MultiGeometry><gml:geometryMember>{point('1 2', None)}</gml:geometryMember><gml:geometryMember>"
            "<gml:LineString><gml:posList>1 2 3 4</gml:posList></gml:LineString></gml:geometryMember>"
            "</gml:MultiGeometry>",
            "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))",
        ),
    ],
)
def test_shapes_of_every_version(shape: str, expected: str, tmp_path: Path) -> None:
    assert read_shape(tmp_path, shape).wkt == expected


def test_every_digit_is_kept(tmp_path: Path) -> None:
    dice = random.Random(6402)
    for _ in range(300):
        x, y = dice.uniform(-180, 180), dice.uniform(-90, 90)
        shape = element(f"<LineString><posList>{y!r} {x!r} 1 2</posList></LineString>")
        assert shapely.get_coordinates(shapely.from_wkb(shape_of(shape, swapped=True)))[0].tolist() == [x, y]


@pytest.mark.parametrize(
    "text",
    [
        "<Point><pos>1 2</pos></Point>",
        "<Polygon><exterior><LinearRing><pos>0 0</pos><pos>0 1</pos><pos>1 1</pos><pos>0 0</pos></LinearRing>"
        "</exterior></Polygon>",
        "<Curve><segments><LineStringSegment><posList>1 2 3 4</posList></LineStringSegment></segments></Curve>",
        "<MultiCurve><curveMembers><LineString><posList>1 2 3 4</posList></LineString></curveMembers></MultiCurve>",
        "<MultiPoint><pointMembers><Point><pos>1 2</pos></Point><Point><pos>3 4</pos></Point></pointMembers>"
        "</MultiPoint>",
        "<LineString srsDimension='3'><posList>1 2 3 4 5 6</posList></LineString>",
        "<LineString><coordinates>1,2,3 4,5,6</coordinates></LineString>",
    ],
)
def test_what_we_make_ourselves_is_what_gdal_makes(text: str) -> None:
    ours = simple(element(text), swapped=False)
    create = gdal.function("OGR_G_CreateFromGML", c_void_p, c_char_p)
    made = create(text.encode())
    size = gdal.function("OGR_G_WkbSize", c_int, c_void_p)(made)
    buffer = create_string_buffer(size)
    gdal.function("OGR_G_ExportToIsoWkb", c_int, c_void_p, c_int, c_char_p)(made, 1, buffer)
    gdal.function("OGR_G_DestroyGeometry", None, c_void_p)(made)
    assert ours == buffer.raw


def test_curves_become_chords_and_that_is_said(tmp_path: Path) -> None:
    arc = "<gml:Curve srsName='EPSG:32750'><gml:segments><gml:Arc><gml:posList>0 0 1 1 2 0</gml:posList></gml:Arc>"
    layer = read_layer(gml(tmp_path / "a.gml", desa(f"{arc}</gml:segments></gml:Curve>")))
    assert dict(layer.notes)["geometry-curved"]["count"] == 1
    assert layer.frame.geometry[0].length == pytest.approx(3.14159, abs=0.01)


@pytest.mark.parametrize(
    "shape",
    [
        point("1 x"),
        point("1_0 2"),
        point("1 2 3 4"),
        "<gml:LineString><gml:posList>1 2 3</gml:posList></gml:LineString>",
        "<gml:MultiPoint><gml:pointMember xlink:href='#p1'/></gml:MultiPoint>",
        f"<gml:MultiPoint><gml:pointMember xlink:href='#p1'/><gml:pointMember>{point('1 2')}</gml:pointMember>"
        "</gml:MultiPoint>",
    ],
)
def test_a_shape_that_cannot_be_read_whole_is_none_and_named(shape: str, tmp_path: Path) -> None:
    layer = read_layer(gml(tmp_path / "a.gml", desa(shape, own='gml:id="d.9"'), desa(point("1 2"), own='gml:id="d.8"')))
    assert layer.frame.geometry[0] is None and layer.frame.geometry[1] is not None
    assert dict(layer.notes)["reader-message"] == {"message": "geometry", "count": 1, "features": ["d.9"]}


@pytest.mark.parametrize("text", ["nan 1", "1 Infinity", "1e999 2"])
def test_what_is_no_number_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as caught:
        read_shape(tmp_path, point(text))
    assert note_of(caught.value) == ("source-unsafe", {"reason": "not-a-number"})


def test_links_and_schemas_are_not_fetched_and_a_second_shape_is_named(tmp_path: Path, inspect: Inspect) -> None:
    schema = 'xsi:schemaLocation="urn:kukar http://127.0.0.1:9/a.xsd"'
    feature = desa(point("116.99 -0.42"), "<k:induk xlink:href='http://127.0.0.1:9/kec/1'/>")
    feature = feature.replace("</k:desa>", f"<k:label>{point('1 2')}</k:label></k:desa>")
    path = gml(tmp_path / "a.gml", feature, attributes=schema)
    report, staged = inspect(path)
    found = rules(report)
    assert staged is not None and report.verdict is Verdict.ACCEPT_WITH_WARNINGS
    assert found["links-not-followed"] == {"links": ["http://127.0.0.1:9/kec/1"]}
    assert found["content-not-kept"] == {"things": {"other-geometries": 1}}
    zipped = makers.zipped(
        tmp_path / "a.zip",
        {"a.gml": gml(tmp_path / "b.gml", desa(point("1 2"))).read_bytes(), "a.xsd": "<x/>", "a.gfs": "<G/>"},
    )
    report, staged = inspect(zipped)
    assert staged is not None and report.verdict is Verdict.ACCEPT


def test_a_page_of_an_answer_says_that_there_is_more(tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(
        gml(tmp_path / "a.gml", desa(point("1 2")), attributes='numberMatched="500" numberReturned="1"')
    )
    assert rules(report) == {"answer-partial": {"held": 1, "matched": 500}}
    report, _ = inspect(
        gml(tmp_path / "b.gml", desa(point("1 2")), attributes='numberMatched="unknown" numberReturned="1"')
    )
    assert report.verdict is Verdict.ACCEPT


def test_members_of_every_spelling(tmp_path: Path) -> None:
    inner = desa(point("1 2"))
    for number, body in enumerate(
        [
            f"<gml:featureMembers>{inner}{inner}</gml:featureMembers>",
            f"<wfs:member>{inner}</wfs:member><wfs:member>{inner}</wfs:member>",
            f"<wfs:member><wfs:FeatureCollection><wfs:member>{inner}</wfs:member></wfs:FeatureCollection></wfs:member>"
            f"<wfs:member>{inner}</wfs:member>",
            f"<k:desaMember>{inner}</k:desaMember><k:desaMember>{inner}</k:desaMember>",
        ]
    ):
        path = tmp_path / f"{number}.gml"
        path.write_text(f"<k:FeatureCollection {NAMESPACES}>{body}</k:FeatureCollection>")
        assert len(read_layer(path).frame) == 2


def test_a_table_without_geometry(tmp_path: Path) -> None:
    layer = read_layer(gml(tmp_path / "a.gml", desa(values="<k:n>1</k:n>"), desa(values="<k:n>2</k:n>")))
    assert layer.geometry_type is None and layer.frame["n"].tolist() == [1, 2]


def test_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as caught:
        find_sources(gml(tmp_path / "a.gml"), tmp_path)
    assert note_of(caught.value)[0] == "no-layer"


def test_the_sample_of_balikpapan_lies_where_it_lies(shared: Path) -> None:
    layer = read_layer(shared / "data" / "real" / "balikpapan_kelurahan.gml")
    assert layer.frame.total_bounds.tolist() == pytest.approx([116.728924, -1.282242, 117.022702, -1.013304], abs=1e-6)
    assert len(layer.frame) == 34 and layer.crs == "EPSG:4326" and layer.notes == ()
