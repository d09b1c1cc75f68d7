"""What the pages say of a publication besides its record: extent, fields, quality, files to download, pictures.

All of it lies sealed or built on disk and never changes for one build, so it is read once and kept.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from geoportal.errors import Unavailable
from geoportal.model.dataset import Publication
from geoportal.model.layer import Field, LayerSummary
from geoportal.model.report import Report
from geoportal.node import Node
from geoportal.serving.listing import Listing, Offered, read_listing
from geoportal.serving.summary import read_summary
from geoportal.web.quality import Quality, quality_of

KEPT = 512

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one built version. Empty where a file is missing: a broken preview must not take the page down.

    ``extent`` is west, south, east, north in degrees (CRS84). ``previews`` are the languages that have a map page,
    ``legends`` what the colours of the drawings mean, by language.
    """

    features: int
    geometry_type: str | None
    extent: tuple[float, float, float, float] | None = None
    fields: tuple[Field, ...] = ()
    report: Report = field(default_factory=Report)
    quality: Quality = field(default_factory=lambda: quality_of(Report()))
    listing: Listing = field(default_factory=Listing)
    pictures: frozenset[str] = frozenset()
    previews: frozenset[str] = frozenset()
    legends: Mapping[str, Any] = field(default_factory=dict)

    @property
    def downloads(self) -> tuple[Offered, ...]:
        """The files that can be downloaded, the one for most people first."""
        return self.listing.files

    def download(self, extension: str) -> Offered | None:
        """The file of one format."""
        return self.listing.file(extension)


class Shelf:
    """The facts of publications, read once a build. Safe to share between threads."""

    def __init__(self, node: Node) -> None:
        """Keep at most ``KEPT`` of them."""
        self._node = node
        self._kept: OrderedDict[tuple[str, str, str], Facts] = OrderedDict()
        self._lock = Lock()

    def facts(self, publication: Publication) -> Facts:
        """The facts of a publication."""
        key = (publication.dataset_id, publication.version.digest, publication.build)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._read(publication)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _read(self, publication: Publication) -> Facts:
        version, folder = publication.version, self._node.derived(publication)
        try:
            report = self._node.files.report(publication.dataset_id, version.digest)
        except (OSError, ValueError, KeyError):
            log.exception("the report of %s version %s cannot be read", publication.dataset_id, version.number)
            report = Report()
        layer = _layer_of(report, version.features)
        return Facts(
            features=version.features,
            geometry_type=version.geometry_type,
            extent=_extent(folder),
            fields=layer.fields if layer else (),
            report=report,
            quality=quality_of(report),
            listing=read_listing(folder, publication.dataset_id),
            pictures=frozenset(name for name in ("thumb.svg", "map.svg") if (folder / name).is_file()),
            previews=frozenset(
                language
                for language in self._node.settings.node.languages
                if (folder / f"preview.{language}.html").is_file() and (folder / f"preview.{language}.json").is_file()
            ),
            legends=_legends(folder),
        )


def _layer_of(report: Report, features: int) -> LayerSummary | None:
    """The layer that became the version: the one with its number of features, where a file held several."""
    return next((layer for layer in report.layers if layer.features == features), next(iter(report.layers), None))


def _extent(folder: Path) -> tuple[float, float, float, float] | None:
    """The extent in degrees from the serving files' summary."""
    try:
        return read_summary(folder).extent_crs84
    except Unavailable:
        return None


def _legends(folder: Path) -> dict[str, Any]:
    """What the colours of the drawings mean, by language, as it was written beside them."""
    try:
        found = json.loads((folder / "legend.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
