"""How long the serving files of 500,000 polygons take to write, beside ogr2ogr that writes a GeoPackage of them."""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.bench.measure import Ratio, in_process, timed
from tests.bench.peers.machine import Absent
from tests.bench.peers.peer import Place

MODULE = "tests.bench.peers.publishing"
FIGURE = 3


def ratios(place: Place, runs: int) -> list[Ratio]:
    """With the reading of the sealed layer, as ogr2ogr reads its source too, and without."""
    if not shutil.which("ogr2ogr"):
        raise Absent("apt-get install gdal-bin")
    source, work = place.data["buildings"], place.make("publishing")
    times = []
    for _ in range(runs):
        target = work / "peer.gpkg"
        target.unlink(missing_ok=True)
        start = time.perf_counter()
        subprocess.run(["ogr2ogr", "-f", "GPKG", target, source, "buildings"], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    peer = statistics.median(times)
    ours = in_process(MODULE, "open_and_build", str(source), str(work / "ours"), runs=runs)
    alone = in_process(MODULE, "build", str(source), str(work / "ours"), runs=runs)
    size = sum(path.stat().st_size for path in (work / "ours").iterdir()) / 1e6
    shutil.rmtree(work)
    return [
        Ratio("serving files, the layer read first, beside ogr2ogr to GeoPackage", ours.seconds, peer, "s", FIGURE),
        Ratio(f"the same of an opened layer ({size:.0f} MB written)", alone.seconds, peer, "s", FIGURE),
    ]


def main() -> None:
    """One piece of work, in a process of its own."""
    from geoportal.serving.build import build
    from tests.bench.quality import _layer

    asked = argparse.ArgumentParser()
    asked.add_argument("--work", required=True)
    asked.add_argument("source")
    asked.add_argument("target", type=Path)
    options = asked.parse_args()
    shutil.rmtree(options.target, ignore_errors=True)
    options.target.mkdir(parents=True)

    def nothing() -> None:
        # Imports are not the work.
        import pyogrio  # noqa: F401

        import geoportal.ingest.reader  # noqa: F401

    def built(layer: Any) -> dict[str, Any]:
        return {
            "features": build(layer if layer is not None else _layer(options.source), options.target, key="id").count
        }

    timed(nothing if options.work == "open_and_build" else lambda: _layer(options.source), built)


if __name__ == "__main__":
    main()
