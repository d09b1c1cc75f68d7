"""What each page shows: one frozen dataclass a page, with a template of the same name in ``templates/``.

All values are for one reader: texts are in the reader's language, links are addresses, numbers are written out where
they are read as text. Templates lay out and never decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from geoportal.web.faultmap import FaultMap
from geoportal.web.parts import (
    About,
    Card,
    ChapterCard,
    Chip,
    Column,
    DownloadNotes,
    DownloadRow,
    Entry,
    Explanation,
    Facet,
    FindingRow,
    FormField,
    FormGroup,
    Link,
    MapPicture,
    News,
    Option,
    PlaceHit,
    Progress,
    QualityCard,
    RuleRow,
    Section,
    SetupRow,
    Sieve,
    Step,
    Theme,
    Tile,
    Weight,
)
from geoportal.web.sketches import Sketch


@dataclass(frozen=True, slots=True)
class Page:
    """Any page. ``nav`` is the entry of the main navigation that it belongs to."""

    nav: ClassVar[str] = ""

    @classmethod
    def template(cls) -> str:
        """The file of its template: ``DatasetPage`` -> ``dataset.html``."""
        words = re.findall(r"[A-Z][a-z]+", cls.__name__.removesuffix("Page"))
        return "_".join(words).lower() + ".html"


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """Beranda: search, the region on a map, three jobs, themes, what is new, how the node is."""

    region_map: MapPicture | None
    region_map_href: str
    themes: tuple[Theme, ...]
    newest: tuple[News, ...]
    total: int
    producers: int
    features: int
    on_schedule: int
    latest: str
    lead: str
    example: str
    exhibits: tuple[Link, ...]
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CataloguePage(Page):
    """Katalog: all datasets that exist for the reader, searched, filtered and sorted by plain links."""

    nav: ClassVar[str] = "catalogue"

    asked: str
    kept: tuple[tuple[str, str], ...]
    total: int
    producers: int
    found: int
    facets: tuple[Facet, ...]
    chosen: tuple[Link, ...]
    clear: str
    sorts: tuple[Option, ...]
    places: tuple[PlaceHit, ...]
    cards: tuple[Card, ...]
    numbers: tuple[Option, ...]
    previous: str | None
    following: str | None
    meant: Link | None
    suggestions: tuple[str, ...]
    data_href: str


@dataclass(frozen=True, slots=True)
class DatasetPage(Page):
    """One dataset, newest or earlier version: map, quality, downloads, connecting, history, fields, record."""

    nav: ClassVar[str] = "catalogue"

    dataset_id: str
    title: str
    abstract: str
    number: int
    old: bool
    replaced: str
    newest_href: str
    synthetic: bool
    exception: str
    topic: Link | None
    chips: tuple[Chip, ...]
    map: MapPicture
    quality: QualityCard
    downloads: tuple[DownloadRow, ...]
    download_notes: tuple[DownloadNotes, ...]
    steps: tuple[Step, ...]
    history: tuple[Entry, ...]
    columns: tuple[Column, ...]
    about: tuple[About, ...]
    lineage: str
    keywords: tuple[Link, ...]
    address: str
    mistake_href: str
    access_href: str
    data_href: str
    printed: str


@dataclass(frozen=True, slots=True)
class ReportPage(Page):
    """Mutu: the verdict first, then what was found, where, and what to do about it."""

    nav: ClassVar[str] = "catalogue"

    dataset: Link
    exhibit: bool
    number: int
    verdict: str
    sentence: str
    advice: str
    exception: str
    score: str
    first: tuple[Link, ...]
    tiles: tuple[Tile, ...]
    map: MapPicture | None
    fault_map: FaultMap | None
    heading: str
    sieves: tuple[Sieve, ...]
    findings: tuple[FindingRow, ...]
    passed: tuple[Link, ...]
    synthetic: bool
    address: str
    data_href: str
    printed: str


@dataclass(frozen=True, slots=True)
class ProducerPage(Page):
    """One producer: who it is and what it publishes here."""

    nav: ClassVar[str] = "catalogue"

    name: str
    sample: bool
    contact: str
    numbers: tuple[About, ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class DevelopersPage(Page):
    """Pengembang: the addresses for programs, with examples that work as they stand."""

    nav: ClassVar[str] = "developers"

    steps: tuple[Step, ...]
    example: str
    addresses: tuple[About, ...]


@dataclass(frozen=True, slots=True)
class AboutPage(Page):
    """Tentang: who runs the node, what the words mean, how accessible it is."""

    nav: ClassVar[str] = "about"

    total: int
    producers: int
    licences: tuple[Link, ...]
    exhibits: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class HelpPage(Page):
    """Bantuan: the chapters of the handbook with their tasks; the list of rules."""

    nav: ClassVar[str] = "help"

    chapters: tuple[ChapterCard, ...]
    groups: tuple[tuple[str, tuple[RuleRow, ...]], ...]
    total: int
    exhibits: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class RulePage(Page):
    """One rule: what it looks at, what breaks and what keeps it, how to mend, how much it weighs in each profile."""

    nav: ClassVar[str] = "help"

    id: str
    title: str
    meaning: str
    hint: str
    bad: str
    good: str
    sketch: Sketch | None
    steps: tuple[str, ...]
    intake: str
    repair: str
    weights: tuple[Weight, ...]
    element: str
    scope: str


@dataclass(frozen=True, slots=True)
class HandbookPage(Page):
    """A chapter of the handbook: sections with samples to copy."""

    nav: ClassVar[str] = "help"

    title: str
    lead: str
    contents: tuple[Link, ...]
    sections: tuple[Section, ...]
    glossary: bool
    following: Link | None


@dataclass(frozen=True, slots=True)
class ProblemPage(Page):
    """Masalah: what an error code means, in both languages."""

    nav: ClassVar[str] = "help"

    code: str
    status: int
    texts: tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class ErrorPage(Page):
    """What went wrong with this very request. Says nothing of the address asked for: hidden and missing look alike."""

    code: str
    status: int
    title: str
    what: str
    advice: str
    detail: str
    log_id: str


@dataclass(frozen=True, slots=True)
class FeedbackPage(Page):
    """Lapor: report a mistake (``mistake``) or ask for access (``access``), with what was written so far."""

    nav: ClassVar[str] = "help"

    title: str
    kind: str
    lead: str
    action: str
    fields: tuple[FormField, ...]
    unfolded: bool
    errors: tuple[Link, ...]
    trap: str
    other: Link
    asked_number: str
    number_error: str
    language: str


@dataclass(frozen=True, slots=True)
class FeedbackStatusPage(Page):
    """What became of a message: state first, then its steps, then what was written."""

    nav: ClassVar[str] = "help"

    title: str
    number: str
    status: str
    shape: str
    notice: str
    sentence: str
    removed: str
    progress: tuple[Progress, ...]
    about: tuple[About, ...]
    body: tuple[str, ...]
    hidden: bool
    contacted: bool
    again: Link


@dataclass(frozen=True, slots=True)
class SetupPage(Page):
    """Siapkan: the questions about the node with what holds at present, for the holder of a one-time link."""

    action: str
    step: str
    groups: tuple[FormGroup, ...]
    errors: tuple[Link, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class SetupReviewPage(Page):
    """What would be written, before it is; ``kept`` are the answers on their way back."""

    action: str
    save: str
    back: str
    rows: tuple[SetupRow, ...]
    kept: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]
    nothing: bool


@dataclass(frozen=True, slots=True)
class SetupSavedPage(Page):
    """What was written, and the administrator's token, for the only time."""

    files: tuple[str, ...]
    folder: str
    token: str
    holder: str
    notes: tuple[str, ...]
