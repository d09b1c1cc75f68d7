"""Rules about tables (CSV, spreadsheets) and about joining them to region layers: found by ``ingest``, declared here.

How a table was understood is a note. What was changed on the way (a comma into a decimal point), what could not be
understood and what is suspicious is a warning. A table that is joined must place all of its rows where the profile
draws boundaries or places: ``batas`` and ``titik`` block on ``join-unmatched``.
"""

from __future__ import annotations

from geoportal.checks.rules import declare
from geoportal.model.report import Element, Scope, Severity

BLOCKING, WARNING, INFO = Severity.BLOCKING, Severity.WARNING, Severity.INFO
SOURCE = Scope.SOURCE
FORMAT, DOMAIN, POSITION = Element.FORMAT_CONSISTENCY, Element.DOMAIN_CONSISTENCY, Element.POSITIONAL_ACCURACY

# How it was read.
declare("table-layout", scope=SOURCE, element=FORMAT, severity=INFO)
declare("table-title-rows", scope=SOURCE, element=FORMAT, severity=INFO)
declare("table-header-lines", scope=SOURCE, element=FORMAT, severity=INFO)
declare("table-coordinates", scope=SOURCE, element=POSITION, severity=INFO)

# What the officer must know.
declare("table-without-header", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-rows-ragged", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-decimal-comma", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-thousands", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-numbers-ambiguous", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-codes-as-numbers", scope=SOURCE, element=DOMAIN, severity=WARNING, intake=WARNING)
declare("table-coordinates-unreadable", scope=SOURCE, element=POSITION, severity=WARNING, intake=WARNING)
declare("table-coordinates-swapped", scope=SOURCE, element=POSITION, severity=WARNING, intake=WARNING)
declare("table-cells-without-value", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-merged-cells", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-sheets-hidden", scope=SOURCE, element=Element.USABILITY, severity=WARNING, intake=WARNING)

# Tables joined by code.
declare("table-joined", scope=SOURCE, element=POSITION, severity=INFO)
declare("join-possible", scope=SOURCE, element=POSITION, severity=INFO)
declare("join-impossible", scope=SOURCE, element=DOMAIN, severity=BLOCKING, intake=None)
declare("join-unmatched", scope=SOURCE, element=DOMAIN, severity=WARNING)
declare("join-duplicate", scope=SOURCE, element=DOMAIN, severity=WARNING)
declare("join-missing", scope=SOURCE, element=Element.COMPLETENESS_OMISSION, severity=INFO)
