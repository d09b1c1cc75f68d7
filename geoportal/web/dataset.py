"""The page of a dataset: newest version or an earlier one, with all that its readers need (CONTRACT 2, UI 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from geoportal.model.access import Classification
from geoportal.model.dataset import Exhibit, Publication
from geoportal.model.record import Record
from geoportal.serving.listing import CRS84
from geoportal.web import twin
from geoportal.web.addresses import address, collection
from geoportal.web.cards import access_chip, freshness_chip, map_picture
from geoportal.web.connect import steps
from geoportal.web.facts import Facts
from geoportal.web.files import version_number
from geoportal.web.freshness import freshness_of
from geoportal.web.pages import DatasetPage
from geoportal.web.parts import About, Chip, Column, DownloadNotes, DownloadRow, Entry, Link, QualityCard
from geoportal.web.site import Site, Url
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

SHOWN_VERSIONS = 20
LICENCES = {
    "CC-BY-4.0": ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "CC-BY-SA-4.0": ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    "CC0-1.0": ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "ODbL-1.0": ("ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
}
"""SPDX id -> short name and text of a licence; any other id is shown as it is."""


INDICATIVE = "indikatif"
"""In the title or a keyword of a record: none of its shapes is the one that the law knows (UI 5)."""


def dataset(site: Site, request: Request) -> Response:
    """The newest published version of a dataset."""
    visitor = site.visitor(request)
    publication = site.node.publication(visitor.audience, request.path_params["id"])
    return respond(site, request, visitor, publication, publication)


def version(site: Site, request: Request) -> Response:
    """An earlier published version of a dataset, or the newest under its own number."""
    visitor = site.visitor(request)
    newest = site.node.publication(visitor.audience, request.path_params["id"])
    number = version_number(request.path_params["n"])
    shown = site.node.publication(visitor.audience, newest.dataset_id, number)
    return respond(site, request, visitor, shown, newest)


def respond(site: Site, request: Request, visitor: Visitor, shown: Publication, newest: Publication) -> Response:
    """The page of a version, or its JSON twin."""
    page = dataset_page(site, visitor, shown, newest)
    if twin.wanted(visitor):
        return twin.show(document(site, page, shown), request, visitor)
    return site.show(page, request, visitor)


def document(site: Site, page: DatasetPage, shown: Publication) -> dict[str, object]:
    """What the page says, for programs: record, version, quality, files."""
    base = site.node.settings.base_url
    return {
        "id": page.dataset_id,
        "href": page.address,
        "api": base + collection(page.dataset_id),
        "access": str(shown.classification),
        "published_at": shown.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": public_version(shown),
        "exception": waiver.as_dict() if (waiver := site.node.waiver(shown)) else None,
        "versions": [{"version": entry.number, "href": base + entry.href} for entry in page.history],
        "record": shown.record.as_dict(),
        "quality": {
            "score": page.quality.score,
            "blocking": page.quality.blocking,
            "warnings": page.quality.warnings,
            "notes": page.quality.notes,
            "report": base + page.quality.href,
        },
        "downloads": [
            {"format": item.extension, "crs": item.crs, "bytes": item.size_bytes}
            | {"href": base + address("download", id=page.dataset_id, n=page.number, name=item.name)}
            for item in site.shelf.facts(shown).downloads
        ],
    }


def public_version(shown: Publication) -> dict[str, object]:
    """What anybody who sees a version may know of it: not who sent it in, nor what the file was called there."""
    return {key: value for key, value in shown.version.as_dict().items() if key not in ("created_by", "source")}


def lasting_path(dataset_id: str, version: int | None) -> str:
    """The path of a dataset that stays true: of its newest version, or of one earlier version."""
    return address("version", id=dataset_id, n=version) if version else address("dataset", id=dataset_id)


def dataset_page(site: Site, visitor: Visitor, shown: Publication, newest: Publication) -> DatasetPage:
    """The page of ``shown``, a published version of the dataset whose newest one is ``newest``."""
    words, url, facts = site.wording(visitor), site.url(visitor), site.shelf.facts(shown)
    record, number, dataset_id = shown.record, shown.version.number, shown.dataset_id
    old = number != newest.version.number
    title = record.title.in_language(visitor.language)
    topic = words.code("topic", record.topic)
    return DatasetPage(
        dataset_id=dataset_id,
        title=title,
        abstract=record.abstract.in_language(visitor.language),
        number=number,
        old=old,
        replaced=words.t("old.banner", n=number, date=words.day(newest.published_at)) if old else "",
        newest_href=url("dataset", id=dataset_id),
        synthetic=record.synthetic,
        exception=exception(site, visitor, shown),
        topic=Link(topic, url("catalogue", (("tema", record.topic),))) if record.topic else None,
        chips=chips(words, shown, old),
        map=map_picture(site, visitor, shown),
        quality=quality_card(site, visitor, shown, facts),
        downloads=download_rows(words, dataset_id, number, facts),
        download_notes=download_notes(words, facts),
        steps=steps(words, site.node.settings.base_url, dataset_id, title, number if old else None),
        history=history(site, visitor, shown, newest),
        columns=columns(words, shown, facts),
        about=about(site, visitor, shown, facts),
        lineage=record.lineage.in_language(visitor.language),
        keywords=tuple(Link(word, url("catalogue", (("q", word),))) for word in record.keywords_in(visitor.language)),
        address=f"{site.node.settings.base_url}{lasting_path(dataset_id, number if old else None)}",
        mistake_href=url("feedback", (("dataset", dataset_id),)),
        access_href=url("feedback", (("jenis", "akses"), ("dataset", dataset_id))),
        data_href=twin.twin_href(visitor),
        printed=words.long_day(datetime.now(UTC)),
    )


def download_rows(words: Wording, dataset_id: str, number: int, facts: Facts) -> tuple[DownloadRow, ...]:
    """The files of a version with their sizes and reference systems."""
    return tuple(
        DownloadRow(
            title=words.t(f"format.{item.extension}"),
            hint=" · ".join(
                part for part in (words.t(f"format.{item.extension}.hint"), short_crs_name(item.crs)) if part
            ),
            href=address("download", id=dataset_id, n=number, name=item.name),
            size=words.size(item.size_bytes),
        )
        for item in facts.downloads
    )


def download_notes(words: Wording, facts: Facts) -> tuple[DownloadNotes, ...]:
    """What the formats could not keep, then the formats that are missing with the reason."""
    said = [
        DownloadNotes(words.t(f"format.{item.extension}"), tuple(n.in_language(words.language) for n in item.notes))
        for item in facts.downloads
        if item.notes
    ]
    missing = [
        DownloadNotes(words.t(f"format.{item.extension}"), (item.reason.in_language(words.language),), missing=True)
        for item in facts.listing.absent
    ]
    return (*said, *missing)


def short_crs_name(crs: str | None) -> str:
    """A reference system in the room of a hint: its code, WGS 84 where it is that of the web, else its name."""
    if crs is None or len(crs) < 24:
        return "WGS 84" if crs == CRS84 else crs or ""
    return crs_name(crs)


def exception(site: Site, visitor: Visitor, shown: Publication) -> str:
    """Who let the version pass a blocked gate, when, why and what was found; empty where nobody had to."""
    from geoportal.checks.texts import named

    waiver, words = site.node.waiver(shown), site.wording(visitor)
    if waiver is None:
        return ""
    said = words.t("gate.overridden", name=waiver.by, date=words.day(waiver.at), reason=waiver.reason)
    if not waiver.overruled:
        return said
    return f"{said} {words.t('gate.overruled', found=named(waiver.overruled, visitor.language))}"


def chips(words: Wording, shown: Publication, old: bool) -> tuple[Chip, ...]:
    """The states of the dataset, each a shape and a word."""
    number = shown.version.number
    found = [
        Chip("late", words.t("chip.old", n=number)) if old else Chip("ok", words.t("chip.published", n=number)),
        None if old else freshness_chip(words, shown),
        access_chip(words, shown.classification) or Chip("open", words.code("access", str(Classification.PUBLIC))),
        Chip("info", words.t("chip.synthetic")) if shown.record.synthetic else None,
        Chip("plain", words.t("chip.indicative")) if is_indicative(shown.record) else None,
    ]
    return tuple(chip for chip in found if chip)


def is_indicative(record: Record) -> bool:
    """Whether the record says, in its title or a keyword, that its shapes are indicative."""
    return any(INDICATIVE in word.casefold() for word in (record.title.id, *record.keywords_in("id")))


def quality_card(site: Site, visitor: Visitor, shown: Publication, facts: Facts) -> QualityCard:
    """The score with what it is made of."""
    words, quality = site.wording(visitor), facts.quality
    if quality.score is None:
        sentence = words.t("quality.unchecked")
    else:
        sentence = words.t(
            "quality.sentence",
            passed=words.number(quality.passed),
            checked=words.number(quality.checked),
            date=words.day(shown.version.created_at),
            profile=profile_name(words, shown),
        )
    return QualityCard(
        score=quality.score,
        state=quality.state,
        blocking=quality.blocking,
        warnings=quality.warnings,
        notes=quality.notes,
        sentence=sentence,
        href=report_address(site, visitor, shown),
    )


def profile_name(words: Wording, shown: Publication | Exhibit) -> str:
    """The name of the rules that a version was checked against."""
    if shown.version.spec == shown.specification.name:
        return shown.specification.title.in_language(words.language) or shown.specification.profile
    return shown.version.spec or words.t("profile.intake")


def report_address(site: Site, visitor: Visitor, shown: Publication) -> str:
    """The address of the report on this very version."""
    return site.url(visitor)("report", (("version", str(shown.version.number)),), id=shown.dataset_id)


def history(site: Site, visitor: Visitor, shown: Publication, newest: Publication) -> tuple[Entry, ...]:
    """The published versions that can still be read, newest first."""
    words, url = site.wording(visitor), site.url(visitor)
    numbers = sorted({newest.version.number, *newest.older}, reverse=True)[:SHOWN_VERSIONS]
    entries = []
    for number in numbers:
        publication = site.node.publication(visitor.audience, newest.dataset_id, number)
        current = number == newest.version.number
        entries.append(
            Entry(
                number=number,
                current=current,
                shown=number == shown.version.number,
                when=words.day(publication.published_at),
                sentence=words.n("history.features", publication.version.features),
                note=publication.version.note or "",
                href=address_of(url, newest, number),
            )
        )
    return tuple(entries)


def address_of(url: Url, newest: Publication, number: int) -> str:
    """The address of a version: the newest one is the dataset itself."""
    if number == newest.version.number:
        return url("dataset", id=newest.dataset_id)
    return url("version", id=newest.dataset_id, n=number)


def columns(words: Wording, shown: Publication, facts: Facts) -> tuple[Column, ...]:
    """The fields with their meaning, kind, and what the producer promises of them."""
    promised = {field.name: field for field in shown.specification.fields}
    found = []
    for field in facts.fields:
        promise = promised.get(field.name)
        kind = words.code("type", field.type)
        meaning = shown.record.fields.get(field.name)
        if field.width:
            kind = f"{kind} ({words.number(field.width)})"
        if meaning and meaning.unit:
            kind = f"{kind}, {meaning.unit}"
        if field.name == shown.specification.key:
            word = words.t("promise.key")
        elif promise and promise.required:
            word = words.t("promise.required")
        else:
            word = words.t("promise.optional") if promise else ""
        title = meaning.title.in_language(words.language) if meaning else ""
        found.append(Column(field.name, title or field.name, kind, word))
    return tuple(found)


def about(site: Site, visitor: Visitor, shown: Publication, facts: Facts) -> tuple[About, ...]:
    """The record in labels and values; what nobody wrote is left out."""
    words, url, record = site.wording(visitor), site.url(visitor), shown.record
    licence, terms = LICENCES.get(record.licence or "", (record.licence or "", None))
    rhythm = words.code("frequency", record.update_frequency)
    if rhythm and (freshness := freshness_of(record, shown.published_at.date())):
        rhythm = words.t("about.next", rhythm=rhythm, date=words.day(freshness.due, "MMMM y"))
    scale = f"1:{words.number(record.scale_denominator)}" if record.scale_denominator else ""
    extent = ""
    if facts.extent:
        west, south, east, north = facts.extent
        extent = words.t("about.extent.value", a=words.place(west, south, 2), b=words.place(east, north, 2))
    producer = site.producer_name(record.producer, visitor.language)
    organisation = site.node.settings.node.organisation.local().in_language(visitor.language)
    rows = (
        ("producer", producer, url("producer", id=record.producer) if "/" not in (record.producer or "/") else None),
        ("custodian", organisation, None),
        ("content", words.long_day(record.content_date), None),
        ("published", words.instant(shown.published_at), None),
        ("rhythm", rhythm, None),
        ("crs", crs_name(shown.version.crs), None),
        ("scale", scale, None),
        ("extent", extent, None),
        ("licence", licence, terms),
    )
    return tuple(About(words.t(f"about.{key}"), value, href) for key, value, href in rows if value)


@lru_cache(maxsize=64)
def crs_name(crs: str | None) -> str:
    """The name of a reference system with its code; of one that is given in full, its name alone."""
    if not crs:
        return ""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        name = CRS.from_user_input(crs).name
    except CRSError:
        return crs[:80]
    return f"{name} ({crs})" if len(crs) < 24 else name
