"""What a file says of itself wherever it goes: title, licence, producer, version and date of the data in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from geoportal.language import text
from geoportal.model.record import Record
from geoportal.model.text import LocalText

DOMAIN = "downloads"


@dataclass(frozen=True, slots=True)
class Edition:
    """The version that files are made of, in the words of its publisher.

    ``created`` is the date (ISO) on which the node received the version. ``producer`` and ``publisher`` are names
    for readers; ``page`` is the address of the dataset, None where files are made without a node. ``exception`` says
    who let the version through a blocked gate, why, and what was found in it; empty where the gate was open.
    """

    number: int = 1
    created: str | None = None
    producer: LocalText = field(default_factory=LocalText)
    publisher: LocalText = field(default_factory=LocalText)
    page: str | None = None
    exception: LocalText = field(default_factory=LocalText)

    def producer_of(self, record: Record) -> LocalText:
        """The producer's name, or the key of the record where nobody gave a name."""
        return self.producer if self.producer.id or self.producer.en else LocalText.of(record.producer)


def facts(record: Record, edition: Edition) -> dict[str, str]:
    """What most formats can carry in their own metadata: short keys, plain values, nothing that is not known."""
    found = {
        "title": record.title.in_language("id"),
        "title_en": record.title.in_language("en"),
        "description": described(record, "id"),
        "license": record.licence or "",
        "license_url": licence_url(record.licence) or "",
        "producer": edition.producer_of(record).in_language("id"),
        "publisher": edition.publisher.in_language("id"),
        "version": str(edition.number),
        "version_date": edition.created or "",
        "content_date": record.content_date or "",
        "lineage": record.lineage.in_language("id"),
        "page": edition.page or "",
        "synthetic": "true" if record.synthetic else "",
        "exception": edition.exception.in_language("id"),
    }
    return {key: value for key, value in found.items() if value}


def exception(by: str, reason: str, found: Callable[[str], str]) -> LocalText:
    """That a version is out in spite of what was found in it: by whose leave and why, in both languages."""
    said = (text(DOMAIN, "exception", code, by=by, reason=reason, found=found(code) or "-") for code in ("id", "en"))
    return LocalText(*said)


def described(record: Record, language: str) -> str:
    """The abstract, led by the warning that data are invented where they are."""
    warning = text(DOMAIN, "synthetic", language) if record.synthetic else ""
    return " ".join(part for part in (warning, record.abstract.in_language(language)) if part)


def licence_url(licence: str | None) -> str | None:
    """Where the text of an SPDX licence stands; None for what is no SPDX id."""
    if not licence or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}", licence):
        return None
    return f"https://spdx.org/licenses/{licence}.html"
