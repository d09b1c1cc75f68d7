"""Before a version goes out: ask pygeoapi for its first feature, on a configuration that holds this one collection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from pygeoapi.api import describe_collections, itemtypes
from starlette.datastructures import QueryParams

from geoportal.errors import Unavailable
from geoportal.model.access import EVERYTHING
from geoportal.model.dataset import Publication
from geoportal.ogc import seams
from geoportal.ogc.config import LOCALES, service
from geoportal.ogc.engine import site_of
from geoportal.ogc.request import JSON, PYGEOAPI_TYPES, Asked
from geoportal.ogc.source import Source, open_source
from geoportal.ogc.view import Fault, View, base_api
from geoportal.ogc.visit import Visit, visiting
from geoportal.settings import Settings


def probe(publication: Publication, folder: Path, settings: Settings) -> None:
    """Open the serving files in ``folder`` and ask for ``items?limit=1`` and the collection; Unavailable says what is
    wrong with them.

    Nothing of the running node is touched: the engine keeps serving what it serves.
    """
    seams.install()
    source = open_source(publication, folder, settings)
    view = View(base_api({**service(settings), "resources": {}}), [source], "probe")
    for language in settings.node.languages:
        found = _asked(view, source, language, "items", settings)
        if found.get("numberMatched") != source.serving.count:
            raise Unavailable(
                f"of {source.serving.count} features {found.get('numberMatched')} can be found",
                dataset=publication.dataset_id,
            )
        if (
            found.get("numberReturned") != min(1, source.serving.count)
            or len(found["features"]) != found["numberReturned"]
        ):
            raise Unavailable("the first feature cannot be served", dataset=publication.dataset_id)
        if _asked(view, source, language, "collection", settings).get("id") != publication.dataset_id:
            raise Unavailable("the collection cannot be described", dataset=publication.dataset_id)


def _asked(view: View, source: Source, language: str, what: str, settings: Settings) -> dict[str, Any]:
    """The JSON that pygeoapi answers; Unavailable with its own words where it answers anything else."""
    dataset_id = source.publication.dataset_id
    path = f"/ogc/collections/{dataset_id}" + ("/items" if what == "items" else "")
    pairs = (("limit", "1"),) if what == "items" else ()
    ask = Asked(
        query_params=QueryParams(list(pairs)),
        headers={"accept": PYGEOAPI_TYPES[JSON], "accept-language": LOCALES[language]},
        scope={"path": path},
        format=JSON,
        language=language,
        pairs=pairs,
    )
    api = view.for_request()
    # Somebody who may see it: a layer for some agencies alone is granted to nobody without one.
    audience = replace(EVERYTHING, opd=next(iter(source.publication.opd), None))
    with visiting(Visit(audience, language, api.handles, api.sources, source, site_of(settings), path, pairs)):
        call = itemtypes.get_collection_items if what == "items" else describe_collections
        _, status, content = call(api, ask.for_pygeoapi(), dataset_id)
    if isinstance(content, Fault) or int(status) != 200:
        reason = content.description if isinstance(content, Fault) else f"status {int(status)}"
        raise Unavailable(f"pygeoapi cannot serve {dataset_id}: {reason}", dataset=dataset_id)
    document: dict[str, Any] = orjson.loads(content)
    return document
