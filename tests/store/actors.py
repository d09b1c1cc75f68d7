"""Processes beside a test: ``python -m tests.store.actors VERB DATA ...`` does one thing and says how it went, in JSON.

It has one thread and no connection when it forks, as a process should.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from geoportal.model.access import Classification
from geoportal.store import datasets, generation, temporary
from geoportal.store.files import Files
from geoportal.store.generation import GenerationFile
from geoportal.store.register import Register
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


def forked(work: Callable[[], object]) -> tuple[int, int]:
    """Run ``work`` in a child; its pid, and where to read what it returned."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        os.close(reading)
        answer = json.dumps(work()).encode()
        with open(writing, "wb") as stream:  # noqa: PTH123
            stream.write(answer)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def answer_of(child: tuple[int, int]) -> object:
    pid, reading = child
    with open(reading, "rb") as stream:  # noqa: PTH123
        content = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise SystemExit(f"a child ended with {status}")
    return json.loads(content)


def add_versions(data: Path, processes: str, each: str) -> None:
    """Many processes add versions to dataset ``d``; each says which numbers it got."""

    def work() -> list[int]:
        register = Register(data / "register.db")
        numbers = []
        for _ in range(int(each)):
            with register.begin() as conn:
                version = datasets.add_version(
                    conn,
                    "d",
                    digest="a" * 64,
                    actor_name=str(os.getpid()),
                    source_name="d.zip",
                    summary=SUMMARY,
                    report=REPORT,
                )
            numbers.append(version.number)
        return numbers

    for child in [forked(work) for _ in range(int(processes))]:
        say(answer_of(child))


def upgrade(data: Path, processes: str) -> None:
    """Many processes bring the register up to date at once; each says the generation it then sees."""

    def work() -> int:
        register = Register(data / "register.db")
        register.upgrade()
        return register.generation()

    for child in [forked(work) for _ in range(int(processes))]:
        say(answer_of(child))


def modules_after_upgrade(data: Path) -> None:
    """Which costly modules an upgrade of a register that is up to date brings in."""
    Register(data / "register.db").upgrade()
    say(
        sorted({name.partition(".")[0] for name in sys.modules} & {"alembic", "mako", "geopandas", "pandas", "pyarrow"})
    )


def fork(data: Path) -> None:
    """A child writes by the register that its parent has used and goes on using."""
    register = Register(data / "register.db")

    def create(dataset_id: str) -> int:
        with register.begin() as conn:
            datasets.create(conn, dataset_id, RECORD, Classification.PUBLIC, SPECIFICATION)
        return 0

    with register.read() as conn:
        datasets.list_all(conn)
    child = answer_of(forked(lambda: create("from-child")))
    create("from-parent")
    with register.read() as conn:
        seen = [dataset.dataset_id for dataset in datasets.list_all(conn)]
        integrity = conn.exec_driver_sql("PRAGMA integrity_check").scalar_one()
    say({"child": child, "seen_by_parent": seen, "integrity": integrity})


def watch_generation(data: Path, rounds: str) -> None:
    """The parent raises the generation; a child that has the file mapped says after each time what it sees."""
    asking, asked = os.pipe()
    told, telling = os.pipe()

    def watcher() -> int:
        register = Register(data / "register.db")
        while os.read(asking, 1) == b"?":
            os.write(telling, register.generation().to_bytes(8))
        return 0

    child = forked(watcher)
    register = Register(data / "register.db")
    found = []
    for _ in range(int(rounds)):
        with register.begin() as conn:
            generation.bump(conn)
            written = generation.current(conn)
        os.write(asked, b"?")
        found.append((written, int.from_bytes(os.read(told, 8))))
    os.write(asked, b".")
    answer_of(child)
    say(found)


def die_with_a_folder(data: Path) -> None:
    """A child dies while it has a temporary folder."""
    told, telling = os.pipe()
    pid = os.fork()
    if not pid:
        slot = temporary.claim(data)
        (slot.folder / "half.gpkg").write_bytes(b"half")
        os.write(telling, slot.folder.name.encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    say(os.read(told, 1000).decode())


def stop_before_commit(data: Path) -> None:
    """A child stops between its sealed folder and its row; the parent sweeps, kills it, and sweeps again."""
    told, telling = os.pipe()
    source = data / "source"
    source.write_bytes(b"source")
    pid = os.fork()
    if not pid:
        files = Files(data)
        with files.registering():
            digest = files.seal("d", source, "d.zip", source, REPORT)
            os.write(telling, digest.encode())
            time.sleep(60)
    digest = os.read(told, 64).decode()
    register, files = Register(data / "register.db"), Files(data)
    alive = files.sweep(register)
    there = files.is_sealed("d", digest)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    dead = files.sweep(register)
    say(
        {
            "while_alive": alive.complete,
            "folder_while_alive": there,
            "while_dead": dead.complete,
            "orphans": len(dead.orphans),
        }
    )


def tear(data: Path, seconds: str) -> None:
    """A child writes numbers whose halves are alike; the parent reads as fast as it can."""
    path, lock = data / "torn", data / "torn.lock"
    GenerationFile(path, lock).raise_to(0)

    def writer() -> int:
        counter, number = GenerationFile(path, lock), 0
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            for _ in range(100):
                number += 1
                counter._open()[0] = number << 32 | number
        return number

    child = forked(writer)
    counter = GenerationFile(path, lock)
    torn = reads = backwards = last = 0
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        for _ in range(1000):
            value = counter.read()
            torn += value >> 32 != value & 0xFFFFFFFF
            backwards += value < last
            last = value
        reads += 1000
    answer_of(child)
    say([torn, reads, backwards])


VERBS = {
    "add-versions": add_versions,
    "die-with-a-folder": die_with_a_folder,
    "fork": fork,
    "modules-after-upgrade": modules_after_upgrade,
    "stop-before-commit": stop_before_commit,
    "tear": tear,
    "upgrade": upgrade,
    "watch-generation": watch_generation,
}

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    VERBS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
