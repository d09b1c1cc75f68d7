"""One request under way: who asks, in which language, and which layers were granted to it.

pygeoapi makes a provider from a plain definition on every request and tells it nothing of who asks. The visit travels
beside it in a context variable: the provider refuses to serve a layer that the visit was not granted, whatever the
configuration said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geoportal.errors import NotAllowed
from geoportal.language import LANGUAGES
from geoportal.model.access import PUBLIC_AUDIENCE, Audience
from geoportal.model.text import LocalText

if TYPE_CHECKING:
    from geoportal.ogc.formats.taken import Taken
    from geoportal.ogc.source import Source


@dataclass(frozen=True, slots=True)
class Site:
    """What the explorer pages say of the node. ``root`` is the path before ``/ogc``, usually empty; ``base_url`` has
    no final slash; ``themed``: the region has a style sheet of its own; ``ground``: it has land to lie under maps.
    """

    title: LocalText = field(default_factory=LocalText)
    tagline: LocalText = field(default_factory=LocalText)
    organisation: LocalText = field(default_factory=LocalText)
    base_url: str = ""
    root: str = ""
    themed: bool = False
    ground: bool = False
    producers: Mapping[str, LocalText] = field(default_factory=dict)
    timezone: str = "UTC"

    def producer(self, key: str, language: str) -> str:
        """The name of a producer of data; its key where the configuration names none."""
        name = self.producers.get(key)
        return name.in_language(language) if name else key


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: its audience, its language ('id' or 'en'), the layers it may read, and what the pages show around
    the data.

    ``sources`` maps the opaque handle in a provider definition to the layer, ``layers`` the id of the collection;
    ``source`` is the one that was asked for, if any. ``pairs`` are the query parameters, ``filter`` the tree of the
    filter among them. ``taken``: the body is not JSON nor a page, so the provider tells which rows it chose, and
    pygeoapi's document is kept there. ``tried`` is why the features could not be chosen a moment ago.
    """

    audience: Audience = PUBLIC_AUDIENCE
    language: str = "id"
    sources: Mapping[str, Source] = field(default_factory=dict)
    layers: Mapping[str, Source] = field(default_factory=dict)
    source: Source | None = None
    site: Site = field(default_factory=Site)
    path: str = "/ogc"
    pairs: tuple[tuple[str, str], ...] = ()
    filter: Any = None
    taken: Taken | None = None
    tried: Exception | None = None

    def grant(self, handle: str) -> Source:
        """The layer behind a handle, if this visit may read it; NotAllowed otherwise (the third, independent layer of
        access control).
        """
        source = self.sources.get(handle)
        if source is None or not self.audience.sees(source.publication):
            raise NotAllowed("the layer was not granted to this request", handle=handle)
        return source


TRIED = "geoportal.tried"
"""Where the scope of a request says why its features could not be chosen, so that it is not tried for as long again."""

_VISIT: ContextVar[Visit | None] = ContextVar("geoportal.ogc.visit", default=None)


def visit_under_way() -> Visit:
    """The visit of the request that this thread is answering; NotAllowed where there is none."""
    visit = _VISIT.get()
    if visit is None:
        raise NotAllowed("a layer is only read for a request")
    return visit


def taken_under_way() -> Taken | None:
    """Where the document of the request under way is kept instead of becoming JSON; None where it is to be JSON."""
    visit = _VISIT.get()
    return visit.taken if visit is not None else None


def language_under_way() -> str:
    """The language of the request under way; the first one where there is no request."""
    visit = _VISIT.get()
    return visit.language if visit is not None else LANGUAGES[0]


def asked_under_way(name: str) -> str | None:
    """The value of a parameter of the request under way; None where it was not given, or there is no request."""
    visit = _VISIT.get()
    return dict(visit.pairs).get(name) if visit is not None else None


@contextmanager
def visiting(visit: Visit) -> Iterator[Visit]:
    """Make ``visit`` the one under way for the duration of a block."""
    token = _VISIT.set(visit)
    try:
        yield visit
    finally:
        _VISIT.reset(token)
