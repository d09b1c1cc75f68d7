"""The two servers of the comparison: ours, whole and in process, and the stock one in a process of its own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from starlette.testclient import TestClient

from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.ogc.config import service
from geoportal.web.app import create_app
from tests.ogc.differential.layers import CRS84, EPSG, Sample
from tests.ogc.world import BASE, make_settings, make_world
from tests.processes import environment

PROGRAM = Path(__file__).with_name("stock.py")
OFFERED = (4326, 3857, 32750, 9470, 23837, 9490)
"""What our node offers for a layer in this region; the administrator of the stock server lists the same."""

GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
DEFAULT_LIMIT, MAX_LIMIT = 10, 10_000
LANGUAGES = ("id-ID", "en-US")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; header names are small."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


class Server(Protocol):
    """Something that answers requests for paths that begin with ``/ogc``."""

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] = {}, body: bytes | None = None) -> Answer:
        """The answer to one request."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Our whole application."""

    client: TestClient

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] = {}, body: bytes | None = None) -> Answer:
        """The answer to one request."""
        response = self.client.request(method, path, headers=dict(headers), content=body)
        return Answer(response.status_code, dict(response.headers), response.content)


@dataclass(frozen=True, slots=True)
class Stock:
    """pygeoapi's own application, asked over the pipes of its process."""

    process: subprocess.Popen[str]

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] = {}, body: bytes | None = None) -> Answer:
        """The answer to one request; the app stands at the root there, and its links say ``/ogc``."""
        assert self.process.stdin is not None
        asked = {
            "path": path.removeprefix("/ogc") or "/",
            "method": method,
            "headers": dict(headers),
            "body": None if body is None else body.decode(),
        }
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        found = self.line()
        return Answer(found["status"], found["headers"], base64.b64decode(found["body"]))

    def line(self) -> dict[str, Any]:
        """The next thing that it says."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        assert text, f"stock pygeoapi ended with {self.process.wait(5)}"
        found: dict[str, Any] = json.loads(text)
        return found


@contextmanager
def ours(folder: Path, samples: Sequence[Sample]) -> Iterator[Ours]:
    """A node with the samples published, and all its routes."""
    world = make_world(folder)
    for sample in samples:
        record = Record(
            title=LocalText(sample.title, sample.title),
            abstract=LocalText(f"Tentang {sample.id}", f"About {sample.id}"),
            keywords={"id": ("uji", sample.id), "en": ("test", sample.id)},
            time=(sample.time,) if sample.time else (),
        )
        world.publish(sample.id, sample.layer(), key=sample.key, record=record)
    world.client.close()
    client = TestClient(create_app(world.node), base_url=BASE, follow_redirects=False)
    try:
        yield Ours(client)
    finally:
        client.close()
        world.node.close()


@contextmanager
def stock(folder: Path, samples: Sequence[Sample]) -> Iterator[Stock]:
    """Stock pygeoapi with the samples in its built-in GeoJSON provider."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(_config(folder, samples)), "utf-8")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, PROGRAM, folder],
            env=environment(folder, HOME=str(folder)),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            server = Stock(process)
            assert server.line() == {"ready": True, "ours": []}, "something of ours was loaded there"
            yield server
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(20)
            process.stdout.close()  # type: ignore[union-attr]


def _config(folder: Path, samples: Sequence[Sample]) -> dict[str, Any]:
    """A configuration as a careful administrator of stock pygeoapi would write it for the same node."""
    for sample in samples:
        (folder / f"{sample.id}.geojson").write_text(sample.geojson(), "utf-8")
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 8080},
            "url": f"{BASE}/ogc",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": list(LANGUAGES),
            "limits": {"default_items": DEFAULT_LIMIT, "max_items": MAX_LIMIT, "on_exceed": "throttle"},
            "map": {"url": f"{BASE}/peta", "attribution": "Uji"},
        },
        "logging": {"level": "CRITICAL"},
        # Who runs the service and what it is called: the same administrator writes the same words.
        "metadata": service(make_settings(folder))["metadata"],
        "resources": {sample.id: _resource(folder, sample) for sample in samples},
    }


def _resource(folder: Path, sample: Sample) -> dict[str, Any]:
    provider = {
        "type": "feature",
        "name": "GeoJSON",
        "data": str(folder / f"{sample.id}.geojson"),
        "id_field": sample.key,
        "storage_crs": sample.storage,
        "crs": [CRS84, *(f"{EPSG}{code}" for code in OFFERED)],
    }
    if sample.time:
        provider["time_field"] = sample.time
    extents: dict[str, Any] = {"spatial": {"bbox": list(sample.extent()), "crs": CRS84}}
    if sample.time:
        times = sorted(row[sample.time] for row in sample.rows if row[sample.time])
        extents["temporal"] = {"begin": f"{times[0]}T00:00:00Z", "end": f"{times[-1]}T23:59:59Z", "trs": GREGORIAN}
    return {
        "type": "collection",
        "title": dict.fromkeys(LANGUAGES, sample.title),
        "description": {"id-ID": f"Tentang {sample.id}", "en-US": f"About {sample.id}"},
        "keywords": {"id-ID": ["uji", sample.id], "en-US": ["test", sample.id]},
        "links": [{"type": "text/html", "rel": "describedby", "title": "Page", "href": f"{BASE}/dataset/{sample.id}"}],
        "extents": extents,
        "providers": [provider],
    }
