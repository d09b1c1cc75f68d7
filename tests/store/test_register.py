import os
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest
import sqlalchemy as sa

from geoportal.errors import Conflict, StorageFull, Unavailable
from geoportal.model.access import Classification
from geoportal.store import datasets, generation
from geoportal.store.register import Register
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY, beside, register_in


def pragma(conn, name):
    return conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()


@pytest.mark.parametrize("how", ["begin", "read"])
def test_every_connection_is_durable_and_strict(register, how):
    with getattr(register, how)() as conn:
        found = {
            name: pragma(conn, name)
            for name in ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0, "busy_timeout": 5000}


def test_what_is_private_is_not_readable_by_others(tmp_path):
    data = tmp_path / "var"
    register_in(data)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.iterdir())}
    assert modes.pop("var") == modes.pop("locks") == 0o700
    assert set(modes) >= {"register.db", "generation"} and set(modes.values()) == {0o600}


def test_an_exception_undoes_everything(register):
    before = register.generation()
    with pytest.raises(ZeroDivisionError), register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
        generation.bump(conn)
        _ = 1 / 0
    with register.read() as conn:
        assert datasets.list_all(conn) == []
    assert register.generation() == before


def test_a_reader_sees_one_state_and_cannot_write(register):
    with register.read() as reader:
        assert datasets.list_all(reader) == []
        with register.begin() as conn:
            datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
        assert datasets.list_all(reader) == []
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            generation.bump(reader)
    with register.read() as reader:
        assert [dataset.dataset_id for dataset in datasets.list_all(reader)] == ["d"]


def test_a_second_writer_waits_and_then_is_told_to_come_back(register, monkeypatch):
    monkeypatch.setattr("geoportal.store.register.BUSY_TIMEOUT_S", 0.2)
    with register.begin(), pytest.raises(Unavailable, match="busy"), register.begin():
        pass
    with register.begin() as conn:
        generation.bump(conn)


def test_a_full_disk_is_said_and_leaves_nothing_half(register):
    with pytest.raises(StorageFull), register.begin() as conn:
        pages = pragma(conn, "page_count")
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(200):
            datasets.create(conn, f"d{number}", RECORD, Classification.PUBLIC, SPECIFICATION)
    with register.read() as conn:
        assert datasets.list_all(conn) == []
        assert pragma(conn, "integrity_check") == "ok"


def test_a_missing_register_is_an_error_and_not_an_empty_node(tmp_path):
    with pytest.raises(Unavailable), Register(tmp_path / "register.db").read():
        pass
    assert list(tmp_path.iterdir()) == []


def test_references_are_kept(register):
    with pytest.raises(sa.exc.IntegrityError), register.begin() as conn:
        conn.exec_driver_sql("INSERT INTO records VALUES ('nothing', 1, '{}', '2026-01-01')")


def test_a_folder_of_any_name_will_do(tmp_path):
    data = tmp_path / "a %41?#ü b"
    register = register_in(data)
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
    assert (data / "register.db").stat().st_size > 0


def test_a_data_directory_can_be_moved(tmp_path):
    register = register_in(tmp_path / "here")
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
        datasets.add_version(
            conn, "d", digest="a" * 64, actor_name="x", source_name="d.zip", summary=SUMMARY, report=REPORT
        )
        datasets.publish(conn, "d", 1, "b" * 16, "x")
    reached = register.generation()
    register.close()
    (tmp_path / "here").rename(tmp_path / "there")
    assert all(
        str(tmp_path).encode() not in path.read_bytes() for path in (tmp_path / "there").glob("*") if path.is_file()
    )
    moved = register_in(tmp_path / "there")
    assert moved.generation() == reached
    with moved.read() as conn:
        assert datasets.publication(conn, "d") is not None


def test_the_closed_register_is_one_whole_file(tmp_path):
    register = register_in(tmp_path / "data")
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
    register.close()
    copy = tmp_path / "copy.db"
    copy.write_bytes((tmp_path / "data" / "register.db").read_bytes())
    with sqlite3.connect(copy) as raw:
        assert raw.execute("SELECT dataset_id FROM datasets").fetchall() == [("d",)]
    raw.close()


def test_times_are_utc_by_the_clock_that_was_given(register, watch):
    with register.begin() as conn:
        made = datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
    assert made.created_at == watch.now and made.created_at.tzinfo is UTC
    with register.read() as conn:
        assert conn.exec_driver_sql("SELECT created_at FROM datasets").scalar_one() == "2026-01-02 03:04:05.678901"


def test_threads_share_one_register(register):
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
    start = threading.Barrier(6)

    def add(_):
        start.wait()
        numbers = []
        for _ in range(5):
            with register.begin() as conn:
                version = datasets.add_version(
                    conn, "d", digest="a" * 64, actor_name="x", source_name="d.zip", summary=SUMMARY, report=REPORT
                )
            with register.read() as conn:
                assert datasets.version(conn, "d", version.number) == version
            numbers.append(version.number)
        return numbers

    with ThreadPoolExecutor(6) as pool:
        numbers = [number for found in pool.map(add, range(6)) for number in found]
    assert sorted(numbers) == list(range(1, 31))


def test_eight_processes_number_the_versions_without_gap_or_double(data_dir, register):
    with register.begin() as conn:
        datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
    numbers = [number for found in beside("add-versions", data_dir, 8, 10) for number in found]
    assert sorted(numbers) == list(range(1, 81))
    with register.read() as conn:
        assert [version.number for version in datasets.versions(conn, "d")] == list(range(1, 81))


def test_a_child_that_was_forked_has_a_connection_of_its_own(data_dir, register):
    assert beside("fork", data_dir) == [
        {"child": 0, "seen_by_parent": ["from-child", "from-parent"], "integrity": "ok"}
    ]


def test_the_idle_connection_belongs_to_the_process_that_opened_it(register):
    with register.read():
        pass
    anchor = register._anchor
    assert anchor is not None and anchor.alive
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    register.close()
    assert not anchor.alive
    assert len(os.listdir("/proc/self/fd")) < descriptors  # noqa: PTH208
    with register.read() as conn:  # and it opens again
        assert generation.current(conn) == 0


def test_a_register_of_a_newer_program_is_left_alone(register):
    with register.begin() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict, match="newer"):
        register.upgrade()
