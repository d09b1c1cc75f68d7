"""Asks one rule of one layer: what tests of single rules share."""

from __future__ import annotations

from typing import Any

from geoportal.checks import validate
from geoportal.model.layer import Layer
from geoportal.model.references import NO_REFERENCES, References
from geoportal.model.report import Finding
from geoportal.model.specification import Specification
from tests.checks.examples import PLAIN, REGION
from tests.factories import make_layer


def table(**columns: Any) -> Layer:
    """A layer of attributes alone."""
    return make_layer(None, crs=None, **columns)


def ask(rule: str, layer: Layer, spec: Specification = PLAIN, references: References = NO_REFERENCES) -> Finding | None:
    """What a rule finds; a rule that could not be finished is a failure of the test."""
    report = validate(layer, spec, REGION, references=references, sample=None)
    assert not [item for item in report.findings if item.rule == "check-failed"]
    return next((finding for finding in report.findings if finding.rule == rule), None)


def facts(finding: Finding | None, name: str) -> list[Any]:
    """One parameter of each place of a finding; empty where nothing was found."""
    return [place.params.get(name) for place in finding.occurrences] if finding else []
