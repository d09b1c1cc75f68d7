"""What may be kept and for how long, conditions, and codings that a client rules out (RFC 9110, RFC 9111, RFC 8246)."""

import gzip

import pytest

from geoportal.model.access import Classification
from geoportal.ogc.app import RESOURCES, ogc_routes
from geoportal.ogc.engine import Engine
from tests.ogc.world import points

ITEMS = "/ogc/collections/desa/items"
PATHS = [resource.path.replace("{collection}", "desa").replace("{item:path}", "0001") for resource in RESOURCES]
BRIEFLY = "public, max-age=0, must-revalidate"
LONG = "public, max-age=600, must-revalidate"


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        (ITEMS, BRIEFLY),
        (f"{ITEMS}?version=1", LONG),
        (f"{ITEMS}?version=1&bbox=116,-1,118,1&limit=2", LONG),
        (f"{ITEMS}/0001", BRIEFLY),
        (f"{ITEMS}/0001?version=1", LONG),
        (f"{ITEMS}/0001?version=1&f=html", BRIEFLY),
        (f"{ITEMS}?version=1&f=html", BRIEFLY),
        (f"{ITEMS}?version=1&f=jsonld", BRIEFLY),
        (f"{ITEMS}?version=9", "no-store"),
        (f"{ITEMS}?version=x", "no-store"),
        (f"{ITEMS}/tidak?version=1", "no-store"),
        ("/ogc/tidak", "no-store"),
        ("/ogc/collections/tidak", "no-store"),
    ],
)
def test_how_long_an_answer_may_be_kept(village, path, caching):
    answer = village.client.get(path)
    assert answer.headers["cache-control"] == caching
    if answer.status_code == 200:
        known = village.get(path, 304, headers={"if-none-match": answer.headers["etag"]})
        assert known.headers["cache-control"] == caching


def test_nobody_keeps_what_is_not_for_everybody(world):
    world.publish("desa", points(3), access=Classification.GOVERNMENT)
    world.publish("umum", points(3))
    mine = world.token(Classification.GOVERNMENT)
    for dataset in ("desa", "umum"):
        for path in (f"/ogc/collections/{dataset}/items", f"/ogc/collections/{dataset}/items/0001"):
            for query in ("", "?version=1", "?version=1&f=html"):
                answer = world.get(f"{path}{query}", headers=mine)
                assert answer.headers["cache-control"] == "private, no-store"
                assert "etag" not in answer.headers
                assert "access-control-allow-origin" not in answer.headers
    assert world.get("/ogc/collections/desa/items?version=1", 404).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("query", ["?version=1", "/0001?version=1", "?version=1&f=csv", "?version=1&f=jsonfg"])
def test_what_a_rollback_or_an_edit_changes_was_never_called_immutable(world, query):
    from geoportal.store import datasets

    publication = world.publish("desa", points(3))
    world.publish("desa", points(5))
    before = world.get(f"{ITEMS}{query}")
    with world.node.register.begin() as conn:
        datasets.publish(conn, "desa", 1, publication.build, "uji")
    after = world.get(f"{ITEMS}{query}")
    with world.node.register.begin() as conn:
        datasets.add_record(conn, "desa", publication.record)
    edited = world.get(f"{ITEMS}{query}")
    assert edited.headers["etag"] != before.headers["etag"]
    assert [answer.headers["cache-control"] for answer in (before, after, edited)] == [LONG] * 3
    if query == "?version=1":
        assert before.json()["timeStamp"] < after.json()["timeStamp"]


def test_an_answer_to_a_question_in_a_body_is_kept_by_nobody(village):
    answer = village.client.post(ITEMS, json={"op": "=", "args": [{"property": "urut"}, 1]})
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_the_node_says_how_long(world):
    world.publish("desa", points(3))
    ogc = world.node.settings.ogc.model_copy(update={"max_age_s": 7, "version_max_age_s": 70})
    world.node.settings = world.node.settings.model_copy(update={"ogc": ogc})
    world.client.app.router.routes[:] = ogc_routes(world.node, Engine(world.node))
    assert world.get(ITEMS).headers["cache-control"] == "public, max-age=7, must-revalidate"
    assert world.get(f"{ITEMS}?version=1").headers["cache-control"] == "public, max-age=70, must-revalidate"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", ["json", "html"])
def test_any_answer_is_known_to_who_knows_something(village, path, form):
    """If-None-Match: * asks for an answer only where there is none yet."""
    there = village.get(f"{path}?f={form}", 304, headers={"if-none-match": "*"})
    assert there.content == b"" and there.headers["etag"] == village.get(f"{path}?f={form}").headers["etag"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ITEMS}/tidak", 404),
        ("/ogc/collections/tidak/items", 404),
        (f"{ITEMS}?version=9", 404),
        (f"{ITEMS}?x=1", 400),
    ],
)
def test_what_is_not_there_is_not_known(village, path, status):
    village.get(path, status, headers={"if-none-match": "*"})


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "identity;q=0, deflate", "compress, *;q=0"])
def test_no_answer_is_in_a_coding_that_is_ruled_out(village, accept):
    for path in (ITEMS, f"{ITEMS}?f=html", "/ogc"):
        refusal = village.get(path, 406, headers={"accept-encoding": accept})
        assert "content-encoding" not in refusal.headers
        assert refusal.json()["description"].endswith("zstd, br, gzip.")


@pytest.mark.parametrize(
    "accept", ["gzip, identity;q=0", "gzip, *;q=0", "gzip;q=0.1, identity;q=0", "*;q=0, gzip;q=0.5"]
)
def test_a_small_answer_is_coded_where_plain_bytes_are_ruled_out(village, accept):
    path = f"{ITEMS}?limit=1&properties=kode&skipGeometry=true&resulttype=hits"
    plain = village.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with village.client.stream("GET", f"{ITEMS}/0001", headers={"accept-encoding": accept}) as answer:
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip" and int(answer.headers["content-length"]) == len(raw)
    assert gzip.decompress(raw) == village.get(f"{ITEMS}/0001", headers={"accept-encoding": "identity"}).content


@pytest.mark.parametrize(
    ("accept", "status", "sent"),
    [
        ("application/geo+json;profile=http://www.opengis.net/def/profile/x", 200, "application/geo+json"),
        ('application/geo+json; profile="a,b;q=0"', 200, "application/geo+json"),
        ("application/geo+json;q=0, text/html;q=0.1", 200, "text/html; charset=utf-8"),
        ("application/*;q=0.2, text/html;q=0.3", 200, "text/html; charset=utf-8"),
        ("text/html;q=0, */*;q=0.1", 200, "application/geo+json"),
        ("image/tiff", 406, "application/problem+json"),
        ("*/*;q=0", 406, "application/problem+json"),
        ("application/geo+json;q=0, application/json;q=0", 406, "application/problem+json"),
    ],
)
def test_what_is_accepted(village, accept, status, sent):
    answer = village.get(ITEMS, status, headers={"accept": accept})
    assert answer.headers["content-type"] == sent
    assert "Accept," in answer.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_head_says_what_get_would(village, path, form, coding):
    headers = {"accept-encoding": coding}
    got, headed = (village.client.request(method, f"{path}?f={form}", headers=headers) for method in ("GET", "HEAD"))
    assert headed.content == b"" and headed.headers == got.headers and headed.status_code == 200
    missing = village.client.head("/ogc/collections/tidak", headers=headers)
    assert missing.status_code == 404 and missing.content == b"" and int(missing.headers["content-length"]) > 100


def test_a_query_without_end_is_refused(village):
    problem = village.json(f"{ITEMS}?filter={'x' * 9000}", 414)
    assert problem["code"] == "InvalidParameterValue" and problem["description"]


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}?f=csv", f"{ITEMS}/0001", "/ogc/collections", "/ogc/openapi?f=html"])
def test_a_condition_may_come_in_several_lines(village, path):
    etag = village.get(path).headers["etag"]
    village.get(path, 304, headers=[("if-none-match", '"another"'), ("if-none-match", etag)])
    village.get(path, headers=[("if-none-match", '"another"'), ("if-none-match", '"a third"')])
