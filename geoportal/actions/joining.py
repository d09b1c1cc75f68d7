"""Which region layers a table may be joined to, and that no join opens a layer to people who may not see it.

A joined dataset carries the geometry of its region layer. So that layer is public, or of the same class and for the
same agencies as the dataset; this is asked when a table is joined, when the class of a joined dataset is changed, and
again when it is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geoportal.errors import BadRequest, Conflict, NotAllowed, NotFound
from geoportal.language import LANGUAGES, text
from geoportal.model.access import Action, Actor, Classification, may
from geoportal.model.dataset import ID_PATTERN, Dataset, Publication, Version
from geoportal.model.record import Record
from geoportal.model.report import Report
from geoportal.model.specification import TableJoin
from geoportal.model.text import LocalText
from geoportal.node import Node

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from geoportal.ingest.join import JoinWish, RegionLayer

NONE = "none"
JOINED = "table-joined"
_ASKED = re.compile(rf"(?P<dataset>{ID_PATTERN.pattern})(?::(?P<column>[^=]+)(?:=(?P<key>.+))?)?")


def parse_join(text: str) -> TableJoin | None:
    """``DATASET``, ``DATASET:COLUMN`` or ``DATASET:COLUMN=KEY`` as a join, None for ``none``; BadRequest for others."""
    if text.strip().casefold() == NONE:
        return None
    found = _ASKED.fullmatch(text.strip())
    if found is None:
        raise BadRequest(
            f"--join takes DATASET, DATASET:COLUMN, DATASET:COLUMN=KEY or none, not {text!r}",
            say="join-form",
            join=text,
        )
    return TableJoin(found["dataset"], found["column"], found["key"])


def given_wish(
    node: Node,
    actor: Actor,
    dataset_id: str,
    join: TableJoin,
    access: Classification,
    opd: Sequence[str],
    *,
    required: bool,
) -> JoinWish:
    """The wish to join to one layer. NotFound where no such layer is published, or the actor may not know of it;
    NotAllowed where the join would open it.
    """
    from geoportal.ingest.join import JoinWish

    publication = next((p for p in node.all_publications() if p.dataset_id == join.dataset), None)
    if publication is None or publication.version.geometry_type is None or publication.dataset_id == dataset_id:
        raise NotFound(f"there is no published layer {join.dataset} to join to", say="join", id=join.dataset)
    if not is_open_to(publication.classification, publication.opd, access, opd):
        if not may(actor, Action.DATASET_PUBLISH):
            raise NotFound(f"there is no published layer {join.dataset} to join to", say="join", id=join.dataset)
        raise NotAllowed(
            f"{join.dataset} is {publication.classification}; a dataset that is {access} would show its geometry to "
            f"others. Give the dataset the same class with --access",
            say="join",
            id=join.dataset,
            layer_access=str(publication.classification),
            access=str(access),
        )
    return JoinWish((_region_layer(node, publication),), True, join.column, join.key, required)


def automatic_wish(
    node: Node, access: Classification, opd: Sequence[str], *, without: str | None = None, only_suggest: bool = False
) -> JoinWish | None:
    """The wish to join to whichever region layer of the settings fits; None where none is published and open."""
    from geoportal.ingest.join import JoinWish

    known = {publication.dataset_id: publication for publication in node.all_publications()}
    layers = [
        _region_layer(node, known[name])
        for name in node.settings.node.region_layers
        if name in known
        and name != without
        and known[name].version.geometry_type is not None
        and is_open_to(known[name].classification, known[name].opd, access, opd)
    ]
    return JoinWish(tuple(layers), only_suggest=only_suggest) if layers else None


def _region_layer(node: Node, publication: Publication) -> RegionLayer:
    from geoportal.ingest.join import RegionLayer
    from geoportal.store.files import LAYER

    version = publication.version
    return RegionLayer(
        dataset=publication.dataset_id,
        version=version.number,
        digest=version.digest,
        crs=version.crs,
        key=publication.specification.key,
        path=str(node.files.folder(publication.dataset_id, version.digest) / LAYER),
        access=str(publication.classification),
        opd=publication.opd,
    )


def is_open_to(
    layer_access: Classification, layer_opd: Iterable[str], access: Classification, opd: Iterable[str]
) -> bool:
    """Whether all who may see the dataset may see the layer anyway."""
    if layer_access is Classification.PUBLIC:
        return True
    return layer_access is access and set(layer_opd) == set(opd)


def lineage(report: Report) -> dict[str, Any] | None:
    """What a version was joined to (dataset, version, digest, column, key), None for one that was not."""
    for finding in report.findings:
        if finding.rule == JOINED:
            return {name: finding.params.get(name) for name in ("dataset", "version", "digest", "column", "key")}
    return None


def described_join(node: Node, record: Record, report: Report) -> Record:
    """The record of a joined dataset: where its geometry comes from, and that it is invented when that of the region
    layer is. A lineage that a person wrote stays as it is.
    """
    source = lineage(report)
    if source is None:
        return record
    origin = next((p for p in node.all_publications() if p.dataset_id == source["dataset"]), None)
    facts = {name: source[name] for name in ("dataset", "version", "column")}
    said = {language: text("cli", "join.lineage", language, **facts) for language in LANGUAGES}
    return replace(
        record,
        synthetic=record.synthetic or (origin is not None and origin.record.synthetic),
        lineage=record.lineage if record.lineage.id or record.lineage.en else LocalText(said["id"], said["en"]),
    )


def ensure_joins_stay_closed(
    node: Node, conn: Connection, dataset: Dataset, access: Classification, opd: Sequence[str]
) -> None:
    """Raise Conflict where a new class of access would open the geometry that a version took from another layer, or
    that its report shows because it was compared with one.
    """
    from geoportal.store import datasets

    for version in datasets.versions(conn, dataset.dataset_id):
        _ensure_closed(node, conn, dataset.dataset_id, version, access, opd)
        _ensure_not_shown(node, conn, dataset.dataset_id, version, access, opd)


def ensure_join_still_open(node: Node, conn: Connection, dataset: Dataset, version: Version) -> None:
    """Raise Conflict where the layer that a version was joined to has been closed to readers of the dataset since."""
    _ensure_closed(node, conn, dataset.dataset_id, version, dataset.classification, dataset.opd)


def _ensure_closed(
    node: Node, conn: Connection, dataset_id: str, version: Version, access: Classification, opd: Sequence[str]
) -> None:
    from geoportal.store import datasets

    for finding in node.files.report(dataset_id, version.digest).findings:
        if finding.rule != JOINED:
            continue
        source = datasets.find(conn, str(finding.params.get("dataset")))
        # A layer that is gone has left what it was when it was joined.
        was = Classification(str(finding.params.get("access", Classification.PUBLIC)))
        layer_access = source.classification if source else was
        layer_opd = source.opd if source else tuple(finding.params.get("opd") or ())
        if not is_open_to(layer_access, layer_opd, access, opd):
            raise Conflict(
                f"version {version.number} of {dataset_id} has its geometry from {finding.params.get('dataset')}, "
                f"which is {layer_access}; as {access} it would show it to others",
                say="join",
                id=dataset_id,
                version=version.number,
                layer=str(finding.params.get("dataset")),
                layer_access=str(layer_access),
                access=str(access),
            )


def _ensure_not_shown(
    node: Node, conn: Connection, dataset_id: str, version: Version, access: Classification, opd: Sequence[str]
) -> None:
    """Raise Conflict where the report of a version has places that were found by a layer which others may not see."""
    from geoportal.checks.covering import BESIDE
    from geoportal.store import datasets

    found = [item for item in node.files.report(dataset_id, version.digest).findings if item.rule in BESIDE]
    for name in sorted({str(place.params.get("dataset")) for item in found for place in item.occurrences}):
        source = datasets.find(conn, name)
        if source is not None and not is_open_to(source.classification, source.opd, access, opd):
            raise Conflict(
                f"the report on version {version.number} of {dataset_id} was made by {name}, which is "
                f"{source.classification}; as {access} it would show its borders to others",
                say="compared",
                id=dataset_id,
                version=version.number,
                layer=name,
                layer_access=str(source.classification),
                access=str(access),
            )
