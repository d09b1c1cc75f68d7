import os

from geoportal.store import temporary
from tests.store.things import beside


def test_a_folder_is_there_until_it_is_released(tmp_path):
    slot = temporary.claim(tmp_path)
    (slot.folder / "sub").mkdir()
    (slot.folder / "sub" / "file").write_bytes(b"x")
    assert slot.folder.parent == tmp_path
    assert temporary.sweep(tmp_path) == []
    assert (slot.folder / "sub" / "file").exists()
    slot.release()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_goes_and_what_a_living_one_has_stays(tmp_path):
    mine = temporary.claim(tmp_path)
    (left,) = beside("die-with-a-folder", tmp_path)
    assert (tmp_path / left / "half.gpkg").exists()
    assert temporary.sweep(tmp_path) == [left]
    assert sorted(path.name for path in tmp_path.iterdir()) == [mine.folder.name, mine.folder.name + ".lock"]
    mine.release()


def test_a_folder_without_a_lock_and_a_lock_without_a_folder_go(tmp_path):
    (tmp_path / "1-aa").mkdir()
    (tmp_path / "2-bb.lock").touch()
    (tmp_path / "file").touch()
    assert temporary.sweep(tmp_path) == ["1-aa", "2-bb", "file"]
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_removed_and_not_followed(tmp_path):
    (outside := tmp_path / "outside").mkdir()
    (outside / "kept").touch()
    (parent := tmp_path / "tmp").mkdir()
    (parent / "1-aa").symlink_to(outside)
    (parent / "2-bb").mkdir()
    (parent / "2-bb" / "link").symlink_to(outside)
    temporary.sweep(parent)
    assert list(parent.iterdir()) == []
    assert (outside / "kept").exists()


def test_a_sweep_between_file_and_lock_is_survived(tmp_path, monkeypatch):
    """The lock file is taken away after it was opened and before it was locked: another is claimed."""
    opened, seen = temporary.open_lock, []

    def swept_at_once(path):
        descriptor = opened(path)
        if not seen:
            path.unlink()
        seen.append(path)
        return descriptor

    monkeypatch.setattr(temporary, "open_lock", swept_at_once)
    slot = temporary.claim(tmp_path)
    assert len(seen) == 2
    assert slot.folder == seen[1].with_suffix("")
    assert os.path.samestat(os.fstat(slot.lock), seen[1].stat())
    slot.release()


def test_what_cannot_be_removed_does_not_stop_the_rest(tmp_path, monkeypatch, caplog):
    for name in ("1-aa", "2-bb"):
        (tmp_path / name).mkdir()
    remove = temporary._remove

    def fail(path):
        if path.name == "1-aa":
            raise PermissionError(13, "no")
        remove(path)

    monkeypatch.setattr(temporary, "_remove", fail)
    assert temporary.sweep(tmp_path) == ["2-bb"]
    assert "1-aa not removed" in caplog.text
