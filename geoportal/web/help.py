"""Bantuan and Masalah: what each rule looks at, what each error means, in words for everybody."""

from __future__ import annotations

from collections import defaultdict

from starlette.requests import Request
from starlette.responses import Response

from geoportal.errors import NotFound, error_classes
from geoportal.model.report import Severity
from geoportal.web.pages import HelpPage, ProblemPage, RulePage
from geoportal.web.parts import Explanation, RuleRow
from geoportal.web.problems import said
from geoportal.web.site import Site


def overview(site: Site, request: Request) -> Response:
    """How to find, use, check and publish, and all rules by what they measure."""
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
    return site.show(HelpPage(ordered, len(RULES)), request, visitor)


def rule(site: Site, request: Request) -> Response:
    """One rule."""
    from geoportal.checks import RULES, texts

    visitor = site.visitor(request)
    words = site.wording(visitor)
    found = RULES.get(request.path_params["id"])
    if found is None:
        raise NotFound()
    page = RulePage(
        id=found.id,
        title=texts.title(found.id, visitor.language),
        meaning=texts.explanation(found.id, visitor.language),
        hint=texts.advice(found.id, visitor.language),
        severity=str(found.severity),
        intake=words.t(f"intake.{found.intake}" if found.intake else "intake.none"),
        element=words.code("element", str(found.element)),
        scope=words.code("scope", str(found.scope)),
    )
    return site.show(page, request, visitor)


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
