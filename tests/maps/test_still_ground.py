"""The ground of a still picture: what is drawn where, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import shapely

from geoportal.maps import ground as earth
from geoportal.maps.ground import read_ground
from geoportal.maps.thumbnail import write_thumbnail
from geoportal.model.record import Record, Style
from geoportal.model.text import LocalText
from tests.factories import make_layer
from tests.processes import ROOT

GROUND = read_ground(ROOT / "config" / "ground.geojson")
SPREAD = [shapely.Point(115.6, 0.9), shapely.Point(117.4, -0.6), shapely.Point(116.4, -0.3)]


def drawn(shapes: list[shapely.Geometry], target: Path, **style: object) -> tuple[str, str]:
    layer = make_layer(shapes, nama=[f"n{place}" for place in range(len(shapes))])
    record = Record(title=LocalText.of("Uji"), style=Style(**style))  # type: ignore[arg-type]
    write_thumbnail(layer, record, target, ground=GROUND)
    return (target / "map.svg").read_text("utf-8"), (target / "thumb.svg").read_text("utf-8")


def test_all_of_the_ground_lies_under_points(tmp_path: Path) -> None:
    picture, thumb = drawn(SPREAD, tmp_path, colour="#D95F30")
    order = [picture.index(f'"{colour}"') for colour in (earth.NEUTRAL, earth.HALO, earth.LAND, earth.ROAD, earth.EDGE)]
    assert order == sorted(order) and order[-1] < picture.index("#D95F30")
    for colour in (earth.LAKE, earth.RIVER, earth.DISTRICT, earth.WATER_LINE, earth.EQUATOR):
        assert colour in picture
    for name in ("KUTAI", "Bontang", "Selat", "S. Mahakam", "Tenggarong", "Khatulistiwa 0°"):
        assert name in picture
    assert "<text" not in thumb and earth.ROAD not in thumb and earth.LAND in thumb and earth.RIVER in thumb


def test_rivers_lie_over_areas_and_under_lines(tmp_path: Path) -> None:
    areas, _ = drawn([shapely.box(116, -0.6, 117, 0.2)], tmp_path / "areas", colour="#D95F30")
    lines, _ = drawn([shapely.LineString([(115.8, 0.9), (117.3, -0.6)])], tmp_path / "lines", colour="#D95F30")
    assert areas.index('fill="#') < areas.rindex(earth.RIVER)
    assert lines.rindex(f'"{earth.RIVER}"') < lines.index("#D95F30")


def test_a_layer_that_covers_the_land_has_its_own_edge_and_our_water(tmp_path: Path) -> None:
    assert GROUND is not None
    halves = [
        shapely.intersection(GROUND.land[0], shapely.box(114, south, 119, north)) for south, north in ((-2, 0), (0, 2))
    ]
    picture, _ = drawn(halves, tmp_path)
    assert earth.ROAD not in picture and earth.DISTRICT not in picture
    assert picture.index(earth.LAKE) < picture.index(earth.BORDER), "water over the fill, under the borders"
    assert picture.count(f'stroke="{earth.EDGE}"') == 1


def test_no_ground_far_away_and_no_coarse_lines_near_by(tmp_path: Path) -> None:
    far, _ = drawn([shapely.Point(107, -6), shapely.Point(108, -7)], tmp_path / "far")
    assert not any(colour in far for colour in (earth.LAND + '"/>', earth.RIVER, earth.EDGE))
    near, _ = drawn([shapely.box(116.98, -0.41, 116.985, -0.405)], tmp_path / "near")
    assert earth.RIVER not in near and f'fill="{earth.LAND}"' in near


@pytest.mark.parametrize("count", [3, 800])
def test_pictures_with_ground_keep_to_their_weight(tmp_path: Path, count: int) -> None:
    grid = [shapely.Point(115.6 + 0.07 * (n % 28), -1 + 0.08 * (n // 28)).buffer(0.02) for n in range(count)]
    picture, thumb = drawn(grid, tmp_path)
    assert len(picture.encode()) <= 60_000 and len(thumb.encode()) <= 6_000
    assert not re.search(r"https?://(?!www\.w3\.org/)", picture + thumb)
