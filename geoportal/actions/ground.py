"""The ground of the maps that are built now: the file of the configuration, and the layers that the settings name."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.model.dataset import Publication
from geoportal.model.text import LocalText
from geoportal.node import Node

if TYPE_CHECKING:
    from geoportal.maps.ground import Ground

log = logging.getLogger(__name__)


def ground_of(node: Node) -> Ground | None:
    """What lies under the maps of this node; None where it has nothing.

    A kind that the settings (``maps.ground``) give to a dataset comes from its published version when everybody may
    see it; otherwise, and where that layer has nothing of the kind, from ``ground.geojson``. The log says so.
    """
    from geoportal.maps.ground import assemble, read_ground

    file = read_ground(node.settings.file("ground.geojson"))
    wanted = node.settings.maps.ground
    if not wanted:
        return file
    open_to_all = {each.dataset_id: each for each in node.publications(PUBLIC_AUDIENCE)}
    taken: dict[str, Any] = {}
    titles = []
    for kind, dataset_id in wanted.items():
        publication = open_to_all.get(dataset_id)
        features = _features(node, publication, kind) if publication else []
        if publication is None or not features:
            log.warning("maps.ground: %s has no published open shapes for %s", dataset_id, kind)
            continue
        taken[kind] = features
        titles.append(publication.record.title)
    if not taken or (file is None and "land" not in taken):
        return file
    own = assemble((feature for features in taken.values() for feature in features), _joined(titles))
    if file is None:
        return own
    parts: dict[str, Any] = {kind: getattr(own, kind) for kind in taken}
    if "river" in taken:
        parts["order"] = own.order
    return replace(file, source=_joined([*titles, file.source]), **parts)


def _joined(texts: list[LocalText]) -> LocalText:
    return LocalText(*("; ".join(dict.fromkeys(t.in_language(tongue) for t in texts)) for tongue in ("id", "en")))


def _features(node: Node, publication: Publication, kind: str) -> list[dict[str, Any]]:
    """The features of one kind that a publication gives, made once a build and kept beside its other files."""
    from geoportal.maps.ground_source import ground_features

    kept = node.derived(publication) / f"ground.{kind}.json"
    try:
        found: list[dict[str, Any]] = json.loads(kept.read_text("utf-8"))
    except FileNotFoundError:
        found = ground_features(kind, node.files.open_layer(publication.dataset_id, publication.version.digest))
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(found, separators=(",", ":")), "utf-8")
        fresh.replace(kept)
    return found
