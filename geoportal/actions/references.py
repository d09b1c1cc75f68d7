"""What layers are compared with: the code lists of the configuration and the region layers of the node.

A region layer is compared with only where everybody who may see the dataset may see the layer anyway, for what sticks
out of it is shown on maps: it is public, or of the same class and for the same agencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from geoportal.actions.joining import is_open_to
from geoportal.catalogue.codes import read_code_lists
from geoportal.catalogue.kugi import read_kugi
from geoportal.model.access import Classification
from geoportal.model.dataset import Publication
from geoportal.model.references import ReferenceLayer, References
from geoportal.model.specification import Specification
from geoportal.node import Node
from geoportal.settings import Settings

CODED = ("region-code", "region-parent-code")
"""Fields by whose codes points are held against region layers that nobody named."""


def references_of(settings: Settings) -> References:
    """Everything of the configuration that a layer can be compared with; empty lists where nothing is known."""
    return References(
        code_lists=read_code_lists(settings.config),
        kugi=read_kugi(settings.config).lists(),
    )


def references_for(
    node: Node,
    spec: Specification | None,
    access: Classification,
    opd: Sequence[str],
    *,
    without: str | None = None,
) -> References:
    """The same with the published layers of the node that a specification compares with, as far as the audience of a
    dataset of this class may see them. ``without`` is the dataset itself.
    """
    known = references_of(node.settings)
    wanted = list(dict.fromkeys((*_promised(spec), *_coded(node, spec))))
    if not wanted:
        return known
    published = {publication.dataset_id: publication for publication in node.all_publications()}
    layers = [
        _reference(node, published[name])
        for name in wanted
        if name in published
        and name != without
        and published[name].version.geometry_type is not None
        and is_open_to(published[name].classification, published[name].opd, access, opd)
    ]
    return replace(known, layers=tuple(layers))


def references_at(settings: Settings, spec: Specification | None) -> References:
    """The same for a file that is no dataset yet, with the public layers of the node whose data directory is known."""
    if not any((*_promised(spec), *_means(spec))) or not (settings.storage.data / "register.db").is_file():
        return references_of(settings)
    node = Node(settings)
    try:
        return references_for(node, spec, Classification.PUBLIC, ())
    finally:
        node.close()


def _promised(spec: Specification | None) -> Iterable[str]:
    return spec.compared_with if spec else ()


def _means(spec: Specification | None) -> Iterable[str]:
    return (str(field.means) for field in spec.fields if field.means in CODED) if spec else ()


def _coded(node: Node, spec: Specification | None) -> Iterable[str]:
    return node.settings.node.region_layers if any(_means(spec)) else ()


def _reference(node: Node, publication: Publication) -> ReferenceLayer:
    from geoportal.store.files import LAYER

    return ReferenceLayer(
        name=publication.dataset_id,
        path=str(node.files.folder(publication.dataset_id, publication.version.digest) / LAYER),
        key=publication.specification.key,
        title=publication.record.title.id or publication.dataset_id,
    )
