"""Overlays that GEOS refuses: tried on a grid, then told, and never the end of the other pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.errors import GEOSException

from geoportal.checks import coverage, texts, validate
from geoportal.checks.context import Context
from geoportal.checks.overlay import grid_of
from geoportal.model.report import Finding, Report, Severity
from geoportal.model.specification import CoveredBy
from tests.checks.examples import REGION, spec
from tests.factories import make_layer, squares

METRE = 1 / 111_320
STACK = [shapely.box(116 + n * 0.01, 0, 116.011 + n * 0.01, 0.01) for n in range(4)]  # each runs into the next
RULES = {"coverage-overlap": Severity.WARNING}


def refusing(function: Any, refuses: Any) -> Any:
    """``function`` as GEOS would be if it gave up on some shapes: the whole array is lost with one of them."""

    def made(*shapes: Any, **options: Any) -> Any:
        if any(refuses(item, options) for item in zip(*map(np.atleast_1d, shapes), strict=True)):
            raise GEOSException("TopologyException: side location conflict")
        return function(*shapes, **options)

    return made


def checked(**parts: Any) -> Report:
    layer = make_layer(STACK, ids=["a", "b", "c", "d"])
    report = validate(layer, spec(**parts), REGION)
    assert not [item for item in report.findings if item.rule == "check-failed"]
    return report


def found(report: Report, rule: str) -> Finding | None:
    return next((item for item in report.findings if item.rule == rule), None)


def test_one_refused_pair_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(checked(), "topology-failed") is None
    bad = (STACK[1], STACK[2])
    monkeypatch.setattr(coverage.shapely, "intersection", refusing(shapely.intersection, lambda pair, _: pair == bad))
    report = checked()
    overlaps, failed = found(report, "coverage-overlap"), found(report, "topology-failed")
    assert overlaps is not None and failed is not None
    assert [(place.feature, place.related) for place in overlaps.occurrences] == [("a", "b"), ("c", "d")]
    assert [(place.feature, place.related, place.params) for place in failed.occurrences] == [
        ("b", "c", {"rule": "coverage-overlap"})
    ]
    assert failed.severity is Severity.WARNING and failed.occurrences[0].where is not None
    assert "coverage-overlap" in texts.message(failed, "id")


def test_what_a_grid_helps_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = checked()
    monkeypatch.setattr(
        coverage.shapely, "intersection", refusing(shapely.intersection, lambda _, options: "grid_size" not in options)
    )
    gridded = checked()
    assert found(gridded, "topology-failed") is None
    one, other = found(plain, "coverage-overlap"), found(gridded, "coverage-overlap")
    assert one is not None and other is not None
    assert [place.feature for place in one.occurrences] == [place.feature for place in other.occurrences]
    assert one.params["area_m2"] == pytest.approx(other.params["area_m2"], rel=1e-4)


def test_what_was_not_looked_at_weighs_as_much_as_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage.shapely, "intersection", refusing(shapely.intersection, lambda *_: True))
    blocked = found(checked(severities={"coverage-overlap": Severity.BLOCKING}), "topology-failed")
    assert blocked is not None and blocked.severity is Severity.BLOCKING and blocked.count == 3
    off = checked(severities={"topology-failed": "off"})
    assert found(off, "topology-failed") is None


def test_a_union_and_a_coverage_test_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(*_: Any, **__: Any) -> Any:
        raise GEOSException("TopologyException")

    monkeypatch.setattr(shapely, "coverage_invalid_edges", gives_up)
    assert found(checked(), "coverage-overlap") is not None  # then every pair is asked
    monkeypatch.setattr(shapely, "union_all", gives_up)
    failed = found(checked(), "topology-failed")
    assert failed is not None and failed.params == {"rules": ["coverage-gap"]}
    assert failed.occurrences[0].feature is None


def test_a_difference_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapely, "difference", refusing(shapely.difference, lambda pair, _: pair[0] == STACK[0]))
    asked = spec(covered_by=(CoveredBy("kecamatan"),), severities={"coverage-gap": "off"})
    report = validate(
        make_layer(STACK, ids=list("abcd")), asked, REGION, beside={"kecamatan": make_layer(squares(1, 1))}
    )
    failed, outside = found(report, "topology-failed"), found(report, "not-covered")
    assert failed is not None and [place.feature for place in failed.occurrences] == ["a"]
    assert outside is not None and outside.count == 3


@pytest.mark.parametrize(("crs", "size"), [("EPSG:4326", 1e-3 * METRE), ("EPSG:32750", 1e-3), ("EPSG:2263", 3.28e-3)])
def test_the_grid_is_a_millimetre(crs: str, size: float) -> None:
    context = Context(make_layer(["POINT (0 0)"], crs), spec(), REGION)
    assert grid_of(context) == pytest.approx(size, rel=0.01)
