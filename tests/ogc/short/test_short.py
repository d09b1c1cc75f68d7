"""The short way says what the long way says: the same bytes, names and headers, for every shape that takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
import shapely
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from geoportal.errors import Unavailable
from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.model.layer import Layer
from geoportal.ogc.short.front import Fronted
from geoportal.ogc.short.gate import Short
from tests.ogc.world import BASE, World, make_layer, make_world, points

ITEMS = "/ogc/collections/desa/items"


def front(world: World) -> Short:
    app = world.client.app
    assert isinstance(app, Fronted) and app.short is not None
    return app.short


class Long:
    """The same application without the short way."""

    def __init__(self, world: World) -> None:
        app: Any = world.client.app

        async def call(scope: Any, receive: Any, send: Any) -> None:
            await Starlette.__call__(app, scope, receive, send)

        self.client = TestClient(call, base_url=BASE, follow_redirects=False)

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(tmp_path_factory.mktemp("singkat"))
    made.publish("desa", points(237), title='Desa 100% "baik" & <lain>', english="Villages %s %d")
    made.publish("wilayah", areas(), title="Wilayah", key=None)
    made.publish("ramai", points(1500), title="Ramai")
    made.publish("rahasia", points(7), access=Classification.GOVERNMENT)
    yield made
    made.client.close()
    made.node.close()


def areas() -> Layer:
    rows = [
        {"nama": f"{name} % {number}", "luas": number / 3} for number, name in enumerate(["a", None, "<ü>", "d"] * 9)
    ]
    shapes = [shapely.Point(117 + number * 0.01, -0.5).buffer(0.008) if number % 9 else None for number in range(36)]
    return make_layer(rows, shapes, types={"nama": "string"})


@pytest.fixture(scope="module")
def long(world: World) -> Iterator[Long]:
    made = Long(world)
    yield made
    made.client.close()


def short_and_long(world: World, long: Long, path: str, headers: Mapping[str, str] | None = None) -> tuple[Any, bool]:
    """The answer of the application, compared with that of the long way; and whether it took the short one."""
    headers = {"accept-encoding": "identity", **(headers or {})}
    before = front(world).answered
    ours = world.client.get(path, headers=headers)
    short = front(world).answered > before
    theirs = long.get(path, headers=headers)
    assert ours.status_code == theirs.status_code, path
    assert ours.content == theirs.content, path
    assert dict(ours.headers) == dict(theirs.headers), path
    return ours, short


def test_a_filter_that_takes_too_long_is_tried_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that it may take is over when the short way gives up: the long way refuses without another attempt."""
    tried: list[object] = []

    def tire(self: Any, **asked: Any) -> None:
        tried.append(asked)
        raise Unavailable("the question took longer than 5 s: ask for less", seconds=5.0)

    monkeypatch.setattr("geoportal.serving.fragments.Serving.select", tire)
    for path in (f"{ITEMS}?filter=urut%20%3E%203", f"{ITEMS}?filter=urut%20%3E%203&limit=3&f=json"):
        answer = world.client.get(path)
        assert answer.status_code == 400 and "5 s" in answer.json()["description"], answer.text
        assert len(tried) == 1
        tried.clear()
    assert world.client.get(f"{ITEMS}?bbox=116.9,-0.4,116.91,-0.39").status_code == 503


SHAPES = [
    {},
    {"limit": "10"},
    {"limit": "3", "offset": "9"},
    {"limit": "3", "offset": "4"},
    {"limit": "3", "offset": "234"},
    {"limit": "3", "offset": "235"},
    {"offset": "0"},
    {"offset": "237"},
    {"offset": "999999"},
    {"limit": "10000"},
    {"limit": "99999"},
    {"f": "json", "limit": "5"},
    {"bbox": "116.9,-0.4,116.91,-0.39", "limit": "4"},
    {"bbox": "116.9,-0.4,116.91,-0.39", "limit": "4", "offset": "4"},
    {"bbox": "1,1,2,2"},
    {"bbox": "-180,-90,180,90", "limit": "2"},
    {"kode": "0007"},
    {"nilai": "1.5"},
    {"aktif": "true", "limit": "7", "offset": "7"},
    {"nama": "titik 7", "urut": "7"},
    {"nama": "tidak & ada=%?"},
    {"filter": "urut > 3 AND nama LIKE 'titik 1%'", "limit": "2"},
    {"filter": "S_INTERSECTS(geometry,BBOX(116.9,-0.4,116.903,-0.39))", "limit": "2", "urut": "2"},
    {"filter": '{"op":"<","args":[{"property":"urut"},3]}', "filter-lang": "cql2-json"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: urlencode(shape) or "bare")
def test_every_shape_says_the_same_both_ways(world: World, long: Long, shape: dict[str, str]) -> None:
    for language in ("id", "en"):
        path = f"{ITEMS}?{urlencode(shape)}" if shape else ITEMS
        _, short = short_and_long(world, long, path, {"accept-language": language})
        assert short
        _, short = short_and_long(world, long, path, {"accept-language": language})
        assert short


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.none() | st.integers(0, 300),
    offset=st.none() | st.integers(-1, 300),
    west=st.none() | st.floats(116.8, 117.0),
    width=st.floats(-0.01, 0.2),
    name=st.none() | st.sampled_from(["a % 0", "<ü> % 2", "", "x"]),
    form=st.sampled_from([None, "json", "html", "xml"]),
)
def test_any_question_says_the_same_both_ways(world: World, long: Long, **asked: Any) -> None:
    given = {name: str(asked[name]) for name in ("limit", "offset") if asked[name] is not None}
    if asked["west"] is not None:
        given["bbox"] = f"{asked['west']},-0.6,{asked['west'] + asked['width']},0.4"
    if asked["name"] is not None:
        given["nama"] = asked["name"]
    if asked["form"] is not None:
        given["f"] = asked["form"]
    short_and_long(world, long, f"/ogc/collections/wilayah/items?{urlencode(given)}")


def test_a_page_with_a_shorter_one_before_it_goes_the_long_way(world: World, long: Long) -> None:
    """In whatever order pages are asked for: what is learnt of one never tells where another one leads back to."""
    for offset, expected in ((1, False), (4, True), (2, False), (3, True), (500, True), (1, False), (7, True)):
        answer, short = short_and_long(world, long, f"{ITEMS}?limit=3&offset={offset}")
        assert short == expected
        (back,) = (link["href"] for link in answer.json()["links"] if link["rel"] == "prev")
        start = min(offset, 237) - min(3, offset)
        assert f"offset={start}&limit={min(3, offset)}" in back


@pytest.mark.parametrize("path", ["/ogc", "/ogc/", "/ogc/conformance", "/ogc/openapi", "/ogc/collections"])
def test_documents_say_the_same_both_ways(world: World, long: Long, path: str) -> None:
    for headers in ({}, {"accept": "text/html"}, {"accept-language": "en"}, {"accept-encoding": "br;q=0, gzip"}):
        for _ in range(2):
            answer, short = short_and_long(world, long, path, headers)
            assert short and answer.status_code == 200


@pytest.mark.parametrize("name", ["", "/schema", "/queryables"])
def test_documents_of_a_collection_say_the_same_both_ways(world: World, long: Long, name: str) -> None:
    for _ in range(2):
        answer, short = short_and_long(world, long, f"/ogc/collections/desa{name}")
        assert short and answer.status_code == 200


def test_single_features_say_the_same_both_ways(world: World, long: Long) -> None:
    for path in [f"{ITEMS}/{number:04}" for number in range(1, 238, 13)] + [
        f"/ogc/collections/wilayah/items/{number}" for number in range(1, 37)
    ]:
        _, short = short_and_long(world, long, path)
        assert short
        short_and_long(world, long, f"{path}?f=json")


@pytest.mark.parametrize(
    "path", [f"{ITEMS}/9999", f"{ITEMS}/00%2007", f"{ITEMS}?limit=0", f"{ITEMS}?x=1", "/ogc/collections/x/items"]
)
def test_what_is_wrong_goes_the_long_way(world: World, long: Long, path: str) -> None:
    answer, short = short_and_long(world, long, path)
    assert answer.status_code in (400, 404) and not short


def test_head_is_a_get_without_its_body(world: World) -> None:
    for path in (ITEMS, f"{ITEMS}/0001", "/ogc", "/ogc/collections"):
        told, got = world.client.head(path), world.client.get(path)
        assert told.content == b"" and dict(told.headers) == dict(got.headers)


def test_what_a_client_has_is_not_sent_again(world: World) -> None:
    for path in (ITEMS, f"{ITEMS}?limit=2&bbox=116,-1,117,1", f"{ITEMS}/0001", "/ogc", "/ogc/collections/desa"):
        for coding in ("identity", "gzip", "br", "zstd"):
            headers = {"accept-encoding": coding}
            etag = world.client.get(path, headers=headers).headers["etag"]
            again = world.client.get(path, headers={**headers, "if-none-match": f'"x", {etag}'})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
            assert world.client.get(path, headers={**headers, "if-none-match": '"x"'}).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "gzip, deflate", "gzip, br, zstd", "br, gzip;q=0.5", "zstd"])
def test_compressed_pages_hold_what_plain_ones_do(world: World, coding: str) -> None:
    plain = {"accept-encoding": "identity"}
    for query in ("", "?limit=1000", "?limit=1000&offset=3", "?limit=150&offset=80", "?offset=999"):
        path = f"/ogc/collections/ramai/items{query}"
        packed, bare = (
            world.client.get(path, headers={"accept-encoding": coding}),
            world.client.get(path, headers=plain),
        )
        told = packed.content  # the test client undoes what it knows, which zstd is not everywhere
        if packed.headers.get("content-encoding") == "zstd" and told.startswith(b"\x28\xb5\x2f\xfd"):
            told = zstandard.ZstdDecompressor().decompressobj().decompress(told)
        assert told == bare.content
        assert packed.headers["etag"] != bare.headers["etag"]
        again = {"accept-encoding": coding, "if-none-match": packed.headers["etag"]}
        assert world.client.get(path, headers=again).status_code == 304


def test_large_pages_are_joined_of_blocks(world: World) -> None:
    source = world.engine.snapshot(PUBLIC_AUDIENCE).sources["ramai"]
    assert 0 < source.serving.summary.block_rows <= 1000
    headers = {"accept-encoding": "gzip, deflate, br, zstd"}
    large = world.client.get("/ogc/collections/ramai/items?limit=1000", headers=headers)
    assert large.headers["content-encoding"] == "gzip"


def test_each_audience_gets_its_own(world: World, long: Long) -> None:
    may = world.token(Classification.PUBLIC, Classification.GOVERNMENT)
    path = "/ogc/collections/rahasia/items"
    for _ in range(2):
        assert world.client.get(path).status_code == 404
        answer, _ = short_and_long(world, long, path, may)
        assert answer.status_code == 200 and "etag" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"
        assert world.client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert "rahasia" not in world.client.get("/ogc/collections").text
        assert "rahasia" in world.client.get("/ogc/collections", headers=may).text
    shown, short = short_and_long(world, long, path, may)
    assert short and shown.json()["numberMatched"] == 7
    private, _ = short_and_long(world, long, ITEMS, may)
    assert private.headers["cache-control"] == "private, no-store"
    assert world.client.get(ITEMS).headers["cache-control"].startswith("public")


def test_a_publish_is_seen_at_once_and_a_withdrawal_too(tmp_path: Any) -> None:
    world = make_world(tmp_path)
    try:
        world.publish("desa", points(3))
        first = world.client.get(ITEMS)
        assert world.client.get(ITEMS).json()["numberMatched"] == 3
        world.publish("desa", points(4))
        second = world.client.get(ITEMS, headers={"if-none-match": first.headers["etag"]})
        assert second.status_code == 200 and second.json()["numberMatched"] == 4
        world.withdraw("desa")
        assert world.client.get(ITEMS).status_code == 404
        assert world.client.get(f"{ITEMS}/0001").status_code == 404
    finally:
        world.client.close()
        world.node.close()


def test_a_foreign_host_is_not_admitted(world: World) -> None:
    short = Short(world.client.app, world.node, world.engine, lambda host: host == "baik")
    before = short.answered
    with TestClient(short, base_url="http://jahat") as client:
        client.get(ITEMS)
        assert short.answered == before
        client.get(ITEMS, headers={"host": "baik"})
        assert short.answered == before + 1
