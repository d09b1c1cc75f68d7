"""pygeoapi as it is, on the providers that serve it best: PostgreSQL, and OGR on a GeoPackage."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.bench.peers import database
from tests.bench.peers.environments import environment, has, version
from tests.bench.peers.indexed import geopackages
from tests.bench.peers.machine import Absent, free_port, start, until
from tests.bench.peers.peer import Peer, Place, reachable
from tests.bench.peers.workloads import Dialect, cql2

PACKAGES = (
    "pygeoapi==0.24.0",
    "gunicorn",
    "uvicorn==0.54.0",
    "uvicorn-worker",
    "uvloop",
    "httptools",
    "psycopg2-binary",
    "geoalchemy2",
    "starlette",
)
WISHES = ("gdal-wheel",)
"""GDAL's Python package with GDAL inside; without it the OGR provider is absent."""


def on_postgresql(place: Place) -> Peer:
    """Its PostgreSQL provider, on the same tables as TiPg."""
    bins = environment(place.folder / "pygeoapi", PACKAGES, WISHES)
    base = database.started(place)
    data = {"host": "127.0.0.1", "port": base.port, "dbname": database.NAME, "user": database.USER, "password": "none"}

    def provider(layer: str) -> dict[str, Any]:
        return {
            "type": "feature",
            "name": "PostgreSQL",
            "data": {**data, "search_path": ["public"]},
            "id_field": "fid",
            "table": layer,
            "geom_field": "geometry",
        }

    server, port = _served(place, bins, "pygeoapi-pg", provider)
    said = f"pygeoapi {version(bins, 'pygeoapi')}, {base.version}"
    return Peer("pygeoapi-pg", said, f"http://127.0.0.1:{port}", Dialect(filtered=cql2), [server], [base.pid])


def on_ogr(place: Place) -> Peer:
    """Its OGR provider, on the GeoPackages."""
    bins = environment(place.folder / "pygeoapi", PACKAGES, WISHES)
    if not has(bins, "osgeo"):
        raise Absent("no Python package of GDAL for this Python (osgeo)")
    paths = geopackages(place)

    def provider(layer: str) -> dict[str, Any]:
        return {
            "type": "feature",
            "name": "OGR",
            "data": {
                "source_type": "GPKG",
                "source": str(paths[layer]),
                "source_srs": "EPSG:4326",
                "target_srs": "EPSG:4326",
                "source_capabilities": {"paging": True},
            },
            "id_field": "fid",
            "layer": layer,
        }

    server, port = _served(place, bins, "pygeoapi-ogr", provider)
    said = f"pygeoapi {version(bins, 'pygeoapi')}, GDAL {version(bins, 'gdal-wheel')}"
    return Peer("pygeoapi-ogr", said, f"http://127.0.0.1:{port}", Dialect(), [server])


def _served(place: Place, bins: Path, name: str, provider: Any) -> tuple[subprocess.Popen[bytes], int]:
    """Two uvicorn workers under gunicorn, as its documentation recommends."""
    folder, port = place.make(name), free_port()
    configuration = folder / "config.yml"
    configuration.write_text(yaml.safe_dump(_configuration(port, provider)))
    env = os.environ | {
        "PYGEOAPI_CONFIG": str(configuration),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
        "PYTHONWARNINGS": "ignore",
    }
    log = folder / "server.log"
    log.unlink(missing_ok=True)
    made = subprocess.run(
        [bins / "pygeoapi", "openapi", "generate", str(configuration), "--output-file", str(folder / "openapi.yml")],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Absent(f"pygeoapi openapi generate: {made.stderr[-400:]}")
    command: list[str | Path] = [
        bins / "gunicorn",
        "-k",
        "uvicorn_worker.UvicornWorker",
        "-w",
        "2",
        "-b",
        f"127.0.0.1:{port}",
    ]
    server = start([*command, "--log-level", "error", "pygeoapi.starlette_app:APP"], log, env=env, cwd=folder)
    ask = f"http://127.0.0.1:{port}/collections/buildings/items?limit=1&f=json"
    until(lambda: reachable(ask), 60, name, log, server)
    return server, port


def _configuration(port: int, provider: Any) -> dict[str, Any]:
    contact = {"name": "bench", "email": "nobody@example.org", "url": "https://example.org"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": True,
            "languages": ["en-US"],
            "cors": True,
            "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10000, "on_exceed": "throttle"},
            "map": {"url": "https://example.org/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "bench",
                "description": "bench",
                "keywords": ["bench"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": "https://example.org",
            },
            "license": {"name": "none", "url": "https://example.org"},
            "provider": {"name": "bench", "url": "https://example.org"},
            "contact": contact,
        },
        "resources": {
            layer: {
                "type": "collection",
                "title": layer,
                "description": layer,
                "keywords": ["bench"],
                "links": [
                    {
                        "type": "text/html",
                        "rel": "canonical",
                        "title": "bench",
                        "href": "https://example.org",
                        "hreflang": "en",
                    }
                ],
                "extents": {
                    "spatial": {
                        "bbox": [115.43, -1.31, 117.66, 1.18],
                        "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                    }
                },
                "providers": [provider(layer)],
            }
            for layer in ("buildings", "villages")
        },
    }
