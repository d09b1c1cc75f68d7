"""A published layer, opened: the publication, its serving files, and the resource that pygeoapi is told about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from geoportal.model.dataset import Publication
from geoportal.ogc.config import Served, handle_of, resource
from geoportal.ogc.domains import Lists
from geoportal.ogc.instants import extent_of
from geoportal.serving.fragments import Serving, open_serving
from geoportal.serving.listing import Offered, read_listing
from geoportal.settings import Settings
from geoportal.store.waivers import Waiver

Key = tuple[str, int, str, int]
"""The name of a state of a dataset: id, version number, build, revision of the record."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One build of one published version, with one revision of its record. Immutable, shared by all views that show it.

    ``key`` names exactly this state, so that equal keys mean equal answers. ``lists`` are the code lists of the node;
    ``found`` keeps what was found out of the layer by asking it.
    """

    publication: Publication
    serving: Serving
    served: Served
    resource: dict[str, Any]
    handle: str
    key: Key
    downloads: tuple[Offered, ...] = field(default=())
    lists: Lists = field(default=Lists())
    found: dict[str, Any] = field(default_factory=dict)


def key_of(publication: Publication) -> Key:
    """The name of the state of a dataset that a publication stands for."""
    return (publication.dataset_id, publication.version.number, publication.build, publication.revision)


def still(source: Source | None, publication: Publication) -> Source | None:
    """An opened layer under what the register now says of it: who may see it, and its older versions, change without
    its state. None where it has to be opened.
    """
    if source is None or source.publication == publication:
        return source
    may_change = {name: getattr(publication, name) for name in ("classification", "opd", "older")}
    if replace(source.publication, **may_change) != publication:
        return None
    return replace(source, publication=publication)


def open_source(publication: Publication, folder: Path, settings: Settings, waiver: Waiver | None = None) -> Source:
    """Open the serving files under ``folder``; raises whatever is wrong with them."""
    serving = open_serving(folder)
    downloads = read_listing(folder, publication.dataset_id).files
    served = Served(publication, serving.summary, downloads, waiver, time=extent_of(serving, publication.record.time))
    return Source(
        publication=publication,
        serving=serving,
        served=served,
        resource=resource(served, settings),
        handle=handle_of(publication),
        key=key_of(publication),
        downloads=downloads,
        lists=Lists(settings.config, settings.node.region_code),
    )
