"""The list of collections in pages: every collection once, counts that hold, links that lead on, for each audience."""

import threading
from pathlib import Path

import pytest

from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.ogc import paging
from geoportal.ogc.kept import Kept
from geoportal.ogc.paging import Part
from tests.ogc.world import BASE, World, make_world, points

IDS = [f"lapisan-{number}" for number in range(7)]
LIST = "/ogc/collections"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    made = make_world(tmp_path_factory.mktemp("paging"))
    for dataset_id in IDS:
        made.publish(dataset_id, points(2, word=dataset_id))
    made.publish("lapisan-3a", points(2, word="rahasia"), access=Classification.PRIVATE)
    return made


def ids(document: dict) -> list[str]:
    return [collection["id"] for collection in document["collections"]]


def link(document: dict, rel: str) -> str | None:
    found = [entry["href"] for entry in document["links"] if entry["rel"] == rel]
    assert len(found) <= 1
    return found[0].removeprefix(BASE) if found else None


def walked(world: World, start: str, rel: str, **options) -> list[list[str]]:
    pages, path = [], start
    while path:
        document = world.json(path, **options)
        pages.append(ids(document))
        path = link(document, rel)
    return pages


def test_without_parameters_all_are_listed_and_counted(world: World):
    document = world.json(f"{LIST}?f=json")
    assert ids(document) == IDS
    assert (document["numberMatched"], document["numberReturned"]) == (7, 7)
    assert link(document, "next") is None and link(document, "prev") is None


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100000])
def test_a_chain_shows_every_collection_once(world: World, limit: int):
    pages = walked(world, f"{LIST}?f=json&limit={limit}", "next")
    assert [one for page in pages for one in page] == IDS
    assert {len(page) for page in pages[:-1]} <= {limit}


@pytest.mark.parametrize("offset", range(1, 10))
def test_the_way_back_shows_all_that_comes_before(world: World, offset: int):
    pages = walked(world, f"{LIST}?f=json&limit=3&offset={offset}", "prev")
    assert [one for page in reversed(pages) for one in page] == IDS[: offset + 3]


def test_a_page_says_what_it_is_and_keeps_form_and_language(world: World):
    document = world.json(f"{LIST}?f=json&limit=3&offset=3&lang=en")
    assert (document["numberMatched"], document["numberReturned"], len(document["collections"])) == (7, 3, 3)
    assert "limit=3" in link(document, "self") and "offset=3" in link(document, "self")
    assert ids(world.json(link(document, "self"))) == ids(document)
    assert "lang=en" in link(document, "next")
    beyond = world.json(f"{LIST}?f=json&offset=99")
    assert (beyond["numberMatched"], beyond["numberReturned"], beyond["collections"]) == (7, 0, [])


def test_a_page_describes_its_collections_as_the_whole_list_does(world: World):
    whole = {one["id"]: one for one in world.json(f"{LIST}?f=json")["collections"]}
    for one in world.json(f"{LIST}?f=json&limit=4&offset=2")["collections"]:
        assert one == whole[one["id"]]


def test_counts_and_pages_are_those_of_the_audience(world: World):
    headers = world.token(Classification.PUBLIC, Classification.PRIVATE)
    seen = walked(world, f"{LIST}?f=json&limit=2", "next", headers=headers)
    assert [one for page in seen for one in page] == sorted([*IDS, "lapisan-3a"])
    assert world.json(f"{LIST}?f=json&limit=2", headers=headers)["numberMatched"] == 8
    # Asked before or after, the public pages know nothing of it.
    assert world.json(f"{LIST}?f=json&limit=2")["numberMatched"] == 7


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "offset=-1", "offset=1.5", "limit=2&limit=3"])
def test_what_is_no_page_is_refused_by_name(world: World, query: str):
    problem = world.json(f"{LIST}?f=json&{query}", status=400)
    assert query.partition("=")[0] in problem["description"]


def test_pages_for_people_lead_on_and_back(world: World):
    page = world.get(f"{LIST}?f=html&lang=en&limit=3&offset=3").text
    assert "Collections 4 to 6 of 7." in page and "7 collections" in page
    assert [one for one in IDS if f"<code>{one}</code>" in page] == IDS[3:6]
    assert 'rel="prev"' in page and 'rel="next"' in page
    whole = world.get(f"{LIST}?f=html&lang=en").text
    assert 'rel="next"' not in whole and all(f"<code>{one}</code>" in whole for one in IDS)


def test_linked_data_comes_in_pages_too(world: World):
    assert len(world.json(f"{LIST}?f=jsonld&limit=3&offset=6")["dataset"]) == 1


def test_each_page_has_its_own_etag_and_304(world: World):
    tags = {}
    for query in ("", "&limit=3", "&limit=3&offset=3", "&offset=3"):
        tags[query] = world.get(f"{LIST}?f=json{query}").headers["etag"]
    assert len(set(tags.values())) == len(tags)
    for query, tag in tags.items():
        assert world.get(f"{LIST}?f=json{query}", 304, headers={"if-none-match": tag}).content == b""


def test_a_page_costs_its_own_collections_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch):
    from pygeoapi import api

    described, upstream = [], api.gen_collection

    def counted(one, request, dataset, *more):
        described.append(dataset)
        return upstream(one, request, dataset, *more)

    monkeypatch.setattr(api, "gen_collection", counted)
    world.publish("lapisan-6", points(3, word="baru"))  # what was kept is of another state
    world.json(f"{LIST}?f=json&limit=2&offset=1")
    assert described == IDS[1:3]
    world.json(f"{LIST}?f=json&limit=2&offset=1")
    assert described == IDS[1:3], "a page that was made is kept"


def test_kept_pages_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch):
    room = Kept(room=20_000)
    monkeypatch.setattr(world.engine.snapshot(PUBLIC_AUDIENCE), "_room", room)
    for offset in range(20):
        world.get(f"{LIST}?f=json&limit=1&offset={offset}")
        assert 0 < room.held <= 20_000
    assert 1 <= len(room) < 20


def test_the_definition_says_how_long_a_page_can_be(world: World):
    document = world.json("/ogc/openapi?f=json")
    parameters = document["paths"]["/collections"]["get"]["parameters"]
    (limit,) = [one for one in parameters if one.get("name") == "limit"]
    assert limit["schema"]["maximum"] == paging.MOST
    assert {"$ref": "#/components/parameters/offset"} in parameters


@pytest.mark.parametrize("total", [0, 1, 5])
@pytest.mark.parametrize("offset", [0, 1, 4, 5, 9])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_neighbours_touch_and_never_overlap(total: int, offset: int, limit: int):
    part = Part(offset, limit, total)
    around = part.neighbours()
    assert part.returned == len(range(total)[offset : offset + limit])
    assert ("next" in around) == (offset + limit < total)
    if "prev" in around and offset <= total:
        assert int(around["prev"]["offset"]) + int(around["prev"]["limit"]) == offset


def test_pages_are_made_by_many_at_once(tmp_path: Path):
    world = make_world(tmp_path)
    for dataset_id in IDS:
        world.publish(dataset_id, points(1, word=dataset_id))
    found: dict[int, list[str]] = {}

    def read(offset: int) -> None:
        found[offset] = ids(world.json(f"{LIST}?f=json&limit=1&offset={offset}"))

    threads = [threading.Thread(target=read, args=(offset,)) for offset in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[offset] for offset in range(7)] == [[one] for one in IDS]
