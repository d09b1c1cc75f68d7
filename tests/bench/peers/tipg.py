"""TiPg on PostGIS: an OGC API of FastAPI and asyncpg, as its documentation starts it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.peers import database
from tests.bench.peers.environments import environment, version
from tests.bench.peers.machine import free_port, start, until
from tests.bench.peers.peer import Peer, Place, reachable
from tests.bench.peers.workloads import Dialect, cql2

PACKAGES = ("tipg==1.6.1", "uvicorn==0.54.0", "uvloop", "httptools")


def started(place: Place) -> Peer:
    """Two workers of uvicorn, each with a pool of connections."""
    bins = environment(place.folder / "tipg", PACKAGES)
    base = database.started(place)
    port, log = free_port(), place.folder / "tipg.log"
    log.unlink(missing_ok=True)
    env = os.environ | {
        "DATABASE_URL": f"postgresql://{database.USER}@127.0.0.1:{base.port}/{database.NAME}",
        "DB_MIN_CONN_SIZE": "1",
        "DB_MAX_CONN_SIZE": "10",
        "TIPG_MAX_FEATURES_PER_QUERY": "10000",
    }
    command: list[str | Path] = [
        bins / "uvicorn",
        "tipg.main:app",
        "--port",
        str(port),
        "--workers",
        "2",
        "--no-access-log",
    ]
    server = start([*command, "--log-level", "warning"], log, env=env, cwd=place.folder)
    address = f"http://127.0.0.1:{port}"
    until(lambda: reachable(f"{address}/collections/public.buildings?f=json"), 60, "TiPg", log, server)
    dialect = Dialect(
        buildings="public.buildings",
        villages="public.villages",
        json="f=geojson",
        filtered=cql2,
    )
    said = f"TiPg {version(bins, 'tipg')}, {base.version}"
    return Peer("tipg-pg", said, address, dialect, [server], [base.pid])
