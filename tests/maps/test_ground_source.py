"""The ground taken from layers of the node."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoportal.maps.ground import assemble
from geoportal.maps.ground_source import ground_features
from geoportal.model.text import LocalText
from tests.factories import make_layer

HALVES = [shapely.box(115, -1, 116, 1), shapely.box(116, -1, 117, 1)]


def taken(kind: str, shapes: list[shapely.Geometry]):
    return assemble(ground_features(kind, make_layer(shapes)), LocalText.of("uji"))


def test_areas_given_for_land_are_joined() -> None:
    ground = taken("land", HALVES)
    assert len(ground.land) == 1 and ground.land[0].equals(shapely.box(115, -1, 117, 1))


def test_areas_given_for_districts_become_the_borders_between_them() -> None:
    ground = taken("district", HALVES)
    assert shapely.length(ground.district).sum() == pytest.approx(2, abs=0.01)
    assert shapely.union_all(ground.district).bounds == pytest.approx((116, -1, 116, 1), abs=0.01)


def test_the_longest_river_is_the_greatest() -> None:
    ground = taken("river", [shapely.LineString([(115, 0), (117, 0)]), shapely.LineString([(116, 0.2), (116, 0.5)])])
    assert dict(zip(np.round(shapely.length(ground.river), 2), ground.order, strict=True)) == {2.0: 1, 0.3: 2}


def test_lakes_keep_apart_and_invalid_ones_are_mended_for_the_picture() -> None:
    bow = shapely.Polygon([(115, 0), (116, 1), (116, 0), (115, 1)])
    ground = taken("lake", [bow, shapely.box(116.5, 0, 116.7, 0.2)])
    assert shapely.is_valid(ground.lake).all() and len(ground.lake) >= 2


@pytest.mark.parametrize("kind", ["land", "lake", "district", "river", "road"])
def test_points_are_no_ground(kind: str) -> None:
    assert ground_features(kind, make_layer([shapely.Point(116, 0)])) == []


def test_a_heavy_layer_becomes_light() -> None:
    angle = np.linspace(0, 2 * np.pi, 60_000, endpoint=False)
    rim = 1 + 0.002 * np.sin(angle * 4000)
    ring = shapely.Polygon(np.column_stack((116 + rim * np.cos(angle), rim * np.sin(angle))))
    ground = taken("land", [ring])
    assert shapely.get_num_coordinates(ground.land).sum() < 5_000
    assert shapely.area(ground.land).sum() == pytest.approx(np.pi, rel=0.02)
