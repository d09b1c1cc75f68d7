"""What scripts of other pages may read of the portal: files, drawings, what an error means; and what they may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.processes import free_port, serving
from tests.web import nodes

FILE = "/berkas/puskesmas/2/puskesmas.fgb"
SHARED = [FILE, "/masalah/not-found", "/dataset/puskesmas/thumb.svg", "/dataset/puskesmas/map.svg"]
MISSING = ["/berkas/tiada/1/tiada.fgb", "/berkas/x", "/masalah/tiada", "/dataset/tiada/thumb.svg"]
ORIGIN = {"origin": "https://peta.example"}


def exposed(answer):
    return {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}


@pytest.mark.parametrize("path", SHARED)
def test_any_page_may_read_it(portal, path):
    for method in ("GET", "HEAD"):
        answer = portal.client.request(method, path, headers=ORIGIN)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert exposed(answer) >= {"etag", "content-length", "content-range", "accept-ranges", "content-disposition"}
    known = portal.client.get(path, headers={**ORIGIN, "if-none-match": answer.headers["etag"]})
    assert known.status_code == 304 and known.headers["access-control-allow-origin"] == "*"


def test_a_part_of_a_file_too(portal):
    part = portal.client.get(FILE, headers={**ORIGIN, "range": "bytes=0-7"})
    assert (part.status_code, part.headers["access-control-allow-origin"]) == (206, "*")
    beyond = portal.client.get(FILE, headers={**ORIGIN, "range": "bytes=999999999-"})
    assert (beyond.status_code, beyond.headers["access-control-allow-origin"]) == (416, "*")


@pytest.mark.parametrize("path", MISSING)
def test_and_that_there_is_nothing(portal, path):
    for accept in ("application/json", "text/html"):
        answer = portal.client.get(path, headers={**ORIGIN, "accept": accept})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, "*")
    assert portal.client.post(path, headers=ORIGIN).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", [*SHARED, *MISSING])
def test_asking_first_tells_nothing_of_what_is_there(portal, path):
    asks = {**ORIGIN, "access-control-request-method": "GET", "access-control-request-headers": "range,if-none-match"}
    answer = portal.client.options(path, headers=asks)
    assert answer.status_code == 204 and not answer.content
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")}
    assert allowed >= {"range", "if-range", "if-none-match", "if-modified-since"}
    assert "authorization" not in allowed and "*" not in allowed
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"] == "GET, HEAD, OPTIONS"
    plain = portal.client.options(path)
    assert plain.status_code == 204 and "access-control-allow-methods" not in plain.headers


@pytest.mark.parametrize("path", [*SHARED, *MISSING])
def test_no_page_may_read_what_is_for_one_asker(portal, path):
    for token in (portal.token["authorization"], "Bearer wrong"):
        for method in ("GET", "OPTIONS"):
            answer = portal.client.request(method, path, headers={**ORIGIN, "authorization": token})
            assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/", "/katalog", "/dataset/puskesmas", "/lapor", "/health/ready", "/berkasku/x"])
def test_pages_for_people_are_not_shared(portal, path):
    answer = portal.client.get(path, headers=ORIGIN)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


class Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def another_origin() -> Iterator[str]:
    """The address of an empty page on another port: to a browser, another origin."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


READ = """async ([url, headers]) => {
    try {
        const answer = await fetch(url, {headers});
        const body = await answer.arrayBuffer();
        const told = ["content-range", "accept-ranges", "etag", "content-length", "content-disposition"];
        return [answer.status, body.byteLength, told.filter(name => answer.headers.get(name))];
    } catch (error) { return [0, 0, []]; }
}"""


def test_a_browser_reads_a_file_from_another_origin(tmp_path, chromium):
    node = nodes.make_node(tmp_path)
    nodes.fill(node)
    node.close()
    with serving(Path(tmp_path / "data"), workers=1, port=free_port()) as running, another_origin() as elsewhere:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(elsewhere)
        status, length, told = page.evaluate(READ, [running.url + FILE, {}])
        assert (status, set(told)) == (200, {"accept-ranges", "etag", "content-length", "content-disposition"})
        part = page.evaluate(READ, [running.url + FILE, {"Range": "bytes=0-7", "If-Range": '"other"'}])
        assert part[:2] == [200, length]
        for asked in ("bytes=0-7", "bytes=-8"):  # the second is asked for first by OPTIONS
            status, got, told = page.evaluate(READ, [running.url + FILE, {"Range": asked}])
            assert (status, got) == (206, 8) and {"content-range", "etag"} <= set(told)
        for path, expected in ((MISSING[0], 404), (SHARED[1], 200), (SHARED[2], 200)):
            assert page.evaluate(READ, [running.url + path, {}])[0] == expected
        assert page.evaluate(READ, [running.url + "/katalog", {}])[0] == 0
        context.close()
