"""Features as linked data (JSON-LD): names that mean something else there, and reference systems other than degrees.

pygeoapi lays the properties of a feature beside its members, so that a field named ``geometry``, ``links`` or ``type``
would take the place of what it is named after; and it writes coordinates of any system as if they were CRS84.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import quote

from pygeoapi import linked_data
from shapely.errors import ShapelyError

from geoportal.ogc.splice import itself
from geoportal.ogc.visit import asked_under_way
from geoportal.serving.crs import CRS84

MEMBERS = frozenset(
    {"type", "id", "geometry", "bbox", "properties", "links", "timeStamp", "features", "FeatureCollection"}
    | {"schema", "gsp", "gsp:hasGeometry", "schema:geo"}
)
"""Names that are taken: by members of a feature, by the vocabulary, and by what pygeoapi adds."""

_features = linked_data.geojson2jsonld
_geometry = linked_data.jsonldify_geometry


def features(api: Any, data: dict[str, Any], dataset: str, identifier: str | None = None, id_field: str = "id") -> str:
    """Seam S1: pygeoapi's document of features or of one, after fields with a name that is taken were given their
    address in the schema as name, and links of one were completed as in JSON.
    """
    schema = f"{api.get_collections_url()}/{dataset}/schema"
    if identifier:
        data["links"] = itself(data["links"])
    for feature in (data,) if identifier else data["features"]:
        feature["properties"] = {_named(name, schema): value for name, value in feature["properties"].items()}
    content: str = _features(api, data, dataset, identifier, id_field)
    return content


def _named(name: str, schema: str) -> str:
    taken = name in MEMBERS or name.startswith("@")
    return f"{schema}#/properties/{quote(name, safe='')}" if taken else name


def geometry(feature: dict[str, Any]) -> None:
    """Seam S1: pygeoapi's three writings of a geometry; in another system than CRS84 the text names it (GeoSPARQL 1.1,
    8.5.1), and the one of schema.org, which is always in degrees, is left out; so it is where there is nothing to tell.
    """
    with suppress(IndexError, ShapelyError):  # an empty one has no first point for schema.org; its text stands by then
        _geometry(feature)
    literal = feature["gsp:hasGeometry"]["gsp:asWKT"]
    crs = asked_under_way("crs")
    degrees = crs is None or crs == CRS84
    if not degrees or literal["@value"].endswith("EMPTY"):
        feature.pop("schema:geo", None)
    if not degrees:
        literal["@value"] = f"<{crs}> {literal['@value']}"
