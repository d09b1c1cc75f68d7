from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyproj
import pytest
from pyproj import Transformer

from geoportal.errors import BadRequest, UnknownReferenceSystem
from geoportal.serving import crs

EXTENT = (115.2, -1.2, 117.7, 1.6)
CODES = [9490, 9480, 23837, 23838, 32750, 32650, 3857, 4326, 9470, 4755, 4238]
SYSTEMS = [f"EPSG:{code}" for code in CODES]


@pytest.fixture(scope="module")
def places():
    return np.random.default_rng(2).uniform([115.3, -1.1], [117.5, 1.4], (500, 2))


@pytest.mark.parametrize("source", ["EPSG:4326", "EPSG:9490", "EPSG:23837", "EPSG:32750", "EPSG:4238"])
def test_goes_where_pyproj_goes(source, places):
    x, y = Transformer.from_crs("OGC:CRS84", source, always_xy=True).transform(*places.T)
    for target in [*SYSTEMS, crs.CRS84]:
        way = crs.operation(source, target, EXTENT)
        known = "OGC:CRS84" if target == crs.CRS84 else target
        wanted = np.column_stack(Transformer.from_crs(source, known, always_xy=True).transform(x, y))
        assert np.array_equal(way.transform(np.column_stack([x, y])), wanted), (source, target, way)
        assert not way.ballpark
        assert way.accuracy_m is not None


def test_the_accuracy_is_the_registry_s():
    assert crs.operation("EPSG:9470", crs.CRS84, EXTENT).accuracy_m == 1.2
    assert crs.operation("EPSG:4755", "EPSG:9470", EXTENT).accuracy_m == 0.2
    assert "DGN95 to SRGI2013" in crs.operation("EPSG:9490", crs.CRS84, EXTENT).name


def test_srgi2013_to_utm_of_wgs84_is_no_ballpark():
    way = crs.operation("EPSG:9470", "EPSG:32650")
    assert not way.ballpark
    moved = way.transform(np.array([[116.0, 0.5]]))
    back = Transformer.from_crs("EPSG:32650", "EPSG:4326", always_xy=True).transform(*moved[0])
    assert 0.1 < np.hypot(*(np.array(back) - [116.0, 0.5])) * 111_320 < 0.3, "the datums lie some 0.2 m apart"


def test_a_ballpark_is_taken_when_there_is_nothing_else_and_says_so():
    sphere = pyproj.CRS.from_proj4("+proj=longlat +R=6371000 +no_defs").to_wkt()
    way = crs.operation(sphere, crs.CRS84)
    assert way.ballpark
    assert way.accuracy_m is None


@pytest.mark.parametrize("same", ["EPSG:4326", "OGC:CRS84", "EPSG:4979", "EPSG:9705"])
def test_degrees_of_wgs84_stay_what_they_are(same):
    way = crs.operation(same, crs.CRS84)
    assert way.null
    numbers = np.array([[117.123456789012, -0.5]])
    assert way.transform(numbers) is numbers


def test_one_transformer_for_all_threads(places):
    way = crs.operation("EPSG:9490", crs.CRS84, EXTENT)
    x, y = Transformer.from_crs("OGC:CRS84", "EPSG:9490", always_xy=True).transform(*places.T)
    xy = np.column_stack([x, y])
    wanted = way.transform(xy)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(way.transform, [xy] * 200):
            assert np.array_equal(found, wanted)


@pytest.mark.parametrize(
    ("system", "swapped", "decimals"),
    [
        ("EPSG:4326", True, 9),
        ("EPSG:9470", True, 9),
        ("EPSG:9490", False, 4),
        ("EPSG:23837", False, 4),
        ("EPSG:3857", False, 4),
        ("EPSG:2193", True, 4),
        ("EPSG:31467", True, 4),
        ("EPSG:5479", True, 4),
        (crs.CRS84, False, 9),
    ],
)
def test_axis_order_and_decimals(system, swapped, decimals):
    assert crs.axis_swapped(system) is swapped
    assert crs.decimals_of(system) == decimals


def test_uris_and_back():
    assert crs.uri_of("EPSG:9490") == "http://www.opengis.net/def/crs/EPSG/0/9490"
    assert crs.uri_of("OGC:CRS84") == crs.CRS84
    assert crs.uri_of('LOCAL_CS["x"]') is None
    for written in (
        "http://www.opengis.net/def/crs/EPSG/0/9490",
        "https://www.opengis.net/def/crs/EPSG/0/9490",
        "urn:ogc:def:crs:EPSG::9490",
        "[EPSG:9490]",
    ):
        assert crs.crs_from_uri(written).to_epsg() == 9490


@pytest.mark.parametrize(
    "uri",
    ["", "EPSG:1", "EPSG:x", "http://example.org/crs", "http://www.opengis.net/def/crs/EPSG/0/../9490", "x" * 5000],
)
def test_an_unknown_uri_is_a_bad_request(uri):
    with pytest.raises(BadRequest) as error:
        crs.crs_from_uri(uri)
    assert error.value.facts["parameter"] == "crs"
    assert len(error.value.detail) < 200


@pytest.mark.parametrize("system", ["EPSG:9468", 'LOCAL_CS["x"]', "omong kosong", "EPSG:5773"])
def test_what_is_no_place_on_earth_is_refused(system):
    with pytest.raises(UnknownReferenceSystem):
        crs.placeable(system)


def test_offers_what_holds_here():
    found = crs.offered("EPSG:9490", ["EPSG:9480", "EPSG:23837", "EPSG:32633", "EPSG:9490"], EXTENT)
    assert found[0] == crs.CRS84
    assert [uri.rpartition("/")[2] for uri in found] == ["CRS84", "9490", "4326", "3857", "9480", "23837"]
    assert crs.offered(None, []) == (crs.CRS84, crs.uri_of("EPSG:4326"), crs.uri_of("EPSG:3857"))
