"""Nodes that are busy, break off, lie or send elsewhere: played by a small server that does as it is told."""

import gzip
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from geoportal.client import RemoteNode
from geoportal.client.transport import Transport
from geoportal.errors import Invalid, NotAllowed, Unavailable

Answer = Callable[[BaseHTTPRequestHandler], None]
TOKEN = "gp_abcd_secret"


class Stage:
    """A server on this machine: ``acts`` are its next answers, ``seen`` the requests that it got."""

    def __init__(self) -> None:
        self.acts: list[Answer] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stage.seen.append((self.path, dict(self.headers)))
                act = stage.acts.pop(0) if len(stage.acts) > 1 else stage.acts[0]
                act(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.server.shutdown()
    stage.server.server_close()


def says(status: int, body: bytes, **headers: str) -> Answer:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return act


def document(**content: object) -> Answer:
    return says(200, json.dumps(content).encode())


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"collections"')


def test_a_busy_node_is_asked_again(stage):
    stage.acts = [says(503, b"", Retry_After="7"), breaks_off, says(429, b"{}"), document(collections=[])]
    pauses: list[float] = []
    assert RemoteNode(stage.url, pause=pauses.append).datasets() == []
    assert pauses == [7.0, 1.0, 2.0]


def test_a_node_that_stays_busy_says_why(stage):
    stage.acts = [says(503, json.dumps({"detail": "disk penuh"}).encode())]
    with pytest.raises(Unavailable, match="disk penuh"):
        RemoteNode(stage.url, tries=3, pause=lambda _: None).datasets()
    assert len(stage.seen) == 3


def test_a_fault_of_the_asker_is_not_repeated(stage):
    stage.acts = [says(422, json.dumps({"detail": "tidak masuk akal"}).encode())]
    with pytest.raises(Invalid, match="tidak masuk akal"):
        RemoteNode(stage.url).datasets()
    assert len(stage.seen) == 1


def test_packed_answers_are_unpacked(stage):
    stage.acts = [says(200, gzip.compress(b'{"collections": []}'), Content_Encoding="gzip")]
    assert RemoteNode(stage.url).datasets() == []
    assert stage.seen[0][1]["Accept-Encoding"] == "gzip"


def test_the_token_goes_to_the_node_and_nowhere_else(stage):
    other = Stage()
    try:
        other.acts = [document(collections=[])]
        stage.acts = [says(302, b"", Location=f"{other.url}/ogc/collections")]
        with pytest.raises(NotAllowed, match="not followed"):
            RemoteNode(stage.url, TOKEN).datasets()
        stage.acts = [document(id="a", links=[]), document(), document(features=[], links=[link(other.url)])]
        with pytest.raises(NotAllowed, match="links to"):
            RemoteNode(stage.url, TOKEN).read("a")
        assert other.seen == []
        assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, headers in stage.seen)
    finally:
        other.server.shutdown()
        other.server.server_close()


def link(url: str) -> dict[str, str]:
    return {"rel": "next", "href": f"{url}/ogc/collections/a/items?offset=1"}


def test_a_redirect_within_the_node_is_followed(stage):
    stage.acts = [says(308, b"", Location="/ogc/collections/"), document(collections=[])]
    assert RemoteNode(stage.url).datasets() == []


def test_pages_that_go_in_a_circle_end(stage):
    stage.acts = [document(id="a", links=[]), document(), document(features=[], links=[link(stage.url)])]
    with pytest.raises(Invalid, match="already"):
        RemoteNode(stage.url).read("a")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_what_is_no_node_is_said(stage, body):
    stage.acts = [says(200, body)]
    with pytest.raises(Invalid):
        RemoteNode(stage.url).datasets()


def test_a_packed_bomb_is_not_unpacked(stage, monkeypatch):
    monkeypatch.setattr("geoportal.client.transport.LARGEST_DOCUMENT", 10_000)
    stage.acts = [says(200, gzip.compress(b" " * 1_000_000), Content_Encoding="gzip")]
    with pytest.raises(Invalid, match="larger"):
        Transport(stage.url, None).document("/ogc")


def test_a_download_goes_on_after_a_break(stage, tmp_path):
    body = bytes(range(256)) * 40
    listed = {"rel": "enclosure", "href": f"{stage.url}/berkas/a/1/a.gpkg", "length": len(body)}

    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", '"x"')
        handler.end_headers()
        handler.wfile.write(body[:4000])

    rest = says(206, body[4000:], ETag='"x"', Content_Range=f"bytes 4000-{len(body) - 1}/{len(body)}")
    stage.acts = [document(id="a", links=[listed]), document(), half, rest]
    pauses: list[float] = []
    target = RemoteNode(stage.url, pause=pauses.append).download("a", "gpkg", tmp_path / "a.gpkg")
    assert target.read_bytes() == body
    assert stage.seen[-1][1]["Range"] == "bytes=4000-"
    assert stage.seen[-1][1]["If-Range"] == '"x"'
    assert len(pauses) == 1


def test_a_part_of_another_file_is_not_put_behind(stage, tmp_path):
    listed = {"rel": "enclosure", "href": f"{stage.url}/berkas/a/1/a.gpkg", "length": 4}
    (tmp_path / "a.gpkg.part").write_bytes(b"ab")
    (tmp_path / "a.gpkg.etag").write_text('"x"')
    wrong = says(206, b"zz", ETag='"y"', Content_Range="bytes 2-3/4")
    stage.acts = [document(id="a", links=[listed]), document(), wrong]
    with pytest.raises(Unavailable):
        RemoteNode(stage.url, pause=lambda _: None).download("a", "gpkg", tmp_path / "a.gpkg")
    assert not (tmp_path / "a.gpkg").exists()
