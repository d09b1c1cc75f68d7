"""Sudden death: each acknowledged version is whole afterwards, the others are whole or absent (``crashes`` does it)."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.processes import ROOT

MOMENTS = int(os.environ.get("SUDDEN_DEATHS", "24"))
SEED = 6402


@pytest.fixture
def folder(tmp_path):
    """Memory where there is some: a killed process loses nothing that it wrote, and this is faster."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name)


def deaths(folder, verb, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.crashes", verb, str(folder), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_death_before_each_step_in_turn(folder):
    total, *found = deaths(folder, "steps")
    assert [death["step"] for death in found] == list(range(1, total["steps"] + 1))
    assert [death for death in found if death["wrong"]] == []
    acknowledged = [death["acknowledged"] for death in found]
    assert acknowledged == sorted(acknowledged), "a later death has acknowledged no less"
    assert acknowledged.count(0) > 15, "steps before the commit of the version"
    assert acknowledged.count(1) > 10, "steps between it and the publication"


def test_death_at_any_moment(folder):
    found = deaths(folder, "moments", MOMENTS, SEED)
    assert len(found) == MOMENTS
    assert [death for death in found if death["wrong"]] == []
    inside = sum(death["acknowledged"] < 2 for death in found)
    assert inside > MOMENTS * 0.6, f"only {inside} of {MOMENTS} deaths came before the end"
