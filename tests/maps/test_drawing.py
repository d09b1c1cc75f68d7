from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from geoportal.maps.drawing import AREA, LINE, POINT, draw
from tests.factories import make_layer


def test_everything_is_placed_in_degrees_x_before_y() -> None:
    places = [(499_000.0, 9_950_000.0), (510_000.0, 10_020_000.0)]
    drawing = draw(make_layer([shapely.Point(place) for place in places], "EPSG:32750"))
    expected = [Transformer.from_crs(32750, 4326, always_xy=True).transform(*place) for place in places]
    assert np.allclose(shapely.get_coordinates(drawing.shapes), expected)
    swapped = draw(make_layer([shapely.Point(116.9, -0.4)], "EPSG:4326"))
    assert shapely.get_coordinates(swapped.shapes).tolist() == [[116.9, -0.4]]


def test_areas_come_first_and_large_before_small() -> None:
    layer = make_layer(
        ["POINT(116 0)", shapely.box(0, 0, 1, 1), "LINESTRING(0 0,1 1)", shapely.box(0, 0, 5, 5), "MULTIPOINT(1 1,2 2)"]
    )
    drawing = draw(layer)
    assert drawing.rows.tolist() == [3, 1, 2, 4, 0]
    assert drawing.dimension.tolist() == [AREA, AREA, LINE, POINT, POINT]
    assert drawing.areas == 2


def test_what_cannot_be_drawn_is_counted_and_said() -> None:
    layer = make_layer(
        [None, "POINT EMPTY", "GEOMETRYCOLLECTION(POINT(1 1))", "POINT(nan 1)", "POINT(1 1)", "POINT(1 99)"]
    )
    drawing = draw(layer)
    assert drawing.rows.tolist() == [4]
    assert (drawing.omissions.placeless, drawing.omissions.collections, drawing.omissions.outside) == (2, 1, 2)
    assert len(drawing.omissions.sentences("id")) == 3
    assert drawing.omissions.sentences("en")[0] == "Not drawn for lack of a place: 2."


def test_points_beyond_the_limit_are_sampled_evenly_and_the_reader_is_told() -> None:
    count = 12_345
    layer = make_layer(shapely.points(np.linspace(115, 117, count), np.zeros(count)))
    drawing = draw(layer)
    assert len(drawing) == 2000
    gaps = np.diff(np.sort(drawing.rows))
    assert gaps.min() >= 6 and gaps.max() <= 7
    assert drawing.omissions.sentences("id") == ["2.000 dari 12.345 unsur digambar, diambil merata."]
    assert draw(layer, 2000).rows.tolist() == drawing.rows.tolist()


def test_areas_beyond_the_limit_are_the_largest() -> None:
    layer = make_layer([shapely.box(0, 0, size, size) for size in (0.1, 3, 0.2, 2, 0.3)])
    drawing = draw(layer, 2)
    assert drawing.rows.tolist() == [1, 3]
    assert drawing.omissions.sentences("id") == ["2 dari 5 unsur digambar, yang terbesar."]


@pytest.mark.parametrize("crs", [None, "EPSG:0", "bukan sistem koordinat"])
def test_without_a_crs_nothing_is_placed(crs: str | None) -> None:
    layer = make_layer([shapely.Point(116, 0)], None)
    drawing = draw(type(layer)(layer.name, layer.frame, crs, layer.fields, layer.geometry_type))
    assert len(drawing) == 0 and drawing.extent is None
    assert drawing.omissions.sentences("id") == [
        "Sistem koordinat layer ini tidak diketahui, jadi letaknya tidak digambar."
    ]


def test_a_table_and_an_empty_layer_say_so() -> None:
    assert draw(make_layer([])).omissions.sentences("id") == ["Layer ini belum berisi unsur."]
    table = "Data ini berupa tabel: tidak ada geometri yang dapat digambar."
    assert draw(make_layer(None, None, a=[1, 2])).omissions.sentences("id") == [table]


def test_a_layer_across_the_antimeridian_stays_together() -> None:
    drawing = draw(make_layer([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -178, 1)]))
    assert drawing.extent == (179.0, -1.0, 182.0, 1.0)
    world = draw(make_layer([shapely.box(-180, -60, 180, 60)]))
    assert world.extent == (-180.0, -60.0, 180.0, 60.0)


def test_a_bow_tie_is_drawn_as_its_two_faces_and_the_layer_is_left_alone() -> None:
    layer = make_layer(["POLYGON((0 0,1 1,1 0,0 1,0 0))"])
    before = layer.frame.geometry.iloc[0].wkt
    drawing = draw(layer)
    assert shapely.is_valid(drawing.shapes).all()
    assert shapely.area(drawing.shapes[0]) == pytest.approx(0.5)
    assert layer.frame.geometry.iloc[0].wkt == before


def test_heights_are_dropped() -> None:
    assert not shapely.has_z(draw(make_layer(["POINT Z(116 0 5)"])).shapes).any()
