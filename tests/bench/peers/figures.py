"""The figures of the server that need no peer on the network: publishing, many collections, many connections."""

from __future__ import annotations

import dataclasses
import json

from tests.bench.measure import HEAD
from tests.bench.peers import many, ours, publishing
from tests.bench.peers.load import loaded
from tests.bench.peers.machine import Absent
from tests.bench.peers.peer import Place
from tests.bench.peers.workloads import Asked

CONNECTIONS = 1000
P99_MS = 1000
NAMES = ("publish", "many", "connections")


def figures(place: Place, asked: Asked, runs: int, wanted: tuple[str, ...] = NAMES) -> bool:
    """Measure, print, and write ``figures.md`` and ``figures.json``; whether all are reached."""
    lines, told, met = [], {}, True

    def judged(line: str, reached: bool) -> None:
        nonlocal met
        met &= reached
        lines.append(f"{line}; {'reached' if reached else 'NOT REACHED'}")
        print(lines[-1], flush=True)

    if "publish" in wanted:
        try:
            rows = publishing.ratios(place, runs)
        except Absent as reason:
            lines.append(f"- publishing beside ogr2ogr: absent: {reason}")
        else:
            lines += [HEAD, *(row.row() for row in rows), ""]
            print("\n".join(lines), flush=True)
            met &= rows[0].met
            told["publish"] = [dataclasses.asdict(row) for row in rows]
    if "many" in wanted:
        count = max(100, round(many.COUNT * min(place.scale, 1)))
        seen = many.seen(place, count)
        told["many"] = [dataclasses.asdict(seen)]
        judged(
            f"- {count} collections: a page of 100 of the list p50 {seen.p50:.1f} ms, p95 {seen.p95:.1f} ms "
            f"(figure < {many.P95_MS}), the very first {seen.first:.0f} ms, under load {seen.load.rate:.0f}/s with "
            f"p99 {seen.load.p99:.0f} ms; PSS {seen.load.memory.pss:.0f} MB, largest process "
            f"{seen.load.memory.private:.0f} MB; made in {seen.made_in:.0f} s",
            seen.p95 < many.P95_MS,
        )
        judged(
            f"- {count} collections: a publication is seen after {seen.visible:.2f} s (figure < {many.VISIBLE_S})",
            seen.visible < many.VISIBLE_S,
        )
    if "connections" in wanted:
        peer = ours.started(place)
        try:
            addresses = [
                address
                for workload in ("W1", "W3", "W4", "W5")
                for address in (peer.dialect.addresses(workload, asked) or [])[:100]
            ]
            load = loaded(
                peer.base,
                addresses,
                peer.roots,
                accept=peer.accept,
                seconds=6,
                warm=2,
                connections=CONNECTIONS,
                threads=2,
            )
        finally:
            peer.stop()
        told["connections"] = [dataclasses.asdict(load)]
        judged(
            f"- {CONNECTIONS} connections (W1, W3, W4, W5 mixed): {load.rate:.0f}/s, p50 {load.p50:.0f} ms, "
            f"p99 {load.p99:.0f} ms, errors {load.errors} (figure p99 <= {P99_MS} ms, no error), "
            f"foreign {load.foreign:.2f} cores",
            load.p99 <= P99_MS and not load.errors,
        )
    (place.folder / "figures.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (place.folder / "figures.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return met
