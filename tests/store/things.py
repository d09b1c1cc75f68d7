"""What the tests of the store are made of: small facts, a register that tells a time of its own, a process beside."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geoportal.model.layer import Field, LayerSummary
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.report import Element, Finding, Occurrence, Report, Severity
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText
from geoportal.store.register import Register
from tests.processes import ROOT

RECORD = Record(
    title=LocalText("Desa «Éling» 村", "Villages"),
    keywords={"id": ("desa", "batas")},
    producer="Bappeda",
    synthetic=True,
    fields={"nama": FieldMeaning(LocalText("Nama", "Name"), "m²")},
    style=Style(colour_by="nama", palette="many"),
)
SPECIFICATION = Specification(
    "titik",
    "titik",
    geometry=("Point",),
    key="kode",
    fields=(FieldSpecification("kode", "text", True, codes=("1", "2")),),
)
SUMMARY = LayerSummary("desa", 3, "EPSG:4326", (116.0, -1.0, 117.0, 0.5), "Point", (Field("kode", "string", 10),))
REPORT = Report(
    layers=(SUMMARY,),
    findings=(
        Finding(
            "name-long",
            Severity.WARNING,
            Element.FORMAT_CONSISTENCY,
            1,
            "desa",
            params={"name": "\udce9x"},
            occurrences=(Occurrence("1", (116.5, -0.5)),),
        ),
    ),
    spec="titik",
    checked=("name-long",),
)


class Watch:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


def register_in(data: Path, watch: Watch | None = None) -> Register:
    """A register in ``data``, up to date."""
    register = Register(data / "register.db", *([watch] if watch else []))
    register.upgrade()
    return register


def beside(verb: str, data: Path, *arguments: Any, timeout: float = 120) -> list[Any]:
    """What ``tests.store.actors`` says, line by line, when it does ``verb`` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.actors", verb, str(data), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
