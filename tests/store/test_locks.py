import fcntl
import os
import stat

import pytest

from geoportal.store import locks


def test_one_holds_it_alone_and_others_are_told(tmp_path):
    path = tmp_path / "lock"
    with locks.exclusive(path) as first, locks.exclusive(path, wait=False) as second:
        assert (first, second) == (True, False)
    with locks.exclusive(path, wait=False) as again:
        assert again


def test_many_share_it_and_none_is_alone_meanwhile(tmp_path):
    path = tmp_path / "lock"
    with locks.shared(path), locks.shared(path), locks.exclusive(path, wait=False) as alone:
        assert not alone


def test_an_exception_lets_go(tmp_path):
    path = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), locks.exclusive(path):
        _ = 1 / 0
    with locks.exclusive(path, wait=False) as alone:
        assert alone


def test_a_program_that_is_started_does_not_inherit_it(tmp_path):
    descriptor = locks.open_lock(tmp_path / "lock")
    assert fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(descriptor)


def test_new_folders_are_private_and_old_ones_keep_their_mode(tmp_path):
    tmp_path.chmod(0o755)
    made = locks.private_folder(tmp_path / "a" / "b")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, made.parent, made)] == [0o755, 0o700, 0o700]
