"""The configuration folder as ``setup`` writes it: ``local.yaml`` and the files in ``local/``, whole or not at all,
with one step back.

``local.before/`` holds what stood there before the last write; ``undo`` changes the two, so that undoing twice does
nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from geoportal.errors import Conflict, Invalid, NotFound
from geoportal.settings import LOCAL, Settings, load_settings

SETTINGS = "local.yaml"
SHARED = "geoportal.yaml"
BEFORE = "local.before"
STAGE = ".local.new"
LOCK = ".setup.lock"
HEAD = "# Written by `geoportal setup`; `geoportal setup --undo` brings back what stood here before. No secrets here.\n"


def read_local(folder: Path) -> dict[str, Any]:
    """The sections that ``local.yaml`` sets at present; empty where there is none."""
    path = folder / SETTINGS
    if not path.exists():
        return {}
    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise Invalid(f"{path} must hold sections with keys")
    return content


def settings_with(folder: Path, values: Mapping[str, Any]) -> Settings:
    """The settings that a node would have with ``values`` as its local.yaml, the environment left aside.

    Invalid names what is wrong. Nothing is written.
    """
    with tempfile.TemporaryDirectory(prefix="geoportal-setup-") as name:
        trial = Path(name)
        if (folder / SHARED).exists():
            shutil.copyfile(folder / SHARED, trial / SHARED)
        (trial / SETTINGS).write_text(_yaml(values), "utf-8")
        found, _ = load_settings(environ={"GEOPORTAL_CONFIG": name})
    return found.model_copy(update={"config": folder})


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=120)


def write(folder: Path, values: Mapping[str, Any], files: Mapping[str, bytes | None]) -> list[Path]:
    """Write ``values`` as local.yaml and ``files`` (path below ``local/`` -> bytes, None takes it away)
    beside those that are there.

    Settings that no node could start with are refused before anything is written (Invalid). Two writers at once:
    Conflict. Returns what was written.
    """
    settings_with(folder, values)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        stage = folder / STAGE
        shutil.rmtree(stage, ignore_errors=True)
        if (folder / LOCAL).is_dir():
            shutil.copytree(folder / LOCAL, stage / LOCAL)
        (stage / LOCAL).mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            target = stage / LOCAL / name
            target.unlink(missing_ok=True)
            if body is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, body)
        _write(stage / SETTINGS, (HEAD + _yaml(values)).encode("utf-8"))
        _change(folder, stage)
    return [folder / SETTINGS, *(folder / LOCAL / name for name, body in files.items() if body is not None)]


def undo(folder: Path) -> None:
    """Bring back what stood there before the last write; NotFound where there was none."""
    with _locked(folder):
        before, stage = folder / BEFORE, folder / STAGE
        if not before.is_dir():
            raise NotFound(f"there is nothing to undo in {folder}")
        shutil.rmtree(stage, ignore_errors=True)
        shutil.copytree(before, stage)
        (stage / LOCAL).mkdir(exist_ok=True)
        _change(folder, stage)


def _change(folder: Path, stage: Path) -> None:
    """Put the staged state in the place of the present one, which becomes the one before. The settings come last."""
    kept = folder / f"{BEFORE}.new"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    if (folder / LOCAL).is_dir():
        shutil.copytree(folder / LOCAL, kept / LOCAL)
    if (folder / SETTINGS).exists():
        shutil.copy2(folder / SETTINGS, kept / SETTINGS)
    shutil.rmtree(folder / BEFORE, ignore_errors=True)
    kept.rename(folder / BEFORE)
    shutil.rmtree(folder / LOCAL, ignore_errors=True)
    (stage / LOCAL).rename(folder / LOCAL)
    if (stage / SETTINGS).exists():
        (stage / SETTINGS).replace(folder / SETTINGS)
    else:
        (folder / SETTINGS).unlink(missing_ok=True)
    shutil.rmtree(stage)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _write(path: Path, body: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one writer."""
    with (folder / LOCK).open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"another setup writes to {folder} at this moment") from error
        yield
