from __future__ import annotations

import geopandas
import pyproj
import pytest
import shapely

from geoportal.checks import coverage, texts, validate
from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from geoportal.model.report import Finding
from tests.checks.examples import REGION, spec
from tests.factories import make_layer, squares

METRE = 1 / 111_320  # degrees, near the equator


def found(layer: Layer, rule: str, tolerance_m: float = 0.5) -> Finding | None:
    report = validate(layer, spec(tolerance_m=tolerance_m), REGION)
    assert rule in report.checked
    return next((item for item in report.findings if item.rule == rule), None)


def pair(shift_m: float) -> Layer:
    """Two squares of about a kilometre; the second is pushed into the first (or off it) by some metres."""
    one, other = squares(2, 1)
    return make_layer([one, shapely.transform(other, lambda xy: xy - [shift_m * METRE, 0])], ids=["b", "a"])


def test_an_overlap_is_measured_in_metres_and_names_both() -> None:
    finding = found(pair(10), "coverage-overlap")
    assert finding is not None and finding.count == 1
    (place,) = finding.occurrences
    assert (place.feature, place.related) == ("a", "b")
    assert place.params["area_m2"] == pytest.approx(10 * 1106, rel=0.01)
    assert finding.params["area_m2"] == place.params["area_m2"]
    assert place.where is not None and place.where[0] == pytest.approx(116.01 - 5 * METRE, abs=METRE)


@pytest.mark.parametrize(
    ("shift", "tolerance", "seen"), [(0.4, 0.5, False), (0.6, 0.5, True), (0.4, 0.1, True), (0.01, 0, True)]
)
def test_the_tolerance_is_a_width_on_the_ground(shift: float, tolerance: float, seen: bool) -> None:
    assert (found(pair(shift), "coverage-overlap", tolerance) is not None) is seen
    for crs in ("EPSG:32750", "EPSG:3857"):
        there = make_layer(pair(shift).frame.to_crs(crs).geometry.to_numpy(), crs=crs)
        assert (found(there, "coverage-overlap", tolerance) is not None) is seen


def test_a_metre_is_a_metre_far_from_the_equator() -> None:
    move = pyproj.Transformer.from_crs(32633, 3857, always_xy=True)  # Web Mercator doubles lengths at 60 degrees
    boxes = [shapely.box(500000, 6650000, 501000, 6651000), shapely.box(500999.2, 6650000, 502000, 6651000)]
    moved = [shapely.transform(box, lambda xy: pyproj_points(move, xy)) for box in boxes]
    assert found(make_layer(moved, crs="EPSG:3857"), "coverage-overlap", 1.0) is None
    finding = found(make_layer(moved, crs="EPSG:3857"), "coverage-overlap", 0.5)
    assert finding is not None and finding.params["area_m2"] == pytest.approx(800, rel=0.02)


def pyproj_points(move: pyproj.Transformer, xy: object) -> object:
    return shapely.get_coordinates(shapely.points(*move.transform(xy[:, 0], xy[:, 1])))  # type: ignore[index]


def test_shapes_on_top_of_each_other_overlap() -> None:
    square, *_ = squares(1, 1)
    inner = square.buffer(-0.002)
    for shapes, count in (
        ([square, square], 1),
        ([square, inner], 1),
        ([square, square, square], 3),
        ([square, inner, inner], 3),
    ):
        finding = found(make_layer(shapes), "coverage-overlap")
        assert finding is not None and finding.count == count


def test_neighbours_with_other_vertices_do_not_overlap() -> None:
    left, right = squares(2, 1)
    assert found(make_layer([left, shapely.segmentize(right, 0.0013)]), "coverage-overlap") is None
    far = shapely.box(116, 10, 117, 11), shapely.segmentize(shapely.box(117, 10, 118, 11), 0.1)
    assert found(make_layer(far), "coverage-overlap") is None  # 100 km of straight line, also in metres


def test_points_and_lines_have_no_overlaps_or_gaps() -> None:
    layer = make_layer(["POINT (116 0)", "POINT (116 0)", "LINESTRING (116 0, 117 1)"])
    assert found(layer, "coverage-overlap") is None and found(layer, "coverage-gap") is None


def test_a_gap_has_an_area_and_neighbours() -> None:
    shapes = squares(3, 3)
    finding = found(make_layer(shapes[:4] + shapes[5:], kode=list("abcdefgh")), "coverage-gap")
    assert finding is not None and finding.count == 1
    (place,) = finding.occurrences
    assert place.feature is None and place.related == "1, 2, 3, 4, 5, 6, 7, 8"
    assert place.params["area_m2"] == pytest.approx(1113 * 1106, rel=0.01)
    assert place.where is not None and shapes[4].contains(shapely.Point(place.where))


def test_bays_islands_and_hair_cracks_are_no_gaps() -> None:
    shapes = squares(3, 3)
    assert found(make_layer(shapes[:7]), "coverage-gap") is None
    island = shapes[4].buffer(-0.3 * METRE, join_style="mitre")
    assert found(make_layer([*shapes[:4], island, *shapes[5:]]), "coverage-gap") is None
    moat = shapes[4].buffer(-5 * METRE, join_style="mitre")
    finding = found(make_layer([*shapes[:4], moat, *shapes[5:]]), "coverage-gap")
    assert finding is not None and finding.params["area_m2"] == pytest.approx(4 * 5 * 1110, rel=0.02)


def test_an_invalid_neighbour_is_not_a_gap() -> None:
    shapes = squares(3, 3)
    west, south, east, north = shapes[4].bounds
    spiked = shapely.Polygon(
        [(west, south), (east, south), (east, north), (west, north), (west, south - 0), (west, north), (west, south)]
    )
    assert not spiked.is_valid
    assert found(make_layer([*shapes[:4], spiked, *shapes[5:]]), "coverage-gap") is None


def test_a_heap_is_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST_PAIRS", 100)
    finding = found(make_layer(squares(1, 1) * 60), "coverage-overlap")
    assert finding is not None and finding.count == 100 and finding.params["complete"] is False
    assert texts.message(finding, "id").startswith("Sedikitnya 100 pasang")


def test_gaps_are_those_that_qgis_finds(shared: object) -> None:
    """QGIS 3's own test of its gap check; it leaves out gaps above 0.01 square degrees, of which there is one."""
    frame = geopandas.read_file(f"{shared}/data/messy/topology/qgis_gap_layer.zip")
    finding = found(make_layer(frame.geometry.to_numpy()), "coverage-gap")
    assert finding is not None
    square_degree = (111_320 * 110_574) * 1.0
    small = [place for place in finding.occurrences if place.params["area_m2"] < 0.01 * square_degree]
    assert (finding.count, len(small)) == (6, 5)
    for x, y, area in (
        (0.2924, -0.8798, 0.0027),
        (0.4238, -0.7479, 0.0071),
        (0.0094, -0.4448, 0.0033),
        (0.6284, -0.3641, 0.0018),
    ):
        assert any(
            place.params["area_m2"] == pytest.approx(area * square_degree, rel=0.05)
            and shapely.Point(place.where).distance(shapely.Point(x, y)) < 0.2
            for place in small
        )


def test_overlaps_and_gaps_carry_the_ground_that_they_are() -> None:
    overlap = found(pair(10), "coverage-overlap")
    assert overlap is not None and overlap.occurrences[0].geometry is not None
    ground = shapely.geometry.shape(overlap.occurrences[0].geometry)
    one, other = pair(10).frame.geometry
    assert ground.equals(one & other)
    assert ground.contains(shapely.Point(overlap.occurrences[0].where))
    shapes = squares(3, 3)
    gap = found(make_layer([*shapes[:4], *shapes[5:]]), "coverage-gap")
    assert gap is not None and gap.occurrences[0].geometry is not None
    assert shapely.geometry.shape(gap.occurrences[0].geometry).symmetric_difference(shapes[4]).area < 1e-12


def test_a_pair_that_overlaps_in_two_places_is_one_place_with_both_parts() -> None:
    comb = shapely.from_wkt("POLYGON ((116 0, 116.01 0, 116.01 0.01, 116.008 0.01, 116.008 0.002, 116.002 0.002, "
                            "116.002 0.01, 116 0.01, 116 0))")  # fmt: skip
    bar = shapely.box(116, 0.005, 116.01, 0.006)
    finding = found(make_layer([comb, bar]), "coverage-overlap")
    assert finding is not None and finding.count == 1
    ground = shapely.geometry.shape(finding.occurrences[0].geometry)
    assert len(shapely.get_parts(ground)) == 2 and ground.equals(comb & bar)


def test_a_hole_as_large_as_an_area_is_told_apart() -> None:
    shapes = squares(3, 3)
    small = shapely.box(*shapes[0].centroid.buffer(0.001).bounds)
    finding = found(make_layer([shapes[0] - small, *shapes[1:4], *shapes[5:]]), "coverage-gap")
    assert finding is not None and (finding.count, finding.params["enclaves"]) == (2, 1)
    large, little = finding.occurrences
    assert large.params["enclave"] is True and "enclave" not in little.params
    assert "sebesar satu bidang" in texts.occurrence(finding, large, "id")
    assert "as large as an area" not in texts.occurrence(finding, little, "en")


def test_a_large_shape_is_drawn_more_simply() -> None:
    circle = shapely.Point(116, 0).buffer(0.01, quad_segs=3000)
    finding = found(make_layer([circle, circle]), "coverage-overlap")
    assert finding is not None
    drawn = shapely.geometry.shape(finding.occurrences[0].geometry)
    assert shapely.get_num_coordinates(drawn) <= 1000 and drawn.area == pytest.approx(circle.area, rel=0.02)


def test_the_villages_of_kukar_are_what_their_readme_says(shared: object) -> None:
    """data/README: 173 pairs that overlap by more than 1e-9 square degrees, 610 gaps; half a metre forgives a few."""
    layer = read_layer(f"{shared}/data/real/kukar_desa.geojson")
    exact = {item.rule: item for item in validate(layer, spec(tolerance_m=0), REGION, sample=None).findings}
    overlaps = exact["coverage-overlap"].occurrences
    large = [place for place in overlaps if place.params["area_m2"] > 1e-9 * 111_320 * 110_574]
    assert len(large) == 173 and exact["coverage-gap"].count == 610
    told = {item.rule: item for item in validate(layer, spec(), REGION).findings}
    assert 150 < told["coverage-overlap"].count < 173 and 500 < told["coverage-gap"].count < 610
    largest = max(overlaps, key=lambda place: place.params["area_m2"])
    assert {largest.feature, largest.related} == {"104", "105"}  # 64.02.09.2008 and 64.02.09.2009
    assert largest.params["area_m2"] == pytest.approx(14_000, rel=0.01)
