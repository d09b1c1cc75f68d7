"""The whole layer by one client, page after page."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.bench.peers.load import Client, Load
from tests.bench.peers.machine import busy, memory, spent
from tests.bench.peers.peer import Peer
from tests.bench.peers.workloads import Asked


@dataclass(slots=True)
class _Read:
    """What one client has read so far."""

    features: int = 0
    answers: int = 0
    size: int = 0
    seconds: float = 0.0
    errors: int = 0


def whole_layer(peer: Peer, asked: Asked, most: float) -> Load:
    """Thousands of features a second; stops after ``most`` seconds. What the client itself thinks is not counted."""
    client, read, times = Client(peer.base, peer.accept, timeout=120), _Read(), []
    before, server_before, mine_before, start = busy(), spent(peer.roots), time.process_time(), time.perf_counter()
    pages = -(-asked.count // peer.dialect.whole)
    while read.answers < pages and read.seconds < most:
        answer = client.get(peer.dialect.page(asked, read.answers))
        if answer.status != 200:
            read.errors += 1
            break
        read.seconds += answer.seconds
        times.append(answer.seconds)
        read.size += len(answer.body)
        read.answers += 1
        # The closing quote keeps the word apart from FeatureCollection.
        read.features += answer.body.count(b'"Feature"')
    passed = time.perf_counter() - start
    server, mine = spent(peer.roots) - server_before, time.process_time() - mine_before
    foreign = max(0.0, busy() - before - server - mine)
    client.close()
    times.sort()
    return Load(
        read.features / read.seconds / 1000 if read.seconds else 0.0,
        read.answers,
        times[len(times) // 2] * 1000 if times else 0.0,
        times[-1] * 1000 if times else 0.0,
        read.errors,
        read.size / max(read.answers, 1),
        foreign / passed,
        server / passed,
        memory(peer.roots),
    )
