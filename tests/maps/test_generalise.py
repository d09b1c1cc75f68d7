from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoportal.maps.generalise import heart, is_mosaic, middle, mosaic_lines, simplified, within
from tests.factories import squares
from tests.processes import ROOT


def wavy_mosaic() -> np.ndarray:
    """Two areas with a border of many small waves between them."""
    border = [(1 + 0.02 * np.sin(y * 40), y) for y in np.linspace(0, 2, 400)]
    left = shapely.Polygon([(0, 0), *border, (0, 2)])
    right = shapely.Polygon([(2, 0), *border, (2, 2)])
    return np.array([left, right], dtype=object)


def test_simplified_neighbours_still_share_their_border() -> None:
    areas = wavy_mosaic()
    coarse = simplified(areas, 0.1)
    assert shapely.get_num_coordinates(coarse).sum() < shapely.get_num_coordinates(areas).sum() / 4
    assert shapely.coverage_is_valid(coarse)
    assert shapely.area(coarse).sum() == pytest.approx(4.0)


def test_areas_that_overlap_are_simplified_too() -> None:
    areas = np.array([shapely.Point(0, 0).buffer(1, quad_segs=400), shapely.Point(0.5, 0).buffer(1, quad_segs=400)])
    coarse = simplified(areas, 0.05)
    assert shapely.get_num_coordinates(coarse).sum() < 400
    assert shapely.is_valid(coarse).all()


def test_nothing_vanishes() -> None:
    shapes = np.array(
        [shapely.box(0, 0, 1e-6, 1e-6), shapely.LineString([(0, 0), (1e-6, 0)]), shapely.Point(1, 1)], dtype=object
    )
    assert not shapely.is_empty(simplified(shapes, 1.0)).any()


def test_within_a_limit_of_corners() -> None:
    areas = wavy_mosaic()
    assert within(areas, 10_000, 2.0) == (areas, False) or within(areas, 10_000, 2.0)[1] is False
    lighter, left_out = within(areas, 200, 2.0)
    assert left_out and shapely.get_num_coordinates(lighter).sum() <= 200
    many = np.array([shapely.multipoints(np.random.default_rng(1).uniform(0, 1, (50_000, 2)))], dtype=object)
    assert shapely.get_num_coordinates(within(many, 2000, 1.0)[0]).sum() <= 2000


def test_a_mosaic_is_told_from_loose_areas() -> None:
    grid = np.array(squares(5, 5), dtype=object)
    assert is_mosaic(grid, 0.05)
    apart = np.array([shapely.box(x, 0, x + 0.5, 0.5) for x in range(25)], dtype=object)
    assert not is_mosaic(apart, 25.0)
    assert not is_mosaic(grid[:1], 0.01)
    nearly = np.array([shapely.box(x * 1.0005, 0, x * 1.0005 + 1, 1) for x in range(6)], dtype=object)
    assert is_mosaic(nearly, 6.0)


def test_each_line_of_a_mosaic_is_drawn_once() -> None:
    lines = mosaic_lines(np.array(squares(4, 3, size=1.0, origin=(0, 0)), dtype=object), 4.0)
    assert shapely.length(lines.inner).sum() == pytest.approx(3 * 3 + 2 * 4, abs=0.05)
    assert shapely.length(lines.edge).sum() == pytest.approx(14, abs=0.01)
    assert len(lines.shore) == 0


def test_narrow_inlets_are_shore_and_the_rest_is_edge() -> None:
    slit = shapely.box(4.99, 1, 5.01, 4)
    left, right = shapely.box(0, 0, 5, 4).difference(slit), shapely.box(5, 0, 10, 4).difference(slit)
    lines = mosaic_lines(np.array([left, right], dtype=object), 10.0)
    assert shapely.length(lines.shore).sum() == pytest.approx(6, abs=0.3)
    assert shapely.length(lines.edge).sum() == pytest.approx(28, abs=0.5)


def test_the_heart_of_an_area_is_inside_it() -> None:
    horseshoe = shapely.Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])
    flat = shapely.Polygon([(0, 0), (1, 0), (2, 0), (0, 0)])
    hearts = heart(np.array([horseshoe, flat], dtype=object))
    assert horseshoe.contains(hearts[0])
    assert not shapely.is_empty(hearts[1])
    assert middle(np.array([flat]))[0].coords[0] == (1.0, 0.0)


def test_the_demonstration_districts_are_a_mosaic_before_and_after() -> None:
    import geopandas

    areas = geopandas.read_file(ROOT / "datasets/kecamatan/kecamatan.gpkg").geometry.to_numpy()
    areas = np.array(areas, dtype=object)
    assert is_mosaic(areas, 2.6)
    lighter, _ = within(areas, 400, 2.6)
    assert shapely.coverage_is_valid(lighter)
