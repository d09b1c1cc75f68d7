"""Networks of lines, on ground where lengths are known, and against the places that QGIS' own tests name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from geoportal.checks import network, texts, validate
from geoportal.checks.profiles import read_specification
from geoportal.model.layer import Layer
from geoportal.model.report import Finding, Severity
from tests.checks.examples import REGION, spec
from tests.factories import make_layer

PROFILES = Path(__file__).parents[2] / "config" / "specifications"
UTM = "EPSG:32750"
CORNER = np.array([500_000, 9_950_000])


def lines(*shapes: Any, crs: str = UTM, ids: list[str] | None = None) -> Layer:
    """Lines in metres from a corner of the region; a shape is WKT without its name, or a geometry."""
    drawn = [shapely.from_wkt(f"LINESTRING ({shape})") if isinstance(shape, str) else shape for shape in shapes]
    moved = shapely.transform(drawn, lambda xy: xy + CORNER)
    frame = geopandas.GeoSeries(moved, crs=UTM).to_crs(crs)
    return make_layer(frame.to_numpy(), crs, ids=ids)


def found(layer: Layer, rule: str, tolerance_m: float = 0.5) -> Finding | None:
    report = validate(layer, spec(tolerance_m=tolerance_m), REGION)
    assert rule in report.checked
    assert not [item for item in report.findings if item.rule == "check-failed"]
    return next((item for item in report.findings if item.rule == rule), None)


def places(finding: Finding | None) -> list[tuple[float, float]]:
    if finding is None:
        return []
    at = [np.round(place.where - CORNER, 1).tolist() for place in finding.occurrences if place.where]
    return sorted((x, y) for x, y in at)


# self-crossing


@pytest.mark.parametrize(
    ("shape", "crossings"),
    [
        ("0 0, 100 0, 100 100, 50 100, 50 -50", [(50, 0)]),
        ("0 0, 100 0, 100 100, 0 100, 0 0", []),  # a ring
        ("0 0, 100 0, 100 100, 50 100, 50 0", []),  # a turning loop ends on its own line
        ("0 0, 100 0, 100 100, 50 100, 50 -0.3", []),  # and may stick out by less than the tolerance
        ("0 0, 100 100, 100 0, 0 100, 0 0", [(50, 50)]),  # a closed bow tie
        ("0 0, 100 0, 40 0, 40 50", [(70, 0)]),  # back over its own way
        ("0 0, 50 0, 100 50, 50 100, 50 0, 50 -50", [(50, 0)]),  # through a vertex of its own
        ("0 0, 0 0, 100 0, 100 0", []),  # repeated vertices
    ],
)
def test_a_line_that_crosses_itself(shape: str, crossings: list[tuple[float, float]]) -> None:
    assert places(found(lines(shape), "line-self-crossing")) == crossings


def test_parts_of_one_line_that_cross_are_one_line_that_crosses_itself() -> None:
    both = shapely.MultiLineString([[(0, 0), (100, 100)], [(0, 100), (100, 0)]])
    assert places(found(lines(both), "line-self-crossing")) == [(50, 50)]
    assert found(lines(both), "lines-cross") is None


# crossing


def test_lines_cross_where_both_run_on_and_have_no_common_vertex() -> None:
    finding = found(lines("0 0, 100 100", "0 100, 100 0", ids=["b", "a"]), "lines-cross")
    assert places(finding) == [(50, 50)] and finding is not None
    assert [(place.feature, place.related) for place in finding.occurrences] == [("a", "b")]
    for other in ("0 100, 50 50", "50 50, 0 100", "0 100, 50 50, 100 0", "0 100, 50.2 49.8", "200 0, 300 0"):
        first = "0 0, 50 50, 100 100" if "50 50" in other else "0 0, 100 100"
        assert found(lines(first, other), "lines-cross") is None, other


def test_three_lines_through_one_place_are_one_place() -> None:
    finding = found(lines("0 0, 100 100", "0 100, 100 0", "50 -80, 50 180", ids=["c", "b", "a"]), "lines-cross")
    assert places(finding) == [(50, 50)] and finding is not None and finding.count == 1
    assert (finding.occurrences[0].feature, finding.occurrences[0].related) == ("a", "b, c")
    assert "b, c" in texts.occurrence(finding, finding.occurrences[0], "en")


def test_two_lines_may_cross_twice() -> None:
    assert places(found(lines("0 0, 100 0", "10 -50, 10 50, 60 50, 60 -50"), "lines-cross")) == [(10, 0), (60, 0)]


# ends


@pytest.mark.parametrize(
    ("gap", "tolerance", "rule"),
    [
        (0.0, 0.5, None), (0.4, 0.5, None), (0.6, 0.5, "line-undershoot"), (4.9, 0.5, "line-undershoot"),
        (5.2, 0.5, "line-dangle"), (0.05, 0, "line-undershoot"), (0.0, 0, None), (8.0, 1.0, "line-undershoot"),
        (-0.4, 0.5, None), (-0.6, 0.5, "line-overshoot"), (-4.9, 0.5, "line-overshoot"), (-5.2, 0.5, "line-dangle"),
        (-0.05, 0, "line-overshoot"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("crs", [UTM, "EPSG:4326", "EPSG:3857"])
def test_an_end_meets_misses_or_passes_a_line(gap: float, tolerance: float, rule: str | None, crs: str) -> None:
    """A square of roads, and a lane from one of its sides that should reach the other."""
    roads = ("0 0, 300 0", "300 0, 300 300", "300 300, 0 300", "0 300, 0 0", f"100 300, 100 {gap}")
    told = {
        name: item.count
        for name in ("line-undershoot", "line-overshoot", "line-dangle")
        if (item := found(lines(*roads, crs=crs), name, tolerance)) is not None
    }
    assert told == ({rule: 1} if rule else {})
    crossing = found(lines(*roads, crs=crs), "lines-cross", tolerance)
    assert (crossing is not None) is (gap == -5.2)


def test_a_slip_says_how_far_and_what_it_misses() -> None:
    finding = found(lines("0 0, 300 0", "100 2, 100 300", ids=["jalan", "gang"]), "line-undershoot")
    assert finding is not None
    (place,) = finding.occurrences
    assert (place.feature, place.related) == ("gang", "jalan")
    assert place.params == {"distance_m": pytest.approx(2, abs=0.01)}
    drawn = shapely.geometry.shape(place.geometry)
    assert drawn.length == pytest.approx(2, abs=0.01) and drawn.geom_type == "LineString"
    assert texts.occurrence(finding, place, "id") == "Kurang 2 m dari unsur jalan."


def test_two_ends_that_miss_each_other_are_one_place() -> None:
    finding = found(lines("0 0, 100 0", "102 0, 200 0"), "line-undershoot")
    assert finding is not None and finding.count == 1
    both = found(lines("0 0, 100 0", "50 2, 50 50, 70 50, 70 2"), "line-undershoot")
    assert both is not None and both.count == 2  # two ends of one line are two


def test_a_turning_loop_and_a_ring_have_no_loose_end() -> None:
    loop = "0 0, 100 0, 130 30, 160 0, 130 -30, 100 0"
    assert places(found(lines(loop), "line-dangle")) == [(0, 0)]
    assert found(lines("0 0, 100 0, 100 100, 0 0"), "line-dangle") is None
    assert places(found(lines("0 0, 100 0, 100 3"), "line-dangle")) == [(0, 0), (100, 3)]  # a hook is no loop


def test_pseudo_nodes_are_where_two_lines_meet_alone() -> None:
    finding = found(lines("0 0, 100 0", "100 0, 200 0", ids=["2", "1"]), "pseudo-node")
    assert places(finding) == [(100, 0)] and finding is not None
    assert (finding.occurrences[0].feature, finding.occurrences[0].related) == ("1", "2")
    for third in ("100 0, 100 50", "0 50, 100 0, 200 50", "100 -50, 100 50"):
        assert found(lines("0 0, 100 0", "100 0, 200 0", third), "pseudo-node") is None, third
    assert found(lines("0 0, 100 0", "0 0, 100 0"), "pseudo-node") is None  # that is a duplicate


# edges


def test_a_stretch_that_two_lines_share() -> None:
    finding = found(lines("0 0, 100 0, 200 0", "50 50, 100 0, 200 0, 250 50", ids=["b", "a"]), "duplicate-edge")
    assert finding is not None and finding.count == 1
    (place,) = finding.occurrences
    assert (place.feature, place.related, place.params) == ("a", "b", {"length_m": pytest.approx(100, abs=0.1)})
    assert shapely.geometry.shape(place.geometry).length == pytest.approx(100)
    assert found(lines("0 0, 100 0", "100 0, 200 0"), "duplicate-edge") is None
    assert found(lines("0 0, 100 0, 200 0", "0 0.4, 0 0, 0.3 0, 9 9"), "duplicate-edge") is None  # within the tolerance
    assert places(found(lines("0 0, 100 0", "60 0, 160 0"), "duplicate-edge")) == [(80, 0)]


def test_lines_of_every_kind_are_asked_and_other_geometry_is_not() -> None:
    report = validate(make_layer(["POINT (116 0)", "POLYGON ((116 0, 117 0, 117 1, 116 0))"]), spec(), REGION)
    assert not {"line-dangle", "lines-cross", "pseudo-node"} & set(report.checked)
    mixed = make_layer(
        [None, "LINESTRING EMPTY", "POINT (116 0)", "LINESTRING (116 0, 116 0)", "LINESTRING (116 0, 116 1)"]
    )
    assert places(found(mixed, "line-dangle")) and not found(mixed, "lines-cross")


def test_a_ball_of_wool_is_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "MOST_PAIRS", 100)
    wool = [f"{10 * n} 0, {n * n * 7 % 300} 100" for n in range(30)]
    finding = found(lines(*wool), "lines-cross")
    assert finding is not None and finding.params["complete"] is False
    assert texts.message(finding, "en").startswith("At least ")


def test_the_profile_for_networks_warns_and_the_free_one_does_not_look_for_dangles() -> None:
    layer = lines("0 0, 100 100", "0 100, 100 0")
    net = read_specification("jaringan", PROFILES)
    free = read_specification("bebas", PROFILES)
    told = {item.rule: item.severity for item in validate(layer, net, REGION).findings}
    assert (told["line-dangle"], told["lines-cross"]) == (Severity.WARNING, Severity.WARNING)
    assert validate(layer, net, REGION).gate == "pass"
    report = validate(layer, free, REGION)
    assert "line-dangle" not in report.checked
    assert {item.rule: item.severity for item in report.findings}["lines-cross"] is Severity.INFO


# QGIS


@pytest.fixture(scope="module")
def qgis(shared: object) -> tuple[Layer, dict[str, dict[str, Any]]]:
    """The lines of QGIS' tests of its geometry checker, and what these assert, in map units."""
    frame = geopandas.read_file(f"{shared}/data/messy/topology/qgis_line_layer.zip")
    layer = make_layer(frame.geometry.to_numpy(), ids=[str(number) for number in range(len(frame))])
    oracle = json.loads(Path(f"{shared}/data/oracles/topology/qgis_checks.json").read_text(encoding="utf-8"))
    return layer, {item["check"]: item for item in oracle["checks"]}


def told(finding: Finding | None) -> set[tuple[str | None, float, float]]:
    assert finding is not None
    return {
        (place.feature, round(place.where[0], 4), round(place.where[1], 4))
        for place in finding.occurrences
        if place.where
    }


def test_dangles_are_those_that_qgis_finds(qgis: tuple[Layer, dict[str, dict[str, Any]]]) -> None:
    """And the two ends of line 6, which lies by itself: its first and last vertices are doubled, so that QGIS takes the
    second of them for something that the end touches.
    """
    layer, oracle = qgis
    wanted = {(name.split(":")[1], x, y) for name, x, y in oracle["dangle"]["places"]}
    assert len(wanted) == oracle["dangle"]["errors"] == 6
    ours = told(found(layer, "line-dangle", 0))
    near = {(name, *min(((x, y) for other, x, y in ours if other == name), key=lambda p: abs(p[0] - a) + abs(p[1] - b)))
            for name, a, b in wanted}  # fmt: skip
    assert near <= ours and len(near) == 6
    assert all(min(abs(a - x) + abs(b - y) for name, x, y in near if name == n) < 3e-4 for n, a, b in wanted)
    assert {name for name, _, _ in ours - near} == {"6"} and len(ours) == 8


def test_the_crossing_is_the_one_that_qgis_finds(qgis: tuple[Layer, dict[str, dict[str, Any]]]) -> None:
    layer, oracle = qgis
    finding = found(layer, "lines-cross", 0)
    ((name, x, y),) = oracle["line intersection within a layer"]["places"]
    assert finding is not None and finding.count == 1
    (place,) = finding.occurrences
    assert {place.feature, place.related} == {part.split(":")[1] for part in name.split(" x ")}
    assert place.where == pytest.approx((x, y), abs=1e-4)


def test_duplicates_are_as_many_as_qgis_finds(shared: object, qgis: tuple[Layer, dict[str, dict[str, Any]]]) -> None:
    count = 0
    for name in ("point_layer.zip", "line_layer.zip", "polygon_layer.zip", "polygon_layer_empty_geometries.geojson"):
        frame = geopandas.read_file(f"{shared}/data/messy/topology/qgis_{name}")
        finding = found(make_layer(frame.geometry.to_numpy()), "geometry-duplicate")
        count += finding.count if finding else 0
    assert count == qgis[1]["duplicate features"]["errors"]
    edge = found(qgis[0], "duplicate-edge")
    assert edge is not None and [(p.feature, p.related) for p in edge.occurrences] == [("4", "7")]


def test_the_roads_of_jakarta_take_seconds(shared: object) -> None:
    frame = geopandas.read_file(f"{shared}/data/real/osm_jakarta_roads_shp.zip")
    layer = make_layer(frame.geometry.to_numpy())
    counts = {
        rule: item.count
        for rule in ("line-dangle", "line-undershoot", "line-overshoot", "lines-cross", "pseudo-node", "duplicate-edge")
        if (item := found(layer, rule)) is not None
    }
    # A peer that knows nothing of tolerances: an end is loose when no vertex and no line of another road is there.
    shapes = frame.geometry.to_numpy()
    ends = np.concatenate([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)])
    which, _ = shapely.STRtree(shapes).query(ends, predicate="dwithin", distance=0.5 / 111_000)
    alone = int((np.bincount(which, minlength=len(ends)) == 1).sum())
    slips = counts["line-dangle"] + counts["line-undershoot"] + counts["line-overshoot"]
    assert slips == pytest.approx(alone, rel=0.03)
    assert 15 < counts["duplicate-edge"] < 25 and 1000 < counts["lines-cross"] < 1500
