"""One request from the outside to pygeoapi and back: who asks, may they, what exactly, in which form, and is it known
already.

Two layers of access control meet here: the view holds nothing that the audience may not see, and the register is
asked again, at its present generation, whether this audience may see this dataset. The provider is the third
(``visit.Visit.grant``).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pygeoapi import l10n
from pygeoapi.util import render_j2_template
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geoportal.errors import GeoportalError, NotAllowed, NotSignedIn, Unavailable
from geoportal.model.access import Audience
from geoportal.model.dataset import ID_PATTERN
from geoportal.ogc import definition, documents
from geoportal.ogc.config import LOCALES
from geoportal.ogc.engine import Engine
from geoportal.ogc.filters import asked_filter
from geoportal.ogc.formats.answers import answer as in_form
from geoportal.ogc.formats.forms import FORMS
from geoportal.ogc.formats.taken import Taken
from geoportal.ogc.negotiation import choose_format, refuses_plain
from geoportal.ogc.paging import listed, part_of
from geoportal.ogc.parameters import RESERVED, check_parameters
from geoportal.ogc.problems import MEDIA_TYPE, Problem, from_error, no_collection
from geoportal.ogc.request import (
    HTML,
    JSON,
    JSONLD,
    asked,
    format_of,
    header_of,
    language_of,
    moment_asked,
    posted_filter,
    version_of,
)
from geoportal.ogc.responses import (
    CODINGS,
    coding_of,
    cross_origin,
    kept_briefly,
    kept_long,
    names,
    not_modified,
    respond,
    tag_of,
    tagged,
)
from geoportal.ogc.schemas import KINDS, link_header
from geoportal.ogc.source import Source
from geoportal.ogc.view import Fault, View
from geoportal.ogc.visit import Visit, visiting

if TYPE_CHECKING:
    from geoportal.node import Node

LOGGER = logging.getLogger("geoportal.ogc")

ALLOWED = "GET, HEAD, OPTIONS"
ALLOWED_POST = f"{ALLOWED}, POST"
PAGE_TYPE = "text/html; charset=utf-8"
MEDIA_TYPES = {HTML: PAGE_TYPE, JSONLD: "application/ld+json", definition.OAS31: definition.MEDIA_TYPE_31}
OPENAPI_VERSIONS = {JSON: "3.0", definition.OAS31: "3.1"}
ERROR_FORMS = {
    JSON: ("application/json", MEDIA_TYPE, "application/geo+json", "application/ld+json"),
    HTML: ("text/html", "application/xhtml+xml"),
}
PREFLIGHT = {
    "access-control-allow-methods": ALLOWED,
    "access-control-allow-headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "access-control-max-age": "86400",
}

Answer = tuple[Mapping[str, str], int, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of resource: its path, its formats with their media types, its parameters, and the function of
    pygeoapi that answers.

    ``json_type`` is the media type of its JSON. ``fields``: the collection's fields are parameters too. ``kept``: the
    finished document may stay with the view, for it depends on format and language alone. ``posted``: a filter may come
    as the body of a POST.
    """

    name: str
    path: str
    call: Callable[..., Answer]
    offers: Mapping[str, tuple[str, ...]]
    json_type: str
    known: frozenset[str] = frozenset()
    fields: bool = False
    kept: bool = True
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A request with what is known of whoever sent it. ``public``: it says nothing of who asks, so its answer may lie
    in any cache.
    """

    request: Request
    language: str
    public: bool

    @property
    def method(self) -> str:
        """The method in capitals."""
        return self.request.method

    @property
    def coding(self) -> str:
        """The Accept-Encoding header."""
        return header_of(self.request, "accept-encoding")


class Edge:
    """Answers requests on the views of one engine."""

    def __init__(self, node: Node, engine: Engine) -> None:
        """Stand before ``engine``; ``node`` says who asks and what they may see."""
        self.node = node
        self.engine = engine
        self.resources: list[Resource] = []

    def endpoint(self, resource: Resource) -> Callable[[Request], Response]:
        """The Starlette endpoint of a resource; a plain function, so it runs in a thread."""

        def answer(request: Request) -> Response:
            return self._guarded(request, lambda asking: self._document(resource, asking), posted=resource.posted)

        answer.__name__ = resource.name
        self.resources.append(resource)
        return answer

    def elsewhere(self, request: Request) -> Response:
        """Everything below ``/ogc`` that is no resource: without its final slash it may be one, else it is a 404."""
        return self._guarded(request, self._nothing)

    def _guarded(self, request: Request, answer: Callable[[Asking], Response], *, posted: bool = False) -> Response:
        allowed = ALLOWED_POST if posted else ALLOWED
        asking = Asking(
            request, language_of(request, self.node.settings.node.languages), "authorization" not in request.headers
        )
        try:
            if request.method == "OPTIONS":
                return self._options(asking, allowed)
            if request.method not in allowed.split(", "):
                raise Problem(405, "{method} is not possible here.", method=request.method, headers={"Allow": allowed})
            return answer(asking)
        except Problem as problem:
            return self._refusal(problem, asking)
        except NotSignedIn as error:
            return self._refusal(from_error(error), asking)
        except NotAllowed as error:
            # The last layer of access control held where the others should have: nobody outside learns that there was
            # something to hold.
            LOGGER.error("%s %s: %s", request.method, ascii(request.scope["path"]), error.detail)
            return self._refusal(no_collection(), asking)
        except GeoportalError as error:
            if error.status >= 500:
                LOGGER.error("%s: %s", error.code, error.detail)
            return self._refusal(from_error(error), asking)
        except Exception:  # a fault of ours: logged whole, told by its number alone
            number = secrets.token_hex(6)
            LOGGER.exception("fault %s", number)
            return self._refusal(
                Problem(500, "The node has a fault. It was logged as {number}.", number=number), asking
            )

    def _options(self, asking: Asking, allowed: str) -> Response:
        headers = {"allow": allowed, "cache-control": "no-store", **cross_origin(asking.public)}
        if asking.public and "access-control-request-method" in asking.request.headers:
            headers |= {**PREFLIGHT, "access-control-allow-methods": allowed}
        return Response(status_code=204, headers=headers)

    def _nothing(self, asking: Asking) -> Response:
        path = asking.request.scope["path"]
        if path.endswith("/"):
            return self._without_slash(asking)
        raise Problem(404, "There is nothing at this address.")

    def _without_slash(self, asking: Asking) -> Response:
        scope = asking.request.scope
        query = scope["query_string"].decode("latin-1")
        target = f"{self.engine.site.root}{quote(scope['path'].rstrip('/'))}{'?' if query else ''}{query}"
        return RedirectResponse(target, 308, headers={"cache-control": "no-store", **cross_origin(asking.public)})

    def _document(self, resource: Resource, asking: Asking) -> Response:
        request, language = asking.request, asking.language
        audience = self.node.audience(request.headers.get("authorization"))
        dataset_id, item = request.path_params.get("collection"), request.path_params.get("item")
        if item == "":
            return self._without_slash(asking)
        view = self.engine.snapshot(audience)
        source = self._source(view, audience, dataset_id) if dataset_id is not None else None
        format_ = format_of(request, resource.offers)
        if coding_of(asking.coding) is None and refuses_plain(asking.coding):
            raise Problem(
                406, "This node has none of the content codings that the request accepts; it has {offered}.",
                offered=", ".join(CODINGS),
            )  # fmt: skip
        older = None
        if source is not None and "version" in resource.known:
            number = self._number(request, audience, source)
            if number is not None and number != source.publication.version.number:
                source = older = self.engine.older(
                    self.node.publication(audience, source.publication.dataset_id, number)
                )
        fields = (
            [field.name for field in source.serving.summary.fields if field.name not in RESERVED]
            if source is not None and resource.fields
            else ()
        )
        body_filter = posted_filter(request) if asking.method == "POST" else {}
        ask = asked(request, format_, language, resource.known, fields, body_filter)
        if source is not None and resource.known:
            check_parameters(dict(ask.pairs), source)
            ask = ask.held(source.publication.version.number)
        filter_ = None
        if source is not None and resource.posted:
            filter_ = asked_filter(dict(ask.pairs), source.resource["providers"][0]["crs"])
        caching = self._caching(asking, format_)
        state = (self.engine.edition, *map(str, source.key)) if source is not None else (view.key,)
        part = part_of(ask.pairs, len(view.sources)) if resource.name == "collections" else None
        question = "" if resource.kept and (part is None or not part.asked) else ask.canonical()
        tag = tag_of(*state, resource.name, item or "", format_, language, question)
        form = FORMS.get(format_)
        compact = form is not None and form.compact and not refuses_plain(asking.coding)
        accepted = "" if compact else asking.coding
        if asking.public and asking.method != "POST" and (known := request.headers.get("if-none-match")):
            etag = tagged(tag, coding_of(accepted))
            # Whether there is what * asks for (RFC 9110 13.1.2) only pygeoapi can say.
            if known.strip() != "*" and names(known, etag):
                return not_modified(etag, caching)
        place = (resource.name, dataset_id or "", format_, language, *([question] if question else ()))
        headers: dict[str, str] = {"content-language": LOCALES[language], **caching}
        body = view.kept(place) if resource.kept else None
        if body is None:
            api = view.for_request(older) if part is None else view.narrowed(part)
            visit = Visit(
                audience,
                language,
                api.handles,
                api.sources,
                source,
                self.engine.site,
                request.scope["path"].rstrip("/"),
                ask.pairs,
                filter_,
                Taken() if form is not None else None,
            )
            with visiting(visit):
                if resource.name == "openapi" and format_ in OPENAPI_VERSIONS:
                    version = OPENAPI_VERSIONS[format_]
                    api.openapi = definition.document(api, language, self.resources, version=version)
                names_ = [dataset_id] if dataset_id is not None else []
                if item is not None:
                    names_.append(quote(item, safe="", errors="surrogatepass"))
                found, status, content = resource.call(api, ask.for_pygeoapi(), *names_)
            if isinstance(content, Fault):
                raise _problem_of(status, content)
            body = content.encode() if isinstance(content, str) else content
            if format_ == JSON:
                body = listed(body, part, language) if part else _corrected(resource.name, body, source, language)
            elif format_ == JSONLD and resource.name in ("collections", "collection"):
                body = documents.linked(body)
            if source is not None and resource.fields:
                headers["link"] = link_header(self.engine.site.base_url, source.publication.dataset_id)
            if "Content-Crs" in found:
                headers["content-crs"] = found["Content-Crs"]
            if asking.public and asking.method != "POST" and request.headers.get("if-none-match", "").strip() == "*":
                return not_modified(tagged(tag, coding_of(accepted)), caching)
            if form is not None and visit.taken is not None:
                return in_form(
                    form,
                    visit.taken,
                    base_url=self.engine.site.base_url,
                    single=item is not None,
                    method=asking.method,
                    public=asking.public,
                    accept_encoding=accepted,
                    tag=tag if asking.method != "POST" else None,
                    headers=headers,
                )
            if resource.kept:
                view.keep(place, body)
        if asking.public and asking.method != "POST" and request.headers.get("if-none-match", "").strip() == "*":
            return not_modified(tagged(tag, coding_of(asking.coding)), caching)
        return respond(
            body,
            method=asking.method,
            media_type=MEDIA_TYPES.get(format_, resource.json_type),
            public=asking.public,
            accept_encoding=asking.coding,
            tag=tag if asking.method != "POST" else None,
            headers=headers,
        )

    def _caching(self, asking: Asking, format_: str) -> dict[str, str]:
        """How long caches may use an answer: a named version stays what it is, so its data may be kept; its pages tell
        of the node as well. What is not public or answers a POST is kept by nobody.
        """
        if not asking.public or asking.method == "POST":
            return {}
        named = "version" in asking.request.query_params and format_ not in (HTML, JSONLD)
        ogc = self.node.settings.ogc
        return {"cache-control": kept_long(ogc.version_max_age_s) if named else kept_briefly(ogc.max_age_s)}

    def _number(self, request: Request, audience: Audience, source: Source) -> int | None:
        """The version that the request chooses by its number or by a moment, None where it takes what is out."""
        moment = moment_asked(request, ZoneInfo(self.node.settings.node.timezone))
        if moment is None:
            return version_of(request)
        number = self.node.number_at(audience, source.publication.dataset_id, moment)
        if number is None:
            raise Problem(404, "Nothing of this collection was published at {moment}.", moment=moment.isoformat())
        return number

    def _source(self, view: View, audience: Audience, dataset_id: str) -> Source:
        """The layer of a collection, if this audience may know of it: one answer for what is not there and what is
        hidden.
        """
        if not ID_PATTERN.fullmatch(dataset_id):
            raise no_collection()
        self.node.publication(audience, dataset_id)
        if dataset_id in view.unavailable:
            raise Unavailable(f"the files of {dataset_id} cannot be read")
        source = view.sources.get(dataset_id)
        if source is None:
            raise no_collection()
        return source

    def _refusal(self, problem: Problem, asking: Asking) -> Response:
        request, language, site = asking.request, asking.language, self.engine.site
        path = request.scope["path"]
        named = request.query_params.get("f")
        form = named if named in ERROR_FORMS else choose_format(header_of(request, "accept"), ERROR_FORMS)
        headers = {"content-language": LOCALES[language], **problem.headers}
        if form == HTML and problem.status != 406:
            visit = Visit(language=language, site=site, path=path, pairs=tuple(request.query_params.multi_items()))
            with visiting(visit):
                page = render_j2_template(
                    self.engine.base.tpl_config,
                    self.engine.base.config["server"]["templates"],
                    "exception.html",
                    problem.as_dict(site.base_url, path, language),
                    l10n.str2locale(LOCALES[language]),
                )
            body, media_type = page.encode(), PAGE_TYPE
        else:
            body, media_type = problem.as_json(site.base_url, path, language), MEDIA_TYPE
        return respond(
            body,
            method=asking.method,
            media_type=media_type,
            public=asking.public,
            accept_encoding=asking.coding,
            status=problem.status,
            headers=headers,
        )


def _problem_of(status: int, fault: Fault) -> Problem:
    if status == 404:
        return Problem(404, "There is no feature with this id here.", ogc_code=fault.code)
    if status >= 500:
        return Problem(500, "The node has a fault. It was logged.", ogc_code=fault.code)
    return Problem(status, "{detail}", ogc_code=fault.code, detail=fault.description)


def _corrected(name: str, body: bytes, source: Source | None, language: str) -> bytes:
    if name == "landing":
        return documents.landing(body)
    if source is not None and name in KINDS:
        return documents.schema(body, name, source, language)
    return body
