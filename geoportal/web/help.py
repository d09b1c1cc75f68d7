"""Bantuan and Masalah: the handbook by task, what each rule looks at, what each error means, in words for everybody."""

from __future__ import annotations

import logging
from collections import defaultdict

from starlette.requests import Request
from starlette.responses import Response

from geoportal.errors import InvalidSpecification, NotFound, error_classes
from geoportal.language import has_text, text
from geoportal.model.report import Rule, Severity
from geoportal.web import handbook
from geoportal.web.answers import answer
from geoportal.web.exercise import FILES, exercise
from geoportal.web.pages import HelpPage, ProblemPage, RulePage
from geoportal.web.parts import Explanation, RuleRow, Weight
from geoportal.web.problems import said
from geoportal.web.report import exhibit_links
from geoportal.web.site import Site
from geoportal.web.sketches import SKETCHES
from geoportal.web.visitor import Visitor

log = logging.getLogger(__name__)


def overview(site: Site, request: Request) -> Response:
    """The chapters with their tasks, and all rules by what they measure."""
    from geoportal.checks import RULES, texts

    visitor = site.visitor(request)
    words, url = site.wording(visitor), site.url(visitor)
    weights = {level: place for place, level in enumerate(Severity)}
    groups: dict[str, list[RuleRow]] = defaultdict(list)
    for rule in sorted(RULES.values(), key=lambda r: (weights[r.severity], r.id)):
        element = words.code("element", str(rule.element))
        title = texts.title(rule.id, visitor.language)
        groups[element].append(RuleRow(title, str(rule.severity), url("rule", id=rule.id)))
    ordered = tuple((element, tuple(groups[element])) for element in sorted(groups))
    page = HelpPage(handbook.cards(site, visitor), ordered, len(RULES), exhibit_links(site, visitor))
    return site.show(page, request, visitor)


def rule(site: Site, request: Request) -> Response:
    """One rule, one chapter of the handbook, or the practice file: they share an address."""
    from geoportal.checks import RULES

    asked = request.path_params["id"]
    if asked in handbook.CHAPTERS:
        return handbook.chapter(site, request, asked)
    if asked in FILES:
        body = exercise(asked, site.node.region)
        named = {"content-disposition": f'attachment; filename="{asked}"'}
        return answer(request.headers, body, "application/zip", anonymous=True, vary="Accept", more=named)
    found = RULES.get(asked)
    if found is None:
        raise NotFound()
    visitor = site.visitor(request)
    return site.show(rule_page(site, visitor, found), request, visitor)


def rule_page(site: Site, visitor: Visitor, found: Rule) -> RulePage:
    """What a rule looks at, why, examples, how to mend, and how much it weighs under each profile of this node."""
    from geoportal.checks import texts
    from geoportal.repairs import REPAIRS

    words, language = site.wording(visitor), visitor.language
    known = REPAIRS.get(found.id)
    way = "none" if known is None else "word" if known.confirmed else "itself"

    def example(part: str) -> str:
        key = f"rule.{found.id}.{part}"
        return text(handbook.DOMAIN, key, language) if has_text(handbook.DOMAIN, key, language) else ""

    return RulePage(
        id=found.id,
        title=texts.title(found.id, language),
        meaning=texts.explanation(found.id, language),
        hint=texts.advice(found.id, language),
        bad=example("bad"),
        good=example("good"),
        sketch=SKETCHES.get(found.id),
        steps=tuple(line for line in example("steps").split("\n") if line),
        intake=words.t(f"intake.{found.intake}" if found.intake else "intake.none"),
        repair=words.t(f"rule.repair.{way}"),
        weights=weights(site, visitor, found),
        element=words.code("element", str(found.element)),
        scope=words.code("scope", str(found.scope)),
    )


def weights(site: Site, visitor: Visitor, found: Rule) -> tuple[Weight, ...]:
    """The weight of a rule under each profile, computed from the files in ``config/specifications``."""
    from geoportal.checks.profiles import names_of, read_specification
    from geoportal.checks.rules import severity_under

    words = site.wording(visitor)
    rows = []
    for name in names_of(site.node.profiles):
        try:
            profile = read_specification(name, site.node.profiles)
        except InvalidSpecification as error:
            log.warning("profile %s is not shown: %s", name, error.detail)
            continue
        severity = severity_under(found, profile)
        rows.append(
            Weight(
                profile=profile.title.in_language(visitor.language) or name,
                name=name,
                severity=str(severity) if severity else "none",
                word=words.t(f"severity.{severity}") if severity else words.t("rule.off"),
            )
        )
    return tuple(rows)


def problem(site: Site, request: Request) -> Response:
    """What an error code means and what to do, in both languages."""
    visitor, code = site.visitor(request), request.path_params["code"]
    found = next((kind for kind in error_classes() if kind.code == code), None)
    if found is None:
        raise NotFound()
    languages = sorted(site.node.settings.node.languages, key=lambda language: language != visitor.language)
    page = ProblemPage(
        code=code,
        status=found.status,
        texts=tuple(
            Explanation(
                language,
                said(code, "title", language),
                said(code, "what", language),
                said(code, "advice", language),
            )
            for language in languages
        ),
    )
    return site.show(page, request, visitor)
