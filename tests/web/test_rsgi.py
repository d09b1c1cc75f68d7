"""ASGI over granian's own protocol: what comes and goes is whole, or seen to be broken; a slow reader costs nothing."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT, free_port
from tests.web.exchange_app import PART_BYTES

SERVE = """
import sys
from granian import Granian
Granian("tests.web.exchange_app:create", factory=True, address="127.0.0.1", port=int(sys.argv[1]), workers=1,
        interface="rsgi", websockets=False, http="1", loop="uvloop", log_level="error").serve()
"""
PATIENCE_S = 20


def until(fact: Callable[[], bool]) -> None:
    """Wait for something that comes."""
    last = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < last, "it never came"
        time.sleep(0.02)


@dataclass
class Server:
    """The application at a port of its own, and what it noted."""

    port: int
    notes: Path
    process: subprocess.Popen[bytes]

    def noted(self) -> list[str]:
        return self.notes.read_text().split("\n")[:-1] if self.notes.exists() else []

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers)  # type: ignore[arg-type]
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def say(self, text: bytes) -> socket.socket:
        """Open a connection, send ``text`` and leave it open."""
        one = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        one.sendall(text)
        return one

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port, notes = free_port(), tmp_path_factory.mktemp("rsgi") / "notes"
    environ = {**os.environ, "EXCHANGE_NOTES": str(notes), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)], env=environ, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    made = Server(port, notes, process)
    try:
        until(lambda: "there" in made.noted())
        until(lambda: _answers(made))
        yield made
        assert len(made.workers()) == 1 and made.noted().count("there") == 1, "the worker was started anew"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _answers(server: Server) -> bool:
    try:
        return server.ask("GET", "/echo")[0] == 200
    except OSError:
        return False


def test_a_request_arrives_as_it_was_sent(server: Server) -> None:
    status, headers, said = server.ask("GET", "/echo/a%20b/%C3%A9?q=%C3%A9&x=1+2", **{"X-One": "1, 2"})
    heard = json.loads(said)
    assert status == 200 and headers["content-length"] == str(len(said))
    assert heard["path"] == "/echo/a b/é" and heard["raw"] == "/echo/a%20b/%C3%A9"
    assert heard["query"] == "q=%C3%A9&x=1+2" and heard["method"] == "GET" and heard["scheme"] == "http"
    assert heard["x-one"] == "1, 2" and heard["host"] == f"127.0.0.1:{server.port}"
    assert heard["client"][0] == "127.0.0.1" and heard["server"] == ["127.0.0.1", server.port]


def test_head_and_304_have_no_body(server: Server) -> None:
    status, headers, body = server.ask("HEAD", "/echo")
    assert status == 200 and int(headers["content-length"]) > 10 and body == b""
    status, headers, body = server.ask("GET", "/known")
    assert status == 304 and headers["etag"] == '"a"' and body == b"" and "content-length" not in headers


@pytest.mark.parametrize("length", [0, 1, 65_536, 3_000_001])
def test_a_body_arrives_whole(server: Server, length: int) -> None:
    assert server.ask("POST", "/body", bytes(length))[2] == str(length).encode()


def test_a_body_may_be_refused_unread(server: Server) -> None:
    assert server.ask("POST", "/refuse", bytes(1000))[0] == 413


def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(server: Server) -> None:
    before = server.noted().count("gone in the body")
    server.say(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nxxxx").close()
    until(lambda: server.noted().count("gone in the body") == before + 1)
    assert "read 4" not in server.noted()


@pytest.mark.parametrize("count", [0, 1, 4, 5, 300])
def test_an_answer_in_parts_arrives_whole(server: Server, count: int) -> None:
    status, headers, body = server.ask("GET", f"/stream?count={count}")
    assert status == 200 and headers["content-type"].startswith("text/plain")
    assert body == b"".join(bytes([number % 256]) * PART_BYTES for number in range(1, count + 1))


def test_an_answer_that_fails_is_not_taken_for_a_whole_one(server: Server) -> None:
    assert server.ask("GET", "/stream?count=9&fails=2")[0] == 500  # nothing has left yet
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        server.ask("GET", "/stream?count=900&fails=400")


def test_who_reads_slowly_costs_no_memory_and_is_forgotten_when_gone(server: Server) -> None:
    worker = server.workers()[0]
    files, memory = worker.num_fds(), worker.memory_info().rss
    slow = [server.say(b"GET /stream?count=1600 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(5)]  # 100 MB each
    for one in slow:
        assert one.recv(1000)  # it has begun
    assert server.ask("GET", "/echo")[0] == 200  # and holds up nobody
    assert worker.memory_info().rss - memory < 60_000_000
    assert "made 1600" not in server.noted()
    for one in slow:
        one.close()
    until(lambda: worker.num_fds() <= files)
    until(lambda: len([line for line in server.noted() if line.startswith("made ")]) >= 5)


def test_word_comes_that_the_client_has_gone(server: Server) -> None:
    one = server.say(b"GET /patient HTTP/1.1\r\nHost: x\r\n\r\n")
    until(lambda: "waiting" in server.noted())
    one.close()
    until(lambda: "gone while waiting" in server.noted())
