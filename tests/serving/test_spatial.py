import json
import math

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geoportal.errors import BadRequest
from geoportal.serving.crs import operation
from geoportal.serving.spatial import area_of, frames_of
from tests.serving.samples import features, layer, polygons, served

EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}".format


def boxes(seed, number, size=0.3):
    rng = np.random.default_rng(seed)
    lower = rng.uniform([115.0, -1.4], [118.0, 1.7], (number, 2))
    return np.hstack([lower, lower + rng.uniform(0, size, (number, 2))]).tolist()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """3,000 polygons, some lines and points, and 5 features without a place."""
    shapes = [*polygons(3000), *shapely.boundary(polygons(400, seed=1)), *shapely.centroid(polygons(400, seed=2))]
    shapes = [*shapes, None, shapely.from_wkt("POLYGON EMPTY"), None, shapely.Point(math.nan, 0), None]
    order = np.random.default_rng(3).permutation(len(shapes))
    return served(tmp_path_factory.mktemp("many"), [shapes[i] for i in order], {"n": range(len(shapes))})


@pytest.fixture(scope="module")
def truth(many):
    """The geometry of all features as served; None where a feature has no place."""
    found = np.array(
        [shapely.from_geojson(json.dumps(f["geometry"])) if f["geometry"] else None for f in features(many)]
    )
    found[shapely.is_empty(found)] = None
    return found


def rows_in(truth, *areas):
    meets = np.any([shapely.intersects(truth, area) for area in areas], axis=0)
    return np.flatnonzero(meets | np.equal(truth, None)).tolist()


def test_a_long_edge_is_found_by_a_small_box_of_its_own_system(tmp_path):
    """Straight in the plane of a zone, it bends in degrees beyond the envelope of its ends: by metres here."""
    lines = [shapely.LineString([(425_000, y), (575_000, y)]) for y in range(9_000_000, 9_990_000, 45_000)]
    serving = served(tmp_path / "s", lines, crs="EPSG:32750")
    for row, line in enumerate(lines):
        y = line.coords[0][1]
        rows, matched = serving.select(bbox_in=((500_000, y - 0.01, 500_001, y + 0.01), EPSG(32750)))
        assert matched == 1 and rows.tolist() == [row]


def test_a_box_finds_what_intersects_it(many, truth):
    hits = 0
    for box in [*boxes(4, 150), *boxes(5, 100, 0.01), *boxes(6, 30, 3)]:
        rows, matched = many.select(box, limit=10_000)
        assert rows.tolist() == rows_in(truth, shapely.box(*box))
        assert matched == len(rows)
        hits += matched
    assert hits > 10_000


def test_the_edge_belongs_to_the_box(tmp_path):
    corner = [shapely.Point(116, 0), shapely.Polygon([(117, 1), (118, 1), (118, 2), (117, 1)])]
    serving = served(tmp_path / "s", corner, {"n": [1, 2]})
    assert serving.select((115, -1, 116, 0))[0].tolist() == [0]
    assert serving.select((116, 0, 117, 1))[0].tolist() == [0, 1]
    assert serving.select((117.1, 1.3, 117.2, 2))[0].tolist() == [], "only the envelope of the triangle is there"


def test_boxes_without_width(many, truth):
    point = shapely.point_on_surface(truth[np.flatnonzero(~np.equal(truth, None))[0]])
    x, y = point.x, point.y
    assert many.select((x, y, x, y), limit=10_000)[0].tolist() == rows_in(truth, point)
    line = shapely.LineString([(x, -2), (x, 2)])
    assert many.select((x, -2, x, 2), limit=10_000)[0].tolist() == rows_in(truth, line)


def test_two_boxes_across_the_antimeridian(tmp_path):
    lons = [179.5, -179.5, 0, 178, -178]
    serving = served(tmp_path / "s", [shapely.Point(lon, 1) for lon in lons], {"n": range(5)})
    assert serving.select([(179, 0, 180, 2), (-180, 0, -179, 2)])[0].tolist() == [0, 1]


def test_several_boxes_count_a_feature_once(many, truth):
    first, second = (115.5, -1, 117, 1), (116.5, -0.5, 117.5, 1.2)
    rows, matched = many.select([first, second], limit=10_000)
    assert rows.tolist() == rows_in(truth, shapely.box(*first), shapely.box(*second))
    assert matched == len(set(rows.tolist()))


def test_a_box_around_all_finds_all(many):
    rows, matched = many.select((-180, -90, 180, 90), offset=3, limit=4)
    assert (list(rows), matched) == ([3, 4, 5, 6], many.count)


def test_pages_of_a_box(many):
    box = (115.5, -1, 117, 1)
    everything = many.select(box, limit=10_000)[0].tolist()
    pages = [many.select(box, offset=offset, limit=37)[0].tolist() for offset in range(0, len(everything) + 37, 37)]
    assert [row for page in pages for row in page] == everything
    assert many.select(box, limit=0)[1] == len(everything)


@pytest.mark.parametrize(
    "box",
    [
        (),
        (1, 2, 3),
        (1, 2, 3, 4, 5, 6),
        (math.nan, 0, 1, 1),
        (0, 0, math.inf, 1),
        (2, 0, 1, 1),
        (0, 2, 1, 1),
        [(0, 0, 1, 1), (0, 0, 1)],
    ],
)
def test_a_bad_box_is_a_bad_request(many, box):
    with pytest.raises(BadRequest) as error:
        many.select(box)
    assert error.value.facts["parameter"] == "bbox"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40), st.data())
def test_points_on_a_grid_against_arithmetic(tmp_path_factory, points, data):
    serving = served(
        tmp_path_factory.mktemp("grid"), [shapely.Point(x, y) for x, y in points], {"n": range(len(points))}
    )
    xs, ys = (sorted(data.draw(st.lists(st.integers(0, 6), min_size=2, max_size=2))) for _ in range(2))
    rows, matched = serving.select((xs[0], ys[0], xs[1], ys[1]), limit=100)
    wanted = [i for i, (x, y) in enumerate(points) if xs[0] <= x <= xs[1] and ys[0] <= y <= ys[1]]
    assert (list(rows), matched) == (wanted, len(wanted))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_shapes_on_a_grid_against_geos(tmp_path_factory, data):
    """Lines, bands across, corners, rings and shapes of two parts, on the sides of the box, beside and around it."""
    corner = st.tuples(st.integers(0, 8), st.integers(0, 8))
    line = st.lists(corner, min_size=2, max_size=6).map(shapely.LineString)
    band = st.tuples(line, st.sampled_from([0.25, 1.0])).map(lambda pair: pair[0].buffer(pair[1], quad_segs=1))
    ring = band.map(lambda shape: shapely.union_all([shape.boundary]))
    two = st.tuples(band, band).map(lambda pair: shapely.MultiPolygon([p for s in pair for p in shapely.get_parts(s)]))
    shapes = data.draw(st.lists(st.one_of(line, band, ring, two), min_size=1, max_size=30))
    serving = served(tmp_path_factory.mktemp("shapes"), shapes, {"n": range(len(shapes))})
    placed = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features(serving)]
    for _ in range(4):
        xs, ys = (sorted(data.draw(st.lists(st.integers(0, 8), min_size=2, max_size=2))) for _ in range(2))
        rows, matched = serving.select((xs[0], ys[0], xs[1], ys[1]), limit=100)
        area = area_of((xs[0], ys[0], xs[1], ys[1]))
        wanted = [row for row, shape in enumerate(placed) if shapely.intersects(area, shape)]
        assert (list(rows), matched) == (wanted, len(wanted))


@pytest.mark.parametrize("code", [9470, 4326, 32750, 9490, 23837, 3857])
@pytest.mark.parametrize("source", ["EPSG:32750", "EPSG:4326"])
def test_a_box_in_another_reference_system(tmp_path_factory, source, code):
    frame = geopandas.GeoSeries(polygons(2500), crs=4326).to_crs(source)
    made = layer(frame, {"n": range(len(frame))}, crs=source)
    serving = served(tmp_path_factory.mktemp("there"), made)
    there = frame.to_crs(code)
    turned = code in (9470, 4326)
    found = 0
    for box in [*boxes(7, 25), *boxes(8, 25, 0.02), *boxes(9, 8, 3), (115, -1.5, 118, 2)]:
        west, south, east, north = Transformer.from_crs(4326, code, always_xy=True).transform_bounds(*box)
        asked = (south, west, north, east) if turned else (west, south, east, north)
        rows, matched = serving.select(bbox_in=(asked, EPSG(code)), limit=10_000)
        wanted = np.flatnonzero(there.intersects(shapely.box(west, south, east, north))).tolist()
        assert list(rows) == wanted
        assert matched == len(wanted)
        found += matched
    assert found > 2500


def test_projected_storage_keeps_the_features_on_the_edge(tmp_path):
    """CONFORMANCE 1.1: a box in degrees is not an axis-aligned box in metres."""
    degrees = [shapely.Point(lon, lat) for lon in np.linspace(114, 119, 41) for lat in (-1.0, 1.0)]
    made = layer(geopandas.GeoSeries(degrees, crs=4326).to_crs(32750), {"n": range(82)}, crs="EPSG:32750")
    serving = served(tmp_path / "s", made)
    edges = shapely.get_coordinates(
        shapely.from_geojson(
            json.dumps({"type": "GeometryCollection", "geometries": [f["geometry"] for f in features(serving)]})
        )
    )
    west, south = edges.min(axis=0)
    east, north = edges.max(axis=0)
    assert serving.select((west, south, east, north), limit=100)[1] == 82
    x, y = shapely.get_coordinates(made.frame.geometry).T
    box = (x.min(), y.min(), x.max(), y.max())
    assert serving.select(bbox_in=(box, EPSG(32750)))[1] == 82, "the source's own numbers, edges included"


def test_frames_hold_and_are_held():
    way = operation("EPSG:32750", "OGC:CRS84")
    box = (100_000.0, 9_700_000.0, 900_000.0, 10_200_000.0)
    outer, inner = frames_of(box, way)
    rng = np.random.default_rng(10)
    inside = way.transform(rng.uniform(box[:2], box[2:], (2000, 2)))
    assert shapely.intersects_xy(shapely.box(*outer), inside).all()
    back = operation("OGC:CRS84", "EPSG:32750").transform(rng.uniform(inner[:2], inner[2:], (2000, 2)))
    assert shapely.intersects_xy(shapely.box(*box), back).all()
    assert area_of(inner).area > 0.9 * area_of(outer).area
    assert frames_of((0, 0, 1e300, 1e300), way) == (None, None)
