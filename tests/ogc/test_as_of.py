"""``as-of``: the version that was out at a moment, on a register whose clock the test sets."""

from datetime import UTC, datetime

import pytest

from geoportal.model.access import Classification
from geoportal.store import clock
from tests.ogc.world import points

ITEMS = "/ogc/collections/desa/items"
FIRST, SECOND = datetime(2026, 1, 10, 4, tzinfo=UTC), datetime(2026, 2, 10, 4, tzinfo=UTC)


@pytest.fixture
def past(new_world, monkeypatch):
    """Version 1 of 3 villages since 10 January 2026, version 2 of 5 since 10 February, 12.00 in Makassar (WITA)."""
    world = new_world(timezone="Asia/Makassar")
    for moment, count in ((FIRST, 3), (SECOND, 5)):
        monkeypatch.setattr(clock, "utc_now", lambda moment=moment: moment)
        publish_at(world, moment, count)
    return world


def publish_at(world, moment, count, **options):
    from geoportal.store import datasets

    before = datasets.now
    datasets.now = lambda conn: moment
    try:
        world.publish("desa", points(count), **options)
    finally:
        datasets.now = before


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        ("2026-01-10T04:00:00Z", 3),
        ("2026-01-10T12:00:00%2B08:00", 3),
        ("2026-01-10T12:00:00", 3),  # without a zone: that of the node
        ("2026-01-11", 3),
        ("2026-02-10", 3),  # 00.00 in the node's zone, before the second came out
        ("2026-02-10T03:59:59.999999Z", 3),
        ("2026-02-10T04:00:00Z", 5),
        ("2026-02-10t04:00:00z", 5),
        ("2026-02-11", 5),
        ("9999-12-31", 5),
    ],
)
def test_the_version_that_was_out_then(past, moment, count):
    assert past.json(f"{ITEMS}?as-of={moment}")["numberMatched"] == count
    status = 200 if count == 5 else 404
    past.get(f"{ITEMS}/0004?as-of={moment}", status)


@pytest.mark.parametrize("moment", ["2026-01-10", "2026-01-10T03:59:59Z", "2026-01-10T11:59:59", "0001-01-01T12:00:00"])
def test_before_the_first_there_is_nothing(past, moment):
    for path in (ITEMS, f"{ITEMS}/0001"):
        problem = past.json(f"{path}?as-of={moment}&lang=en", 404)
        assert problem["detail"].startswith("Nothing of this collection was published at ")


@pytest.mark.parametrize(
    "moment", ["", "kemarin", "2026", "2026-01", "2026-13-01", "2026-01-10T25:00:00Z", "../..", "0001-01-01"]
)
def test_what_is_no_moment_is_refused(past, moment):
    for path in (ITEMS, f"{ITEMS}/0001"):
        problem = past.json(f"{path}?as-of={moment}&lang=en", 400)
        assert problem["detail"].startswith("as-of: ")


def test_a_version_and_a_moment_together_are_refused(past):
    for path in (ITEMS, f"{ITEMS}/0001"):
        problem = past.json(f"{path}?as-of=2026-01-11&version=1", 400)
        assert "version and as-of" in problem["description"]


def test_all_links_lead_to_the_version_from_then_on(past):
    for form in ("json", "html"):
        page = past.get(f"{ITEMS}?as-of=2026-01-11&limit=2&f={form}").text
        assert "as-of" not in page
        assert "version=1" in page
    seen, path = [], f"{ITEMS}?as-of=2026-01-11&limit=2"
    while path:
        document = past.json(path)
        seen += [feature["id"] for feature in document["features"]]
        links = {link["rel"]: link["href"] for link in document["links"]}
        assert "version=1" in links["self"]
        path = links.get("next")
    assert seen == ["0001", "0002", "0003"]


@pytest.mark.parametrize("query", ["as-of=2026-01-11", "version=1"])
def test_a_feature_of_an_earlier_version_leads_to_itself(past, query):
    feature = past.json(f"{ITEMS}/0002?{query}")
    links = [link for link in feature["links"] if link["rel"] in ("self", "alternate")]
    assert len(links) > 2 and all("version=1" in link["href"] for link in links)
    (own,) = [link["href"] for link in links if link["rel"] == "self"]
    again = past.json(own)
    assert (again["id"], again["properties"]) == ("0002", feature["properties"])
    present = past.json(f"{ITEMS}/0002")
    assert not [link for link in present["links"] if "version" in link["href"]]


def test_the_same_version_is_the_same_answer(past):
    one, other = past.get(f"{ITEMS}?as-of=2026-01-11"), past.get(f"{ITEMS}?version=1")
    assert one.headers["etag"] == other.headers["etag"]
    assert one.content == other.content


def test_a_rollback_is_a_time_of_its_own(past):
    from geoportal.store import datasets

    third = datetime(2026, 3, 1, tzinfo=UTC)
    before = datasets.now
    datasets.now = lambda conn: third
    try:
        with past.node.register.begin() as conn:
            publication = datasets.publication(conn, "desa", 1)
            datasets.publish(conn, "desa", 1, publication.build, "uji")
    finally:
        datasets.now = before
    counts = [past.json(f"{ITEMS}?as-of=2026-{day}")["numberMatched"] for day in ("01-20", "02-20", "03-20")]
    assert counts == [3, 5, 3]


def test_what_was_withdrawn_is_not_out_at_any_time(past):
    past.withdraw("desa")
    past.get(f"{ITEMS}?as-of=2026-01-11", 404)
    publish_at(past, datetime(2026, 4, 1, tzinfo=UTC), 7)
    for moment, status in (("2026-01-11", 404), ("2026-02-11", 404), ("2026-04-02", 200)):
        past.get(f"{ITEMS}?as-of={moment}", status)


def test_what_one_may_not_see_was_not_out_either(past):
    publish_at(past, datetime(2026, 4, 1, tzinfo=UTC), 7)
    from geoportal.store import datasets

    with past.node.register.begin() as conn:
        datasets.set_access(conn, "desa", Classification.GOVERNMENT)
    token = past.token(Classification.PUBLIC, Classification.GOVERNMENT)
    for moment in ("2026-01-11", "2026-04-02"):
        hidden = past.json(f"{ITEMS}?as-of={moment}", 404)
        missing = past.json(f"/ogc/collections/tiada/items?as-of={moment}", 404)
        assert hidden["detail"] == missing["detail"]
        past.get(f"{ITEMS}?as-of={moment}", headers=token)
