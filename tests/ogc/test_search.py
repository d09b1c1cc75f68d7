"""q: words in the texts of features (OGC 24-031), over HTTP, on its own and together with all else."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.ogc.world import make_world
from tests.serving.samples import layer, polygons

NAMES = ["Sungai Mahakam", "mahakam sungai", "Café Ñandú", None, "Hulu Sungai", "SD 012", "Sungai Mahakam Hulu", ""]
ITEMS = "/ogc/collections/nama/items"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = make_world(tmp_path_factory.mktemp("q"))
    columns = {"kode": [f"k{n}" for n in range(8)], "nama": NAMES, "q": range(8)}
    made.publish("nama", layer(polygons(8), columns))
    made.publish("angka", layer(polygons(3), {"n": range(3)}), key=None)
    yield made
    made.client.close()
    made.node.close()


def found(world, query):
    page = world.json(f"{ITEMS}?{query}")
    ids = [feature["id"] for feature in page["features"]]
    assert page["numberReturned"] == len(ids)
    return ids, page["numberMatched"]


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("sungai mahakam", ["k0", "k6"]),
        ("SUNGAI  MAHAKAM", ["k0", "k6"]),
        ("mahakam", ["k0", "k1", "k6"]),
        ("hulu,cafe", ["k2", "k4", "k6"]),
        ("cafe nandu", ["k2"]),
        ("sung", ["k0", "k1", "k4", "k6"]),
        ("k3", ["k3"]),
        ("tiada", []),
        ('"; DROP TABLE words; --', []),
        ("mahakam*", ["k0", "k1", "k6"]),
        ("NEAR(", []),
        ("", [f"k{n}" for n in range(8)]),
    ],
)
def test_what_is_found(world, q, wanted):
    assert found(world, f"q={quote(q)}") == (wanted, len(wanted))


def test_with_all_else(world):
    assert found(world, "q=sungai&sortby=-kode") == (["k6", "k4", "k1", "k0"], 4)
    assert found(world, "q=sungai&nama=Hulu%20Sungai") == (["k4"], 1)
    assert found(world, "q=sungai&filter=kode%3E%27k1%27") == (["k4", "k6"], 2)
    assert found(world, "q=sungai&resulttype=hits") == ([], 4)
    assert found(world, "q=sungai&bbox=0,0,1,1") == ([], 0)


def test_the_next_page_asks_the_same(world):
    seen, path = [], f"{ITEMS}?q=sungai&limit=3"
    while path:
        page = world.json(path)
        assert page["numberMatched"] == 4
        seen += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        path = None
        if following:
            parts = urlsplit(following[0])
            assert parse_qs(parts.query)["q"] == ["sungai"]
            path = f"{parts.path}?{parts.query}"
    assert seen == ["k0", "k1", "k4", "k6"]


def test_a_layer_without_texts_finds_nothing(world):
    assert world.json("/ogc/collections/angka/items?q=1")["numberMatched"] == 0


def test_it_is_told_of(world):
    document = world.json("/ogc/openapi")
    names = [
        one.get("name") or one["$ref"].rpartition("/")[2] for one in document["paths"][ITEMS[4:]]["get"]["parameters"]
    ]
    assert "q" in names
    said = document["components"]["parameters"]["q"]
    assert (said["schema"]["type"], said["style"], said["explode"]) == ("array", "form", False)
