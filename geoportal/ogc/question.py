"""A request read whole: on which resource and layer, in which form, with which parameters; and its answer's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from geoportal.errors import Unavailable
from geoportal.model.access import Audience
from geoportal.model.dataset import ID_PATTERN
from geoportal.ogc.asking import Asking
from geoportal.ogc.cql2.tree import Node as Filter
from geoportal.ogc.engine import Engine
from geoportal.ogc.filters import asked_filter
from geoportal.ogc.formats.forms import FORMS, Form
from geoportal.ogc.formats.taken import Taken
from geoportal.ogc.history import NotOutYet, no_version
from geoportal.ogc.negotiation import refuses_plain
from geoportal.ogc.paging import Part, part_of
from geoportal.ogc.parameters import check_parameters, named_by
from geoportal.ogc.problems import Problem, no_collection
from geoportal.ogc.request import HTML, JSONLD, Asked, asked, format_of, moment_asked, posted_filter, version_of
from geoportal.ogc.resource import Resource
from geoportal.ogc.responses import CODINGS, coding_of, kept_briefly, names, tag_of, tagged
from geoportal.ogc.source import Source
from geoportal.ogc.view import View
from geoportal.ogc.visit import TRIED, Site, Visit

if TYPE_CHECKING:
    from geoportal.node import Node


@dataclass(frozen=True, slots=True)
class Question:
    """One checked request. ``source`` is its layer, if it is about one; ``older`` the same where it is not the version
    that is out. ``part`` is its page of the list of collections. ``state`` names what the answer depends on besides
    the request, ``caching`` are the headers that say how long caches may use it.
    """

    resource: Resource
    asking: Asking
    audience: Audience
    view: View
    source: Source | None
    older: Source | None
    format: str
    ask: Asked
    filter: Filter
    part: Part | None
    state: tuple[str, ...]
    caching: Mapping[str, str]

    @property
    def dataset_id(self) -> str:
        """The collection, empty where it is about none."""
        return self.source.publication.dataset_id if self.source is not None else ""

    @property
    def named(self) -> int | None:
        """The number of the version, where it is not the one that is out."""
        return self.older.publication.version.number if self.older is not None else None

    @property
    def item(self) -> str | None:
        """The id of the feature that is asked for, if one is."""
        found: str | None = self.asking.request.path_params.get("item")
        return found

    @property
    def form(self) -> Form | None:
        """The form of the answer where pygeoapi does not write it."""
        return FORMS.get(self.format)

    @property
    def accept_encoding(self) -> str:
        """The Accept-Encoding header; empty where the form is compressed in itself."""
        compact = self.form is not None and self.form.compact and not refuses_plain(self.asking.coding)
        return "" if compact else self.asking.coding

    @property
    def distinct(self) -> str:
        """What tells the answer from those of the same resource, layer, form and language."""
        named = any(name == "version" for name, _ in self.ask.pairs)
        whole = self.resource.kept and not named and (self.part is None or not self.part.asked)
        return "" if whole else self.ask.canonical()

    @property
    def tag(self) -> str:
        """The name of the answer before its coding."""
        item, language = self.item or "", self.asking.language
        return tag_of(*self.state, self.resource.name, item, self.format, language, self.distinct)

    @property
    def etag(self) -> str:
        """The ETag of the answer."""
        return tagged(self.tag, coding_of(self.accept_encoding))

    @property
    def answered(self) -> bool:
        """Whether the client says that it has these very bytes. Whether there is what ``*`` asks for (RFC 9110 13.1.2)
        only pygeoapi can say.
        """
        known = self.asking.known
        return bool(known) and known != "*" and names(known, self.etag)

    @property
    def place(self) -> tuple[str, ...]:
        """Where the finished document lies."""
        distinct = (self.distinct,) if self.distinct else ()
        return (self.resource.name, self.dataset_id, self.format, self.asking.language, *distinct)

    @property
    def arguments(self) -> list[str]:
        """What the function of pygeoapi takes besides the request."""
        found = [self.dataset_id] if self.source is not None else []
        if self.item is not None:
            found.append(quote(self.item, safe="", errors="surrogatepass"))
        return found

    def api(self) -> View:
        """The API object that answers: a copy of the view for this request."""
        return self.view.for_request(self.older) if self.part is None else self.view.narrowed(self.part)

    def visit(self, api: View, site: Site) -> Visit:
        """What ``api`` is told of the request."""
        return Visit(
            self.audience,
            self.asking.language,
            api.handles,
            api.sources,
            self.source,
            site,
            self.asking.request.scope["path"].rstrip("/"),
            self.ask.pairs,
            self.filter,
            Taken() if self.form is not None else None,
            self.asking.request.scope.get(TRIED),
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads requests on the views of one engine; ``node`` says what may be seen."""

    node: Node
    engine: Engine

    def question(self, resource: Resource, asking: Asking, audience: Audience) -> Question:
        """The request of ``audience``, read and checked. Problem, or an error of ours, says what is wrong with it."""
        request = asking.request
        view = self.engine.snapshot(audience)
        dataset_id = request.path_params.get("collection")
        current = self._source(view, audience, dataset_id) if dataset_id is not None else None
        format_ = format_of(request, resource.offers)
        _check_coding(asking)
        older = self._older(resource, asking, audience, current)
        source = older or current
        ask = _asked(resource, asking, format_, source)
        filter_ = None
        if source is not None and resource.posted:
            filter_ = asked_filter(dict(ask.pairs), source.resource["providers"][0]["crs"])
        return Question(
            resource=resource,
            asking=asking,
            audience=audience,
            view=view,
            source=source,
            older=older,
            format=format_,
            ask=ask,
            filter=filter_,
            part=part_of(ask.pairs, len(view.sources)) if resource.name == "collections" else None,
            state=(self.engine.edition, *map(str, source.key)) if source is not None else (view.key,),
            caching=self._caching(asking, format_),
        )

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

    def _older(self, resource: Resource, asking: Asking, audience: Audience, current: Source | None) -> Source | None:
        """The version that the request chooses, where it is not the one that is out."""
        if current is None or "version" not in resource.known:
            return None
        publication = current.publication
        number = self._number(asking, audience, current)
        if number is None or number == publication.version.number:
            return None
        if number not in publication.older:
            raise no_version(number, publication)
        return self.engine.older(self.node.publication(audience, publication.dataset_id, number))

    def _number(self, asking: Asking, audience: Audience, source: Source) -> int | None:
        """The version that the request chooses by its number or by a moment, None where it takes what is out."""
        zone = ZoneInfo(self.node.settings.node.timezone)
        moment = moment_asked(asking.request, zone)
        if moment is None:
            return version_of(asking.request)
        number = self.node.number_at(audience, source.publication.dataset_id, moment)
        if number is None:
            raise NotOutYet(asking.request.query_params["as-of"], moment, zone)
        return number

    def _caching(self, asking: Asking, format_: str) -> dict[str, str]:
        """How long caches may use an answer: a named version stays what it is, so its data may be kept; its pages tell
        of the node as well. What is not public or answers a POST is kept by nobody.
        """
        if not asking.nameable:
            return {}
        named = "version" in asking.request.query_params and format_ not in (HTML, JSONLD)
        ogc = self.node.settings.ogc
        return {"cache-control": kept_briefly(ogc.version_max_age_s if named else ogc.max_age_s)}


def _check_coding(asking: Asking) -> None:
    if coding_of(asking.coding) is None and refuses_plain(asking.coding):
        raise Problem(
            406, "This node has none of the content codings that the request accepts; it has {offered}.",
            offered=", ".join(CODINGS),
        )  # fmt: skip


def _asked(resource: Resource, asking: Asking, format_: str, source: Source | None) -> Asked:
    """The parameters and the filter in a body, checked against the layer."""
    fields = named_by(source.serving.summary.fields) if source is not None and resource.fields else ()
    in_body = posted_filter(asking.request) if asking.method == "POST" else {}
    ask = asked(asking.request, format_, asking.language, resource.known, fields, in_body)
    if source is None or not resource.known:
        return ask
    check_parameters(dict(ask.pairs), source)
    return ask.held(source.publication.version.number)
