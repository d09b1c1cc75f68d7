"""The table of further forms: name in ``f``, media types, title, file extension. It loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One form of items beside JSON, HTML and JSON-LD.

    ``media_type`` is how the answer is declared, ``accepted`` what an Accept header may call it, the usual name first.
    ``single``: one feature has this form too. ``saved``: browsers are told to save it. ``compact``: its bytes are
    compressed inside already. ``binary``: it is no text.
    """

    name: str
    title: str
    media_type: str
    accepted: tuple[str, ...]
    extension: str
    single: bool = False
    saved: bool = True
    compact: bool = False
    binary: bool = False

    @property
    def link_type(self) -> str:
        """The media type for links and for the API definition."""
        return self.accepted[0]


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("csv", "CSV", "text/csv; charset=utf-8; header=present", ("text/csv",), "csv"),
        Form(
            "fgb",
            "FlatGeobuf",
            "application/flatgeobuf",
            ("application/flatgeobuf", "application/vnd.flatgeobuf"),
            "fgb",
            binary=True,
        ),
        Form(
            "parquet",
            "GeoParquet",
            "application/vnd.apache.parquet",
            ("application/vnd.apache.parquet", "application/x-parquet"),
            "parquet",
            compact=True,
            binary=True,
        ),
        Form(
            "jsonfg",
            "JSON-FG",
            "application/fg+json",
            ("application/fg+json", "application/vnd.ogc.fg+json"),
            "fg.json",
            single=True,
            saved=False,
        ),
        Form(
            "gml", "GML", "application/gml+xml; version=3.2", ("application/gml+xml",), "gml", single=True, saved=False
        ),
    )
}
"""In the order in which they are listed; formats named before them (JSON first) win where a client likes all alike."""


def offers(*, single: bool = False) -> dict[str, tuple[str, ...]]:
    """Format -> media types, for the negotiation of items, or of one item."""
    return {form.name: form.accepted for form in listed(single=single)}


def listed(*, single: bool = False) -> Iterator[Form]:
    """The forms that items have, or one item."""
    return (form for form in FORMS.values() if form.single or not single)
