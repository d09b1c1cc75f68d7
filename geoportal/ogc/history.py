"""The published versions of a collection: which there are, links to them (RFC 5829), what is said where there is none.

Only what was published and never withdrawn counts, and all versions of a dataset have its class of access: who may know
of one may know of all (``Publication.older``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from geoportal.language import text
from geoportal.model.dataset import Publication
from geoportal.ogc.problems import Problem

MOST_LINKED = 20
"""Versions that a document links to or a refusal lists, the newest; the page of the dataset has all."""

DATE = len("2026-11-25")


def numbers(publication: Publication) -> list[int]:
    """The numbers of all versions that may be asked for, in rising order."""
    return sorted({publication.version.number, *publication.older})


def links(publication: Publication, base_url: str, language: str) -> list[dict[str, Any]]:
    """Links to the history of a collection: the page that lists its versions, and the features of each other version,
    the one next to that which is out first. Empty where there is only one.
    """
    here, dataset_id = publication.version.number, publication.dataset_id
    others = sorted(publication.older, key=lambda number: abs(number - here))[:MOST_LINKED]
    if not others:
        return []
    page = {
        "rel": "version-history",
        "type": "text/html",
        "title": text("messages", "All published versions", language),
        "href": f"{base_url}/dataset/{dataset_id}",
    }
    return [page] + [
        {
            "rel": "predecessor-version" if number < here else "successor-version",
            "type": "application/geo+json",
            "title": text("messages", "Features of version {number}", language, number=number),
            "href": f"{base_url}/ogc/collections/{dataset_id}/items?version={number}",
        }
        for number in others
    ]


def no_version(number: int, publication: Publication) -> Problem:
    """That a version does not exist for whoever asks, and which do."""
    known = numbers(publication)
    listed = ("..., " if len(known) > MOST_LINKED else "") + ", ".join(map(str, known[-MOST_LINKED:]))
    return Problem(
        404, "version: this collection has no version {number}; it has {offered}.", number=number, offered=listed
    )


class NotOutYet(Problem):
    """That nothing was out at a moment, told in the node's zone and the reader's language: ``25 Nov 2026, 00.00 WITA``.

    A date alone is 00:00 of that day (CONTRACT 3): who means the state at its end is told how to say so.
    """

    def __init__(self, asked: str, moment: datetime, zone: ZoneInfo) -> None:
        """``asked`` is the value of ``as-of``, ``moment`` what it means."""
        sentence = "Nothing of this collection was published at {moment}."
        if len(asked) == DATE:
            sentence = (
                "Nothing of this collection was published at {moment}. A date alone means the beginning of that day; "
                "for its end ask as-of={end}."
            )
        super().__init__(404, sentence, end=f"{asked}T23:59:59")
        self.local = moment.astimezone(zone)

    def sentence(self, language: str) -> str:
        """What went wrong, in a language."""
        return text("messages", self.key, language, **self.params, moment=in_words(self.local, language))


def in_words(local: datetime, language: str) -> str:
    """A time as people write it, with the name of its zone: ``24 Nov 2026, 10.32 WITA``."""
    return f"{format_date(local, 'd MMM y', locale=language)}, {local:%H.%M} {local.tzname()}"
