"""What must hold of a difference between the two servers to be the one that is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.ogc.differential import oracle
from tests.ogc.differential.cases import Case
from tests.ogc.differential.layers import Sample
from tests.ogc.differential.meaning import NOTHING
from tests.ogc.differential.servers import DEFAULT_LIMIT

CONF, SPEC = "CONFORMANCE 1", "http://www.opengis.net/spec"
Held = Callable[["Difference"], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the two answers to a case do not mean the same."""

    case: Case
    at: str
    stock: Any
    ours: Any
    samples: Mapping[str, Sample]

    @property
    def asked(self) -> dict[str, str]:
        """The query of the case."""
        return oracle.parameters(self.case)

    @property
    def sample(self) -> Sample:
        """The layer that the case is about."""
        return self.samples[self.case.layer]


@dataclass(frozen=True, slots=True)
class Intended:
    """A difference that is meant: why (the line that it cites), where (a pattern of the place), and what must hold."""

    name: str
    cites: str
    at: str
    holds: Held

    def covers(self, difference: Difference) -> bool:
        """Whether this is the difference that is meant."""
        return re.fullmatch(self.at, difference.at) is not None and self.holds(difference)


def unescaped(value: Any) -> Any:
    """What stock would have said, had it not escaped markup."""
    if isinstance(value, str):
        return value.replace("&lt;", "<").replace("&gt;", ">")
    if isinstance(value, Mapping):
        return {name: unescaped(each) for name, each in value.items()}
    return [unescaped(each) for each in value] if isinstance(value, list) else value


def refused(stock: set[int], ours: int, *queries: str) -> Held:
    """Stock answers one of these, we refuse; only of questions that match one of the patterns."""

    def held(d: Difference) -> bool:
        query = d.case.path.partition("?")[2]
        return d.stock in stock and d.ours == ours and any(re.fullmatch(pattern, query) for pattern in queries)

    return held


def selected(*conditions: Callable[[Difference], bool]) -> Held:
    """We choose other features than stock: those that the rows say. Only where one of the conditions holds."""

    def held(d: Difference) -> bool:
        if not d.case.layer or not any(condition(d) for condition in conditions):
            return False
        wanted = oracle.page(d.case, d.sample, DEFAULT_LIMIT)
        match d.at.split(" > "):
            case ["status"]:
                return (d.stock, d.ours) == (400, 200)
            case ["says", "order"]:
                return bool(d.ours == wanted)
            case ["says", "numberMatched"]:
                return bool(d.ours == len(oracle.matching(d.case, d.sample)))
            case ["says", "numberReturned"]:
                return bool(d.ours == len(wanted))
            case ["says", "features", fid]:
                return (fid in wanted) == (d.ours != NOTHING)
            case ["says", "links", _]:
                return NOTHING in (d.stock, d.ours)
        return False

    return held


def box(d: Difference) -> bool:
    """A box across 180 degrees, with heights, or of degrees on a layer in metres."""
    numbers = [float(part) for part in d.asked.get("bbox", "0,0,0,0").split(",")]
    across = numbers[0] > numbers[len(numbers) // 2] and "bbox-crs" not in d.asked
    return across or len(numbers) == 6 or ("bbox" in d.asked and d.case.layer == "utm")


def typed(d: Difference) -> bool:
    return any(d.sample.types.get(name) in ("boolean", "number") for name in d.asked)


def held_page(d: Difference) -> bool:
    """Paging links name form and version; there is none to a page without features, or when only a count is asked.
    Links to the page itself name its offset, those to a feature itself the system of its coordinates. A list of
    collections counts them.
    """
    if d.case.kind == "collections":
        return (d.stock, d.ours) == (NOTHING, len(d.samples))
    if d.asked.get("resulttype") == "hits":
        return d.ours == (0 if d.at.endswith("numberReturned") else NOTHING)
    name = d.at.rpartition(" > ")[2]
    if name in ("f", "version"):
        return (d.stock, d.ours) == (NOTHING, {"f": "json", "version": "1"}[name])
    if name == "crs":
        return bool(d.case.kind == "item" and (d.stock, d.ours) == (NOTHING, d.asked["crs"]))
    if name == "limit":  # the page before the second is as long as what lies before
        length = int(d.asked["offset"])
        return "prev" in d.at and d.ours == str(length) and length < int(d.asked.get("limit", 10))
    if name == "offset" and "prev" in d.at:  # from behind the last feature it leads to the last ones
        matched, limit = len(oracle.matching(d.case, d.sample)), int(d.asked.get("limit", 10))
        return matched < int(d.asked["offset"]) and d.ours == str(max(0, matched - limit))
    if name == "offset" and d.stock == NOTHING:
        return bool(int(d.asked["offset"]) > 0 and d.ours == str(min(int(d.asked["offset"]), 10**15 - 1)))
    if name == "offset":  # further than any number of features; where that is does not matter
        return len(d.asked["offset"]) > 15
    matched = len(oracle.matching(d.case, d.sample))
    return bool(d.ours == NOTHING and d.stock["query"]["offset"] == str(matched))


def refusal(d: Difference) -> bool:
    match d.at.split(" > "):
        case ["type"]:
            return d.stock in ("application/json", "text/plain") and d.ours == "application/problem+json"
        case ["headers", "content-language"]:
            return d.stock in ("en-US", NOTHING) and d.ours == "id-ID"
        case ["headers", "content-crs"]:  # there is no content whose reference system it could tell
            return bool(d.ours == NOTHING)
        case ["says", "code"]:
            if d.ours == "InvalidParameterValue":
                return d.stock == "NoApplicableCode" and d.asked.get("bbox-crs", "").endswith("/27700")
            return d.stock == NOTHING and d.ours in ("NotFound", "MethodNotAllowed", "NotAcceptable")
        case ["says", "description"]:
            return (d.stock, d.ours) == (False, True)
    return False


def not_written(d: Difference) -> bool:
    """Writing verbs: stock looks for what is wrong with a body first, we have no such verb on any resource."""
    if d.case.method not in ("PUT", "DELETE", "PATCH", "POST"):
        return False
    if d.at == "says > code":
        return d.stock == "InvalidParameterValue" and d.ours in ("MethodNotAllowed", "NoApplicableCode")
    return d.stock == 400 and d.ours in (405, 415)


def negotiated(d: Difference) -> bool:
    accept = d.case.headers.get("accept", "")
    if d.at == "type":
        return "q=" in accept and (d.stock, d.ours) == ("text/html", "application/geo+json")
    if accept in ("image/png", "text/html;q=0"):
        return d.stock in (200, 500) and d.ours == 406
    return "q=0" in d.case.headers.get("accept-language", "") and (d.stock, d.ours) == (500, 200)


def schema(d: Difference) -> bool:
    if d.case.kind != "schema":
        return False
    match d.at.split(" > "):
        case ["says", "$schema"]:
            return "2019-09" in d.stock and bool(d.ours == "https://json-schema.org/draft/2020-12/schema")
        case ["says", "$id"]:
            return bool(d.ours == d.stock.partition("?")[0])
        case ["says", "properties", "geometry"]:
            return not d.sample.placed and bool(d.ours == NOTHING)
        case ["says", "properties", "geometry", "format"]:
            kinds = {geometry.geom_type.lower() for geometry in d.sample.geometries if geometry is not None}
            return d.stock == "geometry-any" and bool({d.ours.removeprefix("geometry-")} == kinds)
        case ["says", "properties", "id"]:  # the id of a feature whose key is a number: in JSON it is text
            return d.stock == NOTHING and d.ours["x-ogc-role"] == "id" and d.sample.types[d.sample.key] == "integer"
        case ["says", "properties", name, "type" | "format" as member]:
            kind = d.sample.types[name]
            wanted = {"boolean": {"type": "boolean"}, "date": {"format": "date"}}.get(kind, {})
            return bool(wanted.get(member) == d.ours)
        case ["says", "properties", name, "x-ogc-role"]:
            return name == d.sample.key and d.sample.types[name] == "integer" and (d.stock, d.ours) == ("id", NOTHING)
        case ["says", "properties", _, "enum"]:
            return bool(d.stock == NOTHING and d.ours)
        case ["says", "properties", _, "title" | "description" | "x-ogc-propertySeq" | "readOnly"]:
            return d.stock == NOTHING
        case ["says", "description" | "additionalProperties" | "required"]:
            return d.stock == NOTHING
    return False


WIDER = (
    *(f"{SPEC}/ogcapi-features-3/1.0/conf/{name}" for name in ("filter", "features-filter")),
    *(f"{SPEC}/{part}/1.0/conf/{name}" for part in ("ogcapi-common-3", "ogcapi-features-5") for name in (
        "schemas", "core-roles-features", "returnables-and-receivables", "queryables", "sortables",
    )),
    *(f"{SPEC}/cql2/1.0/conf/{name}" for name in (
        "cql2-json", "advanced-comparison-operators", "case-insensitive-comparison", "accent-insensitive-comparison",
        "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
        "property-property", "arithmetic",
    )),
)  # fmt: skip
"""Classes that stock does not declare; that each one passes is shown by the tests of CQL2, schemas and items."""
NARROWER = (
    f"{SPEC}/ogcapi-features-4/1.0/conf/create-replace-delete",
    f"{SPEC}/ogcapi-common-3/1.0/conf/advanced-property-roles",
)
"""Classes that stock declares although nothing of the sort is there."""


def declared(d: Difference) -> bool:
    uri = d.at.removeprefix("says > ")
    return (uri in WIDER and d.stock == NOTHING) or (uri in NARROWER and d.ours == NOTHING)


def linked(d: Difference) -> bool:
    """Links to what stock has not (more forms, sortables, preview), none to what this node has not (processes)."""
    if d.at == "status":
        return d.case.path.endswith("/sortables?f=json") and (d.stock, d.ours) == (404, 200)
    rel, _, _ = d.at.rpartition("links > ")[2].partition(" ")
    if d.stock == NOTHING:
        return (
            rel.endswith("/sortables")
            or rel == "preview"
            or (rel in ("items", "alternate") and "/ogc/" in d.ours["to"])
        )
    return d.ours == NOTHING and (rel.endswith(("/processes", "/tiling-schemes")))


def paged(d: Difference) -> bool:
    """Pages say what they are about, in the asked language, lead to the collections, and load nothing from abroad."""
    match d.at.split(" > ", 2):
        case ["says", "foreign"]:
            return bool(d.stock and d.ours == [])
        case ["says", "title"]:
            return bool(d.ours) and (
                d.stock in d.ours or d.stock in ("Home", "Collections", "Conformance") or "OpenAPI" in d.ours
            )
        case ["says", "leads", _]:
            return d.case.path.startswith("/ogc?") and (d.stock, d.ours) == (NOTHING, True)
    return False


GONE = re.compile(
    r"options .*|get /collections/[^/]+/items > parameters > (vendorSpecificParameters|sortby\.yaml)"
    r"|get /collections/[^/]+/queryables > parameters > (profile|properties)"
    r"|get /openapi > (parameters > ui|responses > default)"
    r"|get /collections/[^/]+/(queryables|schema|items|items/{featureId}) > answers > application/json"
)
"""What stock's definition promises and does not hold, or writes by a remote reference."""


def defined(d: Difference) -> bool:
    """The definition: whole in itself, every path of stock's with what is really asked and answered there."""
    if d.case.kind != "openapi":
        return False
    match d.at.split(" > ", 2):
        case ["says", "openapi"]:
            return {d.stock[:4], d.ours[:4]} == {"3.0."}
        case ["says", "remote"]:
            return len(d.stock) >= 1 and bool(d.ours == [])
        case ["says", "default"]:
            return (d.stock, d.ours) == (True, False)
        case ["says", "paths", rest]:
            if d.stock == NOTHING:
                return re.match(r"get /|post /collections/[a-z]+/items( |$)", rest) is not None
            return bool(d.ours == NOTHING and GONE.fullmatch(rest))
    return False


def linked_data(d: Difference) -> bool:
    """JSON-LD of features: the page's own members come along, and each feature with more than its address."""
    if d.case.kind != "jsonld":
        return False
    if d.at in ("type", "headers > content-language"):
        return False
    return d.stock == NOTHING or d.at in ("says > @context",) or nearly(d.stock, d.ours)


def tabled(d: Difference) -> bool:
    """CSV: the place besides the fields, truth in the words of JSON."""
    name = d.at.rpartition(" > ")[2]
    if name in ("wkt", "lon", "lat"):
        return d.stock == NOTHING
    return d.sample.types.get(name) == "boolean" and (d.stock, d.ours) in (("True", "true"), ("False", "false"))


def nearly(stock: Any, ours: Any) -> bool:
    """Coordinates at nine decimals (CONTRACT 6), in numbers or in text."""
    if isinstance(stock, list) and isinstance(ours, list) and len(stock) == len(ours):
        return all(nearly(a, b) for a, b in zip(stock, ours, strict=True))
    numbers = [[float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", str(side))] for side in (stock, ours)]
    return len(numbers[0]) == len(numbers[1]) > 0 and all(abs(a - b) < 2e-9 for a, b in zip(*numbers, strict=True))
