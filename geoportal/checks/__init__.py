"""Pemeriksaan: a layer goes in, a report comes out; nothing is changed.

Phase: pemeriksaan data (Perpres 39/2019). Imports ``model``, ``language`` and ``errors`` only, and no geopandas
before a layer is asked: workers read the texts of rules here. Start with ``rules`` (the table and the decorator),
then ``geometry`` (what a rule looks like), ``context`` (what rules share), ``validation`` (who asks them),
``profiles`` (which weigh how much) and ``texts`` (the words).
"""

# These fill the table of rules.
from geoportal.checks import (
    completeness,
    coverage,
    covering,
    geometry,
    kugi_codes,
    labels,
    lines,
    metadata,
    plans,
    positions,
    reference,
    schema,
    source,
    tables,
    values,
)
from geoportal.checks.rules import RULES
from geoportal.checks.validation import source_report, validate

__all__ = [
    "RULES",
    "completeness",
    "coverage",
    "covering",
    "geometry",
    "kugi_codes",
    "labels",
    "lines",
    "metadata",
    "plans",
    "positions",
    "reference",
    "schema",
    "source",
    "source_report",
    "tables",
    "validate",
    "values",
]
