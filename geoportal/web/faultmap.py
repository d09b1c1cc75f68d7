"""The fault map (peta temuan): numbered marks where a report found something, each linked with its row in the list."""

from __future__ import annotations

from dataclasses import dataclass

from geoportal.reports.spots import NEAR_PX, Mark, Spot, mark_id, marks_of, row_id
from geoportal.web.backdrop import Backdrop

__all__ = ["NEAR_PX", "FaultMap", "Mark", "Spot", "mark_id", "marks_of", "row_id"]


@dataclass(frozen=True, slots=True)
class FaultMap:
    """The drawing with its marks; ``scale`` is the text of the bar, empty for none, ``clustered`` whether the legend
    explains discs.
    """

    drawing: Backdrop
    marks: tuple[Mark, ...]
    label: str
    scale: str
    severities: tuple[str, ...]
    clustered: bool
