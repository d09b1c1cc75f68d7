"""Publishing while the node runs and people read: every worker shows the new state at the next request, and nobody
sees a fault.
"""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.processes import ServedNode, run_cli, serving

COLLECTION = "/ogc/collections/desa_nyata"


def ask(url: str, path: str, **headers: str) -> tuple[int, dict]:
    """One request on a connection of its own, so that any worker may get it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept": "application/json", **headers})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(body)


class Load:
    """Readers that ask without a pause; what they were told is kept."""

    def __init__(self, url: str, path: str) -> None:
        self.answers: list[tuple[int, int | None]] = []
        self.faults: list[str] = []
        self._url, self._path, self._stop = url, path, threading.Event()
        self._threads = [threading.Thread(target=self._read, daemon=True) for _ in range(4)]

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                status, body = ask(self._url, self._path)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.faults.append(repr(error))
            else:
                self.answers.append((status, body.get("numberMatched")))

    @contextmanager
    def running(self) -> Iterator["Load"]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(30)


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[ServedNode]:
    with serving(tmp_path_factory.mktemp("live") / "data", workers=2) as served:
        yield served


def cli(node: ServedNode, *arguments: object) -> dict:
    done = run_cli(*arguments, "--json", data=node.data)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def smaller(source: Path, target: Path, features: int) -> Path:
    """The first features of a GeoJSON file, as another file."""
    content = json.loads(source.read_text("utf-8"))
    content["features"] = content["features"][:features]
    target.write_text(json.dumps(content), "utf-8")
    return target


def seen_by_all(node: ServedNode, expected: int) -> None:
    counts = [ask(node.url, f"{COLLECTION}/items?limit=1") for _ in range(200)]
    assert [(status, body.get("numberMatched")) for status, body in counts] == [(200, expected)] * 200


def test_publish_supersede_and_roll_back_under_load(node: ServedNode, shared: Path, tmp_path: Path):
    real = shared / "data" / "real" / "kukar_desa.geojson"
    assert ask(node.url, COLLECTION)[0] == 404
    cli(node, "submit", "--dataset", "desa_nyata", "--spec", "bebas", real)
    assert ask(node.url, COLLECTION)[0] == 404, "nothing is visible before publish"
    cli(node, "publish", "desa_nyata")
    seen_by_all(node, 237)

    with Load(node.url, f"{COLLECTION}/items?limit=3").running() as load:
        cli(node, "submit", "--dataset", "desa_nyata", smaller(real, tmp_path / "desa.geojson", 200))
        seen_by_all(node, 237)
        cli(node, "publish", "desa_nyata")
        seen_by_all(node, 200)
        assert cli(node, "rollback", "desa_nyata")["version"] == 1
        seen_by_all(node, 237)
    assert not load.faults
    assert {status for status, _ in load.answers} == {200}
    assert {count for _, count in load.answers} == {237, 200}


def test_withdrawn_is_gone_at_once_and_publish_brings_it_back(node: ServedNode, tmp_path: Path):
    source = tmp_path / "titik.geojson"
    source.write_text(
        json.dumps({
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"n": n},
                    "geometry": {"type": "Point", "coordinates": [116 + n / 10, 0]},
                }
                for n in range(5)
            ],
        })
    )  # fmt: skip
    cli(node, "submit", "--dataset", "titik", source)
    cli(node, "publish", "titik")
    for path in ("/ogc/collections/titik/items", "/dataset/titik?lang=id", "/peta/titik"):
        assert [status_of(node.url, path) for _ in range(20)] == [200] * 20
    cli(node, "withdraw", "titik")
    for path in ("/ogc/collections/titik/items", "/dataset/titik?lang=id", "/peta/titik", "/berkas/titik/1/titik.gpkg"):
        assert [status_of(node.url, path) for _ in range(20)] == [404] * 20
    cli(node, "publish", "titik")
    assert status_of(node.url, "/berkas/titik/1/titik.gpkg") == 200


def status_of(url: str, path: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_a_broken_layer_leaves_the_others_alone(tmp_path: Path):
    """A build whose files are gone bad is unavailable by itself, after a start and while others are published.

    The files are replaced, not cut in place: cutting a file that a process has mapped ends that process by SIGBUS,
    and nothing of the node ever does so.
    """
    source = tmp_path / "rusak.geojson"
    source.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
        '{"type":"Point","coordinates":[116,0]}}]}'
    )
    data = tmp_path / "data"
    for arguments in (("submit", source, "--dataset"), ("publish",)):
        for dataset in ("utuh", "rusak"):
            done = run_cli(*arguments, dataset, data=data)
            assert done.returncode == 0, done.stderr
    version = json.loads(run_cli("show", "rusak", "--json", data=data).stdout)["versions"][0]
    builds = list((data / "derived" / version["digest"]).iterdir())
    assert len(builds) == 2, "the same content twice: one sealed folder a dataset, a build each"
    for part in builds[0].iterdir():
        if part.is_file():
            part.unlink()
            part.touch()
    # Without its source a build cannot be made anew when the node starts.
    for sealed in data.glob("datasets/*/*/layer.gpkg"):
        sealed.unlink()
    with serving(data, workers=2) as node:
        for _ in range(10):
            states = {name: ask(node.url, f"/ogc/collections/{name}/items")[0] for name in ("utuh", "rusak")}
            assert sorted(states.values()) == [200, 503], "one of the two lost its files, the other serves"
        alive = min(states, key=states.__getitem__)
        cli(node, "submit", "--dataset", "lain", source)
        cli(node, "publish", "lain")
        assert ask(node.url, "/ogc/collections/lain/items")[0] == 200
        status, collections = ask(node.url, "/ogc/collections")
        assert status == 200
        assert {"lain", alive} <= {collection["id"] for collection in collections["collections"]}
        for path in ("/", "/katalog", *(f"/dataset/{name}" for name in states)):
            assert status_of(node.url, path) == 200
