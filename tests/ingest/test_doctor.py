import platform
from pathlib import Path

import pytest

from geoportal.ingest import doctor, gdal, lockdown


def test_the_cuts_are_tried_and_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    held = doctor.cuts()
    assert list(held) == ["seccomp", "landlock", "netns"]
    assert held["seccomp"] is (platform.machine() in ("x86_64", "aarch64"))
    monkeypatch.setattr(doctor, "_TRIAL", doctor._TRIAL.replace("said = cut()", "said = True"))
    assert doctor.cuts() == dict.fromkeys(held, False)


def test_this_process_stays_as_it_was() -> None:
    doctor.cuts()
    assert Path("/etc/passwd").read_bytes() and "OGR_VRT" in gdal.drivers()


def test_without_any_cut_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockdown, "limit_resources", lambda limits: None)
    for name in ("leave_network", "seccomp"):
        monkeypatch.setattr(lockdown, name, lambda: False)
    monkeypatch.setattr(lockdown, "landlock", lambda readable, writable: False)
    monkeypatch.setattr(lockdown.os, "umask", lambda mask: 0)
    with pytest.raises(lockdown.LockdownFailed):
        lockdown.lock_down([], [], lockdown.Limits(memory=1, file_size=1, cpu_s=1))
