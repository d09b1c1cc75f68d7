"""Reports for tests: made by the rules from layers with known faults, or by hand."""

from __future__ import annotations

from typing import Any

import shapely

from geoportal.checks import validate
from geoportal.model.region import Region
from geoportal.model.report import Report
from geoportal.model.specification import Specification
from tests.factories import make_layer

REGION = Region(extent=(115.0, -2.0, 118.0, 2.0))
BATAS = Specification("batas", profile="batas", geometry=("Polygon", "MultiPolygon"), key="kode", tolerance_m=0.5)


def overlapping(count: int = 3, crs: str | None = "EPSG:32750", **more: Any) -> Any:
    """A row of ``count`` squares of 100 m, each reaching 10 m into the next."""
    west = 500_000.0
    shapes = [shapely.box(west + 90 * n, 9_950_000, west + 90 * n + 100, 9_950_100) for n in range(count)]
    return make_layer(shapes, crs, kode=[more.get("prefix", "") + str(n) for n in range(count)])


def report_of(layer: Any, spec: Specification | None = BATAS, sample: int | None = None) -> Report:
    """What the rules say of a layer, with all its places unless ``sample`` says fewer."""
    return validate(layer, spec, REGION, sample=sample)
