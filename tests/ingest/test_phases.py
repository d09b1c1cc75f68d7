from pathlib import Path

import pytest

from geoportal.ingest.phases import PHASES, listening, teller
from tests.ingest import makers
from tests.ingest.conftest import Inspect


def test_what_the_child_tells_is_heard_once(tmp_path: Path) -> None:
    heard: list[tuple[str, float | None]] = []
    look = listening(tmp_path, lambda phase, share: heard.append((phase, share)))
    assert look is not None
    tell = teller(tmp_path)
    look()
    for phase, number, count in (("unpack", 0, 1), ("read", 1, 4), ("read", 1, 4)):
        tell(phase, number, count)
        look()
    assert heard == [("unpack", None), ("read", 0.25)]


@pytest.mark.parametrize(
    "text",
    [b"", b"read", b"format c: 1 2", b"steal 1 2", b"read -1 2", b"read x y", b"\xff\xfe\0 1 2", b"read 1 2" * 50],
)
def test_nothing_else_is_believed(text: bytes, tmp_path: Path) -> None:
    heard: list[tuple[str, float | None]] = []
    look = listening(tmp_path, lambda phase, share: heard.append((phase, share)))
    assert look is not None
    (tmp_path / "phase").write_bytes(text)
    look()
    assert heard == []


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("read 1 2")
    (tmp_path / "phase").symlink_to(tmp_path / "secret")
    heard: list[str] = []
    look = listening(tmp_path, lambda phase, share: heard.append(phase))
    assert look is not None
    look()
    assert heard == []


def test_nobody_is_told_when_nobody_asks(tmp_path: Path, inspect: Inspect) -> None:
    assert listening(tmp_path, None) is None
    _, staged = inspect(makers.geopackage(tmp_path / "a.gpkg"))
    assert staged is not None and not list(staged.path.parent.rglob("phase"))


def test_the_phases_of_a_real_file_come_in_order(tmp_path: Path, inspect: Inspect) -> None:
    heard: list[str] = []
    path = makers.geopackage(tmp_path / "a.gpkg", makers.frame(20000))
    inspect(path, progress=lambda phase, share: heard.append(phase))
    assert heard[0] == "copy" and len(set(heard)) > 1
    assert [PHASES.index(phase) for phase in heard] == sorted(PHASES.index(phase) for phase in heard)
