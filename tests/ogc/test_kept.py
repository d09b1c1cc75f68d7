"""Finished documents lie in bounded memory, and are given back as they were."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.ogc import engine
from geoportal.ogc.kept import Kept
from tests.ogc.world import make_world, points


def test_what_is_put_is_given_back():
    kept = Kept(packed_from=100)
    bodies = {("a", str(size)): random.Random(size).randbytes(size) for size in (0, 1, 99, 100, 101, 5_000, 200_000)}
    for name, body in bodies.items():
        kept.put(name, body)
    assert {name: kept.get(name) for name in bodies} == bodies
    kept.put(("a", "1"), b"other")
    assert kept.get(("a", "1")) == b"other"
    assert kept.get(("b",)) is None and len(kept) == len(bodies)


def test_long_documents_take_little():
    kept = Kept()
    long = b'{"in":"query","required":false}' * 300_000
    kept.put(("long",), long)
    assert kept.held < len(long) / 100
    assert kept.get(("long",)) == long


def test_the_least_used_go_first():
    kept = Kept(room=4_000)
    for name in "abc":
        kept.put((name,), bytes(500))
    kept.get(("a",))
    kept.put(("d",), bytes(1_500))
    assert [kept.get((name,)) is None for name in "abcd"] == [False, True, False, False]
    kept.put(("e",), random.Random(0).randbytes(4_000))  # larger than the room: nothing goes for it
    assert kept.get(("e",)) is None and kept.get(("a",)) is not None


def test_the_room_holds_whatever_comes():
    kept, chance = Kept(room=50_000, packed_from=3_000), random.Random(4)

    def used(number: int) -> None:
        of_this = random.Random(number)
        for _ in range(300):
            name = str(of_this.randrange(60))
            if of_this.random() < 0.5:
                kept.put((name,), name.encode() * of_this.randrange(4_000))
            elif (body := kept.get((name,))) is not None:
                assert body.replace(name.encode(), b"") == b""
            assert kept.held <= 50_000 + 8_500  # what another is just putting in

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(used, [chance.random() for _ in range(8)]))
    names = [(str(number),) for number in range(60)]
    assert kept.held == sum(len(kept._bodies[name][0]) + 500 for name in names if name in kept._bodies) <= 50_000


def test_views_of_many_audiences_are_bounded(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Each token that opens other datasets has a view of its own; all of them see what is theirs, before and after."""
    monkeypatch.setattr(engine, "MOST_VIEWS", 4)
    world = make_world(tmp_path)
    names = [f"milik{number}" for number in range(10)]
    for name in names:
        world.publish(name, points(1), access=Classification.PRIVATE)
    tokens = [world.token(Classification.PRIVATE, datasets_=frozenset({name})) for name in names]
    for _ in range(2):
        for name, token in zip(names, tokens, strict=True):
            found = world.json("/ogc/collections", headers=token)["collections"]
            assert [one["id"] for one in found] == [name]
            assert world.json("/ogc/collections")["collections"] == []
    snapshot = world.engine._snapshot
    assert snapshot is not None and len(snapshot.by_states) <= 4
    assert world.engine.snapshot(PUBLIC_AUDIENCE) is world.engine.snapshot(PUBLIC_AUDIENCE)
