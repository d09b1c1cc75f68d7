"""Filters over HTTP: in the address and in a body, as text and as JSON, with pages, and with plain refusals."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from geoportal.errors import Unavailable
from geoportal.language import has_text
from geoportal.ogc import cql2
from geoportal.serving.fragments import Serving

ITEMS = "/ogc/collections/desa/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def ids(page):
    return [feature["id"] for feature in page["features"]]


def asked(village, text: str, **more: str):
    extra = "".join(f"&{name.replace('_', '-')}={quote(value)}" for name, value in more.items())
    return village.json(f"{ITEMS}?limit=1000&filter={quote(text)}{extra}")


def expected(rule) -> list[str]:
    return [f"{number:04}" for number in range(1, 238) if rule(number)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("urut = 7", lambda n: n == 7),
        ("urut BETWEEN 5 AND 9", lambda n: 5 <= n <= 9),
        ("NOT (urut > 3 OR aktif = true)", lambda n: n <= 3 and n % 2 == 1),
        ("aktif AND urut < 7", lambda n: n % 2 == 0 and n < 7),
        ("nama LIKE 'titik 1_'", lambda n: 10 <= n <= 19),
        ("CASEI(nama) = CASEI('TITIK 12')", lambda n: n == 12),
        ("nilai = urut * 1.5", lambda n: True),
        ("nilai > 2 * urut", lambda n: False),
        ("kode IN ('0003', '0200')", lambda n: n in (3, 200)),
        ("urut % 50 = 0", lambda n: n % 50 == 0),
        ("S_INTERSECTS(geometry, BBOX(116.8995, -0.4005, 116.9025, -0.3985))", lambda n: n in (1, 2, 50, 51, 52)),
        ("S_DISJOINT(geometry, BBOX(116, -1, 118, 1))", lambda n: False),
        ("geometry IS NOT NULL AND urut <= 2", lambda n: n <= 2),
    ],
)
def test_the_features_that_it_means(village, text: str, rule) -> None:
    page = asked(village, text)
    assert ids(page) == expected(rule)
    assert page["numberMatched"] == len(expected(rule))


def test_the_same_in_json_by_address_and_by_body(village) -> None:
    node = {"op": "and", "args": [{"op": ">", "args": [{"property": "urut"}, 230]}, {"property": "aktif"}]}
    by_address = asked(village, json.dumps(node), filter_lang="cql2-json")
    assert ids(by_address) == ["0232", "0234", "0236"]
    answer = village.client.post(f"{ITEMS}?limit=2", json=node)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    assert ids(answer.json()) == ["0232", "0234"] and answer.json()["numberMatched"] == 3
    (following,) = (link["href"] for link in answer.json()["links"] if link["rel"] == "next")
    rest = village.json(following.partition("8080")[2])
    assert ids(rest) == ["0236"]


def test_pages_keep_the_filter(village) -> None:
    page = village.json(f"{ITEMS}?limit=3&filter={quote('urut > 200')}&sortby=-urut")
    assert ids(page) == ["0237", "0236", "0235"] and page["numberMatched"] == 37
    (following,) = (link["href"] for link in page["links"] if link["rel"] == "next")
    assert parse_qs(urlsplit(following).query)["filter"] == ["urut > 200"]
    assert ids(village.json(following.partition("8080")[2])) == ["0234", "0233", "0232"]


@pytest.mark.parametrize("length", [3, 400])
def test_a_walk_comes_to_its_end_however_long_the_filter(village, length: int) -> None:
    """A link can only hold so many bytes: beyond, it is one to be posted, with the filter as its body."""
    values = [f"tidak ada yang bernama {number}" for number in range(length)]
    node = {"op": "not", "args": [{"op": "in", "args": [{"property": "nama"}, values]}]}
    whole = village.client.post(f"{ITEMS}?limit=1000", json=node).json()
    found: list[str] = []
    link: dict | None = {"href": f"{ITEMS}?limit=50&f=json", "method": "POST", "body": node}
    while link is not None:
        posted = link.get("method") == "POST"
        page = village.client.post(link["href"], json=link["body"]) if posted else village.client.get(link["href"])
        assert page.status_code == 200, page.text
        found += ids(page.json())
        link = next((one for one in page.json()["links"] if one["rel"] == "next"), None)
        assert link is None or (link.get("method") == "POST") == (length > 3)
        assert link is None or "version=" in link["href"]
    assert len(found) > 50 and found == ids(whole) and whole["numberMatched"] == len(found)


def test_a_filter_beside_a_box_and_a_value(village) -> None:
    page = village.json(f"{ITEMS}?bbox=116.8995,-0.4005,116.9025,-0.3985&filter={quote('urut > 1')}&aktif=true")
    assert ids(page) == ["0002", "0050", "0052"]


def test_coordinates_in_the_order_of_another_system(village) -> None:
    box = "S_INTERSECTS(geometry, BBOX(-0.4005, 116.8995, -0.3985, 116.9025))"
    assert ids(asked(village, box, filter_crs=f"{EPSG}4326")) == ["0001", "0002", "0050", "0051", "0052"]
    assert ids(asked(village, box)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tidakada = 1", "tidakada"),
        ("nama = 5", "cannot be compared"),
        ("urut", "neither true nor false"),
        ("urut = ", "character"),
        ("Buffer(geometry, 1) = 1", "Buffer"),
        ("S_INTERSECTS(nama, POINT(0 0))", "nama"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))", "not valid"),
        ("T_AFTER(nama, DATE('2020-01-01'))", "no date"),
        ("T_AFTER(DATE('2020-13-01'), DATE('2020-01-01'))", "2020-13-01"),
    ],
)
def test_a_refusal_says_what_is_wrong(village, text: str, says: str) -> None:
    told = {
        language: village.json(f"{ITEMS}?filter={quote(text)}", 400, headers={"accept-language": language})
        for language in ("id", "en")
    }
    assert says in told["en"]["detail"] == told["en"]["description"] == told["id"]["description"]
    assert told["id"]["detail"] != told["en"]["detail"] and told["id"]["detail"].startswith("filter: ")
    assert {one["code"] for one in told.values()} == {"InvalidParameterValue"}
    assert "{" not in told["id"]["detail"] + told["en"]["detail"]


def english(village, text: str, **more: str) -> str:
    return village.json(f"{ITEMS}?{urlencode({'filter': text, **more, 'lang': 'en'})}", 400)["detail"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("urut = ", 7),
        ("urut = 1 aktif", 10),
        ("urut BETWEEN 1 OR 2", 16),
        ("urut IN (1, 2", 14),
        ("nama = 'x' AND ?", 16),
        ("nama NOT = 1", 10),
        ("S_INTERSECTS(geometry, POINT(x 1))", 30),
    ],
)
def test_it_says_at_which_character_reading_ended(village, text: str, at: int) -> None:
    assert f"character {at} " in english(village, text).replace(",", " ").replace(":", " ") + " "


def test_it_says_where_json_ends_to_be_json(village) -> None:
    broken = '{"op": "=", "args": [1, ]}'
    told = english(village, broken, **{"filter-lang": "cql2-json"})
    with pytest.raises(json.JSONDecodeError) as other:
        json.loads(broken)
    assert abs(int(told.rpartition(" ")[2]) - 1 - other.value.pos) <= 1


@pytest.mark.parametrize(
    ("asked_for", "meant"),
    [("NAMA", "nama"), ("namaa", "nama"), ("urutt", "urut"), ("geometri", "geometry"), ("Kode", "kode")],
)
def test_it_asks_whether_the_nearest_property_was_meant(village, asked_for: str, meant: str) -> None:
    assert english(village, f"{asked_for} = 1").endswith(f"Did you mean '{meant}'?")
    node = json.dumps({"op": "=", "args": [{"property": asked_for}, 1]})
    assert english(village, node, **{"filter-lang": "cql2-json"}).endswith(f"Did you mean '{meant}'?")


def test_without_a_near_one_it_lists_what_there_is(village) -> None:
    assert english(village, "xyzzy = 1").endswith("there are: kode, nama, nilai, urut, aktif, geometry")
    huge = english(village, f'"{"x" * 3000}" = 1')
    assert len(huge) < 300


def keys_of_filters() -> set[str]:
    """Every sentence and phrase that the package of filters can say, read from its source."""
    found: set[str] = set()
    for path in Path(cql2.__file__).parent.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Assign) and ast.unparse(call.targets[0]) == "key":
                found.add(ast.literal_eval(call.value))
            if isinstance(call, ast.Call) and call.args:
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                if name in ("BadFilter", "Phrase", "unexpected") and isinstance(call.args[0], ast.Constant):
                    found.add(call.args[0].value)
    return found


def test_all_that_filters_say_is_there_in_indonesian() -> None:
    signs = {"NULL", "AND"}
    keys = keys_of_filters()
    assert len(keys) > 40 and signs < keys
    missing = {key for key in keys - signs if not has_text("messages", key, "id")}
    assert missing == {"{detail}", "filter: {detail}"} & keys


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "text/plain"}, b"urut=1", 415),
        ({}, b"{}", 415),
        ({"content-type": "application/json"}, b"{}", 400),
        ({"content-type": "application/json"}, b"", 400),
        ({"content-type": "application/json"}, b"\xff", 400),
        ({"content-type": "application/json"}, b"[" * 40_000, 413),
        ({"content-type": "application/json; charset=utf-8"}, b'{"op":"=","args":[{"property":"urut"},1]}', 200),
    ],
)
def test_a_body_is_looked_at_before_it_is_used(village, headers, body: bytes, status: int) -> None:
    answer = village.client.post(ITEMS, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert village.client.post("/ogc/collections", content=body, headers=headers).status_code == 405


def test_what_a_hostile_filter_costs_is_bounded(village) -> None:
    long = "nama LIKE '" + "%a" * 50 + "%'"
    assert asked(village, long)["numberMatched"] == 0
    many = "kode IN (" + ",".join(f"'{n:04}'" for n in range(500)) + ")"
    assert asked(village, many)["numberMatched"] == 237


def test_it_is_declared(village) -> None:
    declared = village.json("/ogc/conformance")["conformsTo"]
    for name in ("ogcapi-features-3/1.0/conf/filter", "ogcapi-features-3/1.0/conf/features-filter"):
        assert f"http://www.opengis.net/spec/{name}" in declared
    for name in ("cql2-text", "cql2-json", "spatial-functions", "accent-insensitive-comparison"):
        assert f"http://www.opengis.net/spec/cql2/1.0/conf/{name}" in declared


@pytest.mark.parametrize(
    "body",
    [
        b'{"ab":"\xc3\xa9' + b"\xc3\xa9" * 60 + b'"}',
        b'{"op":"like","args":[{"property":"nama"},"' + b"*" * 20_000 + b'"]}',
        b'{"op":"like","args":[{"property":"nama"},"a\\u0000%"]}',
    ],
)
def test_what_sqlite_or_a_message_would_choke_on_is_a_plain_refusal(village, body: bytes) -> None:
    answer = village.client.post(ITEMS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("text", ["(1e308*10) % 3 = 1", "(urut*1e308*1e308) % 3 = 1", "urut / 0 = 1", "0 ^ -1 = 1"])
def test_numbers_beyond_all_bounds_match_nothing(village, text: str) -> None:
    assert asked(village, text)["numberMatched"] == 0


def test_a_filter_that_takes_too_long_is_the_fault_of_the_filter(village, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> object:
        raise Unavailable("the question took longer than 5 s: ask for less", seconds=5.0)

    monkeypatch.setattr(Serving, "select", late)
    refused = village.get(f"{ITEMS}?filter={quote('urut > 1')}", 400)
    assert "filter: the question took longer" in refused.json()["detail"]
    assert village.get(f"{ITEMS}?sortby=urut", 503).headers["retry-after"]
