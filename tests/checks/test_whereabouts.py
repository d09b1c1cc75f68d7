"""Where on the earth: the area of use of a system, the 180th meridian, and rounding for publishing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.checks import precision, texts, validate
from geoportal.model.layer import Layer
from geoportal.model.report import Finding
from geoportal.model.text import LocalText
from tests.checks.examples import REGION, spec
from tests.factories import make_layer

INDONESIA = replace(REGION, name=LocalText("Indonesia", "Indonesia"), extent=(94.5, -11.5, 141.5, 6.5))


def found(layer: Layer, rule: str, region: Any = REGION) -> Finding | None:
    report = validate(layer, spec(), region)
    assert rule in report.checked
    assert not [item for item in report.findings if item.rule == "check-failed"]
    return next((item for item in report.findings if item.rule == rule), None)


def at(longitude: float, latitude: float, crs: str) -> Layer:
    place = geopandas.GeoSeries([shapely.Point(longitude, latitude)], crs="EPSG:4326").to_crs(crs)
    return make_layer(place.to_numpy(), crs)


@pytest.mark.parametrize(
    ("crs", "longitude", "latitude", "outside"),
    [
        ("EPSG:32750", 117.0, -1.0, False),
        ("EPSG:32750", 117.0, 1.2, False),  # the northern half of a district on the equator
        ("EPSG:32750", 117.0, 4.0, True),
        ("EPSG:32750", 120.05, -1.0, False),
        ("EPSG:32750", 123.0, -1.0, True),  # the next zone
        ("EPSG:23837", 116.25, -1.0, False),  # TM-3 zone 50.1 is one and a half degrees to each side
        ("EPSG:23837", 118.6, -1.0, True),
        ("EPSG:9470", 117.0, -1.0, False),
        ("EPSG:9470", 117.0, 20.0, True),  # SRGI2013 is for Indonesia
        ("EPSG:4326", 170.0, 80.0, False),
        ("EPSG:3857", 170.0, 80.0, False),
        ("EPSG:3832", 179.9, 0.0, False),  # an area that reaches across the 180th meridian
    ],
)
def test_outside_its_area_a_system_is_told(crs: str, longitude: float, latitude: float, outside: bool) -> None:
    finding = found(at(longitude, latitude, crs), "crs-area-of-use")
    assert (finding is not None) is outside
    if finding is not None:
        said = texts.message(finding, "en")
        assert crs in said and finding.params["area"] in said


def test_absurd_coordinates_are_told_once() -> None:
    layer = make_layer([shapely.Point(500000, 9950000), shapely.Point(9950000, 500000)], "EPSG:32750")
    report = validate(layer, spec(), REGION)
    assert "coordinates-outside-domain" in {item.rule for item in report.findings}
    assert "crs-area-of-use" not in {item.rule for item in report.findings}


def test_an_edge_the_long_way_round_is_told() -> None:
    shapes = [
        "LINESTRING (170 0, 175 1)",
        "LINESTRING (0 5, 179 0, -179 0)",
        "POLYGON ((117 0, -117 0.1, 117 0.1, 117 0))",  # a sign that was lost
        "MULTIPOLYGON (((179 0, 180 0, 180 1, 179 1, 179 0)), ((-180 0, -179 0, -179 1, -180 1, -180 0)))",
        "MULTIPOINT (-179 0, 179 0)",
        "LINESTRING (-180 10, 0 10, 180 10)",  # a parallel: on both sides, no edge too long
    ]
    finding = found(make_layer(shapes), "antimeridian-crossing")
    assert finding is not None
    told = [(place.feature, place.params["reason"]) for place in finding.occurrences]
    assert told == [("2", "long-edge"), ("3", "long-edge"), ("4", "both-sides"), ("6", "both-sides")]
    assert finding.occurrences[0].where == (179.0, 0.0)
    moved = make_layer(["LINESTRING (-2000000 0, 2000000 0)"], "EPSG:3832")
    assert found(moved, "antimeridian-crossing") is None


def test_harbours_off_the_earth_and_outside_the_country_are_found(shared: Path) -> None:
    """3 of 1,411 lie at impossible latitudes, 15 more outside Indonesia: errors of the ministry's own list."""
    frame = geopandas.read_file(shared / "data/real/pelabuhan_indonesia.geojson")
    layer = make_layer(frame.geometry.to_numpy())
    report = validate(layer, spec(), INDONESIA, sample=None)
    named = {item.rule: {place.feature for place in item.occurrences} for item in report.findings}
    impossible = named["coordinates-outside-domain"]
    assert len(impossible) == 3
    outside = named["layer-outside-region"] | named.get("feature-stray", set())
    latitudes = shapely.get_y(frame.geometry.to_numpy())
    assert impossible == {str(row + 1) for row in np.flatnonzero(np.abs(latitudes) > 90)}
    assert len(outside - impossible) == 15
    west, south, east, north = INDONESIA.extent or ()
    inside = frame.geometry.x.between(west, east) & frame.geometry.y.between(south, north)
    assert outside | impossible == {str(row + 1) for row in np.flatnonzero(~inside)}


# precision


TINY = 3e-10  # degrees: a thirtieth of a millimetre
NOTCHED = shapely.Polygon([(116, 0), (116.1, 0), (116.1, 0.1), (116.05 + TINY, TINY), (116.05 - TINY, 0.1), (116, 0.1)])


def test_what_rounding_breaks_is_told_with_the_reason() -> None:
    sound = shapely.box(116, 0, 116.1, 0.1)
    speck = shapely.Polygon([(116, 0), (116 + TINY, 0), (116, TINY)])
    holed = shapely.Polygon(sound.exterior, [[(116.05, 0.05), (116.05, 0.05 + TINY), (116.05 + TINY, 0.05)]])
    assert shapely.is_valid([sound, speck, holed]).all()
    finding = found(make_layer([sound, speck, holed, shapely.Point(116 + TINY, 0)]), "geometry-collapses")
    assert finding is not None
    assert [place.feature for place in finding.occurrences] == ["2", "3"]
    assert finding.params["decimals"] == 9 and sum(finding.params["reasons"].values()) == 2
    assert "9" in texts.message(finding, "id") and texts.occurrence(finding, finding.occurrences[0], "id")


def test_what_was_invalid_before_is_not_blamed_on_rounding() -> None:
    bow = shapely.from_wkt("POLYGON ((116 0, 116.1000000003 0.1, 116.1 0, 116 0.1, 116 0))")
    assert found(make_layer([bow]), "geometry-collapses") is None


@pytest.mark.parametrize("crs", ["EPSG:32750", "EPSG:9470", "EPSG:4326"])
def test_it_is_the_published_degrees_that_are_rounded(crs: str) -> None:
    slit = shapely.Polygon([(0, 0), (100, 0), (100, 100), (50, 100), (50, 1), (49.99999, 100), (0, 100)])
    wide = shapely.Polygon([(0, 0), (100, 0), (100, 100), (51, 100), (50, 1), (49, 100), (0, 100)])
    placed = [shapely.transform(shape, lambda xy: xy + np.array([500000, 9950000])) for shape in (slit, wide)]
    frame = geopandas.GeoSeries(placed, crs="EPSG:32750").to_crs(crs)
    assert shapely.is_valid(frame.to_numpy()).all()
    rounded = shapely.transform(frame.to_crs("EPSG:4326").to_numpy(), lambda xy: np.round(xy, 9))
    finding = found(make_layer(frame.to_numpy(), crs), "geometry-collapses")
    told = {place.feature for place in finding.occurrences} if finding else set()
    assert told == {str(row + 1) for row in np.flatnonzero(~shapely.is_valid(rounded))} == {"1"}


corners = st.tuples(st.floats(0, 4e-9), st.floats(0, 4e-9)).map(lambda xy: (116 + xy[0], xy[1]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(corners, min_size=3, max_size=5), max_size=5), st.integers(1, 3))
def test_collapses_are_those_of_rounding_each_by_itself(rings: list[Any], at_once: int) -> None:
    shapes = [shapely.Polygon(ring) for ring in rings]
    expected = []
    for number, shape in enumerate(shapes):
        rounded = shapely.transform(shape, lambda xy: np.round(xy, 9))
        if shape.is_valid and not rounded.is_valid:
            expected.append(str(number + 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "AT_ONCE", at_once)
        finding = found(make_layer(shapes), "geometry-collapses") if shapes else None
    assert [place.feature for place in finding.occurrences] == expected if finding else not expected


# every place where an area crosses itself


def test_every_crossing_is_shown() -> None:
    zigzag = shapely.Polygon([(0, 0), (1, 1), (2, 0), (3, 1), (4, 0), (4, 1), (3, 0), (2, 1), (1, 0), (0, 1)])
    finding = found(make_layer([zigzag, "POLYGON ((5 5, 6 6, 6 5, 5 6, 5 5))"]), "geometry-invalid")
    assert finding is not None
    several, one = finding.occurrences
    assert several.params["places"] == 4 and several.geometry is not None
    assert {tuple(point) for point in several.geometry["coordinates"]} == {(x + 0.5, 0.5) for x in range(4)}
    assert several.where is not None and several.where in map(tuple, several.geometry["coordinates"])
    assert "4 tempat" in texts.occurrence(finding, several, "id")
    assert one.geometry is None and "places" not in one.params
    json.dumps(finding.as_dict())


def test_crossings_of_two_rings_count_and_a_hole_that_touches_does_not() -> None:
    square = [(0, 0), (10, 0), (10, 10), (0, 10)]
    through = shapely.Polygon(square, [[(8, 4), (12, 4), (12, 6), (8, 6)], [(2, 0), (3, 2), (4, 2)]])
    finding = found(make_layer([through]), "geometry-invalid")
    assert finding is not None and finding.occurrences[0].geometry is not None
    places = {tuple(point) for point in finding.occurrences[0].geometry["coordinates"]}
    assert places == {(10.0, 4.0), (10.0, 6.0)}


def test_all_reasons_of_geos_have_a_place() -> None:
    square = "(0 0, 10 0, 10 10, 0 10, 0 0)"
    cases = {
        "Nested shells": f"MULTIPOLYGON (({square}), ((2 2, 4 2, 4 4, 2 2)))",
        "Hole lies outside shell": f"POLYGON ({square}, (20 20, 21 20, 21 21, 20 20))",
        "Holes are nested": f"POLYGON ({square}, (1 1, 9 1, 9 9, 1 9, 1 1), (2 2, 4 2, 4 4, 2 2))",
        "Interior is disconnected": f"POLYGON ({square}, (5 0, 7 5, 5 10, 3 5, 5 0))",
        "Ring Self-intersection": "POLYGON ((0 0, 10 0, 10 10, 5 0.5, 5 5, 8 2, 5 0.5, 0 10, 0 0))",
        "Self-intersection": "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
        "Too few points in geometry component": "POLYGON ((0 0, 1 1, 0 0, 0 0))",
    }
    for reason, wkt in cases.items():
        finding = found(make_layer([wkt]), "geometry-invalid")
        assert finding is not None
        (said,) = finding.params["reasons"]
        assert said == reason or {said, reason} <= {"Self-intersection", "Ring Self-intersection"}, (reason, said)
        assert finding.occurrences[0].where is not None
        for language in ("id", "en"):
            assert texts.word("reason", said, language) in texts.message(finding, language)


@pytest.mark.parametrize(
    ("file", "kode", "reason", "where"),
    [
        ("kutai_barat_desa.fgb", "64.07.07.2002", "Ring Self-intersection", (115.680454675, -0.2673105549)),
        ("kaltim_kabupaten.geojson", "64.02", "Nested shells", (117.361886, -0.813789)),
        ("kukar_kecamatan.gpkg", "64.02.14", "Nested shells", (117.361886, -0.813789)),
    ],
)
def test_faults_of_real_boundaries_are_told_where_they_are(
    shared: Path, file: str, kode: str, reason: str, where: tuple[float, float]
) -> None:
    frame = geopandas.read_file(shared / "data/real" / file)
    layer = make_layer(frame.geometry.to_numpy(), ids=list(frame["kode"]))
    finding = found(layer, "geometry-invalid")
    assert finding is not None
    (place,) = (item for item in finding.occurrences if item.feature == kode)
    assert place.where == pytest.approx(where, abs=1e-6)
    assert place.params == {"reason": reason}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NaN coordinates are among the cases
def test_every_fault_of_the_jts_suite_is_told_in_words_and_at_a_place(shared: Path) -> None:
    told = 0
    for path in sorted((shared / "data" / "oracles" / "validity").glob("*.cases.json")):
        for case in json.loads(path.read_text()):
            read = shapely.from_wkt if case["encoding"] == "WKT" else shapely.from_wkb
            shape = read(case["geometry"], on_invalid="ignore")
            if case["valid"] or shape is None:
                continue
            report = validate(make_layer([shape], crs=None), spec(), REGION)
            named = {item.rule: item for item in report.findings}
            if "geometry-not-finite" in named:
                continue
            finding = named["geometry-invalid"]
            (place,) = finding.occurrences
            assert place.where is not None and shape.envelope.buffer(1e-6).contains(shapely.Point(place.where))
            for language in ("id", "en"):
                sentence = texts.occurrence(finding, place, language)
                assert sentence and place.params["reason"] not in sentence, sentence
            told += 1
    assert told > 30
