"""The portal of one node: its texts, templates and files, built once, and the way from a page to an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from geoportal.catalogue.producers import Producer, read_producers
from geoportal.node import Node
from geoportal.reports.marks import SHAPES
from geoportal.web.addresses import API, address, collection
from geoportal.web.answers import answer
from geoportal.web.assets import Assets
from geoportal.web.facts import Shelf
from geoportal.web.pages import ErrorPage, Page
from geoportal.web.places import Places
from geoportal.web.visitor import LANGUAGE_COOKIE, Visitor, visitor_of
from geoportal.web.wording import Wording

TEMPLATES = Path(__file__).parent / "templates"
COOKIE_AGE_S = 31_536_000

Url = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Site:
    """What every page needs."""

    node: Node
    assets: Assets
    templates: Environment
    shelf: Shelf
    producers: dict[str, Producer]
    places: Places

    def visitor(self, request: Request) -> Visitor:
        """Who looks, as read from a request."""
        return visitor_of(request, self.node.settings.node.languages)

    def wording(self, visitor: Visitor) -> Wording:
        """The words for a visitor."""
        return Wording(visitor.language, ZoneInfo(self.node.settings.node.timezone))

    def producer_name(self, key: str | None, language: str) -> str:
        """The name of a producer, or its key where the node has no name for it."""
        if not key:
            return ""
        known = self.producers.get(key)
        return (known.name.in_language(language) if known else "") or key

    def url(self, visitor: Visitor) -> Url:
        """``url(name, query, **ids)`` for links in a page: they keep the language where the address names it."""

        def url(name: str, query: tuple[tuple[str, str], ...] = (), /, **ids: object) -> str:
            kept = (("lang", visitor.language),) if visitor.explicit else ()
            return address(name, (*query, *kept), **ids)

        return url

    def render(self, page: Page, visitor: Visitor) -> bytes:
        """The page in the language of the visitor."""
        settings, words = self.node.settings, self.wording(visitor)
        template = self.templates.get_template(page.template())
        language = visitor.language
        content: dict[str, Any] = {
            "page": page,
            "visitor": visitor,
            "w": words,
            "t": words.t,
            "url": self.url(visitor),
            "asset": self.assets.url,
            "themed": self.assets.has("theme.css"),
            "api": API,
            "collection": collection,
            "languages": settings.node.languages,
            **self._languages(page, visitor),
            "node": {
                "title": settings.node.title.local().in_language(language),
                "tagline": settings.node.tagline.local().in_language(language),
                "organisation": settings.node.organisation.local().in_language(language),
                "region": settings.node.region_name.local().in_language(language),
                "email": settings.node.email,
            },
        }
        return template.render(content).strip().encode("utf-8")

    def _languages(self, page: Page, visitor: Visitor) -> dict[str, object]:
        """The same page in each language: relative links for the reader, full ones for search engines.

        An error page has neither path nor query in it, so that it is the same for what is hidden and what is missing.
        """
        error = isinstance(page, ErrorPage)
        kept = [] if error else [(name, value) for name, value in visitor.query if name != "lang"]
        languages: tuple[str, ...] = self.node.settings.node.languages
        switches = {language: "?" + urlencode([*kept, ("lang", language)]) for language in languages}
        here = f"{self.node.settings.base_url}{quote(visitor.path)}"
        alternates = [] if error else [(language, here + switches[language]) for language in languages]
        if alternates:
            alternates.append(("x-default", here + (f"?{urlencode(kept)}" if kept else "")))
        return {"switches": switches, "alternates": alternates}

    def show(self, page: Page, request: Request, visitor: Visitor) -> Response:
        """The answer that shows a page: cacheable and revalidated for everybody, private for an asker who is named."""
        response = answer(
            request.headers, self.render(page, visitor), "text/html; charset=utf-8", anonymous=visitor.anonymous
        )
        if visitor.explicit and request.cookies.get(LANGUAGE_COOKIE) != visitor.language:
            response.set_cookie(
                LANGUAGE_COOKIE,
                visitor.language,
                max_age=COOKIE_AGE_S,
                samesite="lax",
                httponly=True,
                secure=self.node.settings.base_url.startswith("https:"),
            )
        return response


def site_of(node: Node) -> Site:
    """The portal of a node."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # templates belong to the program: compiled once a worker
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    config = node.settings.config
    templates.globals["severity_marks"] = SHAPES
    return Site(node, Assets(config), templates, Shelf(node), read_producers(config), Places(node))
