"""Sudden death at every step in turn: ``python -m tests.store.crashes steps DATA`` (or ``moments DATA HOW-MANY SEED``).

A child submits and publishes a second version of a dataset and is killed before its n-th step, a step being any call
that changes the disk, or a commit. What it had acknowledged it has told through a pipe. Then a second child is the next
start of the node: it opens the register, sweeps, looks at everything, and submits and publishes once more.
Nothing in the product knows of this: the steps are counted by what is put in the place of functions of ``os``.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from geoportal.model.access import Action, Actor, Classification, Role
from geoportal.store import datasets, events, manifest
from geoportal.store.files import Files
from geoportal.store.generation import GenerationFile
from geoportal.store.register import Register
from tests.store.actors import answer_of, forked, say
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY, register_in

CALLS = ("fsync", "rename", "replace", "mkdir", "rmdir", "unlink", "write", "fchmod")
ANI = Actor("ani", Role.STEWARD)


def submit_and_publish(data: Path, number: int, tell: Callable[[Any], None]) -> None:
    """The work of two commands; each tells what it has acknowledged."""
    register, files = Register(data / "register.db"), Files(data)
    register.upgrade()
    source = data.parent / "source.geojson"
    source.write_bytes(b"source " * 1000)
    with files.staging() as staging:
        layer = staging / "layer.gpkg"
        layer.write_bytes(f"layer {number}".encode() * 1000)
        with files.registering():
            digest = files.seal("d", source, "d.geojson", layer, REPORT)
            with register.begin() as conn:
                if datasets.find(conn, "d") is None:
                    datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
                version = datasets.add_version(
                    conn, "d", digest=digest, actor_name="ani", source_name="d", summary=SUMMARY, report=REPORT
                )
                events.record(conn, ANI, Action.DATASET_SUBMIT, "d", version=version.number)
    tell({"version": version.number, "digest": digest})
    with files.registering():
        build, folder = files.new_build(digest)
        (folder / "berkas").mkdir()
        for name in ("summary.json", "berkas/d.gpkg"):
            (folder / name).write_bytes(digest.encode())
        files.finish_build(digest, build)
        with register.begin() as conn:
            datasets.publish(conn, "d", version.number, build, "ani")
            events.record(conn, ANI, Action.DATASET_PUBLISH, "d", version=version.number)
    tell({"published": version.number})


def die_before(step: int) -> Callable[[], int]:
    """Put a counter before everything that changes the disk; at ``step`` the process is gone. Returns the count."""
    count = 0

    def reached(*_: object) -> None:
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            reached()
            return real(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    GenerationFile.raise_to = counted(GenerationFile.raise_to)  # type: ignore[method-assign]
    event.listen(sa.engine.Engine, "commit", reached)
    return lambda: count


def acknowledged_by(pid: int, told: int) -> list[Any]:
    with open(told, "rb") as stream:
        lines = stream.read().splitlines()
    os.waitpid(pid, 0)
    return [json.loads(line) for line in lines]


def start(work: Callable[[Callable[[Any], None]], object]) -> tuple[int, int]:
    """A child at ``work``, which is given a way to tell; its pid, and where to read what it told before it died."""
    told, telling = os.pipe()
    pid = os.fork()
    if pid:
        os.close(telling)
        return pid, told
    status = 1
    try:
        write = os.write  # the one that is not counted
        work(lambda value: write(telling, json.dumps(value).encode() + b"\n"))
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def examine(data: Path, acknowledged: list[Any]) -> list[str]:
    """What is wrong after the next start of the node, and whether it can go on."""
    wrong: list[str] = []

    def expect(true: bool, what: str) -> None:
        if not true:
            wrong.append(what)

    register, files = Register(data / "register.db"), Files(data)
    register.upgrade()
    swept = files.sweep(register)
    expect(swept.complete, "the sweep found somebody at work")
    expect(list((data / "tmp").iterdir()) == [], "temporary folders are left")
    for number in (None, 9):
        with register.read() as conn:
            rows = {row.number: row for row in datasets.versions(conn, "d")}
            out = datasets.publications(conn)
            told = events.list_recent(conn)
            expect(conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok", "the register is damaged")
            expect(
                conn.exec_driver_sql("SELECT value FROM counters").scalar_one() == register.generation(), "generation"
            )
            expect(events.broken_at(conn) is None, "the trail is broken")
        expect(sorted(rows) == list(range(1, len(rows) + 1)), f"numbers {sorted(rows)}")
        for row in rows.values():
            expect(files.verify("d", row.digest) == [], f"version {row.number} is not whole")
        for fact in acknowledged:
            if "version" in fact:
                row = rows.get(fact["version"])
                expect(row is not None and row.digest == fact["digest"], f"version {fact['version']} was lost")
            else:
                expect(out[0].version.number >= fact["published"], f"publication {fact['published']} was lost")
        submitted = [event for event in told if event.action == str(Action.DATASET_SUBMIT)]
        expect(len(submitted) == len(rows), "versions and their events differ")
        kept = {path.name for path in (data / "datasets" / "d").iterdir()}
        expect(kept == {row.digest for row in rows.values()}, "a sealed folder without a row is left in its place")
        for path in files.orphans():
            expect(manifest.faults(data / "orphans" / path, path.name, deep=True) == [], f"orphan {path} is not whole")
        builds = {path.relative_to(data / "derived").as_posix() for path in (data / "derived").glob("*/*")}
        with register.read() as conn:
            used = {"/".join(pair) for pair in datasets.builds_in_use(conn)}
        expect(builds == used, "builds on the disk and in the register differ")
        for publication in out:
            folder = files.derived(publication.version.digest, publication.build)
            for name in ("summary.json", "berkas/d.gpkg"):
                content = (folder / name).read_bytes()
                expect(content == publication.version.digest.encode(), f"{name} of a publication is not whole")
        if number:
            break
        submit_and_publish(data, number, lambda _: None)
    return wrong


def prepared(parent: Path) -> Path:
    """A data directory with one version that is published."""
    first = parent / "first"
    register_in(first).close()
    answer_of(forked(lambda: submit_and_publish(first, 1, lambda _: None)))
    return first


def steps(parent: Path) -> None:
    """Die before each step in turn; one line a step: what was acknowledged, and what was wrong afterwards."""
    first = prepared(parent)
    shutil.copytree(first, parent / "whole")

    def counting() -> int:
        count = die_before(0)
        submit_and_publish(parent / "whole", 2, lambda _: None)
        return count()

    total = answer_of(forked(counting))
    assert isinstance(total, int)
    say({"steps": total})
    for step in range(1, total + 1):
        data = parent / f"step-{step}"
        shutil.copytree(first, data)

        def work(tell: Callable[[Any], None], data: Path = data, step: int = step) -> None:
            die_before(step)
            submit_and_publish(data, 2, tell)

        acknowledged = acknowledged_by(*start(work))
        wrong = answer_of(forked(lambda data=data, acknowledged=acknowledged: examine(data, acknowledged)))  # type: ignore[misc]
        say({"step": step, "acknowledged": len(acknowledged), "wrong": wrong})
        shutil.rmtree(data)


def moments(parent: Path, how_many: str, seed: str) -> None:
    """Die at moments drawn inside the measured duration; one line each."""
    choice = random.Random(int(seed))
    first = prepared(parent)
    durations = []
    for n in range(5):
        data = parent / f"measure-{n}"
        shutil.copytree(first, data)
        begun = time.monotonic()
        answer_of(forked(lambda data=data: submit_and_publish(data, 2, lambda _: None)))  # type: ignore[misc]
        durations.append(time.monotonic() - begun)
        shutil.rmtree(data)
    duration = sorted(durations)[2]
    for n in range(int(how_many)):
        data = parent / f"moment-{n}"
        shutil.copytree(first, data)
        pid, told = start(lambda tell, data=data: submit_and_publish(data, 2, tell))  # type: ignore[misc]
        time.sleep(choice.uniform(0, duration))
        os.kill(pid, signal.SIGKILL)
        acknowledged = acknowledged_by(pid, told)
        wrong = answer_of(forked(lambda data=data, acknowledged=acknowledged: examine(data, acknowledged)))  # type: ignore[misc]
        say({"acknowledged": len(acknowledged), "wrong": wrong})
        shutil.rmtree(data)


if __name__ == "__main__":
    {"steps": steps, "moments": moments}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
