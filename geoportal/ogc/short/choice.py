"""Which features lie on the page that was asked for, and their bytes."""

from __future__ import annotations

from dataclasses import dataclass

from geoportal.ogc.cql2.compiler import Compiler
from geoportal.ogc.filters import asked_filter
from geoportal.ogc.short.asking import Asking
from geoportal.ogc.source import Source
from geoportal.serving.crs import CRS84
from geoportal.serving.opened import Rows
from geoportal.serving.summary import FRAGMENTS

LARGEST_AT_ONCE = 2_000
HEAVY_BYTES = 4_000
"""Mean size of a feature from which a box is looked up beside the event loop."""
MANY = 5_000
"""Features that a box may hold, were they spread evenly, before it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows of a page and how many features match in all."""

    rows: Rows
    matched: int


def slow(source: Source, asking: Asking) -> bool:
    """Whether the question may take longer than other requests should wait for: then it is not for the event loop.

    A box costs the exact test of the features on its edge: much where they are large, or where the box is.
    """
    if asking.filter is not None or asking.limit > LARGEST_AT_ONCE:
        return True
    if asking.properties and not source.serving.looks_up(asking.properties):
        return True
    extent = source.serving.summary.extent_crs84
    if asking.box is None or extent is None:
        return False
    share = (asking.box[2] - asking.box[0]) * (asking.box[3] - asking.box[1])
    whole = (extent[2] - extent[0]) * (extent[3] - extent[1])
    summary = source.serving.summary
    heavy = summary.files[FRAGMENTS] > HEAVY_BYTES * max(summary.count, 1)
    return heavy or share * summary.count > MANY * whole


def choose(source: Source, asking: Asking) -> Choice:
    """The page that was asked for, as ``features.LayerProvider.query`` would choose it; raises what that would."""
    serving = source.serving
    condition = None
    if asking.filter is not None:
        given = {"filter": asking.filter, "filter-lang": asking.filter_lang}
        tree = asked_filter(given, source.resource["providers"][0]["crs"])
        condition = Compiler(serving, CRS84).compile(tree)
    rows, matched = serving.select(
        bbox_crs84=asking.box,
        properties=asking.properties,
        offset=min(asking.offset, serving.count),
        limit=asking.limit,
        condition=condition,
    )
    return Choice(rows, matched)
