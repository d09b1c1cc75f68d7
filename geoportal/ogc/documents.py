"""Small corrections to documents that pygeoapi made: links to what this node does not have, and what it cannot say of
fields (``schemas``).
"""

from __future__ import annotations

import orjson

from geoportal.ogc import history, schemas
from geoportal.ogc.source import Source

NOT_HERE = ("http://www.opengis.net/def/rel/ogc/1.0/processes", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes")
"""Links that pygeoapi puts on every landing page, whether there are processes and tiles or not."""


def landing(body: bytes) -> bytes:
    """The landing page without links that lead nowhere."""
    document = orjson.loads(body)
    document["links"] = [link for link in document["links"] if link["rel"] not in NOT_HERE]
    return orjson.dumps(document)


def collection(body: bytes, source: Source, base_url: str, language: str) -> bytes:
    """A collection with links to its published versions."""
    found = history.links(source.publication, base_url, language)
    if not found:
        return body
    document = orjson.loads(body)
    document["links"] += found
    return orjson.dumps(document)


def schema(body: bytes, kind: str, source: Source, language: str, version: int | None = None) -> bytes:
    """Schema, queryables or sortables of a collection, with what is known of its fields; ``version`` is its number
    where it is not the one that is out.
    """
    return orjson.dumps(schemas.corrected(orjson.loads(body), kind, source, language, version))


def linked(body: bytes) -> bytes:
    """The linked data of collections with open ends of time as schema.org writes them, where upstream writes None."""
    document = orjson.loads(body)
    datasets = document.get("dataset", [])
    for one in datasets if isinstance(datasets, list) else [datasets]:
        if coverage := one.get("temporalCoverage"):
            one["temporalCoverage"] = "/".join(".." if end == "None" else end for end in coverage.split("/"))
    return orjson.dumps(document)
