"""What must hold for every layer of areas and lines: order, place, extent and reference system change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoportal.checks import validate
from geoportal.model.layer import Layer
from geoportal.model.report import Finding, Report
from geoportal.model.specification import CoveredBy, FieldSpecification, Specification
from tests.checks.examples import REGION
from tests.factories import make_layer

UTM = "EPSG:32750"
CORNER = np.array([500_000.0, 9_950_000.0])
AREAS = ("coverage-overlap", "coverage-gap", "not-covered", "label-point-outside")
LINES = ("line-self-crossing", "lines-cross", "line-overshoot", "line-undershoot", "line-dangle", "pseudo-node",
         "duplicate-edge", "not-covered")  # fmt: skip
WHOLE = Specification(
    "uji", "batas", covered_by=(CoveredBy("acuan"),),
    fields=(FieldSpecification("x", means="label-x"), FieldSpecification("y", means="label-y")),
)  # fmt: skip
BESIDE = make_layer([shapely.box(500_150, 9_950_150, 500_820, 9_950_820)], UTM)
relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Steps of 100 m, off by a few metres: far from the tolerance on either side, so that a reprojection decides nothing.
step = st.integers(0, 9).map(lambda n: n * 100.0)
jitter = st.sampled_from([0.0, 0.0, 0.0, 0.1, 2.0, -2.0, 30.0])
place = st.tuples(st.builds(float.__add__, step, jitter), st.builds(float.__add__, step, jitter))


@st.composite
def boxes(draw: st.DrawFn) -> Any:
    (x, y), width, height = draw(place), draw(st.integers(1, 4)) * 100, draw(st.integers(1, 4)) * 100
    return shapely.box(x, y, x + width, y + height)


lines = st.lists(place, min_size=2, max_size=5, unique=True).map(shapely.LineString)
# Straight lines that lie on each other do so in one system alone; these have no three points in a row.
scattered = st.sampled_from([tuple(point) for point in np.random.default_rng(6402).uniform(0, 900, (40, 2)).tolist()])
crooked = st.lists(scattered, min_size=2, max_size=5, unique=True).map(shapely.LineString)
layers = st.one_of(st.lists(boxes(), min_size=1, max_size=8), st.lists(lines, min_size=1, max_size=8))


def built(shapes: list[Any], names: Iterable[int], crs: str = UTM) -> Layer:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + CORNER)
    labels = shapely.get_coordinates(shapely.centroid(moved)) + np.array([0.0, 60.0])
    frame = geopandas.GeoSeries(moved, crs=UTM).to_crs(crs)
    points = geopandas.GeoSeries(shapely.points(labels), crs=UTM).to_crs(crs)
    return make_layer(frame.to_numpy(), crs, ids=[f"k{n}" for n in names], x=points.x.to_numpy(), y=points.y.to_numpy())


def checked(layer: Layer, sample: int | None = None) -> Report:
    report = validate(layer, WHOLE, REGION, sample=sample, beside={"acuan": BESIDE})
    assert not [
        item for item in report.findings if item.rule in ("check-failed", "topology-failed", "reference-missing")
    ]
    return report


def topological(report: Report) -> dict[str, Finding]:
    return {item.rule: item for item in report.findings if item.rule in (*AREAS, *LINES)}


@relaxed
@given(layers, st.randoms(use_true_random=False))
def test_the_order_of_features_changes_nothing(shapes: list[Any], shuffle: Any) -> None:
    keyed = list(enumerate(shapes))
    shuffle.shuffle(keyed)
    straight = checked(built(shapes, range(len(shapes))))
    mixed = checked(built([shape for _, shape in keyed], [name for name, _ in keyed]))
    assert topological(mixed) == topological(straight)


@relaxed
@given(layers)
def test_findings_and_their_shapes_lie_inside_the_extent(shapes: list[Any]) -> None:
    report = checked(built(shapes, range(len(shapes))))
    extent = report.layers[0].extent
    assert extent is not None
    west, south, east, north = extent
    for finding in topological(report).values():
        assert finding.count == len(finding.occurrences) >= 1
        for item in finding.occurrences:
            assert item.where is not None
            assert west <= item.where[0] <= east and south <= item.where[1] <= north
            if item.geometry is not None:
                shape = shapely.geometry.shape(item.geometry)
                assert shapely.box(*extent).buffer(1e-6).covers(shape)
                if finding.rule != "label-point-outside":
                    assert shape.distance(shapely.Point(item.where)) < 1e-6


@relaxed
@given(
    st.one_of(st.lists(boxes(), min_size=1, max_size=8), st.lists(crooked, min_size=1, max_size=8)),
    st.sampled_from(["EPSG:4326", "EPSG:9470", "EPSG:3857"]),
)
def test_a_reprojected_layer_names_the_same_features(shapes: list[Any], crs: str) -> None:
    here, there = (topological(checked(built(shapes, range(len(shapes)), at))) for at in (UTM, crs))
    assert {rule: names(item) for rule, item in here.items()} == {rule: names(item) for rule, item in there.items()}
    for rule, item in here.items():
        for measure in ("area_m2", "length_m"):
            if measure in item.params:
                assert there[rule].params[measure] == pytest.approx(item.params[measure], rel=1e-3, abs=1)


def names(finding: Finding) -> list[tuple[str, str]]:
    return sorted((item.feature or "", item.related or "") for item in finding.occurrences)


@relaxed
@given(st.lists(boxes(), min_size=2, max_size=7))
def test_overlaps_are_those_of_a_plain_comparison(shapes: list[Any]) -> None:
    told = topological(checked(built(shapes, range(len(shapes))))).get("coverage-overlap")
    wanted = {
        (f"k{a}", f"k{b}")
        for a in range(len(shapes))
        for b in range(a + 1, len(shapes))
        if not (shapes[a] & shapes[b]).buffer(-0.25).is_empty
    }
    assert (set(names(told)) if told else set()) == wanted


@relaxed
@given(st.lists(lines, min_size=1, max_size=7))
def test_ends_are_those_of_a_plain_comparison(shapes: list[Any]) -> None:
    """Every end is in exactly one of three findings when nothing else, and no part of its own line, is near."""
    report = topological(checked(built(shapes, range(len(shapes)))))
    told = [
        (item.feature, item.where)
        for rule in ("line-dangle", "line-overshoot", "line-undershoot")
        if rule in report
        for item in report[rule].occurrences
    ]
    assert len(told) == len(set(told))
    for number, shape in enumerate(shapes):
        for end in (shape.coords[0], shape.coords[-1]):
            near = min(
                (other.distance(shapely.Point(end)) for n, other in enumerate(shapes) if n != number), default=9e9
            )
            is_told = any(
                name == f"k{number}" and np.hypot(*(np.array(where) - CORNER - end)) < 0.01 for name, where in told
            )
            if near < 0.4:
                assert not is_told
            elif near > 20 and shape.is_simple and not shape.is_closed:
                assert is_told
