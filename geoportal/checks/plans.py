"""Rules about spatial plans (RTRW): names and fields of Permen ATR/BPN 14/2021, Lampiran II and III.

Only what is printed there and in the project's sources is asked; which layers of a plan are due is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

STRUCTURE, PATTERN, STATUS = "JNSRSR", "JNSRPR", "STSJRN"
"""Kind in the spatial structure (struktur ruang), kind in the pattern (pola ruang), status of a network."""

# _[kode wilayah]_[skala]_[jenis rencana]_[unsur]_[daerah]_[tahun]; pola ruang has no unsur (Lampiran II).
_NAME = re.compile(
    r"_?(?P<region>\d{2}|\d{4})_\d{1,4}[A-Z]{1,3}_[A-Z]+(?:_[A-Z0-9]+){1,12}_(?:19|20)\d\d", re.IGNORECASE
)


@rule(
    "rtrw-name-form",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.PLAN,),
)
def name_well_formed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The name has the parts of Lampiran II, and its code is that of the node's region or of its province."""
    found = _NAME.fullmatch(layer.name.strip())
    if found is None:
        return finding(context, params={"name": layer.name, "reason": "plan-name"})
    own = re.sub(r"\D", "", context.region.code or "")
    if own and found["region"] not in (own, own[:2]):
        return finding(context, params={"name": layer.name, "reason": "plan-region", "code": found["region"]})
    return None


@rule(
    "rtrw-kind-missing",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=(Need.PLAN,),
)
def kind_there(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """A layer of a plan says what its features are in the plan: JNSRSR (with STSJRN) in the structure, JNSRPR in the
    pattern.
    """
    if context.has_field(PATTERN) or (context.has_field(STRUCTURE) and context.has_field(STATUS)):
        return None
    missing = STATUS if context.has_field(STRUCTURE) else f"{STRUCTURE} / {PATTERN}"
    return finding(context, told=[Occurrence(params={"field": missing})], params={"fields": [missing]})
