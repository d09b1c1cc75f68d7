"""A node with 2,000 collections: how fast a page of its list is, and how soon a further one is seen."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers import ours
from tests.bench.peers.load import Client, Load, loaded
from tests.bench.peers.peer import Peer, Place

COUNT = 2000
P95_MS = 50
VISIBLE_S = 1
LOOKS = 20
"""Answers in a row that must show what was published, so that no worker is behind."""


@dataclass(frozen=True, slots=True)
class Many:
    """What was seen. Milliseconds, and seconds from the commit of a publication to its being answered by all."""

    collections: int
    p50: float
    p95: float
    first: float
    load: Load
    visible: float
    made_in: float


def seen(place: Place, count: int) -> Many:
    """Make the node, serve it, ask for its list page after page, and publish while it is asked."""
    data = place.folder / f"many-{count}"
    shutil.rmtree(data, ignore_errors=True)
    start = time.monotonic()
    _child(data, 0, count)
    made_in = time.monotonic() - start
    peer = ours.served(data, place, "many")
    try:
        return _looked(peer, data, count, made_in)
    finally:
        peer.stop()
        shutil.rmtree(data, ignore_errors=True)


def _looked(peer: Peer, data: Path, count: int, made_in: float) -> Many:
    client = Client(peer.base, peer.accept)
    address = "/ogc/collections?limit=100&f=json"
    first = client.get(address).seconds * 1000
    pages = [f"{address}&offset={offset}" for offset in range(0, count, 100)]
    if client.get(pages[-1]).status != 200:
        pages = [address]
    for page in pages * 2:  # both workers have seen each
        client.get(page)
    times = sorted(client.get(page).seconds * 1000 for page in pages * max(1, 300 // len(pages)))
    load = loaded(peer.base, pages, peer.roots, accept=peer.accept, seconds=3)
    visible = statistics.median(_visible(peer, data, count + number) for number in range(3))
    client.close()
    return Many(count, times[len(times) // 2], times[int(len(times) * 0.95)], first, load, visible, made_in)


def _visible(peer: Peer, data: Path, number: int) -> float:
    """Publish one more and wait until each of a row of answers over new connections has it."""
    committed = _child(data, number, 1)
    address, row = f"/ogc/collections/kecil-{number:05d}?f=json", 0
    while row < LOOKS:
        client = Client(peer.base, peer.accept)
        row = row + 1 if client.get(address).status == 200 else 0
        client.close()
        if time.time() - committed > 60:
            return 60.0
        if row == 1:
            since = time.time() - committed
    return since


def _child(data: Path, first: int, count: int) -> float:
    """Publish in a process of its own; the moment of the last commit."""
    command = [sys.executable, "-m", "tests.bench.peers.many", str(first), str(count)]
    done = subprocess.run(
        command, env=ours.environment(data), cwd=ours.PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{count} collections: {done.stderr[-800:]}")
    return float(done.stdout.split()[-1])


def main() -> None:
    """Publish ``count`` small datasets from number ``first`` on: sealed, built and registered as any other."""
    import geopandas
    import shapely

    from geoportal.model.access import Classification
    from geoportal.model.layer import Field, Layer, LayerSummary
    from geoportal.model.record import Record
    from geoportal.model.report import Report
    from geoportal.model.specification import Specification
    from geoportal.model.text import LocalText
    from geoportal.node import Node
    from geoportal.serving.build import build
    from geoportal.settings import load_settings
    from geoportal.store import datasets

    asked = argparse.ArgumentParser()
    asked.add_argument("first", type=int)
    asked.add_argument("count", type=int)
    options = asked.parse_args()
    Path(os.environ["GEOPORTAL_DATA"]).mkdir(parents=True, exist_ok=True)
    settings, _ = load_settings({})
    node, specification = Node(settings), Specification("bebas", "bebas", key="kode")
    places = [shapely.Point(116 + number / 100, -0.5) for number in range(5)]
    frame = geopandas.GeoDataFrame({"kode": [f"{n}" for n in range(5)]}, geometry=places, crs=4326)
    layer = Layer("kecil", frame, "EPSG:4326", (Field("kode", "string"),), "Point")
    summary = LayerSummary(layer.name, len(layer), layer.crs, None, layer.geometry_type, layer.fields)
    committed = 0.0
    for number in range(options.first, options.first + options.count):
        name = f"kecil-{number:05d}"
        record = Record(
            title=LocalText(f"Lapisan kecil {number}", f"Small layer {number}"),
            abstract=LocalText(f"Lima titik nomor {number}", f"Five points number {number}"),
            keywords={"id": ("uji",), "en": ("test",)},
            licence="CC-BY-4.0",
        )
        with node.files.registering(), node.files.staging() as staging:
            source, gpkg = staging / "kecil.txt", staging / "layer.gpkg"
            source.write_text(name)
            gpkg.write_bytes(b"not opened again")
            digest = node.files.seal(name, source, "kecil.txt", gpkg, Report())
            made, folder = node.files.new_build(digest)
            build(layer, folder, key="kode")
            node.files.finish_build(digest, made)
            with node.register.begin() as conn:
                datasets.create(conn, name, record, Classification.PUBLIC, specification)
                version = datasets.add_version(
                    conn,
                    name,
                    digest=digest,
                    actor_name="bench",
                    source_name="kecil.txt",
                    summary=summary,
                    report=Report(),
                )
                datasets.publish(conn, name, version.number, made, "bench")
            committed = time.time()
    node.close()
    print(committed)


if __name__ == "__main__":
    main()
