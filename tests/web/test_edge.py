"""The edge: hosts, headers, methods, errors, and what is said of them."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.requests import Request

from geoportal.errors import BadRequest, Conflict, GeoportalError, NotFound, StorageFull, Unavailable, error_classes
from geoportal.language import has_text
from geoportal.web import problems
from geoportal.web.edge import accepted_hosts
from geoportal.web.logs import JsonLines
from tests.web.conftest import client_of
from tests.web.nodes import make_node

SECRET = "sqlite:////rumah/rahasia"


@pytest.mark.parametrize("host", ["127.0.0.1:18080", "127.0.0.1", "localhost", "LOCALHOST:1", "[::1]", "[::1]:18080"])
def test_own_hosts_are_answered(portal, host):
    assert portal.client.get("/health/live", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "", "[::1", "[::1]evil", "localhost.evil", "::1", "127.0.0.1@evil"],
)
@pytest.mark.parametrize("path", ["/", "/ogc", "/static/geoportal.css", "/tidak/ada"])
def test_foreign_hosts_are_refused(portal, host, path):
    answer = portal.client.get(path, headers={"host": host, "accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/masalah/bad-request")
    assert "evil" not in answer.text


def test_hosts_come_from_settings(tmp_path):
    node = make_node(tmp_path, base_url="https://data.contoh.id", hosts=("simpul.contoh.id",))
    assert accepted_hosts(node.settings) == {
        "data.contoh.id",
        "simpul.contoh.id",
        "localhost",
        "127.0.0.1",
        "[::1]",
    }
    with client_of(node) as client:
        for host in ("data.contoh.id", "simpul.contoh.id"):
            answer = client.get("/", headers={"host": host})
            assert answer.status_code == 200
            assert "https://data.contoh.id/?lang=en" in answer.text
            assert answer.headers["strict-transport-security"]
    node.close()


def test_a_forwarded_host_is_not_believed(portal):
    headers = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-forwarded-proto": "https"}
    answer = portal.client.get("/", headers=headers)
    assert answer.status_code == 200 and "evil" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/", "/katalog", "/tidak/ada", "/static/geoportal.css", "/health/live", "/ogc", "/dataset/puskesmas/map.svg"],
)
def test_every_answer_is_armed(portal, path):
    headers = portal.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "granian" not in str(headers).lower() and "x-powered-by" not in headers


def test_pages_run_nothing_but_our_own(portal):
    policy = dict(part.split(" ", 1) for part in portal.client.get("/").headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == policy["frame-src"] == "'self'"
    assert policy["base-uri"] == "'none'" and policy["form-action"] == "'self'"
    assert policy["img-src"] == "'self' data:" and policy["frame-ancestors"] == "'self'"


def test_head_has_no_body_and_the_same_headers(portal):
    full, head = portal.client.get("/katalog"), portal.client.head("/katalog")
    assert not head.content and full.content
    assert head.headers["etag"] == full.headers["etag"]
    assert head.headers["content-length"] == full.headers["content-length"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(portal, method):
    answer = portal.client.request(method, "/katalog", headers={"accept": "application/json"})
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_endless_address_is_refused(portal):
    assert portal.client.get("/katalog?q=" + "a" * 9000).status_code == 414
    assert portal.client.get("/katalog?q=" + "a" * 7000).status_code == 200


@pytest.mark.parametrize(
    "path", ["/katalog?hal=-1", "/katalog?hal=999999", "/katalog?hal=x&urut=x&tema=", "/katalog?q=%00%ff"]
)
def test_senseless_questions_are_answered(portal, path):
    assert portal.client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/%00", "/dataset/%00", "/dataset/..%2f..%2fetc", "/static/..%2fapp.py", "/static/.hidden"]
)
def test_odd_paths_lead_nowhere(portal, path):
    assert portal.client.get(path).status_code == 404


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", error_classes())
def test_every_error_is_explained_in_both_languages(portal, kind, language):
    for part in ("title", "what", "advice"):
        assert has_text("errors", f"{kind.code}.{part}", language), kind.code
    answer = portal.client.get(f"/masalah/{kind.code}", headers={"accept-language": language})
    assert answer.status_code == 200
    assert problems.said(kind.code, "title", language) in answer.text
    assert str(kind.status) in answer.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("rahasia"), 404, "not-found"),
        (BadRequest("limit is odd"), 400, "bad-request"),
        (Conflict("somebody was first"), 409, "conflict"),
        (Unavailable("the register is locked"), 503, "unavailable"),
        (StorageFull("12 MB are free"), 507, "storage-full"),
        (GeoportalError(SECRET), 500, "internal-error"),
        (RuntimeError(SECRET), 500, "internal-error"),
    ],
)
def test_errors_become_problems(portal, monkeypatch, caplog, error, status, code):
    from geoportal.web import portal as pages

    def broken(*_):
        raise error

    monkeypatch.setattr(pages, "home_page", broken)
    with caplog.at_level(logging.CRITICAL):
        answer = portal.client.get("/", headers={"accept": "application/problem+json", "accept-language": "en"})
        page = portal.client.get("/", headers={"accept": "text/html"})
    assert answer.status_code == page.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/masalah/{code}" and body["status"] == status and body["instance"] == "/"
    assert body["title"] == problems.said(code, "title", "en") and body["detail"]
    assert SECRET not in answer.text + page.text and "rahasia" not in answer.text + page.text
    assert page.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_fault_is_logged_under_the_id_that_is_shown(portal, monkeypatch, caplog):
    from geoportal.web import portal as pages

    monkeypatch.setattr(pages, "home_page", lambda *_: 1 / 0)
    answer = portal.client.get("/", headers={"accept": "application/json"})
    body = answer.json()
    assert body["id"] in body["detail"]
    logged = [record for record in caplog.records if body["id"] in record.getMessage()]
    assert logged and logged[0].exc_info
    assert "ZeroDivisionError" not in answer.text


def test_a_page_that_cannot_be_made_still_gives_a_problem(portal, monkeypatch, caplog):
    from geoportal.web.site import Site

    def broken(*_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Site, "render", broken)
    answer = portal.client.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 500 and answer.json()["type"] == "/masalah/internal-error"
    assert SECRET not in answer.text


def test_problems_below_ogc_have_what_clients_expect(portal):
    answer = portal.client.get("/ogc/tidak/ada")
    body = answer.json()
    assert answer.status_code == 404 and body["code"] == "NotFound" and body["description"]


def test_ready_tells_when_the_register_is_gone(portal, monkeypatch, caplog):
    assert portal.client.get("/health/live").json() == {"status": "live"}
    assert portal.client.get("/health/ready").json() == {"status": "ready"}

    def gone(_):
        raise OSError(SECRET)

    monkeypatch.setattr("geoportal.store.datasets.publications", gone)
    answer = portal.client.get("/health/ready", headers={"accept": "application/json"})
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert SECRET not in answer.text
    assert portal.client.get("/health/live").status_code == 200


def test_a_log_line_is_one_line_without_secrets():
    message = "a\nb Bearer gp_ab12_abcdefghijklmnop ?token=abc&x=1"
    record = logging.LogRecord("web", logging.ERROR, "x", 1, message, None, None)
    line = JsonLines().format(record)
    assert "\n" not in line and "abcdefgh" not in line and "token=abc" not in line
    assert json.loads(line)["message"].startswith("a\nb")


def test_a_host_header_stands_once():
    scope = {"type": "http", "headers": [(b"host", b"localhost"), (b"host", b"evil")]}
    assert problems.host_of(Request(scope).headers) == ""
