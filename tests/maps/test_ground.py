from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoportal.errors import InvalidSpecification
from geoportal.maps.drawing import draw
from geoportal.maps.ground import Ground, covered, edges, graticule, graticule_step, read_ground, under, view
from geoportal.model.text import LocalText
from tests.factories import make_layer
from tests.processes import ROOT

LAND = Ground(np.array([shapely.box(115, -1, 117, 1)], dtype=object), LocalText("sumber", "source"))


def test_the_ground_of_the_configuration_is_read_and_says_where_it_comes_from() -> None:
    ground = read_ground(ROOT / "config" / "ground.geojson")
    assert ground is not None
    assert shapely.is_valid(ground.land).all() and shapely.is_valid(ground.neighbour).all()
    assert len(ground.land) == 1 and len(ground.district) >= 19 and len(ground.lake) == 5
    assert len(ground.river) == len(ground.order) and set(ground.order) == {1, 2, 3}
    assert len(ground.road) > 10
    assert {name.text.id for name in ground.names if name.of == "pusat"} == {"Tenggarong"}
    assert next(name.text.en for name in ground.names if name.of == "laut") == "Makassar Strait"
    assert (ROOT / "config" / "ground.geojson").stat().st_size < 60_000
    assert "sintetis" in ground.source.id and "synthetic" in ground.source.en
    assert read_ground(ROOT / "config" / "tidak-ada.geojson") is None


@pytest.mark.parametrize(
    "content",
    [
        "bukan json",
        "[1]",
        '{"type":"FeatureCollection"}',
        json.dumps({"type": "Feature", "properties": {"kind": "sawah"}, "geometry": None}),
        json.dumps(
            {"type": "Feature", "properties": {"kind": "river"}, "geometry": {"type": "Point", "coordinates": [1, 1]}}
        ),
        "{}",
        '{"type":"FeatureCollection","features":[]}',
        json.dumps({"type": "Point", "coordinates": [1, 1]}),
        json.dumps({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}),
    ],
)
def test_a_ground_that_is_no_land_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ground.geojson"
    path.write_text(content, "utf-8")
    with pytest.raises(InvalidSpecification):
        read_ground(path)


def test_land_lies_under_every_layer_of_the_region_and_under_no_other() -> None:
    inside = draw(make_layer([shapely.Point(116, 0), shapely.Point(116.2, 0.1)]))
    covering = draw(make_layer([shapely.box(115, -1, 117, 0.5)]))
    beyond = draw(make_layer([shapely.Point(100, 0), shapely.Point(120, 5)]))
    plots = draw(make_layer([shapely.box(116, 0, 116.01, 0.01)]))
    assert under(inside, LAND) is LAND and under(plots, LAND) is LAND
    assert under(covering, LAND) is LAND and under(beyond, LAND) is None
    whole = draw(make_layer([shapely.box(115, -1, 117, 0.9)]))
    assert covered(whole, LAND) and not covered(covering, LAND) and not covered(plots, LAND)
    assert under(inside, None) is None and under(draw(make_layer([])), LAND) is None


def test_a_layer_spread_over_the_land_is_shown_with_all_of_it() -> None:
    spread = draw(make_layer([shapely.Point(115.2, 0), shapely.Point(116.9, 0.1)]))
    close = draw(make_layer([shapely.Point(116, 0), shapely.Point(116.2, 0.1)]))
    assert view(spread, LAND) == (115, -1, 117, 1)
    assert view(close, LAND) == close.extent
    assert view(spread, None) == spread.extent


@pytest.mark.parametrize("span", [0.003, 0.05, 0.4, 2.6, 5, 12, 90, 360])
def test_the_graticule_has_few_lines_at_any_scale(span: float) -> None:
    extent = (100.0, -span / 2, 100.0 + span, span / 2)
    step = graticule_step(extent)
    assert span / step <= 12.5
    assert 1 <= len(graticule((100.0, -min(span, 160) / 2, 100.0 + span, min(span, 160) / 2), step)) <= 30
    assert graticule_step((115.4, -1.1, 117.6, 1.5)) == 0.5


def test_the_equator_is_no_line_of_the_graticule() -> None:
    lines = graticule((115, -1, 117, 1), 0.5)
    parallels = {line.coords[0][1] for line in lines if line.coords[0][1] == line.coords[-1][1]}
    assert parallels == {-1.0, -0.5, 0.5, 1.0}


def test_a_plain_area_is_land_and_an_empty_file_is_no_ground(tmp_path: Path) -> None:
    path = tmp_path / "ground.geojson"
    path.write_text("", "utf-8")
    assert read_ground(path) is None
    path.write_text(shapely.to_geojson(shapely.box(100, 0, 101, 1)), "utf-8")
    ground = read_ground(path)
    assert ground is not None and ground.land[0].equals(shapely.box(100, 0, 101, 1))
    assert len(ground.neighbour) == len(ground.river) == len(ground.names) == 0


def test_the_edge_of_the_land_is_border_beside_land_and_shore_beside_water() -> None:
    land = np.array([shapely.box(0, 0, 2, 2)], dtype=object)
    west = np.array([shapely.box(-1, -1, 1, 3)], dtype=object)
    borders, shore = edges(land, west)
    assert shapely.length(borders).sum() == pytest.approx(4) and shapely.length(shore).sum() == pytest.approx(4)
    assert shapely.union_all(shore).bounds == (1, 0, 2, 2)
    borders, shore = edges(land, np.array([], dtype=object))
    assert shapely.length(borders).sum() == pytest.approx(8) and not len(shore)


def test_a_stray_does_not_turn_the_map_of_the_others_into_an_empty_world() -> None:
    schools = [shapely.Point(116, 0), shapely.Point(116.2, 0.1), shapely.Point(11.7, -0.5)]
    drawing = draw(make_layer(schools))
    assert under(drawing, LAND) is LAND
    assert view(drawing, LAND) == pytest.approx((116, 0, 116.2, 0.1), abs=1e-6)
    mostly_away = draw(make_layer([*schools[:1], shapely.Point(11.7, -0.5), shapely.Point(12, 1)]))
    assert under(mostly_away, LAND) is None
    assert view(mostly_away, LAND)[0] == pytest.approx(11.7)
