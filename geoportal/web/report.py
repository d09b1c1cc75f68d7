"""Mutu: the report on a version for its readers; verdict first, then the findings, heaviest first, with places.

A refused version that is on show (``Exhibit``) has this page and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from geoportal.errors import NotFound, UnknownReferenceSystem
from geoportal.model.dataset import Exhibit, Publication
from geoportal.model.report import Finding, Occurrence, Report, Severity
from geoportal.reports.places import named
from geoportal.settings import config_file
from geoportal.web import twin
from geoportal.web.addresses import address, collection
from geoportal.web.backdrop import Backdrop, backdrop
from geoportal.web.cards import map_picture
from geoportal.web.dataset import exception, profile_name
from geoportal.web.faultmap import FaultMap, Spot, marks_of
from geoportal.web.files import asked_version
from geoportal.web.pages import ReportPage
from geoportal.web.parts import FindingRow, Link, Place, Sieve, Tile
from geoportal.web.quality import Quality, quality_of
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

if TYPE_CHECKING:
    from geoportal.reports.summary import Summary

SHOWN_PLACES = 25

Shown = Publication | Exhibit
ToDegrees = Callable[[tuple[float, float]], tuple[float, float] | None]


def report(site: Site, request: Request) -> Response:
    """The report on the newest published version, on the one that ``?version=`` names, or on an exhibit."""
    visitor = site.visitor(request)
    shown = asked(site, visitor, request.path_params["id"])
    if twin.wanted(visitor):
        return twin.show(document(site, visitor, shown), request, visitor)
    return site.show(report_page(site, visitor, shown), request, visitor)


def asked(site: Site, visitor: Visitor, dataset_id: str) -> Shown:
    """The version whose report is asked for; NotFound where there is none for this visitor."""
    try:
        return asked_version(site, visitor, dataset_id)
    except NotFound:
        if visitor.value("version"):
            raise
        found = next((e for e in site.node.exhibits(visitor.audience) if e.dataset_id == dataset_id), None)
        if found is None:
            raise
        return found


def exhibit_links(site: Site, visitor: Visitor) -> tuple[Link, ...]:
    """The reports on show that this visitor may read, by title: examples of what a refusal looks like."""
    url = site.url(visitor)
    links = (
        Link(e.record.title.in_language(visitor.language), url("report", id=e.dataset_id))
        for e in site.node.exhibits(visitor.audience)
    )
    return tuple(sorted(links, key=lambda link: link.text))


def sealed_report(site: Site, shown: Shown) -> Report:
    """The report that was sealed with a version."""
    if isinstance(shown, Publication):
        return site.shelf.facts(shown).report
    return site.node.files.report(shown.dataset_id, shown.version.digest)


def document(site: Site, visitor: Visitor, shown: Shown) -> dict[str, object]:
    """The report for programs, in the shape of ``check --json`` (CONTRACT 5), with its measures as ISO 19157 has
    them.
    """
    from geoportal.checks import texts
    from geoportal.reports.quality import quality_elements
    from geoportal.reports.summary import summarise, summary_json

    report = sealed_report(site, shown)
    said = texts.report_json(report, visitor.language)
    said["summary"] = summary_json(summarise(report), visitor.language)
    said["quality"] = [measured.as_dict() for measured in quality_elements(report)]
    waiver = site.node.waiver(shown) if isinstance(shown, Publication) else None
    let_through = waiver.as_dict() if waiver else None
    return {"dataset": shown.dataset_id, "version": shown.version.number, "exception": let_through, **said}


@dataclass(frozen=True, slots=True)
class _Listing:
    """The findings as rows, with the spots that they have on the drawing."""

    rows: list[FindingRow]
    spots: list[Spot]


def report_page(site: Site, visitor: Visitor, shown: Shown) -> ReportPage:
    """The report on one version."""
    from geoportal.reports.summary import score_line, summarise

    words, url = site.wording(visitor), site.url(visitor)
    written = sealed_report(site, shown)
    summary = summarise(written)
    quality, number, dataset_id = quality_of(written), shown.version.number, shown.dataset_id
    published = isinstance(shown, Publication)
    newest = site.node.publication(visitor.audience, dataset_id) if published else None
    current = newest is not None and newest.version.number == number
    state = "refused" if not published else verdict_state(quality)
    sieve = next((level for level in Severity if level == visitor.value("berat")), None)
    chosen = [finding for finding in written.findings if sieve in (None, finding.severity)]
    drawing = drawing_of(site, shown) if any(o.where for f in chosen for o in f.occurrences) else None
    listing = findings_of(site, visitor, shown, chosen, drawing, None if current else number)
    fault_map, listing = fault_map_of(words, shown, drawing, listing, visitor.language)
    back = ""
    if published:
        back = url("dataset", id=dataset_id) if current else url("version", id=dataset_id, n=number)
    places = sum(finding.count for finding in chosen)
    return ReportPage(
        dataset=Link(shown.record.title.in_language(visitor.language), back),
        exhibit=not published,
        number=number,
        verdict=words.t(f"verdict.{state}"),
        sentence=words.t(
            "report.sentence",
            n=number,
            features=words.n("count.features", shown.version.features),
            profile=profile_name(words, shown),
            date=words.instant(shown.version.created_at),
        ),
        advice=words.t(f"verdict.{state}.advice"),
        exception=exception(site, visitor, shown) if isinstance(shown, Publication) else "",
        score=score_line(summary, visitor.language),
        first=first_links(summary, written, visitor.language) if sieve is None else (),
        tiles=tiles(words, quality),
        map=map_picture(site, visitor, shown) if isinstance(shown, Publication) else None,
        fault_map=fault_map,
        heading=words.t(
            "report.heading", findings=words.n("count.findings", len(chosen)), places=words.n("count.places", places)
        )
        if chosen
        else words.t("report.none"),
        sieves=sieves(site, visitor, dataset_id, written.findings, sieve),
        findings=tuple(listing.rows),
        passed=passed(site, visitor, written) if sieve is None else (),
        synthetic=shown.record.synthetic,
        address=f"{site.node.settings.base_url}{address('report', report_query(visitor), id=dataset_id)}",
        data_href=twin.twin_href(visitor),
        printed=words.long_day(datetime.now(UTC)),
    )


def report_query(visitor: Visitor) -> list[tuple[str, str]]:
    """What of the query makes this very report: its version."""
    return [("version", value) for value in visitor.values("version")[:1]]


def verdict_state(quality: Quality) -> str:
    """The word under which the texts of a verdict stand."""
    if quality.score is None:
        return "unchecked"
    return str(quality.gate) if quality.gate else str(quality.verdict)


def drawing_of(site: Site, shown: Shown) -> Backdrop | None:
    """The quiet drawing of the version that a report is about."""
    layer = site.node.files.folder(shown.dataset_id, shown.version.digest) / "layer.gpkg"
    ground = config_file(site.node.settings.config, "ground.geojson")
    return backdrop(layer, shown.version.crs, site.node.region.extent, ground)


def findings_of(
    site: Site,
    visitor: Visitor,
    shown: Shown,
    findings: Iterable[Finding],
    drawing: Backdrop | None,
    version: int | None,
) -> _Listing:
    """The findings as rows. Places that have one are numbered through, so that list and map speak of the same."""
    from geoportal.checks import texts

    words, url, language = site.wording(visitor), site.url(visitor), visitor.language
    published = isinstance(shown, Publication)
    extent = site.shelf.facts(shown).extent if isinstance(shown, Publication) else None
    degrees = to_degrees(shown.version.crs, extent)
    rows: list[FindingRow] = []
    spots: list[Spot] = []
    for index, finding in enumerate(findings):
        places = []
        for item in finding.occurrences[:SHOWN_PLACES]:
            said = texts.occurrence(finding, item, language)
            href = address_of(shown.dataset_id, item, version) if published else None
            made = place(words, said, href, item, degrees)
            at = (degrees(item.where) if drawing.degrees else item.where) if drawing and item.where else None
            if drawing and at:
                number = len(spots) + 1
                label = f"{texts.title(finding.rule, language)}, {made.title}"
                spots.append(Spot(number, str(finding.severity), *drawing.pixel(*at), label))
                made = replace(made, number=number)
            places.append(made)
        rows.append(
            FindingRow(
                rule=finding.rule,
                severity=str(finding.severity),
                title=texts.title(finding.rule, language),
                sentence=texts.message(finding, language),
                hint=texts.hint(finding, language),
                count=words.n("count.places", finding.count),
                element=words.code("element", str(finding.element)),
                href=url("rule", id=finding.rule),
                places=tuple(places),
                more=more_places(words, finding),
                open=index == 0,
            )
        )
    return _Listing(rows, spots)


def fault_map_of(
    words: Wording, shown: Shown, drawing: Backdrop | None, listing: _Listing, language: str
) -> tuple[FaultMap | None, _Listing]:
    """The marks on the drawing, and the rows that now know their marks; None where no finding has a place."""
    if drawing is None or not listing.spots:
        return None, listing
    marks, of_place = marks_of(listing.spots)
    rows = [
        replace(row, places=tuple(replace(p, mark=of_place[p.number]) if p.number else p for p in row.places))
        for row in listing.rows
    ]
    made = FaultMap(
        drawing=drawing,
        marks=marks,
        label=words.t(
            "faults.label",
            title=shown.record.title.in_language(language),
            n=words.n("count.places", len(listing.spots)),
        ),
        scale=words.distance(drawing.scale_km) if drawing.scale_px else "",
        severities=tuple(str(level) for level in Severity if any(s.severity == level for s in listing.spots)),
        clustered=any(mark.together > 1 for mark in marks),
    )
    return made, _Listing(rows, listing.spots)


def first_links(summary: Summary, written: Report, language: str) -> tuple[Link, ...]:
    """What to do first, each with the way to its finding in the list below."""
    from geoportal.checks import texts

    def anchor(finding: Finding) -> str:
        number = written.findings.index(finding) + 1
        return f"#{finding.rule}" if number == 1 else f"#{finding.rule}-{number}"

    return tuple(Link(texts.title(finding.rule, language), anchor(finding)) for finding in summary.first)


def sieves(
    site: Site, visitor: Visitor, dataset_id: str, findings: tuple[Finding, ...], chosen: Severity | None
) -> tuple[Sieve, ...]:
    """Links to the findings of one severity, where there are several severities to choose from."""
    words = site.wording(visitor)
    places = {level: sum(f.count for f in findings if f.severity is level) for level in Severity}
    if sum(1 for count in places.values() if count) < 2:
        return ()

    def href(*severity: tuple[str, str]) -> str:
        kept = [(name, value) for name, value in visitor.query if name in ("version", "lang")]
        return address("report", [*kept, *severity], id=dataset_id)

    every = Sieve("", words.t("report.all"), words.number(sum(places.values())), href(), chosen is None)
    return (
        every,
        *(
            Sieve(
                str(level), words.t(f"severity.{level}"), words.number(n), href(("berat", str(level))), level is chosen
            )
            for level, n in places.items()
            if n
        ),
    )


def passed(site: Site, visitor: Visitor, written: Report) -> tuple[Link, ...]:
    """The rules that were looked at and found nothing to mend; a mere note counts as passed, as in ``Quality``."""
    from geoportal.checks import texts

    url = site.url(visitor)
    broken = {finding.rule for finding in written.findings if finding.severity is not Severity.INFO}
    return tuple(
        Link(texts.title(rule, visitor.language), url("rule", id=rule))
        for rule in written.checked
        if rule not in broken
    )


def tiles(words: Wording, quality: Quality) -> tuple[Tile, ...]:
    """The four numbers above the list."""
    return (
        Tile(
            "blocking",
            words.number(quality.blocking_places),
            words.n("tile.blocking", quality.blocking_places),
            quality.blocking_places > 0,
        ),
        Tile("warning", words.number(quality.warning_places), words.n("tile.warning", quality.warning_places), False),
        Tile("info", words.number(quality.note_places), words.n("tile.info", quality.note_places), False),
        Tile(
            "pass" if quality.checked else "none",
            words.number(quality.passed) if quality.checked else "–",
            words.t("tile.pass", n=words.number(quality.checked)) if quality.checked else words.t("chip.unchecked"),
            False,
        ),
    )


def more_places(words: Wording, finding: Finding) -> str:
    """How many places are not in the list; empty where all are."""
    shown = min(len(finding.occurrences), SHOWN_PLACES)
    return words.n("report.more", finding.count - shown) if shown and finding.count > shown else ""


def place(words: Wording, said: str, href: str | None, item: Occurrence, degrees: ToDegrees) -> Place:
    """One place: the feature, what else is involved, where it is in degrees; one without coordinates says so."""
    title, said = named(item, said, words.language)
    where = words.t("place.none")
    if item.where:
        at = degrees(item.where)
        where = words.place(*at) if at else f"x {words.number(item.where[0], 2)}, y {words.number(item.where[1], 2)}"
    return Place(title, where, said, href)


def address_of(dataset_id: str, item: Occurrence, version: int | None) -> str | None:
    """The address of the feature that a place names, in the version that was checked."""
    if not item.feature:
        return None
    return collection(dataset_id, "items", item.feature) + (f"?version={version}" if version else "")


def to_degrees(crs: str | None, extent: tuple[float, float, float, float] | None) -> ToDegrees:
    """A function from coordinates in ``crs`` to longitude and latitude (CRS84); None where that cannot be told.

    It goes the way that the served coordinates went, so that a place is where the map has it.
    """
    if crs is None:
        return lambda _: None
    import numpy as np

    from geoportal.serving.crs import CRS84, operation

    try:
        way = operation(crs, CRS84, extent)
    except UnknownReferenceSystem:
        return lambda _: None

    def convert(where: tuple[float, float]) -> tuple[float, float] | None:
        longitude, latitude = way.transform(np.array([where], dtype=float))[0].tolist()
        inside = abs(longitude) <= 180 and abs(latitude) <= 90
        return (longitude, latitude) if inside else None

    return convert
