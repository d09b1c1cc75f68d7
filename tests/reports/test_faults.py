"""The fault GeoPackage, read by fiona, pyogrio and sqlite."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree

import fiona
import pyogrio
import pytest
import shapely

from geoportal.errors import BadRequest, NotFound
from geoportal.model.report import Element, Finding, Occurrence, Report, Severity
from geoportal.reports.faults import FIELDS, write_faults
from tests.factories import make_layer
from tests.reports.reported import overlapping, report_of


@pytest.fixture
def target(tmp_path):
    return tmp_path / "temuan.gpkg"


def rows(target, table="titik"):
    with fiona.open(target, layer=table) as opened:
        return list(opened), opened.crs, opened.schema


def test_every_place_is_a_row_in_the_layers_own_system(target):
    report = report_of(overlapping(60))
    written = write_faults(report, target, "en")
    points, crs, schema = rows(target)
    assert fiona.listlayers(target) == ["titik", "garis", "luas", "layer_styles"]
    assert written == len(points) == sum(max(1, len(f.occurrences)) for f in report.findings)
    assert crs.to_epsg() == 32750 and tuple(schema["properties"]) == FIELDS
    overlaps = [row for row in points if row.properties["rule"] == "coverage-overlap"]
    assert len(overlaps) == 59
    first = overlaps[0].properties
    assert first["severity"] == "warning" and first["layer"] == "uji" and first["feature"] and first["related"]
    assert json.loads(first["params"])["area_m2"] == pytest.approx(1000, rel=0.01)
    areas, _, _ = rows(target, "luas")
    assert len(areas) == 59 and {shapely.geometry.shape(row.geometry).area for row in areas} == {1000.0}
    assert [a.properties["feature"] for a in areas] == [p.properties["feature"] for p in overlaps]
    for area, point in zip(areas, overlaps, strict=True):
        assert shapely.intersects(shapely.geometry.shape(area.geometry), shapely.geometry.shape(point.geometry))


def test_sentences_come_in_the_language_asked_for(target):
    said = []
    for language in ("id", "en"):
        write_faults(report_of(overlapping(2)), target, language)
        said.append(pyogrio.read_dataframe(target, layer="titik").iloc[0])
    assert said[0].message != said[1].message and said[0].hint != said[1].hint
    assert said[0].rule == said[1].rule


@pytest.mark.parametrize(
    ("geometry", "lines", "areas"),
    [
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, 1, 0),
        ({"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]}, 0, 1),
        ({"type": "Point", "coordinates": [0, 0]}, 0, 0),
        (
            {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
                    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
                ],
            },
            1,
            1,
        ),
    ],
)
def test_shapes_by_dimension(target, geometry, lines, areas):
    place = Occurrence("1", (0.5, 0.5), "2", {}, geometry)
    finding = Finding(
        "coverage-overlap", Severity.WARNING, Element.TOPOLOGICAL_CONSISTENCY, 1, "uji", occurrences=(place,)
    )
    report = replace(report_of(overlapping(1)), findings=(finding,))
    write_faults(report, target, "id")
    assert (len(rows(target, "garis")[0]), len(rows(target, "luas")[0]), len(rows(target)[0])) == (lines, areas, 1)


def test_a_finding_without_a_place_is_there_too(target):
    finding = Finding(
        "key-missing", Severity.BLOCKING, Element.COMPLETENESS_OMISSION, 1, "uji", params={"field": "kode"}
    )
    write_faults(replace(report_of(overlapping(1)), findings=(finding,)), target, "id")
    ((row,), _, _) = rows(target)
    assert row.geometry is None and row.properties["rule"] == "key-missing" and "kode" in row.properties["params"]


def test_an_unknown_system_stays_unknown(target):
    write_faults(report_of(make_layer([shapely.box(0, 0, 5, 5), shapely.box(4, 0, 9, 5)], None)), target, "id")
    _, crs, _ = rows(target)
    assert not crs
    with closing(sqlite3.connect(target)) as file:
        ids = {row[0] for row in file.execute("SELECT srs_id FROM gpkg_geometry_columns")}
        names = dict(file.execute("SELECT srs_id, definition FROM gpkg_spatial_ref_sys"))
    assert all("4326" not in str(names[number]) for number in ids)


def test_layers_in_two_systems_are_two_sets_of_tables(target):
    one, other = report_of(overlapping(2)), report_of(replace(overlapping(2, "EPSG:32650"), name="lain"))
    write_faults(Report().merged_with([one, other]), target, "id")
    assert rows(target)[1].to_epsg() == 32750
    assert rows(target, "titik_2")[1].to_epsg() == 32650 and len(rows(target, "luas_2")[0]) == 1


def test_nothing_found_is_an_empty_file_that_opens(target):
    write_faults(Report(), target, "id")
    assert rows(target)[0] == [] and rows(target, "luas")[0] == []


def test_qgis_finds_a_style_for_every_table(target):
    """By severity, colour and shape: the table as QGIS itself makes it, the XML well formed."""
    write_faults(report_of(overlapping(3)), target, "en")
    with closing(sqlite3.connect(target)) as file:
        styles = {row[0]: row[1:] for row in file.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles")}  # fmt: skip
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        listed = dict(file.execute("SELECT table_name, data_type FROM gpkg_contents"))
    assert set(styles) == {"titik", "garis", "luas"} and listed["layer_styles"] == "attributes"
    looks = {}
    for table, (column, default, qml) in styles.items():
        assert column == "geom" and default
        root = ElementTree.fromstring(qml.removeprefix("<!DOCTYPE qgis>\n"))
        renderer = root.find("renderer-v2")
        assert renderer.get("attr") == "severity"
        categories = {c.get("value"): c.get("symbol") for c in renderer.iter("category")}
        assert set(categories) == {"blocking", "warning", "info"}
        symbols = {s.get("name"): s for s in renderer.iter("symbol")}
        for severity, name in categories.items():
            options = {o.get("name"): o.get("value") for o in symbols[name].iter("Option") if o.get("name")}
            assert options == {p.get("k"): p.get("v") for p in symbols[name].iter("prop")}
            looks[table, severity] = options
    assert len({looks["titik", s]["name"] for s in categories}) == 3  # octagon, triangle, disc
    assert len({looks["titik", s]["color"] for s in categories}) == 3
    assert len({looks["luas", s]["style"] for s in categories}) == 3
    assert len({looks["garis", s]["line_style"] for s in categories}) == 3


def test_a_folder_is_not_written_over_and_what_fails_leaves_nothing(tmp_path, monkeypatch):
    with pytest.raises(BadRequest):
        write_faults(Report(), tmp_path, "id")
    with pytest.raises(NotFound):
        write_faults(Report(), tmp_path / "none" / "x.gpkg", "id")
    kept = tmp_path / "x.gpkg"
    kept.write_text("as it was")
    monkeypatch.setattr("geoportal.reports.faults._add_styles", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_faults(Report(), kept, "id")
    assert kept.read_text() == "as it was" and list(tmp_path.iterdir()) == [kept]
