import os
import timeit

import pytest

from geoportal.store import generation
from geoportal.store.generation import GenerationFile
from geoportal.store.register import Register
from tests.store.things import beside, register_in


@pytest.fixture
def counter(tmp_path) -> GenerationFile:
    return GenerationFile(tmp_path / "generation", tmp_path / "lock")


def bump(register):
    with register.begin() as conn:
        generation.bump(conn)
        reached = generation.current(conn)
    return reached


def test_the_file_follows_the_register(register):
    assert [bump(register) for _ in range(3)] == [1, 2, 3]
    assert register.generation() == 3


def test_asking_costs_less_than_a_microsecond(register):
    bump(register)
    best_s = min(timeit.repeat(register.generation, number=10_000, repeat=20)) / 10_000
    assert best_s < 1e-6


def test_other_processes_see_it_as_soon_as_begin_returns(data_dir, register):
    rounds = beside("watch-generation", data_dir, 100)[0]
    assert len(rounds) == 100
    assert all(seen == written for written, seen in rounds)


def test_no_reader_sees_half_a_number(data_dir, register):
    (torn, reads, backwards), *_ = beside("tear", data_dir, 0.5)
    assert reads > 10_000
    assert (torn, backwards) == (0, 0)


def test_it_never_goes_back(counter):
    for value in (1, 5, 3, 5, 4):
        counter.raise_to(value)
    assert counter.read() == 5


def test_a_missing_file_is_made_again(register, data_dir):
    bump(register)
    (data_dir / "generation").unlink()
    assert register.heal() == register.generation() == 1
    assert (data_dir / "generation").stat().st_size == 8


@pytest.mark.parametrize("content", [b"", b"\1\0\0", b"\1" * 9])
def test_a_file_of_another_length_is_replaced_and_not_stretched(register, data_dir, content):
    bump(register)
    register.close()
    old = (data_dir / "generation").stat().st_ino
    kept = (data_dir / "generation").open("r+b")  # keeps the inode from being used again
    kept.truncate(0)
    kept.write(content)
    kept.flush()
    other = Register(data_dir / "register.db")
    assert other.heal() == other.generation() == 1
    assert (data_dir / "generation").stat().st_ino != old
    kept.close()


def test_a_file_that_was_replaced_is_noticed(register, data_dir):
    bump(register)
    other = Register(data_dir / "register.db")
    assert other.generation() == 1
    fresh = data_dir / "fresh"
    fresh.write_bytes(bytes(8))
    fresh.replace(data_dir / "generation")
    assert bump(register) == 2  # the writer finds the new file by itself
    assert other.generation() == 1  # this one still has the old file mapped
    assert other.heal() == other.generation() == 2


def test_a_kill_between_commit_and_file_is_healed(register, data_dir, monkeypatch):
    monkeypatch.setattr(GenerationFile, "raise_to", lambda self, value: None)
    bump(register)
    monkeypatch.undo()
    other = Register(data_dir / "register.db")
    assert other.generation() == 0
    assert other.heal() == other.generation() == register.generation() == 1


def test_a_failure_to_write_the_file_does_not_undo_the_acknowledged(register, monkeypatch, caplog):
    def fail(self, value):
        raise PermissionError(13, "no")

    monkeypatch.setattr(GenerationFile, "raise_to", fail)
    assert bump(register) == 1
    assert "generation file not written" in caplog.text
    monkeypatch.undo()
    assert register.heal() == 1


def test_a_register_restored_from_an_older_state_rises_above_what_was_seen(data_dir):
    register = register_in(data_dir)
    bump(register)
    register.close()
    old = (data_dir / "register.db").read_bytes()
    register = register_in(data_dir)
    for _ in range(4):
        bump(register)
    register.close()
    (data_dir / "register.db").write_bytes(old)
    restored = register_in(data_dir)
    assert restored.generation() == 6
    assert bump(restored) == 7


def test_a_damaged_number_does_not_carry_the_register_away(register, data_dir):
    bump(register)
    counter = GenerationFile(data_dir / "generation", data_dir / "locks" / "generation")
    counter.raise_to(2**63 + 5)
    assert register.generation() == 2**63 + 5
    assert register.heal() == register.generation() == 1
    assert bump(register) == 2


def test_a_disk_without_room_leaves_no_file_behind(counter, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        counter.read()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    monkeypatch.undo()
    assert counter.read() == 0
