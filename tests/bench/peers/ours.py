"""Our node: data taken in and published by the commands that an officer has, served as it is in use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.bench.peers.machine import free_port, start, until
from tests.bench.peers.peer import Peer, Place
from tests.bench.peers.workloads import Dialect, cql2

PROJECT = Path(__file__).parents[3]
WORKERS = 2
KEYS = {"buildings": "id", "villages": "kode"}


def environment(data: Path, port: int = 0) -> dict[str, str]:
    """What the commands of a node in ``data`` read: nothing of this machine's own node, no page kept."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GEOPORTAL_")}
    return own | {
        "GEOPORTAL_DATA": str(data.absolute()),
        "GEOPORTAL_HOST": "127.0.0.1",
        "GEOPORTAL_PORT": str(port or 8080),
        "GEOPORTAL_WORKERS": str(WORKERS),
        "GEOPORTAL_NODE__DEMO": "false",
        "GEOPORTAL_OGC__CACHE": "false",
        "GEOPORTAL_INGEST__CPU_S": "3000",
        "GEOPORTAL_INGEST__WALL_S": "3000",
    }


def published(place: Place) -> Path:
    """The data directory of a node with buildings and villages published; what an earlier run made is taken again
    while nothing that makes it has changed, or when the run was asked to keep it.
    """
    data = place.folder / f"node-{place.scale:g}"
    done = data / "bench.done"
    changed = max(
        path.stat().st_mtime
        for path in [*PROJECT.glob("geoportal/serving/**/*.py"), *PROJECT.glob("geoportal/store/*.py")]
    )
    if done.exists() and (place.keep or done.stat().st_mtime > changed):
        return data
    final, data = data, place.folder / f"node-{place.scale:g}.new"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    environ = environment(data)
    specification = data / "bench.yaml"
    for name, key in KEYS.items():
        specification.write_text(f"profile: bebas\nkey: {key}\n")
        submit = ["submit", place.data[name], "--dataset", name, "--layer", name, "--spec", specification]
        for command in (submit, ["publish", name]):
            ended = subprocess.run(
                [sys.executable, "-m", "geoportal", *map(str, command)],
                env=environ,
                cwd=PROJECT,
                capture_output=True,
                text=True,
                check=False,
            )
            if ended.returncode:
                raise RuntimeError(f"{command[0]} {name}: {ended.stdout[-800:]}{ended.stderr[-800:]}")
    (data / done.name).touch()
    shutil.rmtree(final, ignore_errors=True)
    data.rename(final)
    return final


def served(data: Path, place: Place, name: str = "ours") -> Peer:
    """``geoportal serve`` over a data directory."""
    port, log = free_port(), place.folder / f"{name}.log"
    log.unlink(missing_ok=True)
    server = start([sys.executable, "-m", "geoportal", "serve"], log, env=environment(data, port), cwd=PROJECT)
    until(lambda: log.exists() and b"Ready:" in log.read_bytes(), 60, "geoportal serve", log, server)
    base = f"http://127.0.0.1:{port}"
    return Peer(name, f"geoportal {version('geoportal')}", base, Dialect(root="/ogc", filtered=cql2), [server])


def started(place: Place) -> Peer:
    """The node of this project with the data of the run."""
    return served(published(place), place)
