"""Asks the rules of a sealed version: at once, or in parts where the layer is too large for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoportal.node import Node

if TYPE_CHECKING:
    from geoportal.model.references import References
    from geoportal.model.report import Report
    from geoportal.model.specification import Specification


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
