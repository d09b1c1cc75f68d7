"""Thousands of layers: opening one opens nothing, and what a process holds of them is bounded."""

import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geoportal.errors import Unavailable
from geoportal.serving import connections, opened
from geoportal.serving.connections import Connections
from geoportal.serving.fragments import open_serving
from tests.serving.samples import layer, polygons, served

FDS = Path("/proc/self/fd")
MAPS = Path("/proc/self/maps")


def made(folder, name="desa"):
    return served(folder, layer(polygons(300), {"kode": [f"{name}{n}" for n in range(300)]}), key="kode")


def held(folder):
    """Files of a folder that this process has mapped, and those that it has open."""
    mapped = {Path(line.split()[-1]).name for line in MAPS.read_text().splitlines() if f"{folder}/" in line}
    opened = set()
    for descriptor in FDS.iterdir():
        try:
            path = descriptor.readlink()
        except OSError:
            continue
        if path.is_relative_to(folder):
            opened.add(path.name)
    return mapped, opened


@pytest.mark.skipif(not MAPS.exists(), reason="this system does not tell what a process has mapped")
def test_a_file_is_mapped_when_it_is_needed(tmp_path):
    made(tmp_path / "s")
    serving = open_serving(tmp_path / "s")
    assert held(tmp_path) == (set(), set())
    serving.slice(0, 10)
    mapped, opened = held(tmp_path)
    assert mapped == {"fragments.bin", "fragments.offsets"}
    if sys.version_info >= (3, 13):
        assert opened == set(), "a map needs no open file"
    serving.row_of("desa7")
    assert "rows.sqlite" in held(tmp_path)[1]
    serving.select((115, -2, 118, 2), q="desa7", limit=1)
    serving.gzipped(b"", 0, 300, b"")
    mapped, opened = held(tmp_path)
    assert {"spatial.boxes", "blocks.deflate"} <= mapped
    assert "words.sqlite" in opened
    del serving
    assert held(tmp_path) == (set(), set()), "the last reader lets go of all"


def test_a_folder_that_goes_before_it_was_read_is_said_so(tmp_path):
    made(tmp_path / "s")
    serving = open_serving(tmp_path / "s")
    for path in (tmp_path / "s").iterdir():
        path.unlink()
    with pytest.raises(Unavailable):
        serving.slice(0, 10)
    with pytest.raises(Unavailable):
        serving.row_of("desa7")


@pytest.mark.skipif(not FDS.exists(), reason="this system does not tell what a process has open")
def test_idle_connections_of_many_layers_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "MOST_IDLE", 3)
    layers = [made(tmp_path / str(number), f"a{number}-") for number in range(8)]
    for _ in range(2):
        for number, serving in enumerate(layers):
            assert serving.row_of(f"a{number}-5") == 5
    assert len(held(tmp_path)[1]) == 1, "one name"
    targets = [path.readlink() for path in FDS.iterdir() if path.is_symlink() and path.exists()]
    assert sum(target.is_relative_to(tmp_path) for target in targets) == 3

    def ask(turn):
        number = turn % 8
        return layers[number].row_of(f"a{number}-{turn % 300}") == turn % 300

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(4_000)))


@pytest.mark.skipif(not MAPS.exists(), reason="this system does not tell what a process has mapped")
def test_maps_of_many_layers_are_bounded(tmp_path, monkeypatch):
    """Those mapped first are let go of and mapped again when they are asked for; who reads in one reads on."""
    monkeypatch.setattr(opened, "_MAPPED", deque())
    monkeypatch.setattr(opened, "MOST_MAPPED", 3)
    layers = [made(tmp_path / str(number), f"a{number}-") for number in range(8)]

    def mapped():
        lines = MAPS.read_text().splitlines()
        return {Path(line.split()[-1]).parent.name for line in lines if f"{tmp_path}/" in line}

    def answers(serving):
        rows, matched = serving.select((115, -2, 118, 2), limit=5)
        texts = serving.slice(0, 300), serving.joined(rows), serving.gzipped(b"", 0, 300, b"")
        shapes = [shape.wkb for shape in serving.shapes(range(3), "http://www.opengis.net/def/crs/EPSG/0/32750")]
        return texts, matched, shapes, serving.fids([7])

    first = [answers(serving) for serving in layers]
    assert len({texts for (texts, *_) in first}) == 8
    assert mapped() == {"5", "6", "7"}
    reading = layers[0].fragments
    assert [answers(serving) for serving in layers] == first
    assert mapped() == {"0", "5", "6", "7"} and b"".join(reading.of([3])) in first[0][0][0]
    del reading
    assert mapped() == {"5", "6", "7"}
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda turn: answers(layers[turn % 8]) == first[turn % 8], range(400)))
    layers[3].slice(0, 1)
    assert len(mapped()) == 3
    layers.clear()
    assert mapped() == set()


def test_no_more_connections_than_allowed(tmp_path):
    made(tmp_path / "s")
    pool = Connections(tmp_path / "s" / "rows.sqlite", most=2)
    with ThreadPoolExecutor(1) as waiting, pool.use() as second:
        with pool.use() as first:
            assert first is not second

            def third():
                with pool.use() as connection:
                    return connection

            result = waiting.submit(third)
            with pytest.raises(TimeoutError):
                result.result(timeout=0.2)
        assert result.result(timeout=10) is first


def test_two_threads_at_once_see_the_same(tmp_path):
    made(tmp_path / "s")
    for _ in range(20):
        serving = open_serving(tmp_path / "s")
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda n, serving=serving: serving.slice(0, 300) + str(n % 2).encode(), range(16)))
        assert len(found) == 2
