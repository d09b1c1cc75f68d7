"""Links to the further forms of features, and the links of an answer as HTTP headers (RFC 8288)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from geoportal.language import text
from geoportal.ogc.formats.forms import Form, listed
from geoportal.ogc.visit import language_under_way

LONGEST = 2_000
"""Characters of a link in a header; a longer one (a filter that came as a body) would break clients."""


def with_forms(links: Iterable[Mapping[str, Any]], *, single: bool = False) -> list[dict[str, Any]]:
    """The links of a document that pygeoapi made, those to the further forms of the same content behind its own."""
    found: list[dict[str, Any]] = [dict(link) for link in links]
    like = next((n for n, link in enumerate(found) if _is(link["href"], "jsonld")), None)
    if like is None:
        return found
    last = max(n for n, link in enumerate(found) if _is(link["href"], "html") or n == like)
    others = [
        {
            "type": form.link_type,
            "rel": "alternate",
            "title": text("messages", "This document as {form}", language_under_way(), form=form.title),
            "href": in_form(found[like]["href"], form.name),
        }
        for form in listed(single=single)
    ]
    return [*found[: last + 1], *others, *found[last + 1 :]]


def further_last(document: dict[str, Any]) -> None:
    """Put the links of a collection, or of each in a list, to features in the further forms behind all others: some
    clients take the first link to features that they find.
    """
    further = {form.link_type for form in listed()}
    for collection in document.get("collections", [document]):
        collection["links"].sort(key=lambda link: link.get("rel") == "items" and link.get("type") in further)


def in_form(href: str, name: str) -> str:
    """A link of pygeoapi, which starts its query with ``f``, to the same content in another form."""
    address, _, query = href.partition("?")
    first, _, rest = query.partition("&")
    if not first.startswith("f="):
        return f"{address}?f={name}{f'&{query}' if query else ''}"
    return f"{address}?f={name}{f'&{rest}' if rest else ''}"


def of_form(links: Iterable[Mapping[str, Any]], form: Form) -> list[dict[str, Any]]:
    """The links of a JSON document as those of the same content in ``form``: it is ``self``, JSON an alternate."""
    found = []
    for link in links:
        changed = dict(link)
        if link["rel"] == "self":
            changed["rel"] = "alternate"
        elif link["rel"] in ("next", "prev"):
            changed |= {"href": in_form(link["href"], form.name), "type": form.link_type}
        elif link["rel"] == "alternate" and _is(link["href"], form.name):
            changed["rel"] = "self"
        found.append(changed)
    return found


def header_of(links: Iterable[Mapping[str, Any]]) -> str:
    """The links that a client of a form without room for links needs, as the value of one ``Link`` header."""
    return ", ".join(
        f'<{link["href"]}>; rel="{link["rel"]}"' + (f'; type="{link["type"]}"' if link.get("type") else "")
        for link in links
        if link["rel"] in ("self", "next", "prev", "collection", "profile")
        and len(link["href"]) <= LONGEST
        and link["href"].isascii()
    )


def _is(href: str, name: str) -> bool:
    return href.partition("?")[2].partition("&")[0] == f"f={name}"
