"""The properties of a schema document as its page lists them: one row each, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from geoportal.language import number, text
from geoportal.ogc import schemas
from geoportal.ogc.visit import visit_under_way

MOST_SHOWN = 12
"""Codes of a list that a row shows; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Property:
    """One row: the name, what it means, its type, its role if it has one, the unit as people write it, whether it is
    always there, the codes it may have (and how many more there are), and what else bounds its values, in words.
    """

    name: str
    title: str
    type: str
    role: str
    unit: str
    required: bool
    codes: tuple[str, ...]
    more: int
    pattern: str
    bounds: tuple[str, ...]


def kind_of_page() -> str:
    """Which of the three documents the page under way shows."""
    last = visit_under_way().path.rpartition("/")[2]
    return last if last in schemas.KINDS else schemas.SCHEMA


def properties(data: dict[str, Any]) -> list[Property]:
    """The rows of the page under way, from the document that pygeoapi hands to its template."""
    visit = visit_under_way()
    source, language = visit.source, visit.language
    assert source is not None  # a schema is always that of a collection
    document = schemas.corrected(data, kind_of_page(), source, language)
    rows = []
    for name, entry in document["properties"].items():
        field = source.serving.summary.field_named(name)
        codes = entry.get("enum", [])
        kind = entry.get("format") or entry["type"]
        rows.append(
            Property(
                name=name,
                title=entry["title"],
                type=kind if isinstance(kind, str) else " / ".join(kind),
                role=entry.get("x-ogc-role", ""),
                unit=(field and schemas.written_unit(field, source)) or "",
                required=name in document.get("required", ()),
                codes=tuple(str(code) for code in codes[:MOST_SHOWN]),
                more=max(0, len(codes) - MOST_SHOWN),
                pattern=entry.get("pattern", ""),
                bounds=tuple(_bounds(entry, language)),
            )
        )
    return rows


def _bounds(entry: dict[str, Any], language: str) -> Iterator[str]:
    least, greatest = entry.get("minimum"), entry.get("maximum")
    if least is not None and greatest is not None:
        yield text(
            "messages", "{low} to {high}", language, low=_figure(least, language), high=_figure(greatest, language)
        )
    elif least is not None:
        yield text("messages", "at least {n}", language, n=_figure(least, language))
    elif greatest is not None:
        yield text("messages", "at most {n}", language, n=_figure(greatest, language))
    if "maxLength" in entry:
        yield text("messages", "at most {n} characters", language, n=_figure(entry["maxLength"], language))


def _figure(value: float, language: str) -> str:
    decimals = 0 if float(value).is_integer() else len(repr(value).partition(".")[2])
    return number(value, language, decimals)
