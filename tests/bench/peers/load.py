"""Load on a server: wrk for many clients at once, one plain client for answers and for whole layers."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.peers.machine import Memory, busy, memory, settle, spent

CONNECTIONS = 16
FEW = 32
"""Answers below which a window says nothing: four requests one after another count instead."""

SCRIPT = """
local addresses, head, at = {}, {["Accept"] = os.getenv("BENCH_ACCEPT")}, 0
if os.getenv("BENCH_ENCODING") ~= "" then head["Accept-Encoding"] = os.getenv("BENCH_ENCODING") end
function init()
  for line in io.lines(os.getenv("BENCH_ADDRESSES")) do addresses[#addresses + 1] = wrk.format("GET", line, head) end
end
function request()
  at = at % #addresses + 1
  return addresses[at]
end
function done(summary, latency)
  local errors = summary.errors
  io.write("\\nSAID " .. string.format(
    '{"answers": %d, "us": %d, "bytes": %d, "p50": %f, "p99": %f, "max": %f, "bad": %d, "lost": %d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under one load. Times in ms; ``foreign`` is the CPU of neither server nor wrk, in cores."""

    rate: float
    answers: int
    p50: float
    p99: float
    errors: int
    mean_bytes: float
    foreign: float
    server_cpu: float
    memory: Memory
    one_by_one: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, media type, body as it travelled."""

    status: int
    kind: str
    encoding: str
    body: bytes
    seconds: float


class Client:
    """One client that keeps its connection."""

    def __init__(self, base: str, accept: str, timeout: float = 60) -> None:
        place = urlsplit(base)
        self.accept = accept
        self.connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout)

    def get(self, address: str, encoding: str = "") -> Answer:
        """GET of an address; a broken connection is opened anew once."""
        head = {"Accept": self.accept, "Accept-Encoding": encoding or "identity"}
        start = time.perf_counter()
        try:
            self.connection.request("GET", address, headers=head)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.connection.close()
            self.connection.request("GET", address, headers=head)
            answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - start
        return Answer(
            answer.status,
            answer.getheader("Content-Type", ""),
            answer.getheader("Content-Encoding", ""),
            body,
            took,
        )

    def close(self) -> None:
        """Let the server go."""
        self.connection.close()


def loaded(
    base: str,
    addresses: Sequence[str],
    roots: Sequence[int],
    *,
    accept: str,
    encoding: str = "",
    seconds: float = 4,
    warm: float = 1,
    connections: int = CONNECTIONS,
    threads: int = 1,
) -> Load:
    """Measure a server, whose first processes are ``roots``, under requests for these addresses in turn."""
    client = Client(base, accept)
    first = client.get(addresses[0], encoding)
    client.close()
    if first.seconds < 0.5 and warm:
        _wrk(base, addresses, warm, connections, threads, accept, encoding)
    settle()
    before, server_before, wrk_before = busy(), spent(roots), _children()
    said = _wrk(base, addresses, seconds, connections, threads, accept, encoding)
    server, mine = spent(roots) - server_before, _children() - wrk_before
    foreign = max(0.0, busy() - before - server - mine)
    held = memory(roots)
    window = max(said["us"] / 1e6, 0.001)
    rate, one_by_one = said["answers"] / window, False
    p50, p99 = said["p50"] / 1000, said["p99"] / 1000
    if said["answers"] < FEW:
        settle()
        times = _one_by_one(base, addresses, accept, encoding)
        if times and 1 / (sum(times) / len(times)) > rate:
            rate, one_by_one = len(times) / sum(times), True
            p50 = p99 = sorted(times)[len(times) // 2] * 1000
    return Load(
        rate,
        int(said["answers"]),
        p50,
        p99,
        int(said["bad"] + said["lost"]),
        said["bytes"] / max(said["answers"], 1),
        foreign / window,
        server / window,
        held,
        one_by_one,
    )


def _one_by_one(base: str, addresses: Sequence[str], accept: str, encoding: str, most: float = 8) -> list[float]:
    client, times = Client(base, accept), []
    for address in list(addresses[:4]) * 4:
        times.append(client.get(address, encoding).seconds)
        if len(times) == 4 or sum(times) > most:
            break
    client.close()
    return times


def _children() -> float:
    """CPU seconds of ended children: wrk's."""
    times = os.times()
    return times.children_user + times.children_system


def _wrk(
    base: str,
    addresses: Sequence[str],
    seconds: float,
    connections: int,
    threads: int,
    accept: str,
    encoding: str,
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        script, listed = Path(name) / "load.lua", Path(name) / "addresses"
        script.write_text(SCRIPT)
        listed.write_text("\n".join(addresses) + "\n")
        done = subprocess.run(
            [
                "wrk",
                f"-t{threads}",
                f"-c{connections}",
                f"-d{max(1, round(seconds))}s",
                "--timeout",
                "30s",
                "-s",
                script,
                base,
            ],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "BENCH_ADDRESSES": str(listed), "BENCH_ACCEPT": accept, "BENCH_ENCODING": encoding},
        )
    said = re.search(r"SAID (\{.*\})", done.stdout)
    if not said:
        raise RuntimeError(f"wrk said nothing: {done.stderr[-300:]}{done.stdout[-300:]}")
    numbers: dict[str, float] = json.loads(said[1].replace("nan", "0"))
    return numbers
