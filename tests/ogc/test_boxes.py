"""``bbox`` in every reference system that is offered: each answer is found again with shapely and pyproj, as a set of
ids.
"""

import random
from functools import lru_cache

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ogc.world import make_layer, make_world

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SRGI = f"{EPSG}9470"  # degrees, latitude first, another datum
MERCATOR = f"{EPSG}3857"


@lru_cache
def way(crs: str, *, xy: bool = True) -> pyproj.Transformer:
    """From degrees to a system; kept, because PROJ thinks for half a second about some."""
    return pyproj.Transformer.from_crs("OGC:CRS84", system_of(crs), always_xy=xy)


def system_of(crs: str) -> pyproj.CRS:
    return pyproj.CRS("OGC:CRS84" if crs == CRS84 else f"EPSG:{crs.removeprefix(EPSG)}")


def shapes() -> list[shapely.Geometry | None]:
    """Points, lines and polygons all over the globe, on the antimeridian and at the poles, and two without a place."""
    dice = random.Random(11)
    found: list[shapely.Geometry | None] = [None, shapely.Point()]
    for _ in range(120):
        x, y = dice.uniform(-179, 179), dice.uniform(-80, 80)
        size = dice.choice([0, 0.5, 5, 12])
        if size == 0:
            found.append(shapely.Point(x, y))
        elif dice.random() < 0.3:
            found.append(shapely.LineString([(x, y), (min(x + size, 180), y + size / 2), (x, y + size / 3)]))
        else:
            found.append(shapely.Point(x, y).buffer(size / 2, 5).intersection(shapely.box(-180, -90, 180, 90)))
    found += [shapely.Point(x, y) for x in (-180, -179.5, 179.5, 180) for y in (-90, -45, 0, 45, 90)]
    found += [
        shapely.MultiPolygon([shapely.box(178, -20, 180, -15), shapely.box(-180, -20, -178, -15)]),
        shapely.box(-180, -90, 180, -65),  # Antarctica, to the pole
        shapely.box(-20, 84, 20, 90),
    ]
    return found


SHAPES = shapes()
CODES = [f"{number:03}" for number in range(len(SHAPES))]


@pytest.fixture(scope="module")
def globe(tmp_path_factory):
    made = make_world(tmp_path_factory.mktemp("bumi"), extent=(-180, -90, 180, 90))
    made.publish("bumi", make_layer([{"kode": code} for code in CODES], SHAPES))
    yield made
    made.client.close()
    made.node.close()


def found(world, numbers, crs: str | None = None, *, dataset: str = "bumi", more: str = "") -> set[str]:
    box = ",".join(repr(float(number)) for number in numbers)
    crs_ = f"&bbox-crs={crs}" if crs else ""
    document = world.json(f"/ogc/collections/{dataset}/items?limit=1000&skipGeometry=true&bbox={box}{crs_}{more}")
    ids = {feature["id"] for feature in document["features"]}
    assert document["numberMatched"] == len(ids) == len(document["features"])
    return ids


def area(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return shapely.MultiPoint(corners).convex_hull  # a rectangle, or what is left of it without width


def expected(west: float, south: float, east: float, north: float) -> set[str]:
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    areas = [area(one, south, other, north) for one, other in parts]
    return {
        code
        for code, shape in zip(CODES, SHAPES, strict=True)
        if shape is None or shape.is_empty or any(one.intersects(shape) for one in areas)
    }


LONGITUDES = st.one_of(st.sampled_from([-180.0, -179.5, 0.0, 179.5, 180.0]), st.floats(-180, 180))
LATITUDES = st.one_of(st.sampled_from([-90.0, -45.0, 0.0, 45.0, 90.0]), st.floats(-90, 90))
QUIET = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(west=LONGITUDES, east=LONGITUDES, one=LATITUDES, other=LATITUDES)
def test_degrees_in_either_order_and_across_the_antimeridian(globe, west, east, one, other):
    south, north = sorted((one, other))
    wanted = expected(west, south, east, north)
    assert found(globe, (west, south, east, north)) == wanted
    assert found(globe, (west, south, east, north), CRS84) == wanted
    assert found(globe, (south, west, north, east), f"{EPSG}4326") == wanted
    assert found(globe, (west, south, -10, east, north, 10)) == wanted, "heights say nothing of flat features"
    assert found(globe, (south, west, -10, north, east, 10), f"{EPSG}4326") == wanted


def test_the_boxes_of_that_test_choose(globe):
    assert 5 < len(expected(170, -60, -170, 60)) < 40
    assert len(expected(-170, -60, 170, 60)) > 80


def test_the_whole_world_and_its_edges(globe):
    everything = set(CODES)
    for box in ((-180, -90, 180, 90), (-1e4, -1e4, 1e4, 1e4), (0, -90, -1e-9, 90)):
        assert found(globe, box) == everything
    placeless = {"000", "001"}
    assert found(globe, (-40.001, -60.002, -40.001, -60.002)) == placeless, "a point where nothing is"
    for pole in (-90, 90):
        assert found(globe, (-180, pole, 180, pole)) == expected(-180, pole, 180, pole) > placeless
    assert found(globe, (0, 95, 1, 96)) == placeless


def test_a_polygon_to_the_pole_meets_a_box_of_a_system_that_ends_before_it(globe):
    """In web Mercator the pole lies at infinity: Antarctica has no finite place there, and still meets the box."""
    half = 20037508.342789244
    antarctic = CODES[-2]
    assert antarctic in found(globe, (-half, -half, half, half), MERCATOR)
    assert antarctic in found(globe, (0, -12_000_000, 1_000_000, -11_000_000), MERCATOR)
    assert antarctic not in found(globe, (0, -5_000_000, 1_000_000, -4_000_000), MERCATOR)
    north = CODES[-1]
    assert north in found(globe, (0, 19_500_000, 1000, 20_000_000), MERCATOR)
    assert north not in found(globe, (5_000_000, 19_500_000, 5_001_000, 20_000_000), MERCATOR)


@QUIET
@given(x=st.floats(-2e7, 2e7), y=st.floats(-1.5e7, 1.5e7), width=st.floats(0, 2e7), height=st.floats(0, 1e7))
def test_metres_of_web_mercator(globe, x, y, width, height):
    box = (x, y, x + width, y + height)
    move = way(MERCATOR)
    wanted, open_ = {"000", "001"}, set()
    for code, shape in zip(CODES, SHAPES, strict=True):
        if shape is None or shape.is_empty:
            continue
        moved = shapely.transform(shape, lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1])))
        if not np.isfinite(shapely.bounds(moved)).all():
            open_.add(code)  # the test above is about these
        elif area(*box).buffer(-1e-3).intersects(moved):
            wanted.add(code)
        elif area(*box).buffer(1e-3).intersects(moved):
            open_.add(code)  # on the edge, to a millimetre
    assert found(globe, box, MERCATOR) - open_ == wanted - open_


SOUTH_OF_THE_EQUATOR = [shapely.Point(x, y) for x in np.linspace(114.0, 120.0, 25) for y in np.linspace(-2.5, 2.5, 21)]


@pytest.fixture(scope="module")
def utm(tmp_path_factory):
    """Points far to both sides of the middle of zone 50, where a box of degrees is anything but one of metres."""
    made = make_world(tmp_path_factory.mktemp("utm"))
    layer = make_layer([{"kode": str(n)} for n in range(len(SOUTH_OF_THE_EQUATOR))], SOUTH_OF_THE_EQUATOR)
    frame = layer.frame.to_crs("EPSG:32750")
    made.publish("utm", type(layer)("utm", frame, "EPSG:32750", layer.fields, "Point"))
    yield made
    made.client.close()
    made.node.close()


@QUIET
@given(west=st.floats(113, 121), south=st.floats(-3, 3), width=st.floats(0, 7), height=st.floats(0, 5))
@pytest.mark.parametrize("crs", [CRS84, f"{EPSG}4326", MERCATOR, SRGI, f"{EPSG}9490"])
def test_projected_storage_loses_no_edge(utm, crs, west, south, width, height):
    """A box in any system means that system: the corners are brought there, and the points tested there."""
    there = way(crs)
    corners = there.transform([west, west + width], [south, south + height])
    (left, right), (bottom, top) = sorted(corners[0]), sorted(corners[1])
    x, y = there.transform(*np.array([(p.x, p.y) for p in SOUTH_OF_THE_EQUATOR]).T)
    unit = 1e-7 if system_of(crs).is_geographic else 1e-2
    inside = (x >= left + unit) & (x <= right - unit) & (y >= bottom + unit) & (y <= top - unit)
    outside = (x < left - unit) | (x > right + unit) | (y < bottom - unit) | (y > top + unit)
    swapped = crs in (f"{EPSG}4326", SRGI)
    box = (bottom, left, top, right) if swapped else (left, bottom, right, top)
    for numbers in (box, (*box[:2], -5, *box[2:], 5)):
        chosen = np.isin(np.arange(len(x)).astype(str), list(found(utm, numbers, crs, dataset="utm")))
        assert not (inside & ~chosen).any()
        assert not (outside & chosen).any()


def test_across_the_antimeridian_in_degrees_of_another_datum(utm):
    everything = {str(n) for n in range(len(SOUTH_OF_THE_EQUATOR))}
    eastern = {str(n) for n, point in enumerate(SOUTH_OF_THE_EQUATOR) if point.x > 117.1}
    assert found(utm, (-10, 117.1, 10, 113), SRGI, dataset="utm") == eastern
    assert found(utm, (-10, 113, 10, 121), SRGI, dataset="utm") == everything
    assert found(utm, (-10, 121, 10, 113), SRGI, dataset="utm") == set()


@pytest.mark.parametrize(
    ("crs", "numbers", "said"),
    [
        (CRS84, (0, 5, 1, -5), "north"),
        (f"{EPSG}4326", (5, 0, -5, 1), "north"),
        (SRGI, (5, 0, -5, 1), "north"),
        (MERCATOR, (5, 0, 1, 1), "smaller"),
        (MERCATOR, (0, 5, 1, 1), "smaller"),
        (f"{EPSG}32750", (5, 0, 1, 1), "smaller"),
        (CRS84, (0, 0, 9, 1, 1, 8), "height"),
        (f"{EPSG}32750", (0, 0, 9, 1, 1, 8), "height"),
    ],
)
def test_only_a_longitude_may_go_backwards(utm, crs, numbers, said):
    box = ",".join(map(str, numbers))
    problem = utm.json(f"/ogc/collections/utm/items?bbox={box}&bbox-crs={crs}", 400)
    assert problem["description"].startswith("bbox: ") and said in problem["description"]
    assert problem["detail"].startswith("bbox: ") and problem["detail"] != problem["description"]


def test_longitudes_beyond_the_antimeridian_are_those_on_its_other_side(world):
    places = {"a": 179.0, "b": -179.0, "c": 181.5, "d": 10.0, "e": -182.5}
    world.publish("lintas", make_layer([{"kode": n} for n in places], [shapely.Point(x, 0) for x in places.values()]))
    for box, wanted in {
        (178, -1, 183, 1): "abc",
        (178, -1, -177, 1): "abc",
        (177, -1, -177, 1): "abce",
        (-183, -1, -177, 1): "abce",
        (-180, -1, -178, 1): "bc",
        (177, -1, 178, 1): "e",
        (9, -1, 11, 1): "d",
        (-180, -90, 180, 90): "abcde",
        (369, -1, 371, 1): "d",
    }.items():
        assert found(world, box, dataset="lintas") == set(wanted), box


def test_bbox_crs_alone_changes_nothing(globe):
    """OGC 18-058 says what it does to the numbers of a bbox, and forbids it nowhere; an unknown one stays a mistake."""
    plain = globe.json("/ogc/collections/bumi/items")
    asked = globe.json(f"/ogc/collections/bumi/items?bbox-crs={MERCATOR}")
    assert asked["numberMatched"] == plain["numberMatched"] == len(CODES)
    assert asked["features"] == plain["features"]
    assert "bbox-crs" in globe.json(f"/ogc/collections/bumi/items?bbox-crs={EPSG}27700", 400)["description"]


def test_heights_with_every_system(world):
    """Six numbers: the box in its own system, the heights in those of the layer."""
    layer = make_layer([{"kode": str(z)} for z in (0, 50, 100)], [shapely.Point(117, -1, z) for z in (0, 50, 100)])
    frame = layer.frame.to_crs("EPSG:32750")
    world.publish("tinggi", type(layer)("tinggi", frame, "EPSG:32750", layer.fields, "Point"))
    for crs in world.json("/ogc/collections/tinggi")["crs"]:
        x, y = way(crs, xy=False).transform(117, -1)
        size = 0.01 if system_of(crs).is_geographic else 1000
        low, high = (x - size, y - size), (x + size, y + size)
        assert found(world, (*low, 40, *high, 60), crs, dataset="tinggi") == {"50"}
        assert found(world, (*low, 50, *high, 100), crs, dataset="tinggi") == {"50", "100"}
        assert found(world, (*low, *high), crs, dataset="tinggi") == {"0", "50", "100"}
