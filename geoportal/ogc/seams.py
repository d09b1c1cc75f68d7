"""The few symbols of pygeoapi that we replace, each with the reason, and watches that tell when upstream changed
beneath them.

S1 ``to_json``: bytes by orjson, features spliced in as they lie on disk, no ``<`` turned into ``&lt;`` inside data,
   our ``timeStamp``. ``geojson2jsonld`` and ``jsonldify_geometry``: fields named like members of a feature, and other
   systems than CRS84, as linked data.
S2 ``l10n.translate_struct``: upstream keeps one translated configuration a language for the whole process, so one
   audience would be shown another one's, and a layer published later none. Ours lies with the view. Without this seam
   there are no pages: no fallback.
S3 ``util.Environment``: templates are compiled once, and get the filters and words of our pages.
S4 ``itemtypes.transform_bbox`` and ``validate_bbox``: the box goes to the provider as it was asked.
   ``create_crs_transform_spec`` and ``provider.base.get_crs``: what only depends on the CRS is computed once.
S5 ``itemtypes.validate_datetime``: junk is 400, an instant outside of the extent is an empty answer.
S6 ``l10n.translate_gettext`` and ``util.Translations``: our catalogues, never stale; upstream ships none and keeps
   every string it sees.
S7 is no symbol: ``request`` normalises what the client sent before pygeoapi sees it.
S8 ``itemtypes.parse_cql2_text``, ``parse_cql2_json`` and ``modify_pygeofilter``: the filter was read before, by a
   parser that knows all of CQL2.
S9 ``api.CONFORMANCE_CLASSES`` and ``itemtypes.CONFORMANCE_CLASSES_FEATURES``: what the collections of the view prove is
   declared, once for all of them. ``PLUGINS['formatter']``: upstream's CSV writes formulas into spreadsheets, and is
   built anew on every request.
S10 ``itemtypes.get_oas_30_parameters``: of upstream's own parameters only the two that its definition of a collection
   reads, since it copies them three times a collection, which was half the time of a large definition.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any

from pygeoapi import crs as upstream_crs
from pygeoapi.openapi import get_oas_30_parameters

from geoportal.errors import GeoportalError
from geoportal.ogc import filters, linked
from geoportal.ogc.conformance import Declared
from geoportal.ogc.instants import checked_datetime
from geoportal.ogc.pages import PageEnvironment, Words, translated
from geoportal.ogc.region import kept_box, numbers_of
from geoportal.ogc.splice import as_json
from geoportal.ogc.view import translate_struct

LOGGER = logging.getLogger("geoportal.ogc")


@lru_cache(maxsize=4096)
def _spec(storage_crs: str, offered: tuple[str, ...], asked: str | None) -> Any:
    # A fresh list: upstream appends to the one it is given.
    return upstream_crs.create_crs_transform_spec({"storage_crs": storage_crs, "crs": list(offered)}, asked)


def crs_transform_spec(provider_def: dict[str, Any], query_crs_uri: str | None = None) -> Any:
    """Seam S4: upstream's own answer, kept; it depends on nothing but these three. An address that is not offered
    raises ValueError.
    """
    if query_crs_uri and query_crs_uri not in provider_def["crs"]:
        raise ValueError(f"crs: {query_crs_uri[:200]!r} is not offered for this collection")
    return _spec(provider_def["storage_crs"], tuple(provider_def["crs"]), query_crs_uri or None)


def parameters_of_items(cfg: dict[str, Any], locale_: str) -> dict[str, Any]:
    """Seam S10: upstream's parameters that its definition of the items of a collection is made of."""
    found = get_oas_30_parameters(cfg, locale_)
    return {name: found[name] for name in ("f", "properties")}


REPLACED: tuple[tuple[str, str, str, Any], ...] = (
    ("S1", "pygeoapi.api", "to_json", as_json),
    ("S1", "pygeoapi.api.itemtypes", "to_json", as_json),
    ("S1", "pygeoapi.api.itemtypes", "geojson2jsonld", linked.features),
    ("S1", "pygeoapi.linked_data", "jsonldify_geometry", linked.geometry),
    ("S2", "pygeoapi.l10n", "translate_struct", translate_struct),
    ("S3", "pygeoapi.util", "Environment", PageEnvironment),
    ("S4", "pygeoapi.api.itemtypes", "transform_bbox", kept_box),
    ("S4", "pygeoapi.api.itemtypes", "validate_bbox", numbers_of),
    ("S4", "pygeoapi.api.itemtypes", "create_crs_transform_spec", crs_transform_spec),
    ("S4", "pygeoapi.provider.base", "get_crs", lru_cache(maxsize=512)(upstream_crs.get_crs)),
    ("S5", "pygeoapi.api.itemtypes", "validate_datetime", checked_datetime),
    ("S6", "pygeoapi.l10n", "translate_gettext", translated),
    ("S6", "pygeoapi.util", "Translations", Words),
    ("S8", "pygeoapi.api.itemtypes", "parse_cql2_text", filters.parsed),
    ("S8", "pygeoapi.api.itemtypes", "parse_cql2_json", filters.parsed),
    ("S8", "pygeoapi.api.itemtypes", "modify_pygeofilter", filters.kept),
    ("S9", "pygeoapi.api", "CONFORMANCE_CLASSES", Declared()),
    ("S9", "pygeoapi.api.itemtypes", "CONFORMANCE_CLASSES_FEATURES", []),
    ("S10", "pygeoapi.api.itemtypes", "get_oas_30_parameters", parameters_of_items),
)
"""Seam, module, symbol, and what stands in its place."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A function of pygeoapi whose inner workings a seam relies on, and the digest of the source text that we know."""

    seam: str
    module: str
    name: str
    digest: str


WATCHES = (
    Watch("S1", "pygeoapi.util", "to_json", "7f66dffc40ddf7c5"),
    Watch("S1", "pygeoapi.api.itemtypes", "get_collection_items", "2eac86b14569f2c4"),
    Watch("S1", "pygeoapi.api.itemtypes", "get_collection_item", "884bcb30becc7bea"),
    Watch("S1", "pygeoapi.linked_data", "geojson2jsonld", "4498a5c5c3e2fc02"),
    Watch("S1", "pygeoapi.linked_data", "jsonldify_geometry", "c34a070f46b31d55"),
    Watch("S2", "pygeoapi.l10n", "translate_struct", "2773b1c1d0d11694"),
    Watch("S2", "pygeoapi.api", "API", "8390c39a4a608394"),
    Watch("S2", "pygeoapi.linked_data", "jsonldify", "27c17db6fa145c52"),
    Watch("S3", "pygeoapi.util", "render_j2_template", "15264cf5e143940c"),
    Watch("S4", "pygeoapi.crs", "transform_bbox", "5d2c2b0ee8a1bd06"),
    Watch("S4", "pygeoapi.crs", "create_crs_transform_spec", "303a940af5e908b5"),
    Watch("S4", "pygeoapi.crs", "get_crs", "d82b8d0dc14a4cfe"),
    Watch("S4", "pygeoapi.provider.base", "BaseProvider.__init__", "9b7b2acf047293cf"),
    Watch("S5", "pygeoapi.api", "validate_datetime", "c5bb76142c378e42"),
    Watch("S6", "pygeoapi.l10n", "translate_gettext", "2c30d781c13df178"),
    Watch("S6", "pygeoapi.l10n", "translate", "c7caa890bb2e09e7"),
    Watch("S7", "pygeoapi.api", "APIRequest", "39ac7c13adca462e"),
    Watch("S9", "pygeoapi.api", "conformance", "a1ea3978615c1369"),
    Watch("S9", "pygeoapi.util", "get_dataset_formatters", "ddc345786731baba"),
    Watch("S10", "pygeoapi.api.itemtypes", "get_oas_30", "545e5e004abfabcb"),
)

_LOCK = Lock()
_ORIGINALS: dict[tuple[str, str], Any] = {}


def install() -> None:
    """Put our symbols in place of upstream's, once a process, and warn where upstream is not the one we know.

    Raises GeoportalError where a symbol is gone: then this pygeoapi cannot be held.
    """
    with _LOCK:
        if _ORIGINALS:
            return
        for seam in changed():
            LOGGER.warning(
                "pygeoapi has changed under seam %s: read it again, then renew the digests in ogc/seams.py", seam
            )
        with warnings.catch_warnings():
            # Upstream declares its models in a way that pydantic has deprecated, at import.
            warnings.simplefilter("ignore", DeprecationWarning)
            all_apis: Callable[[], Any] = import_module("pygeoapi.api").all_apis
            all_apis()
        for seam, module_name, name, ours in REPLACED:
            module = import_module(module_name)
            if not hasattr(module, name):
                raise GeoportalError(f"pygeoapi has no {module_name}.{name} any more (seam {seam})")
            _ORIGINALS[module_name, name] = getattr(module, name)
            setattr(module, name, ours)
        formatters = import_module("pygeoapi.plugin").PLUGINS["formatter"]
        _ORIGINALS["pygeoapi.plugin", "formatter"] = dict(formatters)
        formatters.clear()
        # Upstream logs every 404 as an error, with what the client sent, and warns of a missing offset on each
        # request. What is a fault
        # of ours is logged by View.get_exception.
        logging.getLogger("pygeoapi").setLevel(logging.CRITICAL)


def original(module: str, name: str) -> Any:
    """The symbol that stood there before, for tests that compare with stock pygeoapi."""
    return _ORIGINALS[module, name]


def changed() -> list[str]:
    """The watched functions whose source is not the one we know, as ``seam module.name``."""
    return [
        f"{watch.seam} {watch.module}.{watch.name}"
        for watch in WATCHES
        if digest_of(watch.module, watch.name) != watch.digest
    ]


def digest_of(module: str, name: str) -> str:
    """The digest of the source text of a function or class of the installed pygeoapi; empty where there is none."""
    found: Any = _ORIGINALS.get((module, name))
    try:
        if found is None:
            found = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        return hashlib.sha256(inspect.getsource(inspect.unwrap(found)).encode()).hexdigest()[:16]
    except (AttributeError, OSError, TypeError):
        return ""
