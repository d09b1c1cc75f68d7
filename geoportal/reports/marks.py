"""The marks of the severities: a shape and a colour each, the same four on map, list, print and in QGIS (UI 5)."""

from __future__ import annotations

from typing import Final

from geoportal.model.report import Severity

SHAPES: Final = {
    "blocking": '<path d="M6.300 1.500h7.400l4.800 4.800v7.400l-4.800 4.800H6.300l-4.800-4.800V6.300Z" fill="#9B1C31"/>'
    '<path d="M5.500 10h9" stroke="#fff" stroke-width="2.600"/>',
    "warning": '<path d="M10 1.900 19 17.800H1Z" fill="#F0B323" stroke="#241C17" stroke-width="1"'
    ' stroke-linejoin="round"/><path d="M10 7.300v5.200M10 14.200v1.900" stroke="#241C17" stroke-width="2"/>',
    "info": '<circle cx="10" cy="10" r="8.700" fill="#2B5D8A"/>'
    '<path d="M10 9v5.600M10 5.200v2.100" stroke="#fff" stroke-width="2.200"/>',
    "pass": '<circle cx="10" cy="10" r="8.700" fill="#1F6B45"/>'
    '<path d="m6 10.300 2.800 2.800L14 7.700" fill="none" stroke="#fff" stroke-width="2"/>',
    "none": '<circle cx="10" cy="10" r="8" fill="none" stroke="#74655A" stroke-width="1.600"'
    ' stroke-dasharray="3 2.500"/><path d="M6.500 10h7" stroke="#74655A" stroke-width="2"/>',
}
"""What is drawn on a square of 20 by 20: octagon with bar, triangle, disc with i, disc with tick, dashed ring."""

COLOURS: Final = {Severity.BLOCKING: "#9B1C31", Severity.WARNING: "#F0B323", Severity.INFO: "#2B5D8A"}
EDGES: Final = {Severity.BLOCKING: "#FFFFFF", Severity.WARNING: "#241C17", Severity.INFO: "#FFFFFF"}
QGIS_MARKERS: Final = {Severity.BLOCKING: "octagon", Severity.WARNING: "triangle", Severity.INFO: "circle"}
QGIS_LINES: Final = {Severity.BLOCKING: "solid", Severity.WARNING: "dash", Severity.INFO: "dot"}
QGIS_FILLS: Final = {Severity.BLOCKING: "b_diagonal", Severity.WARNING: "f_diagonal", Severity.INFO: "dense6"}


def mark(severity: str) -> str:
    """The mark as an SVG element; ours from end to end, so it needs no escaping."""
    return f'<svg class="mark" viewBox="0 0 20 20" aria-hidden="true">{SHAPES[severity]}</svg>'
