"""Items and item: what is asked for is what comes, and what makes no sense is a 400 that names it."""

import itertools
import re
from urllib.parse import parse_qsl, quote, urlsplit

import numpy as np
import orjson
import pyproj
import pytest
import shapely

from tests.ogc.world import World, make_layer, points

ITEMS = "/ogc/collections/desa/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def ids(document: dict) -> list[str]:
    return [feature["id"] for feature in document["features"]]


def link(document: dict, rel: str) -> str | None:
    return next((link["href"] for link in document["links"] if link["rel"] == rel), None)


def walk(world: World, path: str) -> list[str]:
    found: list[str] = []
    while path:
        document = world.json(path)
        found += ids(document)
        path = link(document, "next") or ""
    return found


def test_a_page_counts_what_it_holds(village):
    document = village.json(ITEMS)
    assert document["type"] == "FeatureCollection"
    assert (document["numberMatched"], document["numberReturned"], len(document["features"])) == (237, 10, 10)
    assert document["features"][6] == {
        "type": "Feature",
        "id": "0007",
        "geometry": {"type": "Point", "coordinates": [116.907, -0.4]},
        "properties": {"kode": "0007", "nama": "titik 7", "nilai": 10.5, "urut": 7, "aktif": False},
    }


@pytest.mark.parametrize(
    "query", ["limit=10", "limit=100", "limit=237", "limit=9&f=json&lang=en", "limit=50&sortby=-urut"]
)
def test_paging_loses_and_repeats_nothing(village, query):
    found = walk(village, f"{ITEMS}?{query}")
    assert len(found) == 237
    assert set(found) == {f"{number:04}" for number in range(1, 238)}


def test_next_and_prev_keep_the_question_and_the_version(village):
    document = village.json(f"{ITEMS}?limit=5&offset=5&sortby=-urut&aktif=true&f=json")
    for rel, offset in (("next", 10), ("prev", 0)):
        target = link(document, rel)
        assert f"offset={offset}" in target
        for part in ("limit=5", "sortby=-urut", "aktif=true", "version=1", "f=json"):
            assert part in target
    assert ids(village.json(link(document, "next")))[0] == f"{236 - 2 * 10:04}"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("nama=titik 7", 1),
        ("urut=7&aktif=false", 1),
        ("urut=7&aktif=true", 0),
        ("nilai=10.5", 1),
        ("aktif=true", 118),
        ("nama=tidak ada", 0),
        ("bbox=116.9009,-0.4001,116.9031,-0.3999", 3),
        ("bbox=100,-10,101,-9", 0),
        ("bbox=116.9009,-0.4001,-50,116.9031,-0.3999,50", 3),
        (f"bbox=-0.4001,116.9009,-0.3999,116.9031&bbox-crs={EPSG}4326", 3),
        ("bbox=170,-1,117,1", 237),  # across the antimeridian, and round the world to here
        ("bbox=117.5,-1,116.8,1", 0),  # across the antimeridian, and not here
        ("bbox=116.9009,-0.4001,116.9031,-0.3999&nama=titik 2", 1),
        ("datetime=2026-11-24T00:00:00Z", 237),
        ("datetime=../2020-01-01", 237),
        ("resulttype=results&limit=1", 237),
    ],
)
def test_what_matches(village, query, count):
    assert village.json(f"{ITEMS}?{query}")["numberMatched"] == count


def test_hits_count_and_show_nothing(village):
    document = village.json(f"{ITEMS}?resulttype=hits&aktif=true")
    assert (document["numberMatched"], document["numberReturned"], document["features"]) == (118, 0, [])


def test_properties_and_geometry_can_be_left_out(village):
    (feature,) = village.json(f"{ITEMS}?limit=1&properties=nama,urut&skipGeometry=true")["features"]
    assert feature == {"type": "Feature", "id": "0001", "geometry": None, "properties": {"nama": "titik 1", "urut": 1}}


def test_order(village):
    assert ids(village.json(f"{ITEMS}?sortby=-urut&limit=3")) == ["0237", "0236", "0235"]
    assert ids(village.json(f"{ITEMS}?sortby=aktif,-urut&limit=2")) == ["0237", "0235"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("tidakada=1", "tidakada"),
        ("Nama=titik 7", "Nama"),
        ("token=x", "token"),
        ("filter=nama%3D1", "filter"),
        ("filter=", "filter"),
        ("filter=urut%3E", "filter"),
        ("filter-lang=ecql", "filter-lang"),
        (f"filter=urut%3E1&filter-crs={EPSG}27700", "filter-crs"),
        ("bbox=nan,nan,nan,nan", "bbox"),
        ("bbox=0,0,inf,1", "bbox"),
        ("bbox=0,0,1e999,1", "bbox"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=1_0,2,3,4", "bbox"),
        ("bbox=", "bbox"),
        ("bbox=0,5,1,-5", "bbox"),
        (f"bbox=5,0,-5,1&bbox-crs={EPSG}4326", "bbox"),
        (f"bbox-crs={EPSG}27700", "bbox-crs"),
        (f"bbox=0,0,1,1&bbox-crs={EPSG}27700", "bbox-crs"),
        (f"crs={EPSG}27700", "crs"),
        ("crs=javascript:alert(1)", "crs"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.0", "limit"),
        ("limit=true", "limit"),
        ("limit=%D9%A3", "limit"),  # a digit of another script
        ("offset=-1", "offset"),
        ("offset=1_0", "offset"),
        ("sortby=tidakada", "sortby"),
        ("properties=tidakada", "properties"),
        ("skipGeometry=perhaps", "skipGeometry"),
        ("resulttype=none", "resulttype"),
        ("urut=abc", "urut"),
        ("nilai=NaN", "nilai"),
        ("aktif=1", "aktif"),
        ("datetime=kemarin", "datetime"),
        ("datetime=2026-13-01", "datetime"),
        ("datetime=2026-02-01/2026-01-01", "datetime"),
        ("datetime=/", "datetime"),
        ("datetime=0000-00-00", "datetime"),
        ("datetime=9999-99-99T99:99:99Z", "datetime"),
        ("version=0", "version"),
        ("version=x", "version"),
        ("limit=1&limit=2", "limit"),
        ("f=xyz", "f:"),
        ("f=", "f:"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(village, query, named):
    response = village.get(f"{ITEMS}?{query}", 400)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 400
    assert problem["code"] == "InvalidParameterValue"
    assert named in problem["description"]
    assert named in problem["detail"]


def test_the_same_parameter_twice_with_one_value_is_one(village):
    assert village.json(f"{ITEMS}?limit=3&limit=3")["numberReturned"] == 3


def test_too_much_is_brought_down_and_too_far_is_empty(village):
    assert village.json(f"{ITEMS}?limit=999999999")["numberReturned"] == 237
    assert village.json(f"{ITEMS}?limit={'9' * 50}")["numberReturned"] == 237
    for offset in ("237", "999999999999999", "9" * 20, "9" * 5000):
        document = village.json(f"{ITEMS}?offset={offset}")
        assert (document["features"], document["numberMatched"]) == ([], 237)
        assert link(document, "next") is None


def test_a_query_of_many_kilobytes_is_refused(village):
    assert village.get(f"{ITEMS}?nama={'x' * 9000}", 414).json()["code"] == "InvalidParameterValue"


def test_one_item(village):
    feature = village.json(f"{ITEMS}/0007")
    listed = village.json(f"{ITEMS}?urut=7")["features"][0]
    assert {name: feature[name] for name in listed} == listed
    assert link(feature, "collection").endswith("/ogc/collections/desa")
    assert link(feature, "self").endswith("/items/0007?f=json")


@pytest.mark.parametrize(
    "fid", ["9999", "%00", "0007%00", "%ff", "%ed%b2%80", "a%2Fb", "..%2f0007", "'; --", "\u202e0007", "x" * 4000]
)
def test_no_such_item(village, fid):
    problem = village.get(f"{ITEMS}/{fid}", 404).json()
    assert problem["code"] == "NotFound"
    assert problem["type"].endswith("/masalah/not-found")


def test_ids_with_slashes_spaces_and_markup(world):
    # Starlette's test client decodes a path twice, so a literal %2F cannot be tried here.
    names = ["503/12/2026", "a b", "<b>&", "é?#", "100%"]
    world.publish(
        "izin", make_layer([{"nomor": name} for name in names], [shapely.Point(117, 0)] * len(names)), key="nomor"
    )
    for feature in world.json("/ogc/collections/izin/items")["features"]:
        one = world.json(f"/ogc/collections/izin/items/{quote(feature['id'], safe='')}")
        assert one["id"] == feature["id"]
        again = world.json(link(one, "self").removeprefix("http://127.0.0.1:8080"))
        assert again["id"] == feature["id"]


def test_values_come_byte_for_byte(world):
    hostile = 'a<b & "c" </script><script>alert(1)</script> \u2028 é 村'
    rows = [{"kode": "1", "teks": hostile, "besar": 2**53 + 1, "kosong": None}]
    world.publish("bita", make_layer(rows, [shapely.Point(117.123456789, -0.5)], types={"kosong": "string"}))
    body = world.get("/ogc/collections/bita/items").content
    (feature,) = orjson.loads(body)["features"]
    assert feature["properties"] == {"kode": "1", "teks": hostile, "besar": 2**53 + 1, "kosong": None}
    assert b"&lt;" not in body
    assert b'a<b & \\"c\\"' in body
    assert feature["geometry"]["coordinates"] == [117.123456789, -0.5]
    assert world.json("/ogc/collections/bita/items/1")["properties"]["teks"] == hostile
    linked = world.json("/ogc/collections/bita/items/1?f=jsonld")
    assert linked["teks"] == hostile
    assert world.json("/ogc/collections/bita/items?f=jsonld")["features"][0]["teks"] == hostile


@pytest.mark.parametrize("code", [32750, 9470, 4326, 3857, 23837, 9490])
def test_coordinates_in_other_reference_systems_and_their_axis_order(world, code):
    """Against pyproj on the source, within a millimetre; in the layer's own system the source's own numbers."""
    world.publish("utm", points(40, crs="EPSG:32750"))
    source = points(40, crs="EPSG:32750").frame
    response = world.get(f"/ogc/collections/utm/items?limit=100&crs={EPSG}{code}")
    assert response.headers["content-crs"] == f"<{EPSG}{code}>"
    found = np.array([feature["geometry"]["coordinates"] for feature in response.json()["features"]])
    move = pyproj.Transformer.from_crs(32750, code)
    wanted = np.column_stack(move.transform(source.geometry.x.to_numpy(), source.geometry.y.to_numpy()))
    tolerance = 1e-8 if pyproj.CRS.from_epsg(code).is_geographic else 1e-3
    assert np.abs(found - wanted).max() < tolerance
    if code == 32750:
        assert (found == np.column_stack([source.geometry.x, source.geometry.y])).all()


def test_without_crs_the_answer_is_in_crs84_wherever_the_source_lies(world):
    world.publish("utm", points(5, crs="EPSG:32750"))
    response = world.get("/ogc/collections/utm/items/0003")
    assert response.headers["content-crs"] == f"<{CRS84}>"
    assert response.json()["geometry"]["coordinates"] == pytest.approx([116.903, -0.4], abs=1e-8)
    assert world.json("/ogc/collections/utm")["storageCrs"] == f"{EPSG}32750"


def test_a_box_in_the_layers_own_metres_is_exact(world):
    layer = points(200, crs="EPSG:32750")
    world.publish("utm", layer)
    x, y = layer.frame.geometry.x, layer.frame.geometry.y
    box = (x.min() - 0.001, y.min() - 0.001, x.median(), y.median())
    wanted = {f"{i + 1:04}" for i in np.flatnonzero((x <= box[2]) & (y <= box[3]) & (x >= box[0]) & (y >= box[1]))}
    asked = ",".join(f"{value:.6f}" for value in (box[0], box[1], box[2] + 1e-6, box[3] + 1e-6))
    found = walk(world, f"/ogc/collections/utm/items?limit=50&bbox={asked}&bbox-crs={EPSG}32750")
    assert set(found) == wanted and len(found) == len(wanted)


def test_a_degrees_box_keeps_the_edge_of_a_projected_layer(world):
    """Upstream makes a box of the storage CRS of it and loses features: here the answer is that of shapely in
    degrees.
    """
    corners = [shapely.Point(x, y) for x in np.linspace(115.5, 117.5, 21) for y in np.linspace(-1.1, 1.4, 21)]
    layer = make_layer([{"kode": str(i)} for i in range(len(corners))], corners)
    frame = layer.frame.to_crs("EPSG:32750")
    world.publish("grid", type(layer)("grid", frame, "EPSG:32750", layer.fields, "Point"))
    box = (115.5, -1.1, 117.5, 1.4)
    asked = ",".join(str(value + d) for value, d in zip(box, (-1e-7, -1e-7, 1e-7, 1e-7), strict=True))
    found = walk(world, f"/ogc/collections/grid/items?limit=1000&bbox={asked}")
    assert len(found) == len(corners)


def test_a_box_across_the_antimeridian(world):
    places = {"barat": 179.5, "timur": -179.5, "jauh": 0.0}
    world.publish(
        "lintas", make_layer([{"kode": name} for name in places], [shapely.Point(x, 0) for x in places.values()])
    )
    assert set(ids(world.json("/ogc/collections/lintas/items?bbox=179,-1,-179,1"))) == {"barat", "timur"}
    assert set(ids(world.json("/ogc/collections/lintas/items?bbox=-179,-1,179,1"))) == {"jauh"}


def test_features_without_a_place_match_every_box(world):
    world.publish("tanpa", make_layer([{"kode": "1"}, {"kode": "2"}], [shapely.Point(117, 0), None]))
    assert ids(world.json("/ogc/collections/tanpa/items?bbox=0,0,1,1")) == ["2"]


def test_heights_of_a_box_bound_heights(world):
    world.publish(
        "tinggi", make_layer([{"kode": str(z)} for z in (0, 50, 100)], [shapely.Point(117, 0, z) for z in (0, 50, 100)])
    )
    at = "/ogc/collections/tinggi/items?bbox=116,-1,{},118,1,{}"
    assert ids(world.json(at.format(40, 60))) == ["50"]
    assert ids(world.json(at.format(0, 50))) == ["0", "50"]
    assert world.json(at.format(200, 300))["numberMatched"] == 0
    assert world.json(at.format(0, 100) + "&limit=1&offset=1")["features"][0]["id"] == "50"
    assert "bbox: the height" in village_problem(world, at.format(60, 40))


def village_problem(world: World, path: str) -> str:
    return str(world.get(path, 400).json()["description"])


def test_collections_may_be_called_like_their_parts(world):
    for name in ("items", "schema", "queryables", "collections", "openapi", "tiles", "0"):
        world.publish(name, points(3, word=name))
    for name in ("items", "schema", "queryables", "collections", "openapi", "tiles", "0"):
        at = f"/ogc/collections/{name}"
        assert world.json(at)["id"] == name
        assert world.json(f"{at}/items")["features"][0]["properties"]["nama"] == f"{name} 1"
        assert world.json(f"{at}/schema")["$id"].endswith(f"/{name}/schema")
        assert world.json(f"{at}/queryables")["$id"].endswith(f"/{name}/queryables")
        assert world.json(f"{at}/items/0002")["id"] == "0002"


def test_fields_called_like_parameters_do_no_harm(world):
    rows = [{"kode": "1", "limit": 5, "version": 7, "f": "x", "bbox": "y", "id": "z", "type": "w"}]
    world.publish("aneh", make_layer(rows, [shapely.Point(117, 0)]))
    document = world.json("/ogc/collections/aneh/items?limit=1&id=z&type=w")
    assert document["features"][0]["properties"]["version"] == 7
    assert world.json("/ogc/collections/aneh/items?id=nope")["numberMatched"] == 0
    definition = world.json("/ogc/openapi")
    parameters = definition["paths"]["/collections/aneh/items"]["get"]["parameters"]
    names = [parameter.get("name") or parameter["$ref"].rsplit("/", 1)[1] for parameter in parameters]
    assert len(names) == len(set(names))


def test_an_empty_layer_and_a_layer_without_geometry(world):
    import pandas

    from geoportal.model.layer import Field, Layer

    world.publish("kosong", make_layer([{"kode": "1"}], [shapely.Point(117, 0)]))
    empty = make_layer([{"kode": "1"}], [shapely.Point(117, 0)])
    world.publish("nol", Layer("nol", empty.frame.iloc[:0], empty.crs, empty.fields, None))
    table = Layer("tabel", pandas.DataFrame({"kode": ["1", "2"]}), None, (Field("kode", "string"),), None)
    world.publish("tabel", table)
    for name, count in (("nol", 0), ("tabel", 2)):
        for form in ("json", "html", "jsonld"):
            world.get(f"/ogc/collections/{name}?f={form}")
            world.get(f"/ogc/collections/{name}/items?f={form}")
        assert world.json(f"/ogc/collections/{name}/items")["numberMatched"] == count
        assert world.json(f"/ogc/collections/{name}")["extent"]["spatial"]["bbox"] == [
            [115.4411, -1.135, 117.612, 1.4725]
        ]
    assert world.json("/ogc/collections/tabel/items/2")["geometry"] is None
    assert "geometry" not in world.json("/ogc/collections/tabel/schema")["properties"]


def test_times_are_those_of_the_publication(village):
    first, second = village.get(ITEMS).content, village.get(ITEMS).content
    assert first == second
    publication = village.node.publication(village.engine.node.audience(None), "desa")
    assert orjson.loads(first)["timeStamp"] == publication.published_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_lists_and_objects_are_served_but_not_asked_for(world):
    rows = [{"kode": "1", "daftar": '["a",{"b":1}]'}]
    world.publish("json", make_layer(rows, [shapely.Point(117, 0)], types={"daftar": "json"}))
    assert world.json("/ogc/collections/json/items")["features"][0]["properties"]["daftar"] == ["a", {"b": 1}]
    assert "object" not in world.json("/ogc/collections/json/schema")["properties"]["daftar"]["type"]
    assert "daftar" not in world.json("/ogc/collections/json/queryables")["properties"]
    for query in ("daftar=a", "sortby=daftar"):
        assert world.get(f"/ogc/collections/json/items?{query}", 400).json()["code"] == "InvalidParameterValue"
    page = world.get("/ogc/collections/json/items?f=html").text
    assert "&#34;b&#34;:1" in page


def test_every_combination_of_forms_answers(village):
    for form, lang, offset in itertools.product(("json", "html", "jsonld"), ("id", "en"), (0, 230, 237)):
        village.get(f"{ITEMS}?f={form}&lang={lang}&offset={offset}")


@pytest.mark.parametrize(
    ("query", "start", "length"),
    [
        ("limit=10&offset=25", "15", "10"),
        ("limit=10&offset=10", "0", "10"),
        ("limit=10&offset=5", "0", "5"),
        ("offset=5", "0", "5"),
        ("offset=10", "0", None),
        ("offset=30", "20", None),
        ("limit=10&offset=237", "227", "10"),
        ("limit=10&offset=1000", "227", "10"),
        ("limit=10&offset=99999999999999999999", "227", "10"),
        ("limit=20000&offset=11000", "0", "20000"),
        ("limit=10&offset=40&filter=urut<=25", "15", "10"),
        ("limit=10&offset=40&urut=7", "0", "10"),
        ("limit=10&offset=3&sortby=-urut", "0", "3"),
    ],
)
@pytest.mark.parametrize("form", ["json", "jsonfg", "csv"])
def test_the_page_before_ends_where_this_one_starts_or_with_the_last_feature(village, query, start, length, form):
    answer = village.get(f"{ITEMS}?{query}&f={form}")
    if form == "csv":
        (back,) = re.findall(r'<([^>]*)>; rel="prev"', answer.headers["link"])
    else:
        back = link(answer.json(), "prev")
    asked = dict(parse_qsl(urlsplit(back).query))
    assert (asked["offset"], asked.get("limit")) == (start, length)
    village.get(back)


@pytest.mark.parametrize("offset", [1, 5, 10, 25, 60, 61, 70, 71, 300])
def test_walking_back_sees_each_feature_before_once(village, offset):
    """By links alone, from wherever one starts: no page repeats another one, none is empty."""
    path, seen = f"{ITEMS}?limit=7&offset={offset}&filter=urut<=60&sortby=urut", []
    back = link(village.json(path), "prev")
    while back:
        page = village.json(back)
        assert page["features"]
        seen = ids(page) + seen
        back = link(page, "prev")
    assert seen == [f"{number:04}" for number in range(1, min(offset, 60) + 1)]
