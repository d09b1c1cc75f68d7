"""``python -m tests.bench.peers``: our server beside the others."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.bench.peers.run import PEERS, Wish, measured
from tests.bench.peers.workloads import TITLES


def main() -> int:
    """Measure and print; 1 when a figure is not reached."""
    asked = argparse.ArgumentParser(
        prog="python -m tests.bench.peers",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="workloads:\n" + "\n".join(f"  {name:4} {title}" for name, title in TITLES.items()),
    )
    asked.add_argument("--folder", type=Path, default=Path("build/bench"), help="where data, tables and servers lie")
    asked.add_argument("--scale", type=float, default=1.0, help="part of the 500,000 buildings")
    asked.add_argument("--runs", type=int, default=1, help="runs; the median counts")
    asked.add_argument("--seconds", type=float, default=4, help="length of each load")
    asked.add_argument("--warm", type=float, default=1, help="length of the load before it")
    asked.add_argument("--workloads", default=",".join(TITLES), help="W1,W3 ...")
    asked.add_argument("--servers", default="", help=f"some of ours,nginx,{','.join(PEERS)}; otherwise all")
    asked.add_argument("--keep", action="store_true", help="take what an earlier run published, whatever changed")
    options = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wish = Wish(
        options.folder,
        options.scale,
        options.runs,
        options.seconds,
        options.warm,
        tuple(options.workloads.split(",")),
        options.keep,
        tuple(filter(None, options.servers.split(","))),
    )
    return 0 if measured(wish) else 1


if __name__ == "__main__":
    raise SystemExit(main())
