"""The parameters of a request for features, checked against the layer before pygeoapi sees them: it would say of some
that they are bad without naming them, and take others as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from geoportal.errors import BadRequest
from geoportal.ogc.instants import NotATime, interval_of
from geoportal.ogc.problems import Problem
from geoportal.ogc.region import AskedBox, numbers_of, region_of
from geoportal.ogc.source import Source
from geoportal.ogc.systems import check_system
from geoportal.serving.attributes import typed
from geoportal.serving.crs import CRS84
from geoportal.serving.summary import ServedField

RESERVED = frozenset(
    {"f", "lang", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "properties", "sortby", "skipGeometry"}
    | {"resulttype", "version", "as-of", "token", "q", "ids", "filter", "filter-lang", "filter-crs"}
)
"""Parameter names that mean something else than a field of the same name: see ``named_by``."""

ALWAYS_THERE = ("id", "geometry")
"""What every feature has beside its properties. To select it by ``properties`` is no mistake, and changes nothing."""

BEFORE = "properties."
"""What stands before the name of a field that is no parameter by itself."""

MOST_NAMED = 40
"""Values that a refusal lists."""


def named_by(fields: Iterable[ServedField]) -> dict[str, ServedField]:
    """Parameter -> the field that it asks for values of: its own name, or ``properties.limit`` where ``limit`` has a
    meaning of its own. OGC 19-079r2 /req/queryables-query-parameters/parameters wants a parameter for every queryable,
    and says nothing of its name.
    """
    fields = list(fields)
    taken = RESERVED.union(field.name for field in fields)
    found: dict[str, ServedField] = {}
    for field in fields:
        name = field.name
        if name in RESERVED:
            while name in taken:
                name = f"{BEFORE}{name}"
        found[name] = field
    return found


def listable(names: Iterable[str]) -> list[str]:
    """The names that ``properties`` and ``sortby`` can tell: their lists are parted by commas, so none with a comma."""
    return [name for name in names if "," not in name]


def check_parameters(given: Mapping[str, str], source: Source) -> None:
    """Problem 400 names the first parameter that makes no sense for the layer, and says what would."""
    for name in ("crs", "bbox-crs"):
        if name in given:
            check_system(name, given[name], source.resource["providers"][0]["crs"])
    if "bbox" in given:
        region_of(AskedBox(numbers_of(given["bbox"]), given.get("bbox-crs", CRS84)))
    if "datetime" in given:
        try:
            interval_of(given["datetime"])
        except NotATime as error:
            raise Problem(400, error.key, **error.params) from None
    fields = source.serving.summary.fields
    if "sortby" in given:
        sortable = listable(field.name for field in fields if field.queryable)
        for part in given["sortby"].split(","):
            _one_of("sortby", part[1:] if part[:1] in ("+", "-") else part, sortable)
    if "properties" in given:
        for part in given["properties"].split(","):
            _one_of("properties", part, [*listable(field.name for field in fields), *ALWAYS_THERE])
    _check_values(given, source)


def _check_values(given: Mapping[str, str], source: Source) -> None:
    for name, field in named_by(source.serving.summary.fields).items():
        if name not in given:
            continue
        if not field.queryable:
            raise Problem(400, "{name}: features cannot be asked for by this property.", name=name)
        try:
            typed(field, given[name])
        except BadRequest:
            raise Problem(
                400,
                "{name}: {value} is not a value of type {type}.",
                name=name,
                value=repr(given[name][:60]),
                type=field.type,
            ) from None


def _one_of(name: str, value: str, offered: Iterable[str]) -> None:
    known = list(dict.fromkeys(offered))
    if value in known:
        return
    listed = ", ".join(known[:MOST_NAMED]) + (", ..." if len(known) > MOST_NAMED else "")
    raise Problem(
        400,
        "{name}: {value} is not among what there is here: {offered}.",
        name=name,
        value=repr(value[:200]),
        offered=listed or "-",
    )
