"""PostgreSQL with PostGIS in a cluster of its own, with the layers of the run loaded and indexed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers.machine import Absent, free_port, start, until
from tests.bench.peers.peer import Place

USER = "postgres"
NAME = "bench"
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "200",
    "jit": "off",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
    "synchronous_commit": "off",
    "dynamic_shared_memory_type": "mmap",
}
PREPARED = """
CREATE INDEX ON buildings (class_code);
CREATE INDEX ON buildings (id);
CREATE INDEX ON villages (kode);
"""


@dataclass(slots=True)
class Database:
    """A running cluster: its first process, where it listens, what it calls itself."""

    pid: int
    port: int
    version: str


_RUNNING: dict[Path, Database] = {}


def programs() -> Path:
    """The folder of initdb and postgres; Absent with the command that brings them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        if here := shutil.which("initdb"):
            return Path(here).resolve().parent
        raise Absent("apt-get install postgresql-15-postgis-3")
    return found[-1].parent


def _as_owner(*command: str | Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the user that Debian made for it."""
    plain = [str(part) for part in command]
    if os.geteuid() != 0:
        return plain
    try:
        pwd.getpwnam(USER)
    except KeyError:
        raise Absent(f"no user {USER} to run PostgreSQL as") from None
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *plain]


def started(place: Place) -> Database:
    """The cluster with the data of the run; the same one for all who ask, until the run ends."""
    if not shutil.which("ogr2ogr"):
        raise Absent("apt-get install gdal-bin")
    folder = place.folder / f"postgres-{place.scale:g}"
    if folder in _RUNNING:
        return _RUNNING[folder]
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    bins, data, log = programs(), folder / "data", place.folder / "postgres.log"
    log.unlink(missing_ok=True)
    loaded = data / "bench.loaded"
    if not loaded.exists():
        shutil.rmtree(data, ignore_errors=True)
        _run(_as_owner(bins / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"), folder)
    port = free_port()
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    sockets = tempfile.gettempdir()
    command = _as_owner(bins / "postgres", "-D", data, "-p", str(port), "-k", sockets, *options)
    server = start(command, log, cwd=folder, ending=signal.SIGINT)
    until(lambda: _answers(bins, port), 30, "PostgreSQL", log, server)
    if not loaded.exists():
        _load(place, bins, port)
        loaded.touch()
    said = subprocess.run([bins / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    _RUNNING[folder] = Database(server.pid, port, said.strip().replace("postgres (PostgreSQL)", "PostgreSQL"))
    return _RUNNING[folder]


def _answers(bins: Path, port: int) -> bool:
    asked: list[str | Path] = [bins / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(asked, check=False).returncode == 0


def _load(place: Place, bins: Path, port: int) -> None:
    def sql(database: str, text: str) -> None:
        where = ["-h", "127.0.0.1", "-p", str(port), "-U", USER, "-d", database, "-q", "-v", "ON_ERROR_STOP=1"]
        _run([str(bins / "psql"), *where, "-c", text], place.folder)

    sql("postgres", f"CREATE DATABASE {NAME}")
    try:
        sql(NAME, "CREATE EXTENSION postgis")
    except RuntimeError as error:
        raise Absent("apt-get install postgresql-15-postgis-3") from error
    for layer in ("buildings", "villages"):
        target = f"PG:host=127.0.0.1 port={port} user={USER} dbname={NAME}"
        options = ["-lco", "GEOMETRY_NAME=geometry", "-lco", "FID=fid", "-lco", "SPATIAL_INDEX=GIST"]
        names = ["-nln", layer, "--config", "PG_USE_COPY", "YES"]
        _run(["ogr2ogr", "-f", "PostgreSQL", target, str(place.data[layer]), layer, *options, *names], place.folder)
    sql(NAME, PREPARED)
    sql(NAME, "VACUUM ANALYZE")


def _run(command: list[str], where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stderr[-800:]}")
