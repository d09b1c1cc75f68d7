"""The published versions of a collection: asked for, linked to, told of where there is none; never one that is not out
for whoever asks.
"""

from datetime import datetime

import pytest
import shapely

from geoportal.model.access import Classification
from geoportal.ogc.history import MOST_LINKED
from geoportal.ogc.schemas import KINDS
from geoportal.store import datasets
from tests.ogc.world import BASE, make_layer, points

DESA = "/ogc/collections/desa"
ITEMS = f"{DESA}/items"


def older(count):
    """A layer without two of the fields that it has now, and with one that is gone since."""
    rows = [{"kode": f"{n:04}", "nama": f"n{n}", "lama": n} for n in range(1, count + 1)]
    return make_layer(rows, [shapely.Point(117, n / 10) for n in range(count)])


def draft(world, dataset_id):
    """Submit a version that nobody publishes: that of the folder which is out, under the next number."""
    with world.node.register.begin() as conn:
        out = datasets.publication(conn, dataset_id)
        datasets.add_version(
            conn, dataset_id, digest=out.version.digest, actor_name="uji", source_name="x", **summary_of(out)
        )


def summary_of(out):
    from geoportal.model.layer import LayerSummary
    from geoportal.model.report import Report

    version = out.version
    return {
        "summary": LayerSummary("layer", version.features, version.crs, None, version.geometry_type, ()),
        "report": Report(),
    }


@pytest.fixture
def two(world):
    """Version 1 has other fields than version 2, which is out; version 3 is a draft."""
    world.publish("desa", older(3))
    world.publish("desa", points(5))
    draft(world, "desa")
    return world


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/0001", *(f"{DESA}/{kind}" for kind in KINDS)])
def test_a_version_that_is_not_there_is_told_with_those_that_are(two, path):
    for number in (3, 7, 999999999999):
        for language, said in (("id", "koleksi ini tidak punya versi"), ("en", "this collection has no version")):
            problem = two.json(f"{path}?version={number}", 404, headers={"accept-language": language})
            assert said in problem["detail"] and problem["detail"].endswith(" 1, 2.")
            assert problem["code"] == "NotFound"
    two.get(f"{path}?version=2")


def test_nobody_learns_of_versions_of_what_is_hidden_from_them(two):
    with two.node.register.begin() as conn:
        datasets.set_access(conn, "desa", Classification.GOVERNMENT)
    token = two.token(Classification.GOVERNMENT)
    for path in (ITEMS, f"{DESA}/schema"):
        missing = two.json(f"{path.replace('desa', 'tiada')}?version=7", 404)
        for number in (1, 2, 7):
            hidden = two.json(f"{path}?version={number}", 404)
            assert {**hidden, "instance": ""} == {**missing, "instance": ""}
        assert two.json(f"{path}?version=7", 404, headers=token)["detail"].endswith(" 1, 2.")


def test_what_was_withdrawn_is_no_version_any_more(two):
    two.withdraw("desa")
    two.publish("desa", points(7))
    assert two.json(f"{ITEMS}?version=1", 404)["detail"].endswith(" 4.")
    assert not history(two.json(DESA))


def history(document):
    return [(one["rel"], one["href"]) for one in document["links"] if one["rel"].endswith(("-version", "-history"))]


def test_a_collection_leads_to_its_versions(two):
    first = f"{BASE}{ITEMS}?version=1"
    assert history(two.json(DESA)) == [
        ("version-history", f"{BASE}/dataset/desa"),
        ("predecessor-version", first),
    ]
    assert two.json(first.removeprefix(BASE))["numberMatched"] == 3
    titles = {one["title"] for one in two.json(f"{DESA}?lang=en")["links"]}
    assert {"All published versions", "Features of version 1"} <= titles
    assert not [link for one in two.json("/ogc/collections")["collections"] for link in history(one)]


def test_after_a_rollback_what_came_later_is_a_successor(two):
    with two.node.register.begin() as conn:
        datasets.publish(conn, "desa", 1, datasets.publication(conn, "desa", 1).build, "uji")
    assert history(two.json(DESA))[1:] == [("successor-version", f"{BASE}{ITEMS}?version=2")]
    assert two.json(f"{ITEMS}?version=2")["numberMatched"] == 5


def test_only_so_many_versions_are_listed(world):
    with world.node.register.begin():
        pass
    for count in range(1, 4):
        world.publish("desa", points(count))
    from dataclasses import replace

    from geoportal.ogc.history import links, no_version

    publication = world.node.publications(world.node.audience(None))[0]
    many = replace(publication, version=replace(publication.version, number=99), older=tuple(range(1, 99)))
    listed = [int(one["href"].rpartition("=")[2]) for one in links(many, BASE, "id")[1:]]
    assert listed == list(range(98, 98 - MOST_LINKED, -1))
    assert no_version(100, many).sentence("id").endswith(f"..., {', '.join(map(str, range(80, 100)))}.")


@pytest.mark.parametrize("kind", KINDS)
def test_an_earlier_version_has_its_own_fields(two, kind):
    path = f"{DESA}/{kind}"
    then, now = two.json(f"{path}?version=1"), two.json(path)
    assert "lama" in then["properties"] and "lama" not in now["properties"]
    assert "urut" in now["properties"] and "urut" not in then["properties"]
    assert (now["$id"], then["$id"]) == (f"{BASE}{path}", f"{BASE}{path}?version=1")
    out = two.get(f"{path}?version=2")
    assert out.json() == now
    assert two.get(f"{path}?version=1").headers["etag"] != two.get(path).headers["etag"]
    page = two.get(f"{path}?version=1&f=html").text
    assert "lama" in page and "lama" not in two.get(f"{path}?f=html").text
    assert two.json(path) == now  # what was kept for one is not served for the other
    moment = two.node.publication(two.node.audience(None), "desa", 1).published_at
    assert two.json(f"{path}?as-of={moment:%Y-%m-%dT%H:%M:%S.%fZ}") == then
    for query in ("version=0", "version=x", "as-of=kemarin", "version=1&as-of=2026-01-01", "limit=1"):
        two.get(f"{path}?{query}", 400)


def test_features_lead_to_the_fields_of_their_version(two):
    for query, expected in (("", ""), ("?version=1", "?version=1"), ("?version=2", "")):
        for path in (ITEMS, f"{ITEMS}/0001"):
            told = two.get(f"{path}{query}").headers.get("link", "")
            if told:
                assert f"<{BASE}{DESA}/queryables{expected}>" in told
    assert "queryables" in two.get(ITEMS).headers["link"]


@pytest.mark.parametrize(
    ("asked", "id_", "en"),
    [
        ("2026-01-10", "10 Jan 2026, 00.00 WITA", "10 Jan 2026, 00.00 WITA"),
        ("2026-05-10T03:59:59Z", "10 Mei 2026, 11.59 WITA", "10 May 2026, 11.59 WITA"),
        ("2026-08-10T23:59:59", "10 Agu 2026, 23.59 WITA", "10 Aug 2026, 23.59 WITA"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_node(new_world, monkeypatch, asked, id_, en):
    world = new_world(timezone="Asia/Makassar")
    monkeypatch.setattr(datasets, "now", lambda conn: datetime.fromisoformat("2026-09-01T00:00:00+00:00"))
    world.publish("desa", points(3))
    for language, moment in (("id", id_), ("en", en)):
        told = world.json(f"{ITEMS}?as-of={asked}&lang={language}", 404)["detail"]
        assert f" {moment}." in told
        assert ("as-of=2026-01-10T23:59:59" in told) is (len(asked) == 10)
    world.get(f"{ITEMS}?as-of=2026-09-01T23:59:59")
