import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from geoportal.errors import UnreadableSource
from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.layer import Layer
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'


def kml(path: Path, body: str, head: str = HEAD) -> Path:
    path.write_text(f"{head}{body}</kml>", "utf-8")
    return path


def place(name: str = "Tenggarong", shape: str = "<Point><coordinates>116.99,-0.42</coordinates></Point>") -> str:
    return f"<Placemark><name>{name}</name>{shape}</Placemark>"


def shape_of(tmp_path: Path, shape: str) -> tuple[Any, dict[str, dict[str, Any]]]:
    layer = read_layer(kml(tmp_path / "a.kml", place(shape=shape)))
    return layer.frame.geometry[0], dict(layer.notes)


def names(path: Path, work: Path) -> list[str]:
    work.mkdir()
    return [source.name for source in find_sources(path, work)]


def notes(layer: Layer) -> dict[str, dict[str, Any]]:
    return dict(layer.notes)


def test_each_folder_with_placemarks_is_a_layer(tmp_path: Path) -> None:
    body = f"""<Document><name>Kukar</name>{place("a")}
        <Folder><name>Jalan</name>{place("b")}{place("c")}<Folder><name>Titik</name>{place("d")}</Folder></Folder>
        <Folder><name>Sungai</name><Folder><name>Titik</name>{place("e")}</Folder></Folder>
        <Folder><name>Kosong</name></Folder></Document>"""
    path = kml(tmp_path / "a.kml", body)
    assert names(path, tmp_path / "w") == ["Kukar", "Jalan", "Jalan / Titik", "Sungai / Titik"]
    layer = read_layer(path, layer="Jalan")
    assert layer.frame["name"].tolist() == ["b", "c"] and layer.crs == "EPSG:4326"


def test_a_file_without_folder_and_a_folder_as_root(tmp_path: Path) -> None:
    assert names(kml(tmp_path / "tempat.kml", place()), tmp_path / "w") == ["tempat"]
    path = tmp_path / "b.kml"
    path.write_text(f'<Folder xmlns="http://earth.google.com/kml/2.1"><name>F</name>{place()}</Folder>')
    assert names(path, tmp_path / "v") == ["F"]


def test_typed_plain_and_free_data_are_kept(tmp_path: Path) -> None:
    body = """<Document><Schema id="s" name="S"><SimpleField type="int" name="n"/><SimpleField type="double" name="x"/>
        <SimpleField type="bool" name="ya"/><SimpleField type="int" name="kode"/></Schema>
      <Placemark id="p1"><name>A</name><description><![CDATA[<b>tebal</b>]]></description>
        <TimeStamp><when>2024-01-31</when></TimeStamp>
        <ExtendedData xmlns:k="urn:k"><Data name="kec"><displayName>Kecamatan</displayName><value>007</value></Data>
          <Data name="kec"><value>8</value></Data><k:luas>12</k:luas>
          <SchemaData schemaUrl="#s"><SimpleData name="n">5</SimpleData><SimpleData name="x">1.50</SimpleData>
            <SimpleData name="ya">1</SimpleData><SimpleData name="kode">0012</SimpleData></SchemaData></ExtendedData>
        <Point><coordinates>1,2</coordinates></Point></Placemark>
      <Placemark id="p2"><name>B</name><description>x <i>y</i> z</description>
        <TimeStamp><when>2024-02-01</when></TimeStamp></Placemark></Document>"""
    layer = read_layer(kml(tmp_path / "a.kml", body))
    types = {field.name: field.type for field in layer.fields}
    assert types == {
        "name": "string",
        "description": "string",
        "when": "date",
        "kec": "string",
        "luas": "string",
        "n": "integer",
        "x": "number",
        "ya": "boolean",
        "kode": "string",
    }
    first = layer.frame.iloc[0]
    assert json.loads(first["kec"]) == ["007", "8"] and first["kode"] == "0012" and first["luas"] == "12"
    assert layer.frame["description"].tolist() == ["<b>tebal</b>", "x <i>y</i> z"]
    assert layer.frame["n"].isna().tolist() == [False, True] and layer.ids == ("p1", "p2")


def test_a_column_that_is_called_name_is_not_mixed_with_the_name_of_the_place(tmp_path: Path) -> None:
    data = "<ExtendedData><Data name='name'><value>{}</value></Data></ExtendedData><name>A</name>"
    body = "".join(f"<Placemark>{data.format(value)}</Placemark>" for value in "AB")
    layer = read_layer(kml(tmp_path / "a.kml", f"<Document>{body}</Document>"))
    assert layer.frame["name"].tolist() == ["A", "A"] and layer.frame["data_name"].tolist()[1] == "B"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("116.5,-0.5 117,0", [(116.5, -0.5), (117, 0)]),
        ("116.5,-0.5,7 117,0,8", [(116.5, -0.5, 7), (117, 0, 8)]),
        ("\n 116.5 , -0.5 , 7\n 117, 0, 8 ", [(116.5, -0.5, 7), (117, 0, 8)]),
        ("116.5,-0.5,7,117,0,8", [(116.5, -0.5, 7), (117, 0, 8)]),
        ("116.5,-0.5,7 117,0", [(116.5, -0.5, 7), (117, 0, 0)]),
        ("1.165e2,-5e-1 +117,0", [(116.5, -0.5), (117, 0)]),
    ],
)
def test_coordinates_as_people_write_them(text: str, expected: list[tuple[float, ...]], tmp_path: Path) -> None:
    found, said = shape_of(tmp_path, f"<LineString><coordinates>{text}</coordinates></LineString>")
    assert shapely.get_coordinates(found, include_z=len(expected[0]) == 3).tolist() == [list(row) for row in expected]
    assert said == {}


@pytest.mark.parametrize("text", ["116.5;-0.5", "116.5", "a,b", "1,2,3,4", "1_0,2", "116°30',0"])
def test_coordinates_that_make_no_sense_leave_the_feature_without_geometry_and_that_is_said(
    text: str, tmp_path: Path
) -> None:
    found, said = shape_of(tmp_path, f"<Point><coordinates>{text}</coordinates></Point>")
    assert found is None and said == {"reader-message": {"message": "geometry", "count": 1, "features": ["1"]}}


@pytest.mark.parametrize("text", ["nan,1", "1,inf", "1e400,0", "1,2,-Infinity"])
def test_what_is_no_number_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as caught:
        shape_of(tmp_path, f"<Point><coordinates>{text}</coordinates></Point>")
    assert note_of(caught.value) == ("source-unsafe", {"reason": "not-a-number"})


def test_heights_of_zero_go_and_real_ones_stay(tmp_path: Path) -> None:
    ring = "<LinearRing><coordinates>0,0,0 1,0,0 1,1,{z} 0,0,0</coordinates></LinearRing>"
    area = "<Polygon><outerBoundaryIs>" + ring + "</outerBoundaryIs></Polygon>"
    found, said = shape_of(tmp_path, area.format(z=0))
    assert not found.has_z and said == {"heights-zero": {}}
    found, said = shape_of(tmp_path, area.format(z=0.5))
    assert found.has_z and said == {} and found.exterior.coords[2] == (1, 1, 0.5)


def test_shapes_of_every_kind(tmp_path: Path) -> None:
    point = "<Point><coordinates>{}</coordinates></Point>"
    line = "<LineString><coordinates>0,0 1,1</coordinates></LineString>"
    shape, _ = shape_of(tmp_path, f"<MultiGeometry>{point.format('1,2')}{point.format('3,4')}</MultiGeometry>")
    assert shape.wkt == "MULTIPOINT ((1 2), (3 4))"
    shape, _ = shape_of(tmp_path, f"<MultiGeometry>{point.format('1,2,9')}{line}</MultiGeometry>")
    assert shape.wkt == "GEOMETRYCOLLECTION Z (POINT Z (1 2 9), LINESTRING Z (0 0 0, 1 1 0))"
    shape, _ = shape_of(tmp_path, f"<MultiGeometry><MultiGeometry>{line}</MultiGeometry>{line}</MultiGeometry>")
    assert shape.geom_type == "GeometryCollection" and shapely.get_num_coordinates(shape) == 4
    shape, _ = shape_of(tmp_path, "<Point><coordinates></coordinates></Point>")
    assert shape.wkt == "POINT EMPTY"
    hole = "<innerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></innerBoundaryIs>"
    outer = hole.replace("inner", "outer").format("0,0 9,0 9,9 0,0")
    holes = hole.format("5,1 6,1 6,2 5,1") + hole.format("7,1 8,1 8,2 7,1")
    shape, _ = shape_of(tmp_path, f"<Polygon>{outer}{holes}</Polygon>")
    assert len(shape.interiors) == 2


def test_a_ring_that_does_not_close_is_closed_and_named(tmp_path: Path) -> None:
    ring = "<LinearRing><coordinates>0,0,0 1,0,0 1,1,0</coordinates></LinearRing>"
    shape, said = shape_of(tmp_path, f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>")
    assert shape.wkt == "POLYGON ((0 0, 1 0, 1 1, 0 0))"
    assert said["geometry-invalid"]["reason"] == "ring-not-closed"


def test_tracks_keep_their_times(tmp_path: Path) -> None:
    track = """<gx:Track><when>2024-01-01T00:00:00Z</when><when>2024-01-01T00:01:00Z</when>
        <gx:coord>116 -0.5 12</gx:coord><gx:coord>117 -0.6 13</gx:coord><gx:angles>1 2 3</gx:angles></gx:Track>"""
    layer = read_layer(kml(tmp_path / "a.kml", place(shape=track)))  # nobody declared gx
    assert layer.frame.geometry[0].wkt == "LINESTRING Z (116 -0.5 12, 117 -0.6 13)"
    assert json.loads(layer.frame["when"][0]) == ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"]
    assert notes(layer)["content-not-kept"]["things"] == {"angles": 1}
    shape, _ = shape_of(tmp_path, f"<gx:MultiTrack>{track}{track}</gx:MultiTrack>")
    assert shape.geom_type == "MultiLineString" and len(shape.geoms) == 2


def test_links_overlays_models_and_foreign_styles_are_named_and_never_followed(
    tmp_path: Path, inspect: Inspect
) -> None:
    body = f"""<Document><NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>
        <GroundOverlay><Icon><href>http://127.0.0.1:9/a.png</href></Icon></GroundOverlay>
        <Style id="x"><IconStyle><Icon><href>http://127.0.0.1:9/icon.png</href></Icon></IconStyle></Style>
        <gx:Tour/><Placemark><styleUrl>http://127.0.0.1:9/s.kml#x</styleUrl><Model/></Placemark>{place()}</Document>"""
    report, staged = inspect(kml(tmp_path / "a.kml", body))
    found = rules(report)
    assert report.verdict is Verdict.ACCEPT_WITH_WARNINGS and staged is not None
    assert found["links-not-followed"] == {"links": ["http://127.0.0.1:9/a.kml", "http://127.0.0.1:9/s.kml#x"]}
    assert found["content-not-kept"] == {"things": {"overlays": 1, "tours": 1, "models": 1}}
    assert report.layers[0].features == 2


def test_only_links_is_no_layer(tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(kml(tmp_path / "a.kml", "<NetworkLink><href>http://127.0.0.1:9/</href></NetworkLink>"))
    assert set(rules(report)) == {"no-layer"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (HEAD + "<Document>", ("source-unreadable", "truncated")),
        (HEAD + "<a></b></kml>", ("source-unreadable", "not-xml")),
        (HEAD + "<name>\xe9</name></kml>", ("source-unreadable", "not-xml")),
        (HEAD + "<a>" * 300, ("source-unsafe", "nesting")),
        (HEAD.replace("UTF-8", "x-y-z") + "</kml>", ("source-unreadable", "encoding")),
        ("<kml/>" + " " * 70000 + '<!DOCTYPE x [<!ENTITY a "b">]>', ("source-unreadable", "not-xml")),
        ("<!--" + " " * 70000 + '--><!DOCTYPE kml [<!ENTITY a "b">]><kml/>', ("source-unsafe", "doctype")),
    ],
)
def test_what_is_no_xml_or_not_safe(content: str, expected: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UnreadableSource) as caught:
        from geoportal.ingest import kml as module

        module.read_sources(path, "a", 500)
    rule, params = note_of(caught.value)
    assert (rule, params["reason"]) == expected


def test_other_encodings_and_hostile_values(tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    path.write_bytes((HEAD.replace("UTF-8", "ISO-8859-1") + place("Désa &lt;script&gt;") + "</kml>").encode("latin-1"))
    assert read_layer(path).frame["name"].tolist() == ["Désa <script>"]
    path.write_text(HEAD.replace("UTF-8", "UTF-16") + place("東") + "</kml>", "utf-16")
    assert read_layer(path).frame["name"].tolist() == ["東"]


def test_too_many_columns(tmp_path: Path) -> None:
    data = "".join(f'<Data name="k{n}"><value>1</value></Data>' for n in range(501))
    with pytest.raises(UnreadableSource) as caught:
        read_layer(kml(tmp_path / "a.kml", f"<Placemark><ExtendedData>{data}</ExtendedData></Placemark>"))
    assert note_of(caught.value) == ("fields-too-many", {"count": 501, "limit": 500})


def test_a_kmz_with_pictures_and_several_kml(tmp_path: Path, inspect: Inspect) -> None:
    members = {
        "doc.kml": f"{HEAD}<Document><NetworkLink><href>a/b.kml</href></NetworkLink></Document></kml>",
        "a/b.kml": f"{HEAD}<Document><name>B</name>{place()}</Document></kml>",
        "a/c.kml": f"{HEAD}<Document><name>C</name>{place()}{place()}</Document></kml>",
        "files/icon.png": b"\x89PNG\r\n\x1a\n",
    }
    report, _ = inspect(makers.zipped(tmp_path / "a.kmz", members))
    assert [(layer.name, layer.features) for layer in report.layers] == [("B", 1), ("C", 2)]
    assert set(rules(report)) == {"layers-several"}
    only = makers.zipped(tmp_path / "b.kmz", {"doc.kml": f"{HEAD}<Document>{place()}</Document></kml>"})
    report, staged = inspect(only)
    assert staged is not None and report.verdict is Verdict.ACCEPT
