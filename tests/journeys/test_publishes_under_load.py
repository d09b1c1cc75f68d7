"""A layer published over and over while readers walk through it: no fault, no answer and no walk that mixes versions.

Each version says its number in every feature, and has its own number of features. ``TESTS_PUBLISHES`` is how
often (200 in the long form).
"""

import http.client
import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from geoportal.actions.publish import publish
from geoportal.actions.submit import submit
from geoportal.model.access import Actor, Role
from geoportal.node import Node
from geoportal.settings import NodeSettings, Settings, StorageSettings, WebSettings
from tests.processes import ServedNode, serving

ADMIN = Actor("penguji", Role.ADMIN)
PUBLISHES = int(os.environ.get("TESTS_PUBLISHES", "24"))
READERS = 4
FIRST = "/ogc/collections/titik/items?f=json&limit=20"


def count_of(version: int) -> int:
    """How many features a version has: three pages and a bit, not the same number twice in a row."""
    return 61 + version % 17


def write_version(path: Path, version: int) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"kode": f"{number:03}", "versi": version},
            "geometry": {"type": "Point", "coordinates": [116.9 + number / 1000, -0.4 - version / 10000]},
        }
        for number in range(count_of(version))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


class Reader(threading.Thread):
    """Walks from the first page to the last, again and again, on connections of its own; keeps what was wrong."""

    def __init__(self, url: str, out: "Out") -> None:
        super().__init__(daemon=True)
        self.url, self.out = url, out
        self.faults: list[str] = []
        self.tags: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.walks = self.unchanged = 0
        self.seen: set[int] = set()
        self.stop = threading.Event()

    def run(self) -> None:
        tag = None
        try:
            while not self.stop.is_set():
                tag = self.walk(tag)
                self.walks += 1
        except Exception as error:
            self.faults.append(repr(error))

    def ask(self, path: str, tag: str | None) -> tuple[int, str, bytes]:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        try:
            connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
            answer = connection.getresponse()
            return answer.status, answer.headers["etag"], answer.read()
        finally:
            connection.close()

    def walk(self, tag: str | None) -> str:
        """One walk; the first page is asked for with the ETag that it had before."""
        out = self.out.version
        status, found, body = self.ask(FIRST, tag)
        if status == 304:
            self.unchanged += 1
            told = {version for name, version in self.tags[FIRST] if name == tag}
            self.hold(found == tag, f"304 with {found} for {tag}")
            self.hold(all(out <= version <= self.out.begun for version in told), f"304 for {told}, {out} was out")
            status, found, body = self.ask(FIRST, None)
        first, path, version, fids = found, FIRST, 0, []
        while True:
            self.hold(status == 200, f"{path}: {status} {body[:200]!r}")
            page = json.loads(body)
            versions = {feature["properties"]["versi"] for feature in page["features"]}
            self.hold(len(versions) == 1, f"{path}: versions {versions} in one answer")
            version = version or min(versions)
            self.hold(versions == {version}, f"{path}: {versions} in a walk through {version}")
            self.hold(page["numberMatched"] == count_of(version), f"{path}: {page['numberMatched']} of {version}")
            self.tags[path].add((found, version))
            fids += [feature["properties"]["kode"] for feature in page["features"]]
            following = [link["href"] for link in page["links"] if link["rel"] == "next"]
            if not following:
                break
            path = following[0].removeprefix(self.url)
            status, found, body = self.ask(path, None)
        self.hold(fids == [f"{number:03}" for number in range(count_of(version))], f"{version}: {len(fids)} features")
        self.hold(out <= version <= self.out.begun, f"{version} read when {out} was out")
        self.seen.add(version)
        return first

    def hold(self, true: bool, otherwise: str) -> None:
        if not true:
            raise AssertionError(otherwise)


class Out:
    """The newest version whose publishing has begun, and the one that is surely out."""

    def __init__(self) -> None:
        self.begun = self.version = 0


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[ServedNode]:
    with serving(tmp_path_factory.mktemp("load") / "data", workers=2) as node:
        yield node


def test_no_reader_ever_sees_two_versions_at_once(served: ServedNode, tmp_path: Path):
    settings = Settings(
        node=NodeSettings(), storage=StorageSettings(data=served.data), web=WebSettings(base_url=served.url)
    )
    node, out = Node(settings), Out()
    readers = [Reader(served.url, out) for _ in range(READERS)]
    try:
        for version in range(1, PUBLISHES + 1):
            done = submit(node, ADMIN, "titik", write_version(tmp_path / "titik.geojson", version), spec="bebas")
            assert done.version.number == version
            out.begun = version
            publish(node, ADMIN, "titik")
            out.version = version
            if version == 1:
                for reader in readers:
                    reader.start()
            assert not [fault for reader in readers for fault in reader.faults]
    finally:
        for reader in readers:
            reader.stop.set()
            if reader.ident:
                reader.join(60)
        node.close()
    assert not [fault for reader in readers for fault in reader.faults]
    assert sum(reader.walks for reader in readers) > READERS
    assert len(set().union(*(reader.seen for reader in readers))) > PUBLISHES // 4, "the readers read while it changed"
    assert sum(reader.unchanged for reader in readers), "an ETag that still holds is answered 304"

    # One name, one answer; another version, another name.
    named: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for reader in readers:
        for path, tags in reader.tags.items():
            named[path] |= tags
    for path, tags in named.items():
        assert len({tag for tag, _ in tags}) == len({version for _, version in tags}) == len(tags), path
