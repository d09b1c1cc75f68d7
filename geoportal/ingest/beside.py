"""What is laid beside an upload for the child to compare with: region layers of the node, and the other layers of the
same file.

The child sees its staging folder alone, so region layers are copied there; a link to a sealed file would be the sealed
file. Other layers of the file are foreign like the first, and are read where it is read.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.errors import StorageFull, UnreadableSource
from geoportal.ingest.intake import FULL

if TYPE_CHECKING:
    from geoportal.ingest.source import Source
    from geoportal.model.layer import Layer
    from geoportal.model.references import References
    from geoportal.model.specification import Specification

log = logging.getLogger(__name__)


def lay_references(references: References, folder: Path) -> References:
    """Copy the reference layers into ``folder``; the references with the paths of the copies.

    One that is gone meanwhile is left out, and so is not compared with. StorageFull when the disk is full.
    """
    layers = []
    for number, reference in enumerate(references.layers, 1):
        target = folder.resolve() / f"reference-{number}.gpkg"
        try:
            shutil.copyfile(reference.path, target)
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull("the data directory is full") from error
            log.warning("the reference layer %s cannot be read: %s", reference.name, type(error).__name__)
            continue
        layers.append(replace(reference, path=str(target)))
    return replace(references, layers=tuple(layers))


def named_beside(sources: Iterable[Source], spec: Specification | None) -> list[Source]:
    """The layers of a file that the specification wants others to be compared with."""
    wanted = set(spec.compared_with) if spec else set()
    return [source for source in sources if source.name in wanted and source.has_geometry]


def read_beside(sources: Iterable[Source], crs: str | None) -> dict[str, Layer]:
    """These layers by name, each read whole; one that cannot be read is left out, and so is not compared with."""
    from geoportal.ingest.reader import read_layer

    layers: dict[str, Layer] = {}
    for source in sources:
        with suppress(UnreadableSource):
            layers[source.name] = read_layer(source, crs)
    return layers
