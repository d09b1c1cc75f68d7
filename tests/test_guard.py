"""The tests' own promise: no test and no child of a test reaches another machine."""

import socket
import subprocess
import sys

import pytest

from tests.guard.sitecustomize import ForeignConnection
from tests.processes import environment

ELSEWHERE = "192.0.2.1"  # TEST-NET-1, RFC 5737: no machine has it


def test_another_machine_is_refused():
    with socket.socket() as stream, pytest.raises(ForeignConnection):
        stream.connect((ELSEWHERE, 80))
    with socket.socket() as stream, pytest.raises(ForeignConnection):
        stream.connect_ex((ELSEWHERE, 80))
    with socket.socket(type=socket.SOCK_DGRAM) as datagram, pytest.raises(ForeignConnection):
        datagram.sendto(b"x", (ELSEWHERE, 53))
    with pytest.raises(ForeignConnection):
        socket.getaddrinfo("example.com", 80)


def test_this_machine_is_not():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
        assert client.getpeername() == server.getsockname()
    assert socket.getaddrinfo("localhost", 80)


def test_a_child_is_held_too_and_its_attempt_is_written_down(tmp_path):
    log = tmp_path / "foreign"
    script = f"import socket\ntry: socket.create_connection(('{ELSEWHERE}', 80), 1)\nexcept Exception: pass"
    subprocess.run([sys.executable, "-c", script], env=environment(tmp_path, GUARD_LOG=str(log)), check=True)
    assert ELSEWHERE in log.read_text("utf-8")
