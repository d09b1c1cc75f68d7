"""JSON-FG says when a feature holds, where, in which system, and what it is (OGC 21-045r1)."""

import re

import pytest

from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.ogc.formats.jsonfg import time_of
from tests.ogc.formats.layers import squares
from tests.ogc.world import World

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


def timed(*names: str) -> Record:
    return Record(title=LocalText("Petak", "Plots"), licence="CC-BY-4.0", time=names)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["2020-05-01"], {"date": "2020-05-01"}),
        (["2020-05-01T10:00:00Z"], {"timestamp": "2020-05-01T10:00:00Z"}),
        (["2020-05-01T10:00:00.25Z"], {"timestamp": "2020-05-01T10:00:00.25Z"}),
        (["2020-05-01T10:00:00"], {"date": "2020-05-01"}),  # in an unknown zone: no instant in UTC
        ([None], None),
        (["kemarin"], None),
        ([7], None),
        (["2020-05-01", "2021-01-01"], {"interval": ["2020-05-01", "2021-01-01"]}),
        (["2020-05-01", None], {"interval": ["2020-05-01", ".."]}),
        ([None, "2020-05-01T10:00:00Z"], {"interval": ["..", "2020-05-01T10:00:00Z"]}),
        (["2020-05-01", "2020-05-03T10:00:00Z"], {"interval": ["2020-05-01", "2020-05-03"]}),
        ([None, None], None),
    ],
)
def test_time(values, told):
    assert time_of(values) == told


def test_the_time_is_that_of_the_fields_that_the_record_names(new_world):
    world: World = new_world()
    world.publish("petak", squares(), record=timed("dicatat"))
    world.publish("masa", squares(), record=timed("tanggal", "dicatat"))
    world.publish("kapan", squares(), record=timed())
    for dataset_id in ("petak", "masa", "kapan"):
        # Also where the field itself is not asked for.
        document = world.json(f"/ogc/collections/{dataset_id}/items?f=jsonfg&limit=100&properties=kode")
        source = world.json(f"/ogc/collections/{dataset_id}/items?f=json&limit=100")
        for feature, other in zip(document["features"], source["features"], strict=True):
            recorded, day = other["properties"]["dicatat"], other["properties"]["tanggal"]
            if dataset_id == "petak":
                assert feature["time"] == (recorded and {"timestamp": recorded})
            elif dataset_id == "masa":
                end = recorded and recorded[: 10 if day else None]
                assert feature["time"] == ({"interval": [day or "..", end or ".."]} if day or end else None)
            else:
                assert feature["time"] is None
            assert feature["properties"] == {"kode": other["properties"]["kode"]}
    (only,) = {len(each) for each in [world.json("/ogc/collections/petak/items?f=jsonfg&limit=1")["features"]]}
    assert only == 1


def test_geometry_or_place_and_never_both(new_world):
    world: World = new_world()
    world.publish("petak", squares("EPSG:32750"))
    for crs in (CRS84, f"{EPSG}32750", f"{EPSG}4326"):
        document = world.json(f"/ogc/collections/petak/items?f=jsonfg&limit=100&crs={crs}")
        plain = world.json(f"/ogc/collections/petak/items?f=json&limit=100&crs={crs}")
        assert document["coordRefSys"] == crs
        assert document["conformsTo"] == [
            "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
            "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
        ]
        assert (document["featureType"], document["geometryDimension"]) == ("petak", 2)
        world.get(document["featureSchema"])
        for feature, other in zip(document["features"], plain["features"], strict=True):
            where, empty = ("geometry", "place") if crs == CRS84 else ("place", "geometry")
            assert feature[where] == other["geometry"]
            assert feature[empty] is None
            assert list(feature) == ["type", "id", "time", "geometry", "place", "properties"]
        for name in ("numberMatched", "numberReturned", "timeStamp"):
            assert document[name] == plain[name]
    bare = world.json("/ogc/collections/petak/items?f=jsonfg&skipGeometry=true")
    assert "geometryDimension" not in bare
    assert "coordRefSys" not in bare
    assert all(feature["geometry"] is feature["place"] is None for feature in bare["features"])


def test_the_links_are_those_of_the_form(new_world):
    world: World = new_world()
    world.publish("petak", squares())
    response = world.get("/ogc/collections/petak/items?f=jsonfg&limit=5")
    links = response.json()["links"]
    by_rel = {link["rel"]: link for link in links if link["rel"] != "alternate"}
    assert by_rel["self"]["href"].endswith("items?f=jsonfg&limit=5")
    assert "f=jsonfg" in by_rel["next"]["href"]
    assert "version=1" in by_rel["next"]["href"]
    assert [link["href"] for link in links if "f=json&" in link["href"]]
    assert '<http://www.opengis.net/def/profile/OGC/0/jsonfg>; rel="profile"' in response.headers["link"]
    one = world.json("/ogc/collections/petak/items/000%2F%C3%A4%200?f=jsonfg")
    assert (one["type"], one["featureType"], one["id"]) == ("Feature", "petak", "000/ä 0")
    assert world.json(next(link["href"] for link in one["links"] if link["rel"] == "self")) == one
