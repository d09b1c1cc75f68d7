"""``make bench``: every figure in one run, as a table of ratios on the screen and in build/bench/ratios.md."""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

from tests.bench import quality
from tests.bench.measure import HEAD, busy_elsewhere


def main() -> int:
    """Measure and print; 1 when a figure is not reached."""
    asked = argparse.ArgumentParser(prog="make bench")
    asked.add_argument("--folder", type=Path, default=Path("build/bench"), help="where the data and the table go")
    asked.add_argument("--scale", type=float, default=1.0, help="part of the features: 0.01 to see whether it runs")
    asked.add_argument("--runs", type=int, default=3, help="runs of each piece of work; the median counts")
    options = asked.parse_args()
    busy = busy_elsewhere()
    lines = [
        f"Python {platform.python_version()} on {platform.machine()}; other processes keep {busy:.1f} cores busy; "
        f"scale {options.scale:g}; median of {options.runs}",
        "",
        HEAD,
    ]
    print("\n".join(lines), flush=True)
    met = True
    for ratio in quality.ratios(options.folder, options.scale, options.runs):
        met &= ratio.met
        lines.append(ratio.row())
        print(lines[-1], flush=True)
    (options.folder / "ratios.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
