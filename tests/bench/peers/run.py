"""One run beside the peers: start a server, compare its answers, load it, end it, and go on to the next."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import made
from tests.bench.peers import mapserver, nginx, ours, qgis, stock, table, tipg
from tests.bench.peers.answers import Answers, answered, wrong
from tests.bench.peers.answers import table as answers_table
from tests.bench.peers.load import Load, loaded
from tests.bench.peers.machine import Absent, settle
from tests.bench.peers.peer import Peer, Place, Starter
from tests.bench.peers.whole import whole_layer
from tests.bench.peers.workloads import TITLES, Asked, drawn

PEERS: Mapping[str, Starter] = {
    "qgis-gpkg": qgis.started,
    "mapserver-fgb": mapserver.started,
    "tipg-pg": tipg.started,
    "pygeoapi-pg": stock.on_postgresql,
    "pygeoapi-ogr": stock.on_ogr,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run shall do."""

    folder: Path = Path("build/bench")
    scale: float = 1.0
    runs: int = 1
    seconds: float = 4.0
    warm: float = 1.0
    workloads: tuple[str, ...] = tuple(TITLES)
    keep: bool = False
    servers: tuple[str, ...] = ()
    """Names of servers; empty = all."""


def say(line: str) -> None:
    """To whoever watches."""
    print(line, file=sys.stderr, flush=True)


def prepared(wish: Wish) -> tuple[Place, Asked]:
    """The data of a run and its requests."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    place = Place(wish.folder.absolute(), made.made(wish.folder, wish.scale), wish.scale, wish.keep)
    return place, drawn(place.data["buildings"])


def measured(wish: Wish) -> bool:
    """Run, print the tables and write them into the folder; whether every figure that could be judged is reached."""
    place, asked = prepared(wish)
    starters: dict[str, Starter] = {table.OURS: ours.started, table.LIMIT: nginx.limit, **PEERS}
    wanted = {name: each for name, each in starters.items() if not wish.servers or name in wish.servers}
    loads: dict[str, dict[str, list[Load]]] = {}
    answers: dict[str, Answers] = {}
    absent: dict[str, str] = {}
    notes: dict[str, str] = {}
    for run in range(wish.runs):
        for name, starter in wanted.items():
            if name in absent:
                continue
            say(f"run {run + 1}: {name}")
            try:
                peer = starter(place)
            except Absent as reason:
                absent[name] = str(reason)
                say(f"  absent: {reason}")
                continue
            try:
                notes[name] = f"{peer.version}{f'; {peer.note}' if peer.note else ''}"
                if run == 0 and name != table.LIMIT:
                    answers[name] = answered(peer, asked)
                    if bad := wrong(answers[name], asked):
                        say(f"  other numbers than shapely's: {', '.join(bad)}")
                if name == table.OURS and table.LIMIT in wanted and run == 0:
                    nginx.dumped(peer, asked, place.folder / "answers")
                _one(peer, asked, wish, loads.setdefault(name, {}), answers.get(name))
            finally:
                peer.stop()
    return _written(place, wish, loads, answers, absent, notes, asked)


def _one(peer: Peer, asked: Asked, wish: Wish, kept: dict[str, list[Load]], answers: Answers | None) -> None:
    """All workloads of one server."""
    for name in wish.workloads:
        addresses = peer.dialect.addresses(name, asked) if name != "W9" else []
        if addresses is None or (answers and name in answers.why_not):
            continue
        settle()
        try:
            if name == "W9":
                load = whole_layer(peer, asked, most=10 * wish.seconds / 4)
            else:
                encoding = "gzip" if name == "W2z" else ""
                load = loaded(
                    peer.base,
                    addresses,
                    peer.roots,
                    accept=peer.accept,
                    encoding=encoding,
                    seconds=wish.seconds,
                    warm=wish.warm,
                )
        except (OSError, RuntimeError) as error:
            say(f"  {name}: {error}")
            continue
        say(
            f"  {name:3} {table.number(load.rate):>8}/s p50 {load.p50:.2f} p99 {load.p99:.2f} ms, "
            f"{load.mean_bytes:.0f} B, {load.errors} errors, server {load.server_cpu:.2f} "
            f"foreign {load.foreign:.2f} cores, PSS {load.memory.pss:.0f} MB"
        )
        kept.setdefault(name, []).append(load)


def _written(
    place: Place,
    wish: Wish,
    loads: Mapping[str, Mapping[str, Sequence[Load]]],
    answers: dict[str, Answers],
    absent: dict[str, str],
    notes: dict[str, str],
    asked: Asked,
) -> bool:
    """The tables on the screen and in files."""
    others = {(server, name) for server, each in answers.items() for name in wrong(each, asked)}
    lines, rows = table.ratios(loads, others)
    text = "\n\n".join(
        part
        for part in (
            f"{asked.count:,} buildings, scale {wish.scale:g}; {wish.runs} run(s) of {wish.seconds:g} s, "
            f"wrk -t1 -c16; servers with 2 processes each, no page kept by ours.",
            answers_table(answers, asked) if answers else "",
            table.rates(loads),
            lines,
            "\n".join(f"- {name}: {note}" for name, note in notes.items()),
            "\n".join(f"- {name} is absent: {reason}" for name, reason in absent.items()),
        )
        if part
    )
    print(text, flush=True)
    (place.folder / "peers.md").write_text(text + "\n", encoding="utf-8")
    told = {
        "scale": wish.scale,
        "runs": wish.runs,
        "ratios": rows,
        "loads": {
            server: {name: [dataclasses.asdict(load) for load in runs] for name, runs in each.items()}
            for server, each in loads.items()
        },
        "answers": {server: dataclasses.asdict(each) for server, each in answers.items()},
        "absent": absent,
        "servers": notes,
    }
    (place.folder / "peers.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return all(row["reached"] is not False for row in rows)
