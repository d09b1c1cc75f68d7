"""Errors below ``/ogc``, whoever refuses: a whole problem document, in both languages, open to scripts of any page."""

from __future__ import annotations

import pytest

ORIGIN = {"origin": "https://peta.example"}
ITEMS = "/ogc/collections/puskesmas/items"
REFUSED = [
    ("GET", "/ogc", {"host": "evil.example"}, 400),
    ("GET", f"{ITEMS}?limit=1", {"host": "evil.example"}, 400),
    ("GET", f"{ITEMS}?nama={'x' * 9000}", {}, 414),
    ("GET", f"/ogc/{'x' * 9000}", {}, 414),
    ("POST", ITEMS, {"transfer-encoding": "chunked"}, 400),
    ("POST", ITEMS, {"content-type": "text/plain"}, 415),
    ("POST", "/ogc/collections", {}, 405),
    ("DELETE", ITEMS, {}, 405),
    ("PATCH", "/ogc/tiada", {}, 405),
    ("GET", "/ogc/tiada/apa", {}, 404),
    ("GET", "/ogc/collections/tiada", {}, 404),
    ("GET", f"{ITEMS}/tiada", {}, 404),
    ("GET", f"{ITEMS}?tiada=1", {}, 400),
    ("GET", f"{ITEMS}?f=tiada", {}, 400),
    ("GET", ITEMS, {"accept": "video/mp4"}, 406),
    ("GET", ITEMS, {"accept-encoding": "identity;q=0"}, 406),
]


def ask(portal, method, path, headers, language="en"):
    return portal.client.request(method, path, headers={**ORIGIN, "accept-language": language, **headers})


@pytest.mark.parametrize(("method", "path", "headers", "status"), REFUSED)
def test_a_refusal_is_whole_whoever_refuses(portal, method, path, headers, status):
    said = {}
    for language in ("id", "en"):
        answer = ask(portal, method, path, headers, language)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Content-Crs" in answer.headers["access-control-expose-headers"]
        assert answer.headers["content-language"].startswith(language)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept, Accept-Language, Accept-Encoding, Authorization"
        assert answer.headers["x-content-type-options"] == "nosniff" and "content-security-policy" in answer.headers
        document = answer.json()
        assert set(document) == {"type", "title", "status", "detail", "instance", "code", "description"}
        assert document["status"] == status and document["code"] and document["type"].startswith("http")
        assert document["instance"] == path.partition("?")[0]
        said[language] = document
    assert said["id"]["description"] == said["en"]["description"] == said["en"]["detail"] != said["id"]["detail"]
    assert ask(portal, method, path, headers, "fr").json()["detail"] in {one["detail"] for one in said.values()}


@pytest.mark.parametrize(("method", "path", "headers", "status"), [one for one in REFUSED if one[0] == "GET"])
def test_head_says_what_get_does_without_a_body(portal, method, path, headers, status):
    got, head = (ask(portal, verb, path, headers) for verb in ("GET", "HEAD"))
    assert head.status_code == got.status_code == status and head.content == b"" != got.content
    dropped = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in dropped} == {
        k: v for k, v in got.headers.items() if k not in dropped
    }


@pytest.mark.parametrize("path", ["/ogc", "/ogc/", "/ogc/tiada", "/ogc/collections/tiada/items", ITEMS, f"{ITEMS}/1"])
def test_asking_first_is_answered_everywhere(portal, path):
    asks = {"access-control-request-method": "GET", "access-control-request-headers": "accept-language"}
    answer = ask(portal, "OPTIONS", path, asks)
    assert answer.status_code == 204 and answer.content == b""
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "accept-language" in answer.headers["access-control-allow-headers"].lower()
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"]
    foreign = ask(portal, "OPTIONS", path, {**asks, "host": "evil.example"})
    assert foreign.status_code == 400 and foreign.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/ogc/tiada", ITEMS + "?tiada=1"])
def test_what_is_for_one_asker_is_open_to_no_page(portal, path):
    for headers in (portal.token, {"authorization": "Bearer wrong"}, {**portal.token, "host": "evil.example"}):
        answer = ask(portal, "GET", path, headers)
        assert answer.status_code >= 400 and answer.headers["cache-control"] == "private, no-store"
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_cookie_chooses_no_language_there(portal):
    portal.client.cookies.set("lang", "en")
    answers = [ask(portal, "GET", "/ogc", {"host": "evil.example"}, "id") for _ in range(2)]
    assert all(answer.headers["content-language"].startswith("id") for answer in answers)
    lang = portal.client.get("/ogc?lang=en", headers={"host": "evil.example", "accept-language": "id"})
    assert lang.json()["detail"] == lang.json()["description"]
