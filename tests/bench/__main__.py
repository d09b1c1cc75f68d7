"""``make bench``: every figure in one run, as tables of ratios on the screen and in build/bench/.

``--only quality`` for the checks beside the bare libraries (ratios.md), ``--only peers`` for the server beside other
servers (peers.md, figures.md). Servers that are missing are named with what installs them, and left out.
"""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

from tests.bench.measure import HEAD, busy_elsewhere
from tests.bench.peers.__main__ import add_options, beside_peers


def main() -> int:
    """Measure and print; 1 when a figure is not reached."""
    asked = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--folder", type=Path, default=Path("build/bench"), help="where the data and the tables go")
    asked.add_argument("--scale", type=float, default=1.0, help="part of the features: 0.01 to see whether it runs")
    asked.add_argument("--runs", type=int, default=3, help="runs of each piece of work; the median counts")
    asked.add_argument("--only", choices=("quality", "peers"), help="one half of the bench")
    add_options(asked.add_argument_group("beside the peers"))
    options = asked.parse_args()
    met = True
    try:
        if options.only != "peers":
            met &= _quality(options.folder, options.scale, options.runs)
        if options.only != "quality":
            met &= beside_peers(options)
    except KeyboardInterrupt:
        return 130
    return 0 if met else 1


def _quality(folder: Path, scale: float, runs: int) -> bool:
    """The checks beside the bare libraries; whether every figure is reached."""
    from tests.bench import quality

    lines = [
        f"Python {platform.python_version()} on {platform.machine()}; other processes keep {busy_elsewhere():.1f} "
        f"cores busy; scale {scale:g}; median of {runs}",
        "",
        HEAD,
    ]
    print("\n".join(lines), flush=True)
    met = True
    for ratio in quality.ratios(folder, scale, runs):
        met &= ratio.met
        lines.append(ratio.row())
        print(lines[-1], flush=True)
    (folder / "ratios.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return met


if __name__ == "__main__":
    raise SystemExit(main())
