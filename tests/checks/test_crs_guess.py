from __future__ import annotations

import itertools
from dataclasses import replace

import pyproj
import pytest

from geoportal.checks.crs_guess import Candidate, suggest
from geoportal.model.region import Region
from tests.checks.examples import REGION

DEGREES = (116.0, -0.9, 116.9, -0.1)


def projected(code: str) -> tuple[float, float, float, float]:
    move = pyproj.Transformer.from_crs(4326, code, always_xy=True)
    return move.transform_bounds(*DEGREES)


def named(found: list[Candidate]) -> list[tuple[str, bool]]:
    return [(item.crs, item.swapped) for item in found]


@pytest.mark.parametrize("code", ["EPSG:32750", "EPSG:23837"])
def test_the_true_system_comes_first(code: str) -> None:
    found = suggest(projected(code), REGION)
    assert found[0].crs == code and not found[0].swapped
    assert found[0].share_inside > 0.99
    assert found[0].extent_degrees == pytest.approx(DEGREES, abs=0.02)
    assert all(a.share_inside >= b.share_inside - 0.01 for a, b in itertools.pairwise(found))


def test_degrees_are_degrees_and_swapped_ones_say_so() -> None:
    assert named(suggest(DEGREES, REGION)) == [("EPSG:4326", False), ("EPSG:9470", False)]
    west, south, east, north = DEGREES
    found = suggest((south, west, north, east), REGION)
    assert named(found) == [("EPSG:4326", True), ("EPSG:9470", True)]
    assert found[0].extent_degrees == pytest.approx(DEGREES, abs=1e-5)
    assert found[0].as_dict()["name"] == "WGS 84"


def test_a_point_can_be_placed() -> None:
    (first, *_) = suggest((116.5, -0.5, 116.5, -0.5), REGION)
    assert (first.crs, first.share_inside) == ("EPSG:4326", 1.0)


@pytest.mark.parametrize(
    "bounds",
    [None, (0.0, 0.0, 1.0, 1.0), (1e9, 1e9, 2e9, 2e9), (float("nan"), 0.0, 1.0, 1.0), (1e300, 1e300, 1e301, 1e301)],
)
def test_nothing_is_suggested_where_nothing_fits(bounds: tuple[float, float, float, float] | None) -> None:
    assert suggest(bounds, REGION) == []


def test_a_region_without_extent_or_with_a_wrong_candidate_says_nothing_of_it() -> None:
    assert suggest(DEGREES, Region()) == []
    odd = replace(REGION, crs_candidates=("EPSG:999999", "EPSG:4978", "EPSG:4326"))
    assert named(suggest(DEGREES, odd)) == [("EPSG:4326", False)]


def test_another_region_has_other_candidates() -> None:
    papua = Region(extent=(138.0, -4.0, 141.0, -2.0), crs_candidates=("EPSG:32754", "EPSG:32750"))
    bounds = pyproj.Transformer.from_crs(4326, 32754, always_xy=True).transform_bounds(138.5, -3.5, 140.5, -2.5)
    assert named(suggest(bounds, papua)) == [("EPSG:32754", False)]
