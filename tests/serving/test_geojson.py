import json
import re

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from geoportal.errors import Invalid
from geoportal.serving.geojson import geometry_texts, right_handed

NUMBERS = st.floats(-180, 180).map(lambda value: round(value, 9) + 0.0)
FLAT = st.tuples(NUMBERS, NUMBERS)
SOLID = st.tuples(NUMBERS, NUMBERS, st.floats(-1e4, 1e4).map(lambda value: value + 0.0))


def simple(vertex):
    ring = st.lists(vertex, min_size=3, max_size=6).map(lambda points: [*points, points[0]])
    line = st.lists(vertex, min_size=2, max_size=6)
    polygon = st.lists(ring, min_size=1, max_size=3).map(lambda rings: shapely.Polygon(rings[0], rings[1:]))
    return st.one_of(
        vertex.map(shapely.Point),
        line.map(shapely.LineString),
        polygon,
        st.lists(vertex, min_size=1, max_size=4).map(shapely.MultiPoint),
        st.lists(line, min_size=1, max_size=3).map(shapely.MultiLineString),
        st.lists(polygon, min_size=1, max_size=3).map(shapely.MultiPolygon),
    )


GEOMETRIES = st.one_of(simple(FLAT), simple(SOLID))
COLLECTIONS = st.lists(GEOMETRIES, min_size=1, max_size=3).map(shapely.GeometryCollection)


def array(geometries):
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


@given(st.lists(st.one_of(GEOMETRIES, COLLECTIONS, st.none()), max_size=8))
def test_says_every_coordinate_exactly(geometries):
    texts = geometry_texts(array(geometries))
    for geometry, text in zip(geometries, texts, strict=True):
        found = json.loads(text)
        if geometry is None:
            assert found is None
            continue
        assert found["type"] == geometry.geom_type
        wanted = json.loads(json.dumps(mapping(geometry)))
        assert found.get("coordinates") == wanted.get("coordinates")
        assert shapely.equals_identical(shape(found), geometry)


@pytest.mark.parametrize(
    ("wkt", "wanted"),
    [
        ("POINT EMPTY", []),
        ("LINESTRING EMPTY", []),
        ("POLYGON EMPTY", []),
        ("MULTIPOLYGON EMPTY", []),
        ("MULTIPOINT (EMPTY, (1 2))", [[1, 2]]),
        ("MULTIPOLYGON (EMPTY, ((0 0, 1 0, 1 1, 0 0)))", [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]),
        ("POINT M (1 2 9)", [1, 2]),
        ("POINT ZM (1 2 3 9)", [1, 2, 3]),
        ("POINT (-0.0 1e-9)", [0, 1e-9]),
    ],
)
def test_odd_geometries(wkt, wanted):
    [text] = geometry_texts(array([shapely.from_wkt(wkt)]))
    assert json.loads(text)["coordinates"] == wanted
    assert b"-0.0" not in text


def test_a_height_that_is_no_number_leaves_the_heights_out():
    solid = shapely.LineString([[1, 2, 3], [4, 5, 6]])
    texts = geometry_texts(array([shapely.Point(1, 2, np.nan), solid]))
    assert [json.loads(text)["coordinates"] for text in texts] == [[1, 2], [[1, 2, 3], [4, 5, 6]]]


def test_no_more_than_nine_decimals():
    numbers = np.round(np.random.default_rng(1).uniform(-180, 180, (100_000, 2)), 9)
    [text] = geometry_texts(array([shapely.LineString(numbers)]))
    assert max(len(decimals) for decimals in re.findall(rb"\.(\d+)", text)) == 9
    assert np.array_equal(np.array(json.loads(text)["coordinates"]), numbers)


@given(st.lists(GEOMETRIES, max_size=5))
def test_the_right_hand_rule_moves_no_vertex(geometries):
    before = array(geometries)
    after = right_handed(before)
    for old, new in zip(before, after, strict=True):
        assert sorted(map(tuple, shapely.get_coordinates(old))) == sorted(map(tuple, shapely.get_coordinates(new)))
        for part in shapely.get_parts(new):
            if part.geom_type == "Polygon" and part.is_valid:
                assert part.exterior.is_ccw
                assert not any(ring.is_ccw for ring in part.interiors)


def test_collections_in_collections_without_end_are_refused():
    geometry = shapely.Point(1, 2)
    for _ in range(40):
        geometry = shapely.GeometryCollection([geometry])
    with pytest.raises(Invalid):
        geometry_texts(array([geometry]))
