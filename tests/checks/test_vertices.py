"""Repeated vertices, spikes and too many vertices; tiny rings, slivers and near-duplicates: measured on the ground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.checks import nearness, texts, validate, vertices
from geoportal.model.layer import Layer
from geoportal.model.report import Finding, Report
from tests.checks.examples import REGION, spec
from tests.factories import make_layer

METRE = 1 / 111_320  # degrees, near the equator
SYSTEMS = ("EPSG:4326", "EPSG:32750", "EPSG:3857", "EPSG:9470")
FORM = (
    "geometry-repeated-points", "geometry-spike", "ring-tiny", "geometry-sliver", "geometry-near-duplicate",
    "vertices-excessive",
)  # fmt: skip


def found(layer: Layer, rule: str, tolerance_m: float = 0.5) -> Finding | None:
    report = validate(layer, spec(tolerance_m=tolerance_m), REGION)
    assert rule in report.checked
    assert not [item for item in report.findings if item.rule == "check-failed"]
    return next((item for item in report.findings if item.rule == rule), None)


def metres(*corners: tuple[float, float], hole: Any = ()) -> Any:
    """An area near 116 east on the equator, given in metres from there."""
    rings = [[(116 + x * METRE, y * METRE) for x, y in ring] for ring in (corners, *([hole] if hole else []))]
    return shapely.Polygon(rings[0], rings[1:])


def moved(layer: Layer, crs: str) -> Layer:
    return make_layer(layer.frame.to_crs(crs).geometry.to_numpy(), crs, ids=layer.ids)


SQUARE = metres((0, 0), (100, 0), (100, 100), (0, 100))
SPIKED = metres((0, 0), (100, 0), (100, 50), (140, 50), (100, 50.3), (100, 100), (0, 100))
CORNERED = metres((0, 0), (100, 0), (100, 50), (140, 50), (100, 52), (100, 100), (0, 100))
HOLED = metres((0, 0), (100, 0), (100, 100), (0, 100), hole=[(50, 50), (50, 50.5), (50.5, 50.5), (50.5, 50)])
STRIP = metres((0, 0), (100, 0), (100, 0.4), (0, 0.4))
ROAD = metres((0, 0), (100, 0), (100, 4), (0, 4))


# repeated points


@pytest.mark.parametrize(("apart_mm", "seen"), [(0.0, True), (0.9, True), (1.5, False)])
def test_a_millimetre_is_one_place(apart_mm: float, seen: bool) -> None:
    line = shapely.LineString([(116, 0), (116.01, 0), (116.01 + apart_mm / 1000 * METRE, 0), (116.02, 0)])
    assert (found(make_layer([line]), "geometry-repeated-points") is not None) is seen


def test_every_repeated_vertex_is_a_place() -> None:
    line = shapely.from_wkt("MULTILINESTRING ((1 0, 1 0, 1 0, 2 1), (2 1, 3 1, 3 1))")
    shapes = ["POINT (3 1)", line, "POINT (3 1)", "POLYGON ((0 0, 1 0, 1 1, 0 0, 0 0))", "MULTIPOINT (1 1, 1 1)"]
    finding = found(make_layer(shapes), "geometry-repeated-points")
    assert finding is not None and finding.count == 4
    assert [(place.feature, place.where) for place in finding.occurrences] == [
        ("2", (1.0, 0.0)), ("2", (1.0, 0.0)), ("2", (3.0, 1.0)), ("4", (0.0, 0.0)),
    ]  # fmt: skip


def test_without_a_reference_system_only_equal_vertices_are_one() -> None:
    for apart, seen in ((0.0, True), (1e-12, False)):
        line = shapely.LineString([(5, 5), (5 + apart, 5), (9, 9)])
        assert (found(make_layer([line], crs=None), "geometry-repeated-points") is not None) is seen


def test_duplicate_nodes_are_those_that_qgis_finds(shared: Path) -> None:
    places = []
    for name in ("line_layer", "polygon_layer"):
        layer = make_layer(geopandas.read_file(shared / f"data/messy/topology/qgis_{name}.zip").geometry.to_numpy())
        finding = found(layer, "geometry-repeated-points")
        assert finding is not None
        for place in finding.occurrences:
            assert place.where is not None
            places.append((f"{name}:{int(str(place.feature)) - 1}", place.where))
    expected = [
        ("line_layer:0", (-0.636, 0.6203)), ("line_layer:6", (0.2473, 2.0821)), ("line_layer:6", (0.5158, 2.093)),
        ("polygon_layer:4", (1.6319, 0.5642)),
    ]  # fmt: skip
    assert [name for name, _ in places] == [name for name, _ in expected]
    for (_, where), (_, said) in zip(places, expected, strict=True):
        assert where == pytest.approx(said, abs=2e-4)


# spikes


@pytest.mark.parametrize(
    ("shape", "spikes"),
    [
        (SPIKED, 1),
        (CORNERED, 0),  # three degrees: a corner
        (SQUARE, 0),
        (metres((0, 0), (100, 0), (100, 100), (0.2, 100), (0, 300)), 1),  # where the ring closes, too
        (metres((0, 300), (0, 0), (100, 0), (100, 100), (0.2, 100)), 1),
        (metres((0, 0), (100, 0), (100, 50), (100.4, 50), (100, 50.01), (100, 100), (0, 100)), 0),  # a hair
    ],
)
def test_spikes_are_sharp_narrow_and_long_enough(shape: Any, spikes: int) -> None:
    finding = found(make_layer([SQUARE, shape]), "geometry-spike")
    assert (finding.count if finding else 0) == spikes


def test_a_spike_is_told_with_tip_and_length() -> None:
    finding = found(make_layer([SPIKED]), "geometry-spike")
    assert finding is not None
    (place,) = finding.occurrences
    assert place.where == pytest.approx((116 + 140 * METRE, 50 * METRE), abs=1e-12)
    assert place.params["length_m"] == pytest.approx(40, abs=0.3)
    assert texts.occurrence(finding, place, "en").startswith("A spike of ")


def test_a_line_that_turns_back_is_a_spike_and_a_hairpin_is_none() -> None:
    back = shapely.LineString([(116, 0), (116.001, 0), (116.0005, 0.0000001)])
    hairpin = shapely.LineString([(116, 0), (116.001, 0), (116.001, 0.00005), (116, 0.00005)])
    finding = found(make_layer([hairpin, back]), "geometry-spike")
    assert finding is not None and [place.feature for place in finding.occurrences] == ["2"]


def test_a_tolerance_of_nothing_leaves_the_spikes_of_no_width() -> None:
    flat = metres((0, 0), (100, 0), (100, 50), (140, 50), (100, 50), (100, 100), (0, 100))
    for shape, seen in ((flat, True), (SPIKED, False)):
        assert (found(make_layer([shape]), "geometry-spike", 0.0) is not None) is seen


# too many vertices


def test_too_many_and_too_dense_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertices, "MANY_VERTICES", 3000)
    many = shapely.segmentize(metres((0, 0), (4000, 0), (4000, 4000), (0, 4000)), 4 * METRE)
    dense = shapely.segmentize(metres((0, 0), (30, 0), (30, 30), (0, 30)), 0.09 * METRE)
    sparse = shapely.segmentize(metres((0, 0), (300, 0), (300, 300), (0, 300)), 1 * METRE)
    finding = found(make_layer([many, dense, sparse]), "vertices-excessive")
    assert finding is not None and finding.count == 2
    one, other = finding.occurrences
    assert one.params == {"reason": "many", "vertices": shapely.get_num_coordinates(many)}
    assert other.params["reason"] == "dense" and other.params["spacing_m"] == pytest.approx(0.09, rel=0.05)
    assert "every" in texts.occurrence(finding, other, "en")


# tiny rings and slivers


def test_tiny_holes_and_parts_are_told_with_their_area() -> None:
    parts = shapely.MultiPolygon([SQUARE, metres((300, 0), (300.5, 0), (300.5, 0.5), (300, 0.5))])
    finding = found(make_layer([SQUARE, HOLED, parts]), "ring-tiny")
    assert finding is not None and finding.count == 2
    hole, part = finding.occurrences
    assert (hole.feature, hole.params["reason"]) == ("2", "tiny-hole")
    assert (part.feature, part.params["reason"]) == ("3", "tiny-part")
    assert hole.params["area_m2"] == pytest.approx(0.25, rel=0.02)
    assert hole.where is not None and not HOLED.contains(shapely.Point(hole.where))
    assert found(make_layer([HOLED, parts]), "ring-tiny", 0.2) is None


def test_a_bow_tie_has_no_tiny_ring() -> None:
    bow = metres((0, 0), (100, 100), (100, 0), (0, 100))  # its signed area is nothing
    assert found(make_layer([bow]), "ring-tiny") is None


@pytest.mark.parametrize(
    ("shape", "seen"),
    [(STRIP, True), (ROAD, False), (SQUARE, False), (metres((0, 0), (0.4, 0), (0.4, 0.4), (0, 0.4)), False)],
)
def test_slivers_are_thin_and_long(shape: Any, seen: bool) -> None:
    for several in (shape, shapely.MultiPolygon([shape, shapely.affinity.translate(SQUARE, 0.1, 0)])):
        finding = found(make_layer([SQUARE, several]), "geometry-sliver")
        assert (finding is not None) is seen
        if finding is not None:
            assert [place.feature for place in finding.occurrences] == ["2"]
            assert finding.occurrences[0].params["width_m"] == pytest.approx(0.4, abs=0.01)


def test_an_area_without_area_is_a_sliver_as_qgis_has_it(shared: Path) -> None:
    frame = geopandas.read_file(shared / "data/messy/topology/qgis_polygon_layer.zip")
    finding = found(make_layer(frame.geometry.to_numpy()), "geometry-sliver")
    assert finding is not None and [place.feature for place in finding.occurrences] == ["7"]  # polygon_layer:6
    assert finding.occurrences[0].params == {"reason": "no-area"}
    assert "encloses nothing" in texts.occurrence(finding, finding.occurrences[0], "en")


# near-duplicates


def shifted(shape: Any, east_m: float, north_m: float = 0.0) -> Any:
    return shapely.transform(shape, lambda xy: xy + np.array([east_m, north_m]) * METRE)


@pytest.mark.parametrize(("east_m", "tolerance", "seen"), [(0.4, 0.5, True), (0.6, 0.5, False), (0.4, 0.1, False)])
def test_near_is_within_the_tolerance_on_the_ground(east_m: float, tolerance: float, seen: bool) -> None:
    layer = make_layer([SPIKED, shifted(SPIKED, east_m)], ids=["b", "a"])
    for crs in SYSTEMS:
        finding = found(moved(layer, crs), "geometry-near-duplicate", tolerance)
        assert (finding is not None) is seen
        if finding is not None:
            (place,) = finding.occurrences
            assert (place.feature, place.related) == ("b", "a")
            assert place.params["distance_m"] == pytest.approx(east_m, abs=0.01)


@pytest.mark.parametrize(
    "other",
    [
        shapely.segmentize(shifted(SQUARE, 0.2), 0.7 * METRE),
        shifted(SQUARE, 0.2).reverse(),
        shapely.MultiPolygon([shifted(SQUARE, -0.2)]),
        metres((0, 0), (100, 0), (100, 50), (99.8, 50), (100, 50.5), (100, 100), (0, 100)),  # the box is the same
    ],
)
def test_however_the_twin_is_drawn(other: Any) -> None:
    finding = found(make_layer([SQUARE, other]), "geometry-near-duplicate")
    assert finding is not None and finding.count == 1


def test_what_has_the_same_box_or_is_equal_is_no_near_duplicate() -> None:
    triangle = metres((0, 0), (100, 0), (100, 100))
    outline = shapely.LineString(SQUARE.exterior)
    assert found(make_layer([SQUARE, triangle, outline, SQUARE]), "geometry-near-duplicate") is None


def test_points_and_lines_may_be_near_too() -> None:
    shapes = [shapely.Point(116, 0), shapely.Point(116 + 0.3 * METRE, 0), shapely.Point(116 + 3 * METRE, 0)]
    finding = found(make_layer(shapes), "geometry-near-duplicate")
    assert finding is not None and [(p.feature, p.related) for p in finding.occurrences] == [("2", "1")]
    line = shapely.LineString([(116, 0), (116.1, 0.05), (116.2, 0)])
    finding = found(make_layer([line, shifted(line, 0, 0.3).reverse()]), "geometry-near-duplicate")
    assert finding is not None and finding.count == 1


def test_large_shapes_are_compared_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = shapely.Point(116, 0).buffer(0.01, quad_segs=200)
    dented = shapely.union(shifted(circle, 0.1), shapely.box(116.0099, -0.0001, 116.01 + 2 * METRE, 0.0001))
    for limit in (nearness.SMALL, 1):
        monkeypatch.setattr(nearness, "SMALL", limit)
        assert found(make_layer([circle, shifted(circle, 0.3)]), "geometry-near-duplicate") is not None
        assert found(make_layer([circle, dented]), "geometry-near-duplicate") is None


def test_a_heap_of_points_is_counted_up_to_a_limit_and_said_so() -> None:
    rng = np.random.default_rng(1)
    heap = shapely.points(rng.random((5000, 2)) * 0.1 * METRE + (116, 0))
    report = validate(make_layer(heap), spec(), REGION)
    finding = next(item for item in report.findings if item.rule == "geometry-near-duplicate")
    assert finding.params["complete"] is False and finding.count >= nearness.MOST_IN_A_HEAP - 1
    assert "geometry-near-duplicate" not in report.checked
    assert texts.message(finding, "en").startswith("At least ")


def test_near_pairs_are_those_of_comparing_all() -> None:
    rng = np.random.default_rng(7)
    corner = np.round(rng.random((400, 2)) * 30, 1)
    boxes = np.concatenate((corner, corner + np.round(1 + rng.random((400, 2)), 1)), axis=1)
    for near in (0.31, 1.01):
        one, other, complete = nearness.near_pairs(boxes, near)
        apart = np.abs(boxes[:, None, :] - boxes[None, :, :]).max(axis=2)
        expected = np.argwhere(np.triu(apart <= near, k=1))
        assert complete and np.column_stack((one, other)).tolist() == expected.tolist() and len(expected) > 5
        alone = np.setdiff1d(np.arange(len(boxes)), nearness.with_company(boxes[:, :2], near))
        assert not np.isin(expected, alone).any()


# whatever the layer


pieces = st.sampled_from([SQUARE, SPIKED, CORNERED, HOLED, STRIP, ROAD, shapely.LineString(STRIP.exterior)])
drawn = st.tuples(pieces, st.sampled_from([0.0, 0.2, 3.0, 500.0]), st.sampled_from([0.0, 700.0]))


def broken(report: Report) -> set[tuple[str, str | None]]:
    return {(item.rule, place.feature) for item in report.findings if item.rule in FORM for place in item.occurrences}


@settings(max_examples=25, deadline=None)
@given(st.lists(drawn, min_size=1, max_size=6), st.sampled_from(SYSTEMS[1:]))
def test_the_same_features_are_named_in_every_reference_system(rows: list[Any], crs: str) -> None:
    layer = make_layer([shifted(shape, x, y) for shape, x, y in rows])
    expected = broken(validate(layer, spec(), REGION))
    assert broken(validate(moved(layer, crs), spec(), REGION)) == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(drawn, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_features_changes_nothing(rows: list[Any], shuffle: Any) -> None:
    keyed = [(f"k{number}", shifted(shape, x, y)) for number, (shape, x, y) in enumerate(rows)]
    straight = validate(make_layer([s for _, s in keyed], ids=[k for k, _ in keyed]), spec(), REGION)
    shuffle.shuffle(keyed)
    mixed = validate(make_layer([s for _, s in keyed], ids=[k for k, _ in keyed]), spec(), REGION)
    assert mixed.findings == straight.findings
