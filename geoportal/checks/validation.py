"""Asks every rule of a layer and makes the report."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.context import INVALID_NOTE, Context
from geoportal.checks.findings import failed, noted, one_per_rule
from geoportal.checks.overlay import not_overlaid
from geoportal.checks.rules import CHECKS, Check, severity_under
from geoportal.model.references import NO_REFERENCES
from geoportal.model.report import SAMPLE, Finding, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoportal.model.layer import Layer
    from geoportal.model.references import References
    from geoportal.model.region import Region
    from geoportal.model.specification import Specification

log = logging.getLogger(__name__)


def validate(
    layer: Layer,
    spec: Specification | None,
    region: Region,
    *,
    sample: int | None = SAMPLE,
    references: References = NO_REFERENCES,
    beside: Mapping[str, Layer] | None = None,
) -> Report:
    """Everything that the rules find in a layer; without a specification only what the verdict needs (CONTRACT 4).

    Never raises for bad data. ``sample`` caps the occurrences of each finding; None keeps all, for the fault package.
    ``references`` and ``beside``, the other layers of the same file by their names, are what it is compared with.
    """
    context = Context(layer, spec, region, sample, references, beside)
    findings: list[Finding | None] = []
    checked: list[str] = []
    # Numbers that are none are looked for by rules; numpy need not warn of them on the way.
    with np.errstate(all="ignore"):
        for check in CHECKS.values():
            if not is_wanted(check, spec):
                continue
            try:
                if context.meets(check.needs):
                    findings.append(check.run(layer, spec, context))
                    checked.append(check.rule.id)
            except MemoryError:
                raise  # the child's limit: the file is too large, not one rule
            except Exception:  # whatever a file does to one rule must not hide what the others found
                log.exception("The check %s failed on layer %r", check.rule.id, layer.name)
                findings.append(failed(check.rule, context))
        findings.append(not_overlaid(context))
        checked = [rule for rule in checked if rule not in context.unfinished]
        told_by_rule = {INVALID_NOTE} & set(checked)
        findings += [noted(rule, params, spec, context) for rule, params in layer.notes if rule not in told_by_rule]
        return finished(findings, spec, layers=(context.summary(),), checked=checked, sample=sample)


def source_report(findings: Iterable[tuple[str, dict[str, Any]]], spec: Specification | None) -> Report:
    """A report of what the reader saw of a file as a whole: ids of rules with their parameters."""
    return finished([noted(rule, params, spec) for rule, params in findings], spec)


def finished(findings: list[Finding | None], spec: Specification | None, **parts: Any) -> Report:
    """One finding per rule and layer, the weightiest first."""
    report = Report(
        findings=one_per_rule(findings, parts.get("sample", SAMPLE)),
        spec=spec.name if spec else None,
        layers=parts.get("layers", ()),
        checked=tuple(parts.get("checked", ())),
    )
    return report.merged_with(())


def is_wanted(check: Check, spec: Specification | None) -> bool:
    """Whether a rule is asked under a specification."""
    if spec is None:
        return check.rule.intake is not None
    return severity_under(check.rule, spec) is not None
