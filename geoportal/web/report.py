"""Mutu: the report on a version for its readers; verdict first, then the findings, heaviest first, with places."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from geoportal.errors import UnknownReferenceSystem
from geoportal.model.dataset import Publication
from geoportal.model.report import Finding, Occurrence
from geoportal.web.addresses import collection
from geoportal.web.cards import map_picture
from geoportal.web.dataset import exception, profile_name
from geoportal.web.files import asked_version
from geoportal.web.pages import ReportPage
from geoportal.web.parts import FindingRow, Link, Place, Tile
from geoportal.web.quality import Quality
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

SHOWN_PLACES = 25

ToDegrees = Callable[[tuple[float, float]], tuple[float, float] | None]


def report(site: Site, request: Request) -> Response:
    """The report on the newest published version, or on the one that ``?version=`` names."""
    visitor = site.visitor(request)
    publication = asked_version(site, visitor, request.path_params["id"])
    return site.show(report_page(site, visitor, publication), request, visitor)


def report_page(site: Site, visitor: Visitor, shown: Publication) -> ReportPage:
    """The report on one published version."""
    from geoportal.checks import texts

    words, url, facts = site.wording(visitor), site.url(visitor), site.shelf.facts(shown)
    quality, found = facts.quality, facts.report.findings
    number, dataset_id, language = shown.version.number, shown.dataset_id, visitor.language
    newest = site.node.publication(visitor.audience, dataset_id)
    current = newest.version.number == number
    broken = {finding.rule for finding in found}
    places = sum(finding.count for finding in found)
    degrees = to_degrees(shown.version.crs, facts.extent)
    state = "unchecked" if quality.score is None else (str(quality.gate) if quality.gate else str(quality.verdict))
    return ReportPage(
        dataset=Link(
            shown.record.title.in_language(language),
            url("dataset", id=dataset_id) if current else url("version", id=dataset_id, n=number),
        ),
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
        exception=exception(words, shown),
        tiles=tiles(words, quality),
        map=map_picture(site, visitor, shown),
        heading=words.t(
            "report.heading", findings=words.n("count.findings", len(found)), places=words.n("count.places", places)
        )
        if found
        else words.t("report.none"),
        findings=tuple(
            FindingRow(
                rule=finding.rule,
                severity=str(finding.severity),
                title=texts.title(finding.rule, language),
                sentence=texts.message(finding, language),
                hint=texts.hint(finding, language),
                count=words.n("count.places", finding.count),
                element=words.code("element", str(finding.element)),
                href=url("rule", id=finding.rule),
                places=tuple(
                    place(
                        words,
                        texts.occurrence(finding, item, language),
                        address_of(dataset_id, item, None if current else number),
                        item,
                        degrees,
                    )
                    for item in finding.occurrences[:SHOWN_PLACES]
                ),
                more=more_places(words, finding),
                open=index == 0,
            )
            for index, finding in enumerate(found)
        ),
        passed=tuple(
            Link(texts.title(rule, language), url("rule", id=rule))
            for rule in facts.report.checked
            if rule not in broken
        ),
        synthetic=shown.record.synthetic,
    )


def tiles(words: Wording, quality: Quality) -> tuple[Tile, ...]:
    """The four numbers above the list."""
    return (
        Tile("blocking", words.number(quality.blocking_places), words.t("tile.blocking"), quality.blocking_places > 0),
        Tile("warning", words.number(quality.warning_places), words.t("tile.warning"), False),
        Tile("info", words.number(quality.note_places), words.t("tile.info"), False),
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
    if item.feature and item.related:
        title = words.t("place.features", a=item.feature, b=item.related)
    elif item.feature:
        title = words.t("place.feature", a=item.feature)
    else:
        title, said = said or words.t("place.layer"), ""
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
