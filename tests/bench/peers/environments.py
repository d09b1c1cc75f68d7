"""Python environments of peers: made once in the folder of the run, with what the package index gives."""

from __future__ import annotations

import shutil
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.bench.peers.machine import Absent


def environment(folder: Path, packages: Sequence[str], wishes: Sequence[str] = ()) -> Path:
    """The bin folder of an environment with ``packages``; ``wishes`` are left out where they cannot be had."""
    done = folder / "bench.packages"
    wanted = "\n".join([*packages, *wishes]) + "\n"
    if done.exists() and done.read_text() == wanted:
        return folder / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    if failure := _install(folder, packages):
        raise Absent(f"pip install {' '.join(packages)}: {failure}")
    for wish in wishes:
        _install(folder, [wish])
    done.write_text(wanted)
    return folder / "bin"


def _install(folder: Path, packages: Sequence[str]) -> str:
    pip: list[str | Path] = [
        folder / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        *packages,
    ]
    ended = subprocess.run(pip, capture_output=True, text=True, check=False)
    return ended.stderr.strip()[-300:] if ended.returncode else ""


def has(bin_folder: Path, module: str) -> bool:
    """Whether a module can be imported there."""
    return subprocess.run([bin_folder / "python", "-c", f"import {module}"], capture_output=True).returncode == 0


def version(bin_folder: Path, package: str) -> str:
    """The version of a package in an environment."""
    ask = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([bin_folder / "python", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
