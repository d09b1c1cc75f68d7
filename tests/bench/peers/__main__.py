"""``python -m tests.bench.peers``: our server beside the others."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.bench.peers.figures import NAMES, figures
from tests.bench.peers.run import PEERS, Wish, measured, prepared
from tests.bench.peers.workloads import TITLES


def add_options(asked: argparse._ActionsContainer) -> None:
    """The options of a run beside the peers."""
    asked.add_argument("--seconds", type=float, default=4, help="length of each load")
    asked.add_argument("--warm", type=float, default=1, help="length of the load before it")
    asked.add_argument("--workloads", default=",".join(TITLES), help="W1,W3 ...; " + _titles())
    asked.add_argument("--servers", default="", help=f"some of ours,nginx,{','.join(PEERS)}; otherwise all")
    asked.add_argument("--figures", default=",".join(NAMES), help=f"some of {','.join(NAMES)}, or none")
    asked.add_argument("--keep", action="store_true", help="take what an earlier run published, whatever changed")


def _titles() -> str:
    return ", ".join(f"{name} {title}" for name, title in TITLES.items())


def beside_peers(options: argparse.Namespace) -> bool:
    """Measure as the options say; whether every figure is reached."""
    wish = Wish(
        folder=options.folder,
        scale=options.scale,
        runs=options.runs,
        seconds=options.seconds,
        warm=options.warm,
        workloads=tuple(name for name in options.workloads.split(",") if name in TITLES),
        keep=options.keep,
        servers=tuple(filter(None, options.servers.split(","))),
    )
    # Servers are ended by what runs at exit, and a plain SIGTERM would skip that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    met = measured(wish) if wish.workloads else True
    wanted = tuple(name for name in NAMES if name in options.figures.split(","))
    if wanted:
        met &= figures(*prepared(wish), options.runs, wanted)
    return met


def main() -> int:
    """Measure and print; 1 when a figure is not reached."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    asked.add_argument("--folder", type=Path, default=Path("build/bench"), help="where data, tables and servers lie")
    asked.add_argument("--scale", type=float, default=1.0, help="part of the 500,000 buildings")
    asked.add_argument("--runs", type=int, default=1, help="runs; the median counts")
    add_options(asked)
    return 0 if beside_peers(asked.parse_args()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
