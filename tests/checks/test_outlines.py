"""Flat arrays of outlines are those of the shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.checks import validate
from geoportal.checks.context import Context
from tests.checks.examples import REGION, spec
from tests.factories import make_layer

MIXED = [
    "POINT (1 1)",
    "LINESTRING (0 0, 1 1, 2 5)",
    None,
    "POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
    "MULTIPOINT (1 1, 2 2)",
    "POLYGON EMPTY",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 9 5, 9 9, 5 5), (6 5.5, 7 5.6, 7 5.8, 6 5.5)), EMPTY)",
    "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (1 1, 2 2))",
    "MULTILINESTRING ((0 0, 1 1), EMPTY, (3 3, 4 4, 5 5))",
    "LINESTRING (7 7, 8 8)",
    "POINT (3 3)",
]

places = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda xy: (116 + xy[0] / 100, xy[1] / 100))


@st.composite
def shapes(draw: st.DrawFn) -> Any:
    """Areas with and without holes and parts, lines, points, and nothing."""
    kind = draw(st.integers(0, 5))
    x, y = draw(places)
    square = shapely.box(x, y, x + 0.1, y + 0.2)
    hole = shapely.box(x + 0.02, y + 0.02, x + 0.05, y + 0.05)
    match kind:
        case 0:
            return shapely.Polygon(square.exterior, [hole.exterior])
        case 1:
            return shapely.MultiPolygon([square.difference(hole), shapely.box(x + 1, y, x + 2, y + 1)])
        case 2:
            return shapely.LineString(draw(st.lists(places, min_size=2, max_size=4)))
        case 3:
            return shapely.MultiPoint([(x, y), (x + 1, y)])
        case 4:
            return None
        case _:
            return square.reverse()


def outlines_of(geometry: list[Any]) -> Any:
    return Context(make_layer(geometry), None, REGION).outlines


def test_every_path_is_told_with_its_owner() -> None:
    outlines = outlines_of(MIXED)
    told = list(zip(outlines.owners, outlines.sizes, outlines.is_ring, outlines.is_outer, strict=True))
    assert told == [
        (1, 3, False, False), (3, 5, True, True), (3, 5, True, False), (6, 4, True, True), (6, 4, True, True),
        (6, 4, True, False), (8, 2, False, False), (8, 3, False, False), (9, 2, False, False),
    ]  # fmt: skip
    paths = [
        outlines.vertices[start : start + size] for start, size in zip(outlines.starts, outlines.sizes, strict=True)
    ]
    assert paths[2].tolist() == [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    assert paths[7].tolist() == [[3, 3], [4, 4], [5, 5]]
    assert outlines.areas == pytest.approx([0, -16, 1, 0.5, 8, 0.1, 0, 0, 0])
    assert outlines.rings(np.array([5]))[0].equals(shapely.from_wkt("POLYGON ((6 5.5, 7 5.6, 7 5.8, 6 5.5))"))


@settings(max_examples=60, deadline=None)
@given(st.lists(shapes(), max_size=6))
def test_edges_and_areas_are_those_of_the_shapes(geometry: list[Any]) -> None:
    outlines = outlines_of(geometry)
    dx, dy = outlines.edges
    lengths, areas = np.zeros(len(geometry)), np.zeros(len(geometry))
    for start, size, owner in zip(outlines.starts, outlines.sizes, outlines.owners, strict=True):
        lengths[owner] += np.hypot(dx[start : start + size], dy[start : start + size]).sum()
    np.add.at(areas, outlines.owners, np.abs(outlines.areas) * np.where(outlines.is_outer, 1, -1))
    expected = [0.0 if shape is None else shapely.length(shape) for shape in geometry]
    assert lengths == pytest.approx(np.array(expected))
    assert np.hypot(dx, dy).sum() == pytest.approx(sum(expected))  # nothing between two paths
    assert areas == pytest.approx([0.0 if shape is None else shapely.area(shape) for shape in geometry], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(shapes(), max_size=6))
def test_the_direction_of_rings_is_that_of_geos(geometry: list[Any]) -> None:
    wrong = []
    for number, shape in enumerate(geometry):
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"] if shape is not None else []
        good = all(part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors) for part in parts)
        wrong += [] if good else [str(number + 1)]
    report = validate(make_layer(geometry), spec(), REGION)
    told = [place.feature for item in report.findings if item.rule == "ring-orientation" for place in item.occurrences]
    assert told == wrong


def test_a_hair_in_large_coordinates_keeps_its_direction() -> None:
    hair = shapely.Polygon([(500000, 9950000), (500010, 9950000.000001), (500000, 9950000.000002)])
    assert hair.exterior.is_ccw
    far = shapely.box(100000, 9000000, 900000, 9999999)
    for shape, count in ((hair, 0), (hair.reverse(), 1)):
        report = validate(make_layer([shape, far], crs="EPSG:32750"), spec(), REGION)
        assert sum(item.count for item in report.findings if item.rule == "ring-orientation") == count


def test_one_number_that_is_none_does_not_hide_the_rest() -> None:
    bad = shapely.from_wkt("LINESTRING (116 0, 117 1, 118 2)")
    bad = shapely.transform(bad, lambda xy: np.where(xy == 117, np.inf, xy))
    clockwise = shapely.box(116, 0, 116.1, 0.1).reverse()
    report = validate(make_layer([bad, clockwise, "POINT (116 0)", bad]), spec(), REGION)
    (item,) = (item for item in report.findings if item.rule == "ring-orientation")
    assert [place.feature for place in item.occurrences] == ["2"]
