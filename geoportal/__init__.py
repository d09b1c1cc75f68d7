"""Geoportal: a geospatial data node (Simpul Jaringan) for a region.

What a notebook needs is here: ``Node``, ``Settings``, ``read_layer``, ``validate`` and ``preview``, loaded on first
use so that ``import geoportal`` stays light. Start reading at ``actions/`` (what one can do) and ``model/`` (the
words).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "Node": "geoportal.node",
    "Settings": "geoportal.settings",
    "read_layer": "geoportal.ingest.reader",
    "validate": "geoportal.checks",
    "preview": "geoportal.maps.preview",
}
__all__ = ["Node", "Settings", "__version__", "preview", "read_layer", "validate"]


def __getattr__(name: str) -> Any:
    """Load an exported name when it is first asked for."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)
