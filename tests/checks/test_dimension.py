"""Heights and curves: what is more than a simple feature in two dimensions is told, at intake or at the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoportal.checks import texts, validate
from geoportal.checks.profiles import read_specification
from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.model.report import Finding, Gate, Severity
from tests.checks.examples import POINT, REGION, spec
from tests.factories import make_layer

PROFILES = Path(__file__).parents[2] / "config" / "specifications"
HIGH = "POINT Z (116.5 -0.5 25)"


def found(shapes: list[str | None], rule: str = "geometry-dimension") -> Finding | None:
    report = validate(make_layer(shapes), spec(), REGION)
    return next((item for item in report.findings if item.rule == rule), None)


def test_heights_on_some_are_named_and_heights_on_all_are_a_fact_of_the_layer() -> None:
    some, whole = found([POINT, HIGH, None, "POINT EMPTY"]), found([HIGH, HIGH, None])
    assert some is not None and whole is not None
    assert (some.count, some.params) == (1, {"reason": "heights-some", "total": 2})
    assert [place.feature for place in some.occurrences] == ["2"]
    assert (whole.count, whole.params, whole.occurrences) == (2, {"reason": "heights-all", "total": 2}, ())
    assert some.severity is whole.severity is Severity.INFO
    assert texts.message(some, "en") == "1 of 2 features have heights (Z) in their coordinates, the others have none."
    assert texts.message(whole, "id") == "Semua unsur (2) memiliki ketinggian (Z) pada koordinatnya."
    assert found([POINT, None]) is None


@pytest.mark.parametrize("profile", ["bebas", "batas", "titik"])
def test_heights_block_no_profile(profile: str) -> None:
    report = validate(make_layer([HIGH]), read_specification(profile, PROFILES), REGION)
    assert all(item.severity is not Severity.BLOCKING for item in report.findings if item.rule == "geometry-dimension")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_curves_of_a_file_are_a_finding_at_the_gate_too(shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "messy" / "gpkg" / "pyogrio_curve.gpkg"
    (source,) = find_sources(path, tmp_path, name=path.name, max_bytes=1 << 30, max_fields=500)
    layer = read_layer(source)
    for profile in (None, read_specification("bebas", PROFILES)):
        report = validate(layer, profile, REGION)
        (curved,) = (item for item in report.findings if item.rule == "geometry-curved")
        assert curved.severity is Severity.WARNING and curved.count >= 1
        assert report.gate is (None if profile is None else Gate.PASS)
