"""The parameters of items: fields whatever they are called, refusals that name the parameter and what there is, and
counts that are exact in every combination.
"""

import itertools
from datetime import date
from urllib.parse import quote, urlencode

import pytest
import shapely

from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.ogc.parameters import RESERVED
from tests.ogc.world import make_layer, make_world

ODD = ["nama desa", "luas.ha", "村", "harga$", "a&b=c", "100%", "é\u0301", "'kutip'", '"ganda"', "x:y", "Nama", "nama"]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def at(dataset: str, **parameters: str) -> str:
    return f"/ogc/collections/{dataset}/items?{urlencode(parameters, quote_via=quote)}"


def ids(document: dict) -> set[str]:
    return {feature["id"] for feature in document["features"]}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A layer whose fields are called like parameters, one whose fields have odd names, and a plain one with dates."""
    made = make_world(tmp_path_factory.mktemp("aneh"))
    places = [shapely.Point(117, number / 10) for number in range(4)]
    rows = [{"kode": str(n), **{name: f"{name} {n}" for name in sorted(RESERVED)}} for n in range(4)]
    made.publish("mirip", make_layer(rows, places))
    rows = [{"kode": str(n), **{name: f"{name} {n % 2}" for name in ODD}} for n in range(4)]
    made.publish("ganjil", make_layer(rows, places))
    rows = [{"kode": str(n), "urut": n, "tanggal": date(2026, 1, n + 1), "isi": b"x", "geometri": n} for n in range(4)]
    types = {"tanggal": "date", "isi": "binary"}
    made.publish("biasa", make_layer(rows, places, types=types), record=Record(LocalText("Biasa"), time=("tanggal",)))
    yield made
    made.client.close()
    made.node.close()


# fields that are called like parameters


def test_a_field_never_shadows_a_parameter(odd):
    assert odd.json(at("mirip", limit="2"))["numberReturned"] == 2
    assert odd.json(at("mirip", bbox="116,0.05,118,0.15"))["numberMatched"] == 1
    assert odd.json(at("mirip", version="1", lang="en", f="json"))["numberMatched"] == 4
    assert ids(odd.json(at("mirip", filter="kode = '1'"))) == {"1"}


def test_such_a_field_is_listed_as_queryable_and_asked_for_by_a_filter(odd):
    queryables = odd.json("/ogc/collections/mirip/queryables")["properties"]
    assert set(queryables) >= RESERVED
    for name in sorted(RESERVED):
        found = odd.json(at("mirip", filter=f"\"{name}\" = '{name} 3'"))
        assert ids(found) == {"3"}, name
        assert found["features"][0]["properties"][name] == f"{name} 3"
        assert [one["id"] for one in odd.json(at("mirip", sortby=f"-{name}"))["features"]] == ["3", "2", "1", "0"]
        (chosen, *_) = odd.json(at("mirip", properties=name))["features"]
        assert set(chosen["properties"]) == {name}


def test_such_a_field_has_a_parameter_under_a_longer_name(odd):
    for name in sorted(RESERVED):
        for more in ({}, {"f": "jsonfg"}):
            assert ids(odd.json(at("mirip", **{f"properties.{name}": f"{name} 2"}, **more))) == {"2"}
    document = odd.json(at("mirip", **{"properties.f": "f 1", "properties.limit": "limit 1", "limit": "1"}))
    assert ids(document) == {"1"} and document["numberMatched"] == 1
    (own,) = (link["href"] for link in document["links"] if link["rel"] == "self")
    assert ids(odd.json(own)) == {"1"}
    assert odd.json(at("mirip", **{"properties.f": "tiada"}))["numberMatched"] == 0
    assert "properties.kode" in odd.get(at("mirip", **{"properties.kode": "1"}), 400).json()["detail"]


def test_a_field_may_have_that_longer_name_itself(world):
    rows = [{"kode": str(n), "limit": n, "properties.limit": 10 * n, "q": n == 2} for n in range(4)]
    world.publish("rangkap", make_layer(rows, [shapely.Point(117, 0)] * 4))
    assert ids(world.json(at("rangkap", **{"properties.limit": "20"}))) == {"2"}
    assert ids(world.json(at("rangkap", **{"properties.properties.limit": "3"}))) == {"3"}
    assert ids(world.json(at("rangkap", **{"properties.q": "true"}))) == {"2"}
    wrong = world.get(at("rangkap", **{"properties.properties.limit": "x"}), 400).json()["description"]
    assert "properties.properties.limit" in wrong and "integer" in wrong


def test_links_of_such_a_layer_keep_the_question(odd):
    document = odd.json(at("mirip", limit="1", filter="\"limit\" <> 'limit 0'", sortby="-bbox"))
    seen = []
    while document:
        seen += [feature["id"] for feature in document["features"]]
        following = [link["href"] for link in document["links"] if link["rel"] == "next"]
        document = odd.json(following[0]) if following else None
    assert seen == ["3", "2", "1"]


# odd names


@pytest.mark.parametrize("name", ODD)
def test_odd_names_can_be_asked_for_sorted_and_chosen(odd, name):
    assert ids(odd.json(at("ganjil", **{name: f"{name} 1"}))) == {"1", "3"}
    quoted = name.replace('"', '""')
    text = f"{name} 0".replace("'", "''")
    assert ids(odd.json(at("ganjil", filter=f"\"{quoted}\" = '{text}'"))) == {"0", "2"}
    found = odd.json(at("ganjil", sortby=f"-{name},kode", properties=name, limit="3"))
    assert [feature["id"] for feature in found["features"]] == ["1", "3", "0"]
    assert all(list(feature["properties"]) == [name] for feature in found["features"])
    following = next(link["href"] for link in found["links"] if link["rel"] == "next")
    assert [feature["id"] for feature in odd.json(following)["features"]] == ["2"]
    assert name in odd.json("/ogc/collections/ganjil/queryables")["properties"]


def test_names_differ_by_their_case(odd):
    assert odd.json(at("ganjil", Nama="Nama 1"))["numberMatched"] == 2
    assert odd.json(at("ganjil", Nama="nama 1"))["numberMatched"] == 0
    odd.get(at("ganjil", NAMA="nama 1"), 400)


# refusals


@pytest.mark.parametrize(
    ("parameters", "name", "offered"),
    [
        ({"crs": "EPSG:4326"}, "crs", CRS84),
        ({"crs": ""}, "crs", CRS84),
        ({"bbox": "0,0,1,1", "bbox-crs": ""}, "bbox-crs", CRS84),
        ({"bbox-crs": "x"}, "bbox-crs", CRS84),
        ({"filter": "urut > 1", "filter-crs": "x"}, "filter-crs", CRS84),
        ({"sortby": "tiada"}, "sortby", "kode, urut, tanggal, geometri"),
        ({"sortby": "isi"}, "sortby", "kode, urut, tanggal, geometri"),
        ({"sortby": "urut,,kode"}, "sortby", "kode, urut"),
        ({"sortby": ""}, "sortby", "kode, urut"),
        ({"sortby": "--urut"}, "sortby", "kode, urut"),
        ({"properties": "tiada"}, "properties", "kode, urut, tanggal, isi, geometri, id, geometry"),
        ({"properties": ""}, "properties", "kode, urut"),
        ({"urut": "abc"}, "urut", "integer"),
        ({"urut": ""}, "urut", "integer"),
        ({"urut": "1.5"}, "urut", "integer"),
        ({"tanggal": "2026-02-30"}, "tanggal", "date"),
        ({"isi": "eA=="}, "isi", ""),
        ({"datetime": ""}, "datetime", ""),
        ({"datetime": "2026-01-01T00:00:00"}, "datetime", "RFC 3339"),
        ({"datetime": "2026-02-30"}, "datetime", ""),
        ({"datetime": "2026-02-01/2026-01-01"}, "datetime", ""),
        ({"limit": ""}, "limit", ""),
        ({"limit": "0"}, "limit", ""),
        ({"offset": ""}, "offset", ""),
        ({"bbox": ""}, "bbox", ""),
        ({"bbox": "0,0,1,1,1"}, "bbox", ""),
        ({"skipGeometry": ""}, "skipGeometry", "true"),
        ({"resulttype": ""}, "resulttype", "hits"),
        ({"version": ""}, "version", ""),
        ({"as-of": ""}, "as-of", ""),
        ({"lang": "xx"}, "lang", "id, en"),
        ({"f": ""}, "f", "json"),
        ({"startindex": "1"}, "startindex", ""),
    ],
)
def test_a_refusal_names_the_parameter_and_what_there_is_in_both_languages(odd, parameters, name, offered):
    said = {}
    for language in ("id", "en"):
        problem = odd.json(at("biasa", **parameters), 400, headers={"accept-language": language})
        assert problem["code"] == "InvalidParameterValue"
        assert name in problem["detail"] and name in problem["description"]
        assert offered in problem["detail"]
        said[language] = problem["detail"]
        assert problem["description"] == said.get("en", problem["description"])
    assert said["id"] != said["en"]


UTM, LAT_LON = "http://www.opengis.net/def/crs/EPSG/0/32750", "http://www.opengis.net/def/crs/EPSG/0/4326"


@pytest.mark.parametrize("name", ["crs", "bbox-crs", "filter-crs"])
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("EPSG:32750", UTM),
        ("epsg:32750", UTM),
        ("[EPSG:32750]", UTM),
        ("32750", UTM),
        ("EPSG::32750", UTM),
        ("EPSG/32750", UTM),
        ("urn:ogc:def:crs:EPSG::32750", UTM),
        ("urn:ogc:def:crs:EPSG:9.9:32750", UTM),
        ("https://www.opengis.net/def/crs/EPSG/0/32750", UTM),
        ("http://www.opengis.net/def/crs/EPSG/9.9.1/32750", UTM),
        ("EPSG:4326", LAT_LON),
        ("CRS84", CRS84),
        ("OGC:CRS84", CRS84),
        ("EPSG:27700", None),
        ("OGC:32750", None),
        ("EPSG:CRS84", None),
        ("3275", None),
        ("WGS 84", None),
        ("٣٢٧٥٠", None),
        ("x" * 3000, None),
    ],
)
def test_a_short_name_of_a_system_is_refused_with_the_address_that_was_meant(odd, name, written, meant):
    more = {"filter": "urut > 1"} if name == "filter-crs" else {"bbox": "0,0,1,1"} if name == "bbox-crs" else {}
    for language, asks in (("id", "Maksud Anda"), ("en", "Did you mean")):
        told = odd.json(at("biasa", **{name: written}, **more), 400, headers={"accept-language": language})["detail"]
        assert told.startswith(f"{name}: ") and CRS84 in told and UTM in told
        assert told.endswith(f"{asks} {meant}?") if meant else asks not in told
    if meant:
        odd.get(at("biasa", **{name: meant}, **more))


def test_an_item_refuses_likewise(odd):
    for query, name in (("crs=x", "crs"), ("limit=1", "limit"), ("bbox=0,0,1,1", "bbox"), ("version=0", "version")):
        assert name in odd.json(f"/ogc/collections/biasa/items/1?{query}", 400)["description"]


def test_a_parameter_twice_is_refused_unless_it_says_the_same(odd):
    for name, one, other in (("urut", "1", "2"), ("sortby", "urut", "-urut"), ("bbox", "0,0,1,1", "0,0,2,2")):
        assert name in odd.json(f"/ogc/collections/biasa/items?{name}={one}&{name}={other}", 400)["description"]
        odd.get(f"/ogc/collections/biasa/items?{name}={one}&{name}={one}")


def test_a_plus_that_nobody_encoded_is_one(odd):
    for written in ("+urut", "%2Burut", "urut", "kode,+urut"):
        found = odd.json(f"/ogc/collections/biasa/items?sortby={written}")
        assert [feature["id"] for feature in found["features"]] == ["0", "1", "2", "3"]


# what is chosen of a feature


def test_geometry_and_id_may_be_chosen_and_are_always_there(odd):
    for chosen, properties in (
        ("geometry", []),
        ("id", []),
        ("id,urut,geometry", ["urut"]),
        ("geometri", ["geometri"]),
    ):
        for path in (at("biasa", properties=chosen), at("biasa", properties=chosen, limit="2", offset="1")):
            document = odd.json(path)
            for feature in document["features"]:
                assert feature["id"] and feature["geometry"]["type"] == "Point"
                assert list(feature["properties"]) == properties
            for link in document["links"]:
                if link["rel"] in ("next", "self", "alternate"):
                    assert f"properties={chosen}" in link["href"]
    assert set(odd.json("/ogc/collections/biasa/queryables")["properties"]) >= {"kode", "urut", "geometry"}


def test_without_geometry_nothing_else_changes(odd):
    whole = odd.json(at("biasa", crs="http://www.opengis.net/def/crs/EPSG/0/3857"))
    bare = odd.json(at("biasa", crs="http://www.opengis.net/def/crs/EPSG/0/3857", skipGeometry="true"))
    assert [{**feature, "geometry": None} for feature in whole["features"]] == bare["features"]
    assert odd.json(at("biasa", skipGeometry="false"))["features"][0]["geometry"]["type"] == "Point"


def test_the_count_is_exact_in_every_combination(odd):
    """Of each choice by itself it is known which of the four features it leaves; together they leave what all leave."""
    choices = {
        "bbox": ("116,0.05,118,9", {1, 2, 3}),
        "datetime": ("../2026-01-03", {0, 1, 2}),
        "filter": ("urut <> 1", {0, 2, 3}),
        "kode": ("2", {2}),
    }
    for size in range(len(choices) + 1):
        for names in itertools.combinations(choices, size):
            left = set(range(4)).intersection(*(choices[name][1] for name in names))
            asked = {name: choices[name][0] for name in names}
            for shown in ({}, {"limit": "1"}, {"offset": "1"}, {"sortby": "-urut"}, {"skipGeometry": "true"}):
                document = odd.json(at("biasa", **asked, **shown))
                assert document["numberMatched"] == len(left), (names, shown)
                assert document["numberReturned"] == len(document["features"])
            assert {int(one) for one in ids(odd.json(at("biasa", **asked)))} == left
            hits = odd.json(at("biasa", **asked, resulttype="hits", limit="1"))
            assert (hits["numberMatched"], hits["numberReturned"], hits["features"]) == (len(left), 0, [])
            assert not [link for link in hits["links"] if link["rel"] in ("next", "prev")]


def test_what_a_list_cannot_name_is_not_offered_for_lists(world):
    world.publish("koma", make_layer([{"kode": "1", "a,b": 2}], [shapely.Point(117, 0)]))
    path = "/ogc/collections/koma"
    assert list(world.json(f"{path}/sortables")["properties"]) == ["kode"]
    assert "a,b" in world.json(f"{path}/queryables")["properties"]
    parameters = world.json("/ogc/openapi?f=json")["paths"]["/collections/koma/items"]["get"]["parameters"]
    offered = {entry.get("name"): entry for entry in parameters}
    assert offered["sortby"]["schema"]["items"]["enum"] == ["kode", "+kode", "-kode"]
    assert offered["properties"]["schema"]["items"]["enum"] == ["kode"]
    assert world.get(f"{path}/items?sortby=a,b", 400).json()["description"].endswith("kode.")
    assert world.json(f"{path}/items?a%2Cb=2")["numberMatched"] == 1
