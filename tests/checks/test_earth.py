"""A whole layer that lies well is passed at once; otherwise its features are asked one by one, with the same answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geoportal.checks.earth import aside_of, lies_well, off_earth
from geoportal.checks.projection import Metres

degrees = st.floats(-200, 200)
metres = st.floats(-3e6, 2e7)


@pytest.mark.parametrize(
    ("crs", "extent", "well"),
    [
        ("EPSG:32750", (300000, 9800000, 700000, 10100000), True),
        ("EPSG:32750", (300000, 9800000, 1300000, 10100000), False),
        ("EPSG:32750", (300000, 9800000, 700000, 20100000), False),
        ("EPSG:4326", (-180, -90, 180, 90), True),
        ("EPSG:4326", (-180, -90, 181, 90), False),
        ("EPSG:9470", (115, -1, 118, 1), True),
        ("EPSG:9470", (115, -1, 118, 50), False),
        ("EPSG:3857", (-20037508, -20037508, 20037508, 20037508), True),
        ("EPSG:3832", (0, 0, 1, 1), False),  # across the 180th meridian: each feature is asked
    ],
)
def test_a_box_lies_well_or_not(crs: str, extent: tuple[float, float, float, float], well: bool) -> None:
    assert lies_well(CRS(crs), extent) is well


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["EPSG:32750", "EPSG:23837", "EPSG:3857"]), metres, metres, st.floats(1, 2e6), st.floats(1, 2e6))
def test_no_place_in_a_box_that_lies_well_is_off_the_earth(crs: str, x: float, y: float, w: float, h: float) -> None:
    system = CRS(crs)
    if lies_well(system, (x, y, x + w, y + h)):
        inside = np.random.default_rng(3).random((200, 2)) * (w, h) + (x, y)
        assert not off_earth(system, inside).any()


@settings(max_examples=60, deadline=None)
@given(degrees, degrees)
def test_degrees_aside_are_counted_the_short_way(west: float, longitude: float) -> None:
    class Area:
        def __init__(self, west: float) -> None:
            self.west, self.east = west, (west + 20 + 180) % 360 - 180

    aside = float(aside_of(Area(west), np.array([longitude]))[0])  # type: ignore[arg-type]
    assert 0 <= aside <= 170
    turned = float(aside_of(Area(west), np.array([longitude + 360]))[0])  # type: ignore[arg-type]
    assert turned == pytest.approx(aside, abs=1e-6)


@pytest.mark.parametrize(
    ("crs", "extent", "least", "most"),
    [
        ("EPSG:4326", (116, -0.5, 117, 0.5), 110_500, 111_400),
        ("EPSG:4326", (10, 59, 11, 61), 53_000, 111_500),
        ("EPSG:32750", (400000, 9900000, 600000, 9990000), 0.999, 1.001),
        ("EPSG:3857", (1100000, 8100000, 1200000, 8400000), 0.47, 0.53),
        ("EPSG:4326", (116.5, 0.0, 116.5, 0.0), 110_500, 111_400),  # one point
    ],
)
def test_the_metres_in_a_unit(crs: str, extent: tuple[float, float, float, float], least: float, most: float) -> None:
    low, high = Metres(CRS(crs), extent).per_unit(extent)
    assert least <= low <= high <= most
