"""Rules about the file itself, which only its reader can see: declared here, and found broken by ``ingest``.

Their weight in the intake verdict is that of the list in the brief for test data: what is unsafe or cannot be opened
is rejected, what an officer must know of is a warning, what is harmless is a note.
"""

from __future__ import annotations

from geoportal.checks.rules import declare
from geoportal.model.report import Element, Scope, Severity

BLOCKING, WARNING, INFO = Severity.BLOCKING, Severity.WARNING, Severity.INFO
SOURCE = Scope.SOURCE
FORMAT, CONCEPT, USABILITY = Element.FORMAT_CONSISTENCY, Element.CONCEPTUAL_CONSISTENCY, Element.USABILITY
POSITION = Element.POSITIONAL_ACCURACY

# Cannot be opened, or not safely.
declare("source-empty", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)
declare("source-unreadable", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)
declare("source-unsafe", scope=SOURCE, element=USABILITY, severity=BLOCKING, intake=BLOCKING)
declare("source-crashed", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)
declare("source-too-slow", scope=SOURCE, element=USABILITY, severity=BLOCKING, intake=BLOCKING)
declare("source-too-large", scope=SOURCE, element=USABILITY, severity=BLOCKING, intake=BLOCKING)
declare("format-not-supported", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)
declare("archive-unsafe", scope=SOURCE, element=USABILITY, severity=BLOCKING, intake=BLOCKING)
declare("archive-damaged", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)
declare("no-layer", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)
declare("layer-not-found", scope=SOURCE, element=CONCEPT, severity=BLOCKING, intake=BLOCKING)
declare("fields-too-many", scope=SOURCE, element=FORMAT, severity=BLOCKING, intake=BLOCKING)

# Readable, but the officer must know.
declare("layers-several", scope=SOURCE, element=CONCEPT, severity=WARNING, intake=WARNING)
declare("crs-conflict", scope=SOURCE, element=POSITION, severity=BLOCKING, intake=BLOCKING)
declare("crs-from-member", scope=SOURCE, element=POSITION, severity=WARNING, intake=WARNING)
declare("encoding-assumed", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("record-count-differs", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("geometry-curved", scope=SOURCE, element=CONCEPT, severity=WARNING, intake=WARNING)
declare("geometry-measured", scope=SOURCE, element=CONCEPT, severity=WARNING, intake=WARNING)
declare("shx-restored", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("table-missing", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("answer-partial", scope=SOURCE, element=Element.COMPLETENESS_OMISSION, severity=WARNING, intake=WARNING)
declare("links-not-followed", scope=SOURCE, element=CONCEPT, severity=WARNING, intake=WARNING)
declare("content-not-kept", scope=SOURCE, element=CONCEPT, severity=WARNING, intake=WARNING)
declare("reader-message", scope=SOURCE, element=FORMAT, severity=WARNING, intake=WARNING)
declare("raster-placement", scope=SOURCE, element=POSITION, severity=WARNING, intake=WARNING)
declare("drawing-unit", scope=SOURCE, element=POSITION, severity=WARNING, intake=WARNING)
declare("entities-unread", scope=SOURCE, element=CONCEPT, severity=WARNING, intake=WARNING)
declare("topology-failed", scope=Scope.BETWEEN, element=USABILITY, severity=WARNING)
declare("check-failed", scope=SOURCE, element=USABILITY, severity=WARNING, intake=WARNING)

# Read and judged, but of no use to a dataset: it does not spoil the verdict and no profile is met by it.
declare("raster-layer", scope=SOURCE, element=CONCEPT, severity=BLOCKING, intake=INFO)

# Harmless.
declare("codes-kept", scope=SOURCE, element=FORMAT, severity=INFO)
declare("aliases-left", scope=SOURCE, element=FORMAT, severity=INFO)
declare("members-left", scope=SOURCE, element=FORMAT, severity=INFO)
declare("text-nul-padded", scope=SOURCE, element=FORMAT, severity=INFO)
declare("heights-zero", scope=SOURCE, element=CONCEPT, severity=INFO)
declare("track-points-apart", scope=SOURCE, element=CONCEPT, severity=INFO)
declare("bbox-column-left", scope=SOURCE, element=FORMAT, severity=INFO)
