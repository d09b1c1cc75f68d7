"""What an answer says, without how it is written: two answers that mean the same compare equal here.

Order of members, links and lists without order, whitespace, decimals beyond a tenth of a millimetre, the start and the
turn of rings and the wording of titles of links are no meaning. Everything else is.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import shapely

from tests.ogc.differential.servers import Answer

NOTHING = "(nothing)"
"""Stands for a member that one of the two does not have."""

LISTED = {"dataset": "@id", "distribution": "contentURL", "features": "@id"}
"""Lists of JSON-LD that have no order, and the member that tells their elements apart."""
HEADERS = ("content-language", "content-crs", "x-powered-by", "link")
HTTP_METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}


def meaning(kind: str, answer: Answer) -> dict[str, Any]:
    """The meaning of an answer to a request of this kind."""
    found: dict[str, Any] = {
        "status": answer.status,
        "type": answer.media_type,
        "headers": {name: answer.headers[name] for name in HEADERS if name in answer.headers},
    }
    if answer.status >= 400:
        return found | {"says": _refusal(answer)}
    if kind == "head":
        return found | {"says": len(answer.body)}
    if answer.media_type == "text/html":
        return found | {"says": _page(answer.body.decode())}
    if answer.status in (204, 304) or not answer.body:
        return found
    if answer.media_type == "text/csv":
        return found | {"says": {"rows": _table(answer.body.decode("utf-8-sig"))}}
    document = strict(answer.body)
    return found | {"says": _READERS.get(kind, _document)(document)}


def strict(body: bytes) -> Any:
    """JSON as the standard has it: no NaN, no Infinity, no name twice."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs), f"a name twice: {pairs}"
        return dict(pairs)

    return json.loads(body.decode("utf-8"), parse_constant=refuse, object_pairs_hook=once)


def differences(stock: Any, ours: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Where two meanings differ: the way there, what stock says, what we say."""
    if not at and stock["status"] // 100 != ours["status"] // 100:
        # One of the two refuses: there is nothing else to compare.
        yield ("status",), stock["status"], ours["status"]
    elif not at and "text/html" in (stock["type"], ours["type"]) and stock["type"] != ours["type"]:
        yield ("type",), stock["type"], ours["type"]
    elif isinstance(stock, Mapping) and isinstance(ours, Mapping):
        for name in sorted({*stock, *ours}, key=str):
            yield from differences(stock.get(name, NOTHING), ours.get(name, NOTHING), (*at, str(name)))
    elif type(stock) is not type(ours) or stock != ours:
        yield at, stock, ours


def _refusal(answer: Answer) -> dict[str, Any]:
    if answer.media_type == "text/html":
        return {"page": True}
    try:
        problem = strict(answer.body)
    except ValueError:
        return {"code": NOTHING, "description": False}
    return {"code": problem.get("code"), "description": bool(problem.get("description"))}


def _document(document: Any) -> Any:
    """Any document: links by what they lead to, reference systems as a set."""
    if isinstance(document, list):
        return [_document(each) for each in document]
    if not isinstance(document, dict):
        return document
    left_out = ("links", "timeStamp", *(("description", "inLanguage") if "contentURL" in document else ()))
    found = {name: _document(value) for name, value in document.items() if name not in left_out}
    for name, key in LISTED.items():
        if isinstance(document.get(name), list) and all(key in each for each in document[name]):
            found[name] = {each[key]: _document(each) for each in document[name]}
    if "links" in document:
        found["links"] = _links(document["links"])
    if "extent" in document:
        found["extent"] = _extent(document["extent"])
    if isinstance(document.get("crs"), list):
        found["crs"] = dict.fromkeys(document["crs"], True)
    if "timeStamp" in document:
        found["timeStamp"] = bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", document["timeStamp"]))
    return found


def _linked_data(document: Any) -> Any:
    """JSON-LD: ``type`` is ``@type`` by its context; media types without parameters."""
    if isinstance(document, list):
        return [_linked_data(each) for each in document]
    if not isinstance(document, dict):
        return document
    plain = {"type" if name == "@type" else name: value for name, value in document.items()}
    if "encodingFormat" in plain:
        plain["encodingFormat"] = str(plain["encodingFormat"]).partition(";")[0]
    nested = ("features", "dataset", "distribution")
    return _document({name: _linked_data(value) if name in nested else value for name, value in plain.items()})


def _links(links: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for link in links:
        if "rel" not in link:  # the example of a Link in OpenAPI
            return {"example": links}
        assert link.get("title") or link["rel"] in ("next", "prev"), f"a link without a title: {link}"
        parts = urlsplit(link["href"])
        name = f"{link['rel']} {link.get('type', '').partition(';')[0]}"
        while name in found:
            name += "'"
        found[name] = {
            "to": f"{parts.scheme}://{parts.netloc}{parts.path}",
            "query": dict(parse_qsl(parts.query, keep_blank_values=True)),
            "hreflang": link.get("hreflang", ""),
        }
    return found


def _extent(extent: dict[str, Any]) -> Any:
    """The extent within a millimetre."""
    found = {name: dict(value) for name, value in extent.items()}
    if "spatial" in found:
        found["spatial"]["bbox"] = [[round(value, 8) + 0.0 for value in box] for box in extent["spatial"]["bbox"]]
    return found


def _conformance(document: Any) -> Any:
    return dict.fromkeys(document["conformsTo"], True)


def _table(text: str) -> Any:
    """The rows of CSV by their numbers."""
    return {str(number): row for number, row in enumerate(csv.DictReader(io.StringIO(text)))}


def _collections(document: Any) -> Any:
    found = _document({name: value for name, value in document.items() if name != "collections"})
    return found | {"collections": {each["id"]: _document(each) for each in document["collections"]}}


def _schema(document: Any) -> Any:
    return {**document, "$id": document["$id"]}


def _features(document: Any) -> Any:
    found = _document({name: value for name, value in document.items() if name != "features"})
    listed = [_feature(feature) for feature in document["features"]]
    return found | {"order": [each["id"] for each in listed], "features": {str(each["id"]): each for each in listed}}


def _feature(document: Any) -> Any:
    found = _document({name: value for name, value in document.items() if name != "geometry"})
    geometry = document.get("geometry", NOTHING)
    return found | {"geometry": geometry if not isinstance(geometry, dict) else _place(geometry)}


@dataclass(frozen=True, slots=True)
class Place:
    """A geometry, however its rings begin and turn: equal within a millimetre, or what that is in degrees."""

    shape: shapely.Geometry

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place) or self._form() != other._form():
            return False
        here, there = (shapely.get_coordinates(place.shape, include_z=True) for place in (self, other))
        tolerance = 1e-3 if np.abs(here[:, :2]).max(initial=0) > 400 else 1e-8
        return bool(np.allclose(here, there, rtol=0, atol=tolerance, equal_nan=True))

    __hash__ = None  # type: ignore[assignment]

    def _form(self) -> str:
        return re.sub(r"-?\d[\d.]*", "#", shapely.to_wkt(self.shape, rounding_precision=0))


def _place(geometry: dict[str, Any]) -> Place:
    return Place(shapely.normalize(shapely.from_geojson(json.dumps(geometry))))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.hrefs: set[str] = set()
        self.foreign: set[str] = set()
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_title = tag == "title"
        if tag == "a" and given.get("href"):
            self.hrefs.add(str(given["href"]))
        loaded = given.get("src") if tag in ("script", "img") else given.get("href") if tag == "link" else None
        host = urlsplit(loaded or "").netloc
        if host and host != "127.0.0.1:8080":
            self.foreign.add(host)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        self.title += data if self._in_title else ""


def _page(text: str) -> Any:
    """Of a page: its title's words, the resources of the API that it leads to, the foreign hosts that it loads from."""
    reader = _Reader()
    reader.feed(text)
    here = set()
    for href in reader.hrefs:
        path = urlsplit(href).path
        if match := re.fullmatch(r"/ogc/collections/([^/]+)(/items/[^/]+)?", path):
            here.add(match[0])
    title = " ".join(reader.title.split()).partition(" | ")[0]  # ours ends with the name of the node
    return {"title": title, "leads": dict.fromkeys(here, True), "foreign": sorted(reader.foreign)}


def _openapi(document: Any) -> Any:
    text = json.dumps(document)
    paths = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in HTTP_METHODS & set(item):
            operation = item[method]
            parameters = [*shared, *operation.get("parameters", [])]
            paths[f"{method} {path}"] = {
                "parameters": {_name(parameter, document): True for parameter in parameters},
                "responses": dict.fromkeys(operation["responses"], True),
                "answers": dict.fromkeys(_of(operation["responses"].get("200", {}), document).get("content", {}), True),
            }
    return {
        "openapi": document["openapi"],
        "title": document["info"]["title"],
        "paths": paths,
        "remote": sorted(set(re.findall(r'"\$ref": "(https?://[^#"]+)', text))),
        "default": '"default": {"$ref"' in text or '"default":{"$ref"' in text,
    }


def _of(given: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = given.get("$ref", "")
    if not reference.startswith("#/"):
        return given
    for part in reference[2:].split("/"):
        document = document[part]
    return document


def _name(parameter: dict[str, Any], document: dict[str, Any]) -> str:
    named = _of(parameter, document)
    return str(named.get("name") or named["$ref"].rpartition("/")[2])


_READERS = {
    "conformance": _conformance,
    "collections": _collections,
    "schema": _schema,
    "items": _features,
    "item": _feature,
    "openapi": _openapi,
    "jsonld": _linked_data,
}
