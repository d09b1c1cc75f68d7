"""One request from the outside to pygeoapi and back: who asks, may they, and is the answer known already.

Two layers of access control meet here: the view holds nothing that the audience may not see, and the register is
asked again, at its present generation, whether this audience may see this dataset (``question.Reader``). The provider
is the third (``visit.Visit.grant``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geoportal.ogc import definition, documents
from geoportal.ogc.asking import Asking
from geoportal.ogc.config import LOCALES
from geoportal.ogc.engine import Engine
from geoportal.ogc.formats.answers import answer as in_form
from geoportal.ogc.formats.taken import Taken
from geoportal.ogc.paging import listed
from geoportal.ogc.problems import Problem
from geoportal.ogc.question import Question, Reader
from geoportal.ogc.refusal import PAGE_TYPE, problem_in, problem_of, refusal
from geoportal.ogc.request import HTML, JSON, JSONLD, language_of
from geoportal.ogc.resource import Resource
from geoportal.ogc.responses import cross_origin, not_modified, respond
from geoportal.ogc.schemas import KINDS, link_header
from geoportal.ogc.view import Fault
from geoportal.ogc.visit import visiting

if TYPE_CHECKING:
    from geoportal.node import Node

ALLOWED = "GET, HEAD, OPTIONS"
ALLOWED_POST = f"{ALLOWED}, POST"
MEDIA_TYPES = {HTML: PAGE_TYPE, JSONLD: "application/ld+json", definition.OAS31: definition.MEDIA_TYPE_31}
OPENAPI_VERSIONS = {JSON: "3.0", definition.OAS31: "3.1"}
PREFLIGHT = {
    "access-control-allow-methods": ALLOWED,
    "access-control-allow-headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "access-control-max-age": "86400",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What answers a question: a body with headers of its own, or the features that were taken for another form."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: Taken | None = None


class Edge:
    """Answers requests on the views of one engine."""

    def __init__(self, node: Node, engine: Engine) -> None:
        """Stand before ``engine``; ``node`` says who asks and what they may see."""
        self.node = node
        self.engine = engine
        self.reader = Reader(node, engine)
        self.resources: list[Resource] = []

    def endpoint(self, resource: Resource) -> Callable[[Request], Response]:
        """The Starlette endpoint of a resource; a plain function, so it runs in a thread."""

        def answer(request: Request) -> Response:
            return self._guarded(request, lambda asking: self._answer(resource, asking), posted=resource.posted)

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
        except Exception as error:  # every fault becomes a problem document
            return refusal(problem_of(error, asking), asking, self.engine)

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

    def _answer(self, resource: Resource, asking: Asking) -> Response:
        audience = self.node.audience(asking.request.headers.get("authorization"))
        if asking.request.path_params.get("item") == "":
            return self._without_slash(asking)
        question = self.reader.question(resource, asking, audience)
        if question.answered:
            return not_modified(question.etag, question.caching)
        document = self._kept(question) if resource.kept else self._made(question)
        if asking.known == "*":
            return not_modified(question.etag, question.caching)
        return self._sent(question, document)

    def _kept(self, question: Question) -> Document:
        """The document of a view that was made before, or is from now on."""
        body = question.view.kept(question.place)
        if body is not None:
            return Document(body)
        document = self._made(question)
        question.view.keep(question.place, document.body)
        return document

    def _made(self, question: Question) -> Document:
        """What pygeoapi answers, with the corrections of its documents."""
        resource, source, language, format_ = (
            question.resource, question.source, question.asking.language, question.format
        )  # fmt: skip
        api = question.api()
        visit = question.visit(api, self.engine.site)
        with visiting(visit):
            if resource.name == "openapi" and format_ in OPENAPI_VERSIONS:
                version = OPENAPI_VERSIONS[format_]
                api.openapi = definition.document(api, language, self.resources, version=version)
            found, status, content = resource.call(api, question.ask.for_pygeoapi(), *question.arguments)
        if isinstance(content, Fault):
            raise problem_in(status, content)
        headers = {}
        if source is not None and resource.fields:
            headers["link"] = link_header(self.engine.site.base_url, source.publication.dataset_id, question.named)
        if "Content-Crs" in found:
            headers["content-crs"] = found["Content-Crs"]
        body = content.encode() if isinstance(content, str) else content
        return Document(_corrected(question, body, self.engine.site.base_url), headers, visit.taken)

    def _sent(self, question: Question, document: Document) -> Response:
        asking, form = question.asking, question.form
        headers = {"content-language": LOCALES[asking.language], **question.caching, **document.headers}
        tag = question.tag if asking.method != "POST" else None
        if form is not None and document.taken is not None:
            return in_form(
                form,
                document.taken,
                base_url=self.engine.site.base_url,
                single=question.item is not None,
                method=asking.method,
                public=asking.public,
                accept_encoding=question.accept_encoding,
                tag=tag,
                headers=headers,
            )
        return respond(
            document.body,
            method=asking.method,
            media_type=MEDIA_TYPES.get(question.format, question.resource.json_type),
            public=asking.public,
            accept_encoding=asking.coding,
            tag=tag,
            headers=headers,
        )


def _corrected(question: Question, body: bytes, base_url: str) -> bytes:
    name, language = question.resource.name, question.asking.language
    if question.format == JSON:
        if question.part is not None:
            return listed(body, question.part, language)
        return _mended(question, body, base_url)
    if question.format == JSONLD and name in ("collections", "collection"):
        return documents.linked(body)
    return body


def _mended(question: Question, body: bytes, base_url: str) -> bytes:
    name, source, language = question.resource.name, question.source, question.asking.language
    if name == "landing":
        return documents.landing(body)
    if source is not None and name == "collection":
        return documents.collection(body, source, base_url, language)
    if source is not None and name in KINDS:
        return documents.schema(body, name, source, language, question.named)
    return body
