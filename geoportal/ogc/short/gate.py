"""The gate in front of everything: answers ``/ogc`` from memory where it can, and lets all else through.

The order is that of ``ogc.edge``: host, who asks, generation, view, layer, parameters. Each step that would have to
read, wait or refuse gives up, and the request goes the long way, which knows how to do so.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from geoportal.errors import GeoportalError, Unavailable
from geoportal.model.access import Audience
from geoportal.ogc.app import RESOURCES
from geoportal.ogc.cql2.tree import BadFilter
from geoportal.ogc.engine import Engine
from geoportal.ogc.negotiation import choose_format, choose_language, refuses_plain
from geoportal.ogc.problems import Problem
from geoportal.ogc.request import JSON
from geoportal.ogc.responses import names
from geoportal.ogc.short import pages
from geoportal.ogc.short.answers import Answer, Shelf, ask_long
from geoportal.ogc.short.asking import Asking, asking_of
from geoportal.ogc.short.choice import Choice, choose, slow
from geoportal.ogc.short.envelope import Envelope, learnt, learnt_item, page_of
from geoportal.ogc.short.incoming import Heard, Incoming, heard_of, taken
from geoportal.ogc.source import Source
from geoportal.ogc.view import View

if TYPE_CHECKING:
    from geoportal.node import Node

LOGGER = logging.getLogger("geoportal.ogc")

MOST_SHAPES = 2_000
DOCUMENTS_BYTES, LONGEST_DOCUMENT = 8_000_000, 2_000_000
"""Finished documents that are kept of all views, and the longest of them."""
PAGES_BYTES, LONGEST_PAGE = 16_000_000, 1_000_000
"""Finished pages of features that are kept (``ogc.cache``)."""
LONGEST_QUERY = 200

_ITEMS = re.compile(r"/ogc/collections/([a-z0-9_-]{1,64})/items(?:/([A-Za-z0-9._~-]{1,200}))?", re.ASCII)
_DOCUMENT = re.compile(
    r"/ogc(?:/?|/conformance|/openapi|/collections(?:/[a-z0-9_-]{1,64}(?:/[a-z]{1,20})?)?)", re.ASCII
)


class Short:
    """Answers from what is known of one engine, in front of ``app``."""

    def __init__(
        self, app: ASGIApp, node: Node, engine: Engine, admits: Callable[[str], bool] = lambda host: True
    ) -> None:
        """Stand before ``app``, which answers ``/ogc`` over ``engine``; ``admits`` judges Host headers."""
        self.app = app
        self.node = node
        self.engine = engine
        self.admits = lru_cache(maxsize=256)(admits)
        self.languages = tuple(node.settings.node.languages)
        self.limits = (node.settings.ogc.default_limit, node.settings.ogc.max_limit)
        self.offers = {resource.name: resource.offers for resource in RESOURCES}
        self.answered = 0
        self._format = lru_cache(maxsize=1024)(self._format_of)
        self._refuses_plain = lru_cache(maxsize=1024)(refuses_plain)
        self._language = lru_cache(maxsize=1024)(lambda header: choose_language(header, self.languages))
        self._shapes: OrderedDict[object, Envelope | None] = OrderedDict()
        self._documents = Shelf(DOCUMENTS_BYTES, LONGEST_DOCUMENT)
        self._pages = Shelf(PAGES_BYTES if node.settings.ogc.cache else 0, LONGEST_PAGE)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="short")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI server, or let the request through."""
        if scope["type"] == "http" and taken(scope["method"], scope["path"]):
            incoming = Incoming.of(scope)
            answer = await self.answer(incoming)
            if answer is not None:
                await answer.send(send, bodiless=scope["method"] == "HEAD")
                return
            scope = {**scope, **incoming.known()}
        await self.app(scope, receive, send)

    async def answer(self, asked: Incoming) -> Answer | None:
        """The answer to a request that is ``taken``; None where the long way has to give it. Of HEAD with its body."""
        answer = await self._answer(asked)
        if answer is not None:
            self.answered += 1
        return answer

    async def _answer(self, asked: Incoming) -> Answer | None:
        path = asked.path
        items = _ITEMS.fullmatch(path)
        if items is None and not _DOCUMENT.fullmatch(path):
            return None
        heard = heard_of(asked.headers)
        if heard is None or not self.admits(heard.get("host", "")):
            return None
        if self._refuses_plain(heard.get("accept-encoding", "")):
            return None
        found = await self._view(heard.get("authorization"))
        if found is None:
            return None
        audience, view = found
        language = self._language(heard.get("accept-language", ""))
        if items is None:
            return await self._document(asked, heard, view, language)
        source = view.sources.get(items[1])
        if source is None or not audience.sees(source.publication):
            return None
        if items[2]:
            return await self._item(asked, heard, source, items[2], language)
        return await self._items(asked, heard, source, language)

    async def _view(self, authorization: str | None) -> tuple[Audience, View] | None:
        """Who asks and what they see at the present generation; None where the long way has to say why not."""
        generation = self.node.generation_at_hand()
        if generation is not None:
            audience = self.node.audience_at_hand(authorization, generation)
            view = self.engine.at_hand(audience, generation) if audience is not None else None
            if audience is not None and view is not None:
                return audience, view
        try:
            return await self._in_thread(self._looked_up, authorization)
        except GeoportalError:
            return None

    def _looked_up(self, authorization: str | None) -> tuple[Audience, View]:
        audience = self.node.audience(authorization)
        return audience, self.engine.snapshot(audience)

    async def _document(self, asked: Incoming, heard: Heard, view: View, language: str) -> Answer | None:
        """A document that is the same as long as the view is: made by the long way, then kept as it was sent."""
        query = asked.query
        if len(query) > LONGEST_QUERY:
            return None
        public = "authorization" not in heard
        wanted = heard.get("accept", ""), heard.get("accept-encoding", "")
        name = (view.key, asked.path, query, language, *wanted, public)
        answer = self._documents.get(name)
        if answer is None:
            scope = asked.scope()
            unconditional = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
            answer = await ask_long(self.app, {**scope, "headers": unconditional}, plain=False)
            if answer is None or answer.status != 200:
                return answer
            self._documents.put(name, answer)
        known = heard.get("if-none-match")
        etag = answer.header("etag")
        return answer.not_modified() if known and etag and names(known, etag) else answer

    async def _item(self, asked: Incoming, heard: Heard, source: Source, fid: str, language: str) -> Answer | None:
        query = asked.query
        if query not in ("", "f=json") or not self._wants_json("item", query, heard):
            return None
        row = source.serving.row_of(fid)
        if row is None:
            return None
        text = source.serving.page([row])[0]
        public = "authorization" not in heard
        name = pages.named(self.engine.edition, source, "item", fid, language, "[]")
        shape = (source.key, language, public, "item")
        envelope = await self._shape(asked, shape, lambda answer: learnt_item(answer, fid, text, name))
        if envelope is None:
            return None
        return pages.item(envelope, fid, text, pages.Wanted.of(heard, name, block=False))

    async def _items(self, asked: Incoming, heard: Heard, source: Source, language: str) -> Answer | None:
        query = asked.query
        asking = asking_of(query, source.serving.summary, *self.limits)
        if asking is None or not self._wants_json("items", query, heard):
            return None
        name = pages.named(self.engine.edition, source, "items", "", language, asking.question)
        wanted = pages.Wanted.of(heard, name, block=asking.bare and pages.blocked(source.serving, asking.limit))
        answer = None if asking.bare else self._pages.get(wanted.etag)
        if answer is None or not wanted.public:
            answer = await self._page(asked, source, language, asking, name, wanted)
            if answer is not None and wanted.public and not asking.bare:
                self._pages.put(wanted.etag, answer)
        if answer is not None and wanted.known:
            return answer.not_modified()
        return answer

    async def _page(
        self, asked: Incoming, source: Source, language: str, asking: Asking, name: str, wanted: pages.Wanted
    ) -> Answer | None:
        choice = await self._chosen(asked, source, asking)
        if choice is None:
            return None
        page = page_of(asking, choice.matched, len(choice.rows))
        sides = (asking.offset > 0, page.behind < page.matched)
        shape = (source.key, language, wanted.public, asking.names, asking.filter_lang, sides)
        envelope = await self._shape(asked, shape, lambda answer: learnt(answer, asking, page, name))
        if envelope is None:
            return None
        return pages.page(envelope, envelope.head(asking, page), source.serving, choice.rows, wanted)

    async def _chosen(self, asked: Incoming, source: Source, asking: Asking) -> Choice | None:
        try:
            if slow(source, asking):
                return await self._in_thread(choose, source, asking)
            return choose(source, asking)
        except (GeoportalError, BadFilter, Problem) as error:
            if asking.filter is not None and isinstance(error, (Unavailable, BadFilter)):
                asked.tried = error  # it may have taken all the time that a question has
            return None

    async def _shape(
        self, asked: Incoming, shape: object, learn: Callable[[Answer], Envelope | None]
    ) -> Envelope | None:
        """The envelope of a shape; the first who asks for one has it made by the long way. None where there is none."""
        if shape in self._shapes:
            self._shapes.move_to_end(shape)
            return self._shapes[shape]
        answer = await ask_long(self.app, asked.scope())
        if answer is None or answer.status != 200:
            return None
        envelope = learn(answer)
        if envelope is None:
            LOGGER.info("no short way for %s", shape)
        self._shapes[shape] = envelope
        while len(self._shapes) > MOST_SHAPES:
            self._shapes.popitem(last=False)
        return envelope

    async def _in_thread[*P, T](self, work: Callable[[*P], T], *arguments: *P) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _wants_json(self, resource: str, query: str, heard: Heard) -> bool:
        """Whether JSON is asked for, by ``f`` or by Accept."""
        if "f=" in query:
            named = [part[2:] for part in query.split("&") if part.startswith("f=")]
            if named:
                return named == ["json"]
        return self._format(resource, heard.get("accept", "")) == JSON

    def _format_of(self, resource: str, accept: str) -> str | None:
        return choose_format(accept, self.offers[resource])
