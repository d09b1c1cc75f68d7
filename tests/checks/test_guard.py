"""Planted mistakes in three regions: on the equator, on the edge of two zones south of it, one of another country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.checks import texts, validate
from geoportal.checks.profiles import read_specification
from geoportal.checks.rules import CHECKS
from geoportal.model.layer import Layer
from geoportal.model.references import NO_REFERENCES, ReferenceLayer, References
from geoportal.model.region import Region
from geoportal.model.report import Finding, Gate
from geoportal.model.specification import OFF, Specification
from geoportal.model.text import LocalText
from tests.checks.examples import REGION, region_layer, stated
from tests.factories import make_layer

PROFILES = Path(__file__).parents[2] / "config" / "specifications"
EQUATOR = replace(REGION, crs_candidates=(*REGION.crs_candidates, "EPSG:9490", "EPSG:9480", "EPSG:4755", "EPSG:4238"))
"""Across the equator and across 117 degrees east, as the examples' region."""
EDGE = Region(
    LocalText("Tepi", "Edge"),
    "35.09",
    (113.2, -8.6, 114.1, -7.9),
    ("EPSG:4326", "EPSG:9470", "EPSG:32749", "EPSG:32750", "EPSG:9489", "EPSG:23836", "EPSG:23837", "EPSG:4238"),
)
ABROAD = Region(
    LocalText("Luar", "Abroad"), None, (36.6, -1.5, 37.2, -1.0), ("EPSG:4326", "EPSG:32737", "EPSG:32736", "EPSG:21037")
)
REGIONS = {"equator": EQUATOR, "edge": EDGE, "abroad": ABROAD}
GUARD = {
    "crs-axes-swapped", "crs-sign-lost", "crs-hemisphere", "crs-zone", "crs-degrees-as-metres", "feature-stray",
    "crs-datum-shift",
}  # fmt: skip

ASKED = {*GUARD, "coordinates-outside-domain", "layer-outside-region"}
QUIET = Specification("uji", "bebas", severities={rule: OFF for rule in CHECKS if rule not in ASKED})
"""Only where a layer lies is asked: the other rules have their own tests."""


def places(region: Region, count: int = 12, seed: int = 1) -> np.ndarray[Any, Any]:
    """Some places in a region, in degrees."""
    assert region.extent is not None
    west, south, east, north = region.extent
    return np.random.default_rng(seed).uniform((west, south), (east, north), (count, 2))


def moved(degrees: Any, crs: str) -> np.ndarray[Any, Any]:
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(*np.asarray(degrees, dtype=float).T)
    return np.column_stack((x, y))


def layer_of(xy: Any, crs: str | None) -> Layer:
    return make_layer(shapely.points(np.asarray(xy, dtype=float)), crs)


def guarded(layer: Layer, region: Region, references: References = NO_REFERENCES) -> dict[str, Finding]:
    report = validate(layer, QUIET, region, references=references)
    assert "check-failed" not in {item.rule for item in report.findings}
    return {item.rule: item for item in report.findings if item.rule in GUARD}


def first(finding: Finding) -> dict[str, Any]:
    return dict(finding.params["candidates"][0])


PLANTED = [
    # region, the truth, what the file says, the rule, its repair
    ("equator", "EPSG:32750", "EPSG:32650", "crs-hemisphere", "EPSG:32750"),
    ("equator", "EPSG:32650", "EPSG:32750", "crs-hemisphere", "EPSG:32650"),
    ("equator", "EPSG:9490", "EPSG:9480", "crs-hemisphere", "EPSG:9490"),
    ("equator", "EPSG:9480", "EPSG:9490", "crs-hemisphere", "EPSG:9480"),
    ("equator", "EPSG:23838", "EPSG:23837", "crs-zone", "EPSG:23838"),
    ("equator", "EPSG:23837", "EPSG:23838", "crs-zone", "EPSG:23837"),
    ("equator", "EPSG:4326", "EPSG:32750", "crs-degrees-as-metres", "EPSG:4326"),
    ("equator", "EPSG:4755", "EPSG:23837", "crs-degrees-as-metres", "EPSG:4755"),
    ("edge", "EPSG:32749", "EPSG:32649", "crs-hemisphere", "EPSG:32749"),
    ("edge", "EPSG:32750", "EPSG:32749", "crs-zone", "EPSG:32750"),
    ("edge", "EPSG:32749", "EPSG:32750", "crs-zone", "EPSG:32749"),
    ("edge", "EPSG:23836", "EPSG:23837", "crs-zone", "EPSG:23836"),
    ("edge", "EPSG:9470", "EPSG:9489", "crs-degrees-as-metres", "EPSG:9470"),
    ("abroad", "EPSG:32737", "EPSG:32637", "crs-hemisphere", "EPSG:32737"),
    ("abroad", "EPSG:32737", "EPSG:32736", "crs-zone", "EPSG:32737"),
    ("abroad", "EPSG:4326", "EPSG:32737", "crs-degrees-as-metres", "EPSG:4326"),
]


@pytest.mark.parametrize(("region", "meant", "said", "rule", "repair"), PLANTED)
def test_one_wrong_system_is_found_and_the_right_one_named_first(
    region: str, meant: str, said: str, rule: str, repair: str
) -> None:
    degrees = places(REGIONS[region])
    found = guarded(layer_of(moved(degrees, meant), said), REGIONS[region])
    assert set(found) == {rule}
    finding = found[rule]
    assert finding.count == len(degrees)
    best = first(finding)
    assert best["repair"] == {"assign-crs": repair} and best["share_inside"] == 1.0
    # Where it would land is where it was taken from: PROJ says so by another way.
    box = (*degrees.min(axis=0), *degrees.max(axis=0))
    assert best["extent_degrees"] == pytest.approx(box, abs=0.002)
    for language in ("id", "en"):
        assert repair in texts.message(finding, language)
    assert not guarded(layer_of(moved(degrees, meant), meant), REGIONS[region])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32736", "EPSG:32737"])
def test_swapped_axes_are_found_where_both_orders_are_places(crs: str) -> None:
    xy = moved(places(ABROAD), crs)
    found = guarded(layer_of(xy[:, ::-1], crs), ABROAD)
    report = validate(layer_of(xy[:, ::-1], crs), QUIET, ABROAD)
    if any(item.rule == "coordinates-outside-domain" for item in report.findings):
        (finding,) = (item for item in report.findings if item.rule == "coordinates-outside-domain")
    else:
        finding = found["crs-axes-swapped"]
    assert first(finding)["repair"] == {"swap-axes": True}
    assert "crs-zone" not in found and "crs-sign-lost" not in found


@pytest.mark.parametrize("region", ["equator", "edge"])
def test_swapped_degrees_that_are_no_place_say_so(region: str) -> None:
    xy = places(REGIONS[region])[:, ::-1]
    found = {item.rule: item for item in validate(layer_of(xy, "EPSG:4326"), QUIET, REGIONS[region]).findings}
    finding = found["coordinates-outside-domain"]
    assert first(finding)["repair"] == {"swap-axes": True} and first(finding)["kind"] == "swapped"
    assert {place.params["reason"] for place in finding.occurrences} == {"swapped"}
    assert "sumbu tertukar" in texts.occurrence(finding, finding.occurrences[0], "id")


@pytest.mark.parametrize(
    ("region", "meant"), [("equator", "EPSG:32750"), ("equator", "EPSG:23838"), ("edge", "EPSG:32749")]
)
def test_metres_that_say_degrees_are_given_their_zone(region: str, meant: str) -> None:
    layer = layer_of(moved(places(REGIONS[region]), meant), "EPSG:4326")
    found = {item.rule: item for item in validate(layer, QUIET, REGIONS[region]).findings}
    best = first(found["coordinates-outside-domain"])
    assert (best["crs"], best["kind"], best["repair"]) == (meant, "metres-as-degrees", {"assign-crs": meant})
    assert not set(found) & (GUARD - {"crs-axes-swapped"})


def test_a_lost_sign_is_found_where_the_mirrored_place_is_another() -> None:
    xy = places(EDGE) * [1, -1]
    finding = guarded(layer_of(xy, "EPSG:4326"), EDGE)["crs-sign-lost"]
    assert first(finding)["repair"] == {"flip-y": True} and finding.count == len(xy)
    # On the equator the mirrored place is as good as the true one: nothing is said without codes ...
    assert not guarded(layer_of(places(EQUATOR) * [1, -1], "EPSG:4326"), EQUATOR)


AREAS = {
    f"64.02.{row:02}{column:02}": shapely.box(x, y, x + 0.08, y + 0.05)
    for row, y in enumerate(np.linspace(-1.1, -0.3, 8))
    for column, x in enumerate(np.linspace(115.6, 117.2, 10))
}


@pytest.fixture(scope="module")
def known() -> References:
    return region_layer("petak", AREAS)


def test_codes_prove_what_a_box_cannot(known: References) -> None:
    mirrored = stated("EPSG:4326", flipped=True, areas=AREAS)()
    assert not guarded(mirrored, EQUATOR)
    finding = guarded(mirrored, EQUATOR, known)["crs-sign-lost"]
    assert finding.count == len(AREAS) and first(finding)["repair"] == {"flip-y": True}
    assert not guarded(stated("EPSG:4326", areas=AREAS)(), EQUATOR, known)
    # A zone that shifts the layer beside the region is proved too.
    finding = guarded(stated("EPSG:23837", "EPSG:23838", areas=AREAS)(), EQUATOR, known)["crs-zone"]
    assert first(finding)["crs"] == "EPSG:23837"


def test_a_few_codes_do_not_speak_for_a_layer(known: References) -> None:
    """Three of thirty have codes, and stand where these do not say: the layer is judged by the region."""
    xy = moved(places(EQUATOR, 30), "EPSG:32750")
    codes = [*sorted(AREAS)[:3], *([None] * 27)]
    layer = make_layer(shapely.points(xy), "EPSG:32650", kode=codes)
    assert guarded(layer, EQUATOR, known)["crs-hemisphere"].count == 30


def test_a_region_layer_of_points_or_without_its_key_is_no_witness(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"kode": list(AREAS)}, geometry=list(AREAS.values()), crs="EPSG:4326")
    frame.set_geometry(frame.representative_point()).to_file(tmp_path / "points.gpkg")
    frame.rename(columns={"kode": "lain"}).to_file(tmp_path / "other.gpkg")
    layers = tuple(
        ReferenceLayer(name, str(tmp_path / f"{name}.gpkg"), "kode") for name in ("points", "other", "missing")
    )
    assert not guarded(stated("EPSG:4326", flipped=True, areas=AREAS)(), EQUATOR, References(layers=layers))


@pytest.mark.parametrize(
    ("meant", "said", "named"),
    [
        ("EPSG:4326", "EPSG:4238", "EPSG:4326"),
        ("EPSG:4238", "EPSG:4326", "EPSG:4238"),
        ("EPSG:4755", "EPSG:4238", "EPSG:4326"),  # within a metre of WGS 84: the first of the settings
        ("EPSG:23890", "EPSG:32750", "EPSG:23890"),  # ID74 / UTM 50S, which is not among the settings
        ("EPSG:32750", "EPSG:23890", "EPSG:32750"),
    ],
)
def test_a_shift_of_the_datum_is_measured_and_explained(known: References, meant: str, said: str, named: str) -> None:
    assert pyproj.CRS("EPSG:23890").name == "ID74 / UTM zone 50S"
    finding = guarded(stated(meant, said, areas=AREAS)(), EQUATOR, known)["crs-datum-shift"]
    truth = 29.1  # ID74 to WGS 84 here: a third of a second of arc to the east, 3 m to the north
    assert finding.params["shift_m"] == pytest.approx(truth, abs=1.5)
    assert finding.params["matched"] == len(AREAS) and finding.params["spread_m"] < 1
    best = first(finding)
    assert best["repair"] == {"assign-crs": named} and best["rest_m"] < 2.5
    assert "Petak" in texts.message(finding, "id")


def test_a_shift_that_no_datum_explains_is_told_all_the_same(known: References) -> None:
    pushed = {code: shapely.affinity.translate(area, 0.0, 0.002) for code, area in AREAS.items()}
    finding = guarded(stated("EPSG:4326", areas=pushed)(), EQUATOR, known)["crs-datum-shift"]
    assert finding.params["shift_m"] == pytest.approx(221.1, abs=0.5) and finding.params["bearing"] == 0
    assert finding.params["candidates"] == []
    assert "Tidak ada datum" in texts.message(finding, "id")


def test_lines_drawn_anew_are_no_shift(known: References) -> None:
    generator = np.random.default_rng(3)
    loose = {code: shapely.affinity.translate(area, *generator.normal(0, 0.0003, 2)) for code, area in AREAS.items()}
    assert not guarded(stated("EPSG:4326", areas=loose)(), EQUATOR, known)
    assert not guarded(stated("EPSG:32750", areas=AREAS)(), EQUATOR, known)
    assert not guarded(stated("EPSG:9470", areas=AREAS)(), EQUATOR, known)


@pytest.mark.parametrize(
    ("region", "crs", "stray", "reason"),
    [
        ("equator", "EPSG:32750", lambda xy: xy - [0, 1e7], "hemisphere"),
        ("equator", "EPSG:32750", lambda xy: xy * [1, 1] + [3e5, -3e6], "unexplained"),
        ("edge", "EPSG:4326", lambda xy: xy * [1, -1], "sign"),
        ("abroad", "EPSG:4326", lambda xy: xy[:, ::-1], "swapped"),
        ("edge", "EPSG:32749", lambda xy: moved(places(EDGE, 2), "EPSG:32750"), "zone"),
    ],
)
def test_a_stray_is_named_with_its_likely_mistake(region: str, crs: str, stray: Any, reason: str) -> None:
    xy = moved(places(REGIONS[region], 20), crs)
    xy[:2] = stray(xy[:2])
    report = validate(layer_of(xy, crs), QUIET, REGIONS[region])
    found = {item.rule: item for item in report.findings}
    finding = found["feature-stray"]
    assert finding.count == 2 and [place.feature for place in finding.occurrences] == ["1", "2"]
    assert finding.occurrences[0].where == pytest.approx(tuple(xy[0]))
    assert finding.params["reasons"] == {reason: 2}
    assert {place.params["reason"] for place in finding.occurrences} == {reason}
    assert not set(found) & (GUARD - {"feature-stray"}) and "layer-outside-region" not in found


def test_titik_and_batas_do_not_publish_strays_and_bebas_warns() -> None:
    xy = places(EDGE, 9)
    xy[0] = (0.0, 0.0)
    for profile, gate in (("titik", Gate.BLOCKED), ("bebas", Gate.PASS)):
        report = validate(layer_of(xy, "EPSG:4326"), read_specification(profile, PROFILES), EDGE)
        assert report.gate is gate and "feature-stray" in {item.rule for item in report.findings}
    squares = make_layer([shapely.Point(*place).buffer(0.01) for place in xy])
    assert validate(squares, read_specification("batas", PROFILES), EDGE).gate is Gate.BLOCKED


def test_a_layer_merged_of_two_hemispheres_is_not_to_be_mended_as_one() -> None:
    degrees = places(EQUATOR, 30)
    xy = moved(degrees, "EPSG:32650")
    south = degrees[:, 1] < 0.4
    xy[south, 1] += 1e7
    finding = guarded(layer_of(xy, "EPSG:32650"), EQUATOR)["crs-hemisphere"]
    assert finding.count == south.sum() < len(xy)
    assert first(finding)["repair"] == {}
    assert texts.hint(finding, "id").startswith("Hanya sebagian")


def test_the_layer_of_a_province_is_as_wrong_as_that_of_a_district() -> None:
    """Four in ten of its features lie with the neighbours: the mistake is plain all the same."""
    west, south, east, north = (115.4, -1.2, 118.6, 1.5)
    degrees = np.random.default_rng(5).uniform((west, south), (east, north), (60, 2))
    inside = (degrees[:, 0] < 117.7).mean()
    assert 0.6 < inside < 0.85
    finding = guarded(layer_of(moved(degrees, "EPSG:32750"), "EPSG:32650"), EQUATOR)["crs-hemisphere"]
    assert finding.count == 60 and first(finding)["repair"] == {"assign-crs": "EPSG:32750"}
    assert not guarded(layer_of(moved(degrees, "EPSG:32750"), "EPSG:32750"), EQUATOR)
    report = validate(layer_of(moved(degrees, "EPSG:32750"), "EPSG:4326"), QUIET, EQUATOR)
    (finding,) = (item for item in report.findings if item.rule == "coordinates-outside-domain")
    assert first(finding)["repair"] == {"assign-crs": "EPSG:32750"}


ELSEWHERE = [
    (106.8, -6.2), (95.3, 5.5), (119.4, -5.1), (140.7, -2.5), (113.3, 0.0), (113.3, -8.2), (110.4, -7.0), (117.6, 3.3),
    (124.8, 1.5), (114.6, -3.3), (109.3, 0.0), (100.4, -0.9), (116.1, -8.6), (123.6, -10.2),
]  # fmt: skip


@pytest.mark.parametrize("region", ["equator", "edge"])
@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_layer_of_another_district_is_told_where_it_lies_and_nothing_else(
    region: str, place: tuple[float, float]
) -> None:
    """In degrees, in its own UTM zone and in its own TM-3 zone: none of these is a mistake."""
    longitude, latitude = place
    degrees = np.asarray(place) + np.random.default_rng(2).uniform(-0.2, 0.2, (15, 2))
    utm = int((longitude + 180) // 6) + 1
    tm3 = 23830 + int((longitude - 93) // 3)  # zone 46.2 (93-96 E) is EPSG:23830
    assert pyproj.CRS(tm3).name.startswith("DGN95 / Indonesia TM-3")
    for crs in ("EPSG:4326", "EPSG:4238", f"EPSG:{(32600 if latitude > 0 else 32700) + utm}", f"EPSG:{tm3}"):
        assert not guarded(layer_of(moved(degrees, crs), crs), REGIONS[region]), crs


@settings(max_examples=40, deadline=None)
@given(
    region=st.sampled_from(sorted(REGIONS)),
    which=st.integers(0, 20),
    seed=st.integers(0, 10**6),
    count=st.integers(1, 30),
)
def test_a_layer_that_lies_in_its_region_is_never_suspected(region: str, which: int, seed: int, count: int) -> None:
    candidates = REGIONS[region].crs_candidates
    crs = candidates[which % len(candidates)]
    assert not guarded(layer_of(moved(places(REGIONS[region], count, seed), crs), crs), REGIONS[region])


@pytest.mark.parametrize("crs", ["EPSG:32750", "EPSG:9490", "EPSG:23837", "EPSG:4326"])
def test_the_true_system_of_a_layer_without_one_comes_first_with_its_repair(crs: str) -> None:
    ordered = replace(EQUATOR, crs_candidates=(crs, *(code for code in EQUATOR.crs_candidates if code != crs)))
    xy = moved(places(ordered), crs)
    (finding,) = validate(layer_of(xy, None), None, ordered).findings
    assert finding.rule == "crs-missing"
    best = first(finding)
    assert best["repair"] == {"assign-crs": crs} and best["kind"] == "missing" and best["share_inside"] == 1.0
    assert set(best) >= {"crs", "name", "extent_degrees", "share_inside", "swapped"}


def test_one_feature_astray_does_not_hide_the_system() -> None:
    xy = moved(places(EQUATOR, 40), "EPSG:32750")
    xy[0] = (1e30, -5.0)
    (finding,) = (item for item in validate(layer_of(xy, None), None, EQUATOR).findings if item.rule == "crs-missing")
    best = first(finding)
    assert best["crs"] == "EPSG:32750" and best["share_inside"] == pytest.approx(39 / 40)


def test_nothing_is_changed_and_nothing_needs_a_region(known: References) -> None:
    layer = stated("EPSG:32750", "EPSG:32650")()
    before: Sequence[bytes] = [shape.wkb for shape in layer.frame.geometry]
    assert guarded(layer, EQUATOR, known)
    assert [shape.wkb for shape in layer.frame.geometry] == before and layer.crs == "EPSG:32650"
    assert not guarded(layer, Region(), known)
