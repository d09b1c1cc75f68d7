"""Asks the rules of a sealed version: at once, or in parts where the layer is too large for that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geoportal.model.access import Classification
from geoportal.node import Node

if TYPE_CHECKING:
    from geoportal.model.references import References
    from geoportal.model.report import Report
    from geoportal.model.specification import Specification

REFERENCE_MISSING = "reference-missing"


def guarded(spec: Specification, access: Classification) -> Specification:
    """The specification as a dataset of this class is judged by: personal data weigh only in what is for everybody."""
    return spec if access is Classification.PUBLIC else replace(spec, open_data=False)


def rejudged(node: Node, dataset_id: str, digest: str, spec: Specification | None, references: References) -> Report:
    """What the rules find in a sealed layer under a specification; the sealed folder is only read.

    Layers with more features than ``checks.part_features`` are read in parts of that size, which a Dask cluster shares
    where ``checks.scheduler`` names one; the report is the same. Raises Unavailable when it does not answer.
    """
    from geoportal.checks import validate
    from geoportal.checks.parts import validate_parts

    size = node.settings.checks.part_features
    features = sum(layer.features for layer in node.files.report(dataset_id, digest).layers)
    if features <= size:
        return validate(node.files.open_layer(dataset_id, digest), spec, node.region, references=references)
    parts = node.files.open_parts(dataset_id, digest, size)
    if parts.layer.geometry_type is None:  # a table is all attributes, which are read whole in any case
        return validate(node.files.open_layer(dataset_id, digest), spec, node.region, references=references)
    if not node.settings.checks.scheduler:
        return validate_parts(parts, spec, node.region, references=references)
    from geoportal.checks.spread import spread

    with spread(node.settings.checks.scheduler) as run:
        return validate_parts(parts, spec, node.region, references=references, run=run)


def with_file_beside(fresh: Report, sealed: Report, spec: Specification) -> Report:
    """``fresh`` with what ``sealed`` says of comparisons that can be made at intake alone: with other layers of the
    same file, of which one is kept.

    They are taken over where the version was sealed under a specification of this name that compared everything then.
    """
    from geoportal.checks.covering import BESIDE
    from geoportal.checks.rules import RULES, severity_under

    missing = next((item for item in fresh.findings if item.rule == REFERENCE_MISSING), None)
    compared = [rule for rule in BESIDE if rule in sealed.checked]
    if missing is None or sealed.spec != spec.name or not compared:
        return fresh
    told = [item for item in fresh.findings if item.rule not in (*compared, REFERENCE_MISSING)]
    for item in sealed.findings:
        if item.rule in compared and (severity := severity_under(RULES[item.rule], spec)) is not None:
            told.append(replace(item, severity=severity))
    return replace(fresh, findings=tuple(told), checked=tuple(sorted({*fresh.checked, *compared})))
