"""Links of a page lead to that page: ``self`` gives the very answer again, alternates the same features in other forms,
and each is of the media type that the link tells.
"""

import csv
import io
from collections.abc import Iterator

import pytest

from tests.ogc.whole import EPSG, whole
from tests.ogc.world import BASE, World, points


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole(tmp_path_factory.mktemp("links")) as made:
        made.publish("desa", points(9))
        yield made


PLACES = ["", "offset=0", "limit=2&offset=4", "limit=2&offset=004", "offset=8&lang=en", "limit=3&offset=3&version=1"]


def links(document: dict) -> dict[str, dict]:
    return {link["rel"] if link["rel"] != "alternate" else link["type"]: link for link in document["links"]}


@pytest.mark.parametrize("form", ["json", "jsonfg", "jsonld"])
@pytest.mark.parametrize("question", PLACES)
def test_self_is_the_answer_itself(world: World, question: str, form: str):
    first = world.get(f"/ogc/collections/desa/items?f={form}&{question}")
    again = world.get(links(first.json())["self"]["href"].removeprefix(BASE))
    assert again.content == first.content


@pytest.mark.parametrize("form", ["json", "jsonfg", "jsonld"])
@pytest.mark.parametrize("question", PLACES)
def test_every_link_is_of_the_type_that_it_tells(world: World, question: str, form: str):
    document = world.json(f"/ogc/collections/desa/items?f={form}&{question}")
    for link in document["links"]:
        answer = world.get(link["href"].removeprefix(BASE))
        assert answer.headers["content-type"].partition(";")[0] == link["type"].partition(";")[0], link


@pytest.mark.parametrize("question", PLACES)
def test_other_forms_hold_the_same_features(world: World, question: str):
    document = world.json(f"/ogc/collections/desa/items?f=json&{question}")
    sheet = world.get(links(document)["text/csv"]["href"].removeprefix(BASE)).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert [row["kode"] for row in rows] == [feature["id"] for feature in document["features"]]
    assert rows


@pytest.mark.parametrize("form", ["json", "jsonfg", "jsonld"])
@pytest.mark.parametrize("question", ["", f"&crs={EPSG}32750", f"&version=1&crs={EPSG}4326"])
def test_links_of_a_feature_to_itself_stay_where_they_are(world: World, form: str, question: str):
    first = world.get(f"/ogc/collections/desa/items/0003?f={form}{question}")
    own = [link for link in first.json()["links"] if link["rel"] in ("self", "alternate")]
    assert {link["type"] for link in own} >= {"application/geo+json", "application/ld+json", "application/gml+xml"}
    for link in own:
        assert ("version=1" in link["href"]) == ("version=1" in question)
        answer = world.get(link["href"].removeprefix(BASE))
        assert answer.headers["content-type"].partition(";")[0] == link["type"]
        assert answer.headers["content-crs"] == first.headers["content-crs"]
        assert link["rel"] == "alternate" or answer.content == first.content
