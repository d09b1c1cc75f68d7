"""How one place of a finding is named: the same on the portal's report, on paper and on the map."""

from __future__ import annotations

from geoportal.language import number, text
from geoportal.model.report import Occurrence

DOMAIN = "portal"


def named(item: Occurrence, said: str, language: str) -> tuple[str, str]:
    """A place by its features, and what is said of it beside that; without a feature, what is said is its name."""
    if item.feature and item.related:
        return text(DOMAIN, "place.features", language, a=item.feature, b=item.related), said
    if item.feature:
        return text(DOMAIN, "place.feature", language, a=item.feature), said
    return said or text(DOMAIN, "place.layer", language), ""


def where(item: Occurrence, language: str) -> str:
    """A place in the layer's own numbers, as they are found again in QGIS; empty for none."""
    if item.where is None:
        return ""
    decimals = 6 if max(map(abs, item.where)) <= 360 else 2
    x, y = (number(value, language, decimals) for value in item.where)
    return f"x {x}; y {y}"
