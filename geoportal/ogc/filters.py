"""The filter of a request, read once before pygeoapi is asked, and handed to the provider as a tree of CQL2 (seam S8).

pygeoapi calls a parser that does not know the whole language and says of every mistake that it is "Bad CQL text".
So the filter is read here, where the message can say what is wrong and at which character; what pygeoapi calls instead
gives back the tree that the visit carries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from geoportal.ogc.cql2.text import RESERVED, from_text
from geoportal.ogc.cql2.tree import BadFilter, Node, from_json
from geoportal.ogc.problems import Problem
from geoportal.ogc.systems import check_system
from geoportal.ogc.visit import visit_under_way
from geoportal.serving.crs import CRS84

TEXT, JSON, OLD_TEXT = "cql2-text", "cql2-json", "cql-text"
LANGUAGES = (TEXT, JSON, OLD_TEXT)
"""The last is the name in the drafts of Part 3, by which GDAL asks: the same text, with ILIKE."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PARAMETERS = frozenset({"filter", "filter-lang", "filter-crs"})
MEDIA_TYPES = frozenset({"application/json", "application/cql2+json", "application/query-cql-json"})
"""What the body of a POST may be: JSON, under the names in use for it."""


def asked_filter(given: Mapping[str, str], offered: Sequence[str]) -> Node | None:
    """The tree of the filter among the parameters of a request, None where there is none.

    ``offered`` are the addresses of the reference systems that coordinates may be given in. Problem 400 names the
    parameter that is wrong, and says why.
    """
    language = given.get("filter-lang", TEXT)
    if language not in LANGUAGES:
        raise Problem(400, "{name} must be {offered}.", name="filter-lang", offered=" or ".join(LANGUAGES))
    crs = given.get("filter-crs")
    if crs is not None:
        check_system("filter-crs", crs, (CRS84, *offered))
    if "filter" not in given:
        return None
    try:
        return _tree(given["filter"], language)
    except BadFilter as error:
        raise refused(error) from None


def refused(error: BadFilter) -> Problem:
    """What is wrong with a filter, as a problem in the language of the asker."""
    return Problem(400, "filter: {detail}", detail=error.said)


def _tree(text: str, language: str) -> Node:
    return from_json(text) if language == JSON else from_text(text, ilike=language == OLD_TEXT)


def plain_name(name: str) -> bool:
    """Whether a field can be named in a filter without quotes, as GDAL names it."""
    return bool(_PLAIN.fullmatch(name)) and name.upper() not in RESERVED


def parsed(_: str) -> Node:
    """In place of ``parse_cql2_text`` and ``parse_cql2_json``: the filter was read already."""
    return visit_under_way().filter


def kept(filter_: Any, **_: Any) -> Any:
    """In place of ``modify_pygeofilter``: coordinates stay in the system in which they were written."""
    return filter_


def filter_crs() -> str:
    """The address of the reference system of coordinates in the filter of the request under way."""
    return dict(visit_under_way().pairs).get("filter-crs", CRS84)
