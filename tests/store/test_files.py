import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from geoportal.errors import Conflict, Invalid, StorageFull
from geoportal.model.access import Classification
from geoportal.store import datasets, manifest
from geoportal.store.files import Files
from tests.store.things import RECORD, REPORT, SPECIFICATION, SUMMARY, beside


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "upload.bin"
    path.write_bytes(b"as received" * 1000)
    return path


def seal(files, source, content=b"layer", dataset_id="d", name="Désa.zip", report=REPORT):
    with files.staging() as staging:
        (staging / "layer.gpkg").write_bytes(content)
        return files.seal(dataset_id, source, name, staging / "layer.gpkg", report)


def keep(files, register, source, content=b"layer"):
    """Seal and register, as a submit does."""
    with files.registering():
        digest = seal(files, source, content)
        with register.begin() as conn:
            if not datasets.find(conn, "d"):
                datasets.create(conn, "d", RECORD, Classification.PUBLIC, SPECIFICATION)
            version = datasets.add_version(
                conn, "d", digest=digest, actor_name="ani", source_name="d", summary=SUMMARY, report=REPORT
            )
    return version


def build(files, digest):
    name, folder = files.new_build(digest)
    (folder / "berkas").mkdir()
    (folder / "berkas" / "d.gpkg").write_bytes(b"gpkg")
    (folder / "summary.json").write_bytes(b"{}")
    files.finish_build(digest, name)
    return name


def release(files, register, version):
    """Build and publish, as a publish does."""
    with files.registering():
        name = build(files, version.digest)
        with register.begin() as conn:
            datasets.publish(conn, "d", version.number, name, "ani")
    return name


def leftovers(data_dir):
    return list((data_dir / "tmp").iterdir())


def test_staging_is_fresh_and_gone_at_the_end(files, data_dir):
    with files.staging() as one, files.staging() as other:
        assert one != other
        assert one.parent == other.parent == data_dir / "tmp"
        assert list(one.iterdir()) == []
        (one / "file").write_bytes(b"x")
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert leftovers(data_dir) == []
    with pytest.raises(ZeroDivisionError), files.staging():
        _ = 1 / 0
    assert leftovers(data_dir) == []


def test_a_sealed_folder_holds_the_source_the_layer_the_report_and_the_manifest(files, source, data_dir):
    with files.registering():
        digest = seal(files, source)
    folder = files.folder("d", digest)
    assert folder == data_dir / "datasets" / "d" / digest
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(found) == ["layer.gpkg", "manifest.json", "report.json", "source/Desa.zip"]
    assert found["source/Desa.zip"] == source.read_bytes()
    assert found["layer.gpkg"] == b"layer"
    listed = json.loads(found["manifest.json"])
    assert listed["format"] == manifest.FORMAT
    assert sorted(listed["files"]) == ["layer.gpkg", "report.json", "source/Desa.zip"]
    assert listed["files"]["source/Desa.zip"]["name"] == "Désa.zip"
    assert manifest.digest_of(found["manifest.json"]) == digest
    assert files.report("d", digest) == REPORT
    assert files.verify("d", digest) == []
    assert files.is_sealed("d", digest)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o444}
    assert leftovers(data_dir) == []


def test_the_same_content_is_the_same_folder_and_other_content_another(files, source, data_dir):
    with files.registering():
        first = seal(files, source)
        before = files.folder("d", first).stat().st_ino
        assert seal(files, source) == first
        assert files.folder("d", first).stat().st_ino == before
        others = {
            seal(files, source, b"other layer"),
            seal(files, source, name="lain.zip"),
            seal(files, source, report=REPORT.for_layer("none")),
        }
        assert len(others | {first}) == 4
        assert seal(files, source, dataset_id="e") == first
    assert sorted(path.name for path in (data_dir / "datasets").iterdir()) == ["d", "e"]
    assert leftovers(data_dir) == []


def test_nothing_is_sealed_or_built_where_a_sweep_could_take_it(files, source):
    with pytest.raises(RuntimeError, match="registering"):
        seal(files, source)
    with pytest.raises(RuntimeError, match="registering"):
        files.new_build("a" * 64)
    with files.registering():
        found = []
        thread = threading.Thread(target=lambda: found.append(files._slots()))
        thread.start()
        thread.join()
        assert found == [None], "the block is its own thread's"


def test_names_from_outside_lead_nowhere(files, source):
    with files.registering(), pytest.raises(Invalid):
        seal(files, source, dataset_id="../d")
    for bad in (
        lambda: files.folder("d", "../x"),
        lambda: files.derived("a" * 64, ".."),
        lambda: files.derived("..", "b" * 16),
    ):
        with pytest.raises(ValueError, match="names no folder"):
            bad()


def test_every_file_and_folder_is_on_the_disk_before_its_row_can_be(files, source, data_dir, monkeypatch):
    """The order of a power cut: contents, then names, then the rename, then the name of the folder."""
    done = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(descriptor):
        done.append(("fsync", os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH115
        fsync(descriptor)

    def noted_rename(old, new):
        done.append(("rename", str(old), str(new)))
        rename(old, new)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    with files.registering():
        digest = seal(files, source)
        name = build(files, digest)
    for target in (files.folder("d", digest), files.derived(digest, name)):
        at = next(n for n, step in enumerate(done) if step[0] == "rename" and step[2] == str(target))
        temporary = done[at][1]
        before = {step[1] for step in done[:at] if step[0] == "fsync"}
        after = [step[1] for step in done[at:] if step[0] == "fsync"]
        expected = {temporary, *(f"{temporary}/{path.relative_to(target)}" for path in target.rglob("*"))}
        assert expected <= before
        assert after[:3] == [str(target.parent), str(target.parent.parent), str(data_dir)]


@pytest.mark.parametrize("change", ["flip", "cut", "remove", "manifest", "no-manifest"])
def test_what_has_become_wrong_is_found(files, source, change):
    with files.registering():
        digest = seal(files, source)
    folder = files.folder("d", digest)
    path = folder / (manifest.NAME if "manifest" in change else "layer.gpkg")
    path.chmod(0o644)
    if change == "flip":
        path.write_bytes(b"lbyer")
    elif change == "cut":
        path.write_bytes(b"lay")
    elif change == "manifest":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        path.unlink()
    assert len(files.verify("d", digest)) == 1
    assert files.is_sealed("d", digest) == (change == "flip")  # only reading every byte shows it
    if change == "cut":
        with files.registering(), pytest.raises(Conflict, match="damaged"):
            seal(files, source)


def test_a_build_appears_whole(files, source, register, data_dir):
    version = keep(files, register, source)
    with files.registering():
        name, folder = files.new_build(version.digest)
        (folder / "part").write_bytes(b"x")
        assert not files.derived(version.digest, name).exists()
        files.finish_build(version.digest, name)
        assert (files.derived(version.digest, name) / "part").read_bytes() == b"x"
    assert files.derived(version.digest, name).parent == data_dir / "derived" / version.digest
    assert leftovers(data_dir) == []


def test_a_build_that_fails_leaves_nothing(files, source, register, data_dir):
    version = keep(files, register, source)
    with pytest.raises(ZeroDivisionError), files.registering():
        _, folder = files.new_build(version.digest)
        (folder / "part").write_bytes(b"x")
        _ = 1 / 0
    assert leftovers(data_dir) == []
    assert not (data_dir / "derived" / version.digest).exists()


def test_the_sweep_leaves_what_is_known_and_sets_aside_what_is_not(files, source, register, data_dir):
    version = keep(files, register, source)
    name = release(files, register, version)
    with files.registering():
        lost = seal(files, source, b"never registered")
        stray = build(files, version.digest)
    (data_dir / "datasets" / "d" / "notes.txt").write_text("of a person")
    swept = files.sweep(register)
    assert swept.complete
    assert swept.orphans == (Path("d", lost),)
    assert swept.builds == (Path(version.digest, stray),)
    assert files.orphans() == [Path("d", lost)]
    assert not files.folder("d", lost).exists()
    assert manifest.faults(data_dir / "orphans" / "d" / lost, lost, deep=True) == []
    assert not files.derived(version.digest, stray).exists()
    assert files.derived(version.digest, name).is_dir()
    assert files.verify("d", version.digest) == []
    assert (data_dir / "datasets" / "d" / "notes.txt").exists()
    assert leftovers(data_dir) == []
    again = files.sweep(register)
    assert (again.temporary, again.orphans, again.builds) == ((), (), ())


def test_an_orphan_never_replaces_an_orphan(files, source, register, data_dir):
    for _ in range(3):
        with files.registering():
            lost = seal(files, source)
        files.sweep(register)
    assert files.orphans() == [Path("d", lost), Path("d", f"{lost}.2"), Path("d", f"{lost}.3")]
    assert sorted(path.name for path in (data_dir / "orphans").iterdir()) == ["d"]


def test_an_orphan_that_is_submitted_again_is_a_version(files, source, register):
    with files.registering():
        lost = seal(files, source)
    files.sweep(register)
    version = keep(files, register, source)
    assert version.digest == lost
    assert files.verify("d", lost) == []


def test_a_folder_whose_row_is_on_the_way_is_no_orphan(files, source, register):
    with files.registering():
        digest = seal(files, source)
        assert not Files(files._data).sweep(register).complete
        assert files.verify("d", digest) == []
    assert files.sweep(register).orphans == (Path("d", digest),)


def test_the_same_between_processes(files, register, data_dir):
    """A process stops between folder and row; only when it is dead its folder is an orphan."""
    told = beside("stop-before-commit", data_dir)
    assert told == [{"while_alive": False, "folder_while_alive": True, "while_dead": True, "orphans": 1}]
    assert len(files.orphans()) == 1


def test_builds_that_readers_may_still_be_on_stay_for_a_day(files, source, register, watch):
    version = keep(files, register, source)
    first, second = release(files, register, version), release(files, register, version)
    assert files.sweep(register).builds == ()
    watch.turn(hours=25)
    assert files.sweep(register).builds == (Path(version.digest, first),)
    assert files.derived(version.digest, second).is_dir()


def test_a_sweep_that_cannot_move_does_not_keep_the_node_from_starting(files, source, register, monkeypatch, caplog):
    with files.registering():
        seal(files, source)

    def full(old, new):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    assert not files.sweep(register).complete
    assert "not all could be swept" in caplog.text


@pytest.mark.parametrize("call", ["fsync", "rename", "mkdir", "write"])
def test_a_full_disk_is_said_and_leaves_nothing(files, source, register, data_dir, monkeypatch, call):
    version = keep(files, register, source)
    real, count = getattr(os, call), 0

    def fails_at(limit):
        def fail(*arguments, **named):
            nonlocal count
            count += 1
            if count == limit:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **named)

        return fail

    for limit in range(1, 100):
        count = 0
        monkeypatch.setattr(os, call, fails_at(limit))
        before = register.generation()
        try:
            kept = keep(files, register, source, f"layer {limit}".encode())
            release(files, register, kept)
        except StorageFull:
            pass
        finally:
            monkeypatch.undo()
        assert leftovers(data_dir) == []
        if count < limit:
            break
        swept = files.sweep(register)
        assert swept.complete
        with register.read() as conn:
            rows = datasets.versions(conn, "d")
            out = datasets.publications(conn)
        assert [files.verify("d", row.digest) for row in rows] == [[]] * len(rows)
        assert version in rows
        assert {row.digest for row in rows} == {path.name for path in (data_dir / "datasets" / "d").iterdir()}
        for publication in out:
            assert (files.derived(publication.version.digest, publication.build) / "summary.json").read_bytes() == b"{}"
        assert register.heal() - before in (0, 1)
    assert limit > 2, f"{call} was never called"


def test_free_space_is_said_also_before_there_is_a_folder(tmp_path):
    status = os.statvfs(tmp_path)
    free = Files(tmp_path / "not" / "yet").free_mb()
    assert abs(free - status.f_bavail * status.f_frsize / 1e6) < 1000
    assert list(tmp_path.iterdir()) == []
