"""What is out is read anew only where it changed, and is always what a full look gives."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from geoportal.model.access import Classification
from geoportal.model.dataset import Stage
from geoportal.model.text import LocalText
from geoportal.store import datasets, published
from geoportal.store.published import Published
from geoportal.store.register import Register
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY

NAMES = [f"d{number}" for number in range(12)]


def create(conn, name):
    datasets.create(conn, name, RECORD, Classification.PUBLIC, SPECIFICATION)
    add_version(conn, name, "a")


def add_version(conn, name, digit):
    datasets.add_version(
        conn, name, digest=digit * 64, actor_name="ani", source_name="d.zip", summary=SUMMARY, report=REPORT
    )


def looked(register, known):
    """What it reads, beside a full look at the same state."""
    with register.read() as conn:
        found, whole = known.read(conn), datasets.publications(conn)
    assert found == whole
    return {one.dataset_id: one for one in found}


@pytest.fixture
def read(monkeypatch):
    """The ids that were read in full, look by look."""
    ids: list[list[str]] = []
    whole = datasets.publications

    def publications(conn, among=None):
        if among is not None:
            ids.append(sorted(among))
        return whole(conn, among)

    monkeypatch.setattr(published.datasets, "publications", publications)
    return ids


@pytest.fixture
def out(register):
    with register.begin() as conn:
        for name in NAMES:
            create(conn, name)
            datasets.publish(conn, name, 1, f"{name}-1", "ani")
    return register


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda conn: datasets.publish(conn, "d3", 1, "new", "ani"), ["d3"]),
        (lambda conn: datasets.publish(conn, "d3", 1, "new", "ani", override="because"), ["d3"]),
        (lambda conn: datasets.set_access(conn, "d3", Classification.PRIVATE), ["d3"]),
        (lambda conn: datasets.set_access(conn, "d3", Classification.PUBLIC, ["Bappeda"]), ["d3"]),
        (lambda conn: datasets.add_record(conn, "d3", replace(RECORD, title=LocalText("lain", "other"))), ["d3"]),
        (lambda conn: datasets.withdraw(conn, "d3"), []),
        (lambda conn: add_version(conn, "d3", "b"), []),
        (lambda conn: datasets.set_specification(conn, "d3", replace(SPECIFICATION, key="lain")), []),
        (lambda conn: create(conn, "draft"), []),
    ],
)
def test_only_what_changed_is_read(out, read, change, again):
    known = Published()
    before = looked(out, known)
    assert sorted(before) == sorted(NAMES)
    read.clear()
    with out.begin() as conn:
        change(conn)
    after = looked(out, known)
    assert [name for look in read for name in look] == again
    assert all(after[name] is before[name] for name in after if name not in again)


def test_a_version_that_joins_the_history_is_told(out, read):
    known = Published()
    looked(out, known)
    with out.begin() as conn:
        add_version(conn, "d1", "b")
        datasets.publish(conn, "d1", 2, "d1-2", "ani")
    assert looked(out, known)["d1"].older == (1,)
    with out.begin() as conn:
        datasets.publish(conn, "d1", 1, "d1-3", "ani")
    assert looked(out, known)["d1"].older == (2,)
    with out.begin() as conn:
        datasets.withdraw(conn, "d1")
    assert "d1" not in looked(out, known)
    with out.begin() as conn:
        datasets.publish(conn, "d1", 2, "d1-4", "ani")
    assert looked(out, known)["d1"].older == ()


def test_whatever_happens_it_is_what_a_full_look_gives(out, monkeypatch):
    monkeypatch.setattr(published, "AT_ONCE", 3)
    chance, known, builds = random.Random(20261124), Published(), 0
    for _ in range(100):
        with out.begin() as conn:
            for name in chance.sample(NAMES, chance.choice((0, 1, 1, 2, 5))):
                dataset, builds = datasets.get(conn, name), builds + 1
                numbers = [version.number for version in datasets.versions(conn, name)]
                match chance.randrange(6):
                    case 0:
                        add_version(conn, name, chance.choice("abcdef"))
                    case 1 | 2:
                        override = chance.choice((None, "a reason"))
                        datasets.publish(conn, name, chance.choice(numbers), f"b{builds}", "ani", override)
                    case 3 if dataset.stage is Stage.PUBLISHED:
                        datasets.withdraw(conn, name)
                    case 4:
                        agencies = chance.choice(((), ("Bappeda",), ("Dinas", "Bappeda")))
                        datasets.set_access(conn, name, chance.choice(list(Classification)), agencies)
                    case _:
                        datasets.add_record(conn, name, replace(RECORD, title=LocalText(f"t{builds}", "t")))
        looked(out, known)


def test_a_register_restored_from_an_earlier_state_is_not_taken_for_the_later_one(out, tmp_path):
    """Both count alike: the same number of publications, the same revision of the record, another content."""
    with out.begin() as conn:
        add_version(conn, "d1", "b")
    path = tmp_path / "earlier" / "register.db"
    path.parent.mkdir()
    with out.read() as conn:
        source = conn.exec_driver_sql("PRAGMA database_list").all()[0][2]
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(path)) as there:
        here.backup(there)
    earlier, known = Register(path), Published()
    earlier.upgrade()
    for register, word, build in ((out, "hilang", "lost"), (earlier, "baru", "kept")):
        with register.begin() as conn:
            datasets.add_record(conn, "d2", replace(RECORD, title=LocalText(word, word)))
            datasets.publish(conn, "d1", 2, build, "ani")
        found = looked(register, known)
        assert (found["d2"].record.title.id, found["d1"].build) == (word, build)
    earlier.close()
