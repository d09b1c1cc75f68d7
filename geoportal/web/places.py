"""Places by name (wilayah): the codes of the node's region, where they lie, and which datasets reach into them.

Names and codes come from the configuration; where a place lies is read from a published layer whose features are named
by these codes, and only from one that the visitor may see. A node without such a layer still finds places by name.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from geoportal.errors import GeoportalError
from geoportal.model.dataset import Publication
from geoportal.node import Node
from geoportal.serving.fragments import Serving, open_serving
from geoportal.settings import config_file
from geoportal.web.spelling import plain

Box = tuple[float, float, float, float]

LEADING = frozenset(
    ["desa", "kelurahan", "kecamatan", "kec", "kel", "kabupaten", "kab", "village", "district", "regency"]
)
"""Words before a name that say what it is: whoever writes "Desa Mekarsari" looks for Mekarsari."""

MOST_HITS = 6


@dataclass(frozen=True, slots=True)
class Locality:
    """A place of the region: code, name, kind (kabupaten, kecamatan, desa, kelurahan), code of its parent."""

    code: str
    name: str
    kind: str
    parent: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that a search means, and the words of the search that are left over for datasets."""

    place: Locality
    rest: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A feature that is a place: dataset and feature id, and its envelope in degrees (CRS84)."""

    dataset_id: str
    fid: str
    box: Box

    @property
    def is_area(self) -> bool:
        """Whether it has an extent that datasets can reach into."""
        return self.box[0] < self.box[2] and self.box[1] < self.box[3]


def read_localities(config: Path, region_code: str | None) -> dict[str, Locality]:
    """The places of a region by code; empty where the configuration has no list for it."""
    path = config_file(config, f"codes/wilayah_{region_code}.csv")
    if region_code is None or not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            row["kode"]: Locality(row["kode"], row["nama"], row["jenis"], row["induk"])
            for row in csv.DictReader(stream)
        }


class Places:
    """The places of one node. Safe to share between threads: what it keeps belongs to files that never change."""

    def __init__(self, node: Node) -> None:
        """Read the names once; layers are opened when somebody asks."""
        self._node = node
        self.region_code = node.settings.node.region_code or ""
        self.all = read_localities(node.settings.config, node.settings.node.region_code)
        self._codes = tuple(self.all)
        self._plain = {code: plain(place.name) for code, place in self.all.items()}

    def districts(self) -> list[Locality]:
        """The first level below the region, by name."""
        return sorted((p for p in self.all.values() if p.parent == self.region_code), key=lambda p: plain(p.name))

    def spots(self, publications: Iterable[Publication]) -> dict[str, Spot]:
        """Where places lie, by code, as the layers among ``publications`` tell: an area before a point."""
        found: dict[str, Spot] = {}
        for publication in sorted(publications, key=lambda p: (p.version.features, p.dataset_id)):
            if not publication.specification.key or publication.version.features > 10 * len(self._codes):
                continue
            for code, box in _boxes(self._node.derived(publication), self._codes).items():
                spot = Spot(publication.dataset_id, code, box)
                if code not in found or (spot.is_area and not found[code].is_area):
                    found[code] = spot
        return found

    def reaches(self, publication: Publication, box: Box) -> bool:
        """Whether the envelope of a feature of the dataset meets the box."""
        return _reaches(self._node.derived(publication), box)

    def hits(self, asked: str) -> tuple[Hit, ...]:
        """The places that a search means, the best first.

        Either the search is (a part of) a name, or a whole name stands among its words: "sekolah Sukamaju".
        """
        words = plain(asked).split()
        phrase = " ".join(word for word in words if word not in LEADING)
        if len(phrase) < 3:
            return ()
        ranked = []
        for code, name in self._plain.items():
            rank, rest = _rank(phrase, name, code)
            if rank:
                ranked.append((rank, len(name), code, rest))
        ranked.sort(key=lambda item: (item[0], -item[1] if item[0] == 2 else item[1], len(item[2]), item[2]))
        return tuple(Hit(self.all[code], rest) for _, _, code, rest in ranked[:MOST_HITS])


def _rank(phrase: str, name: str, code: str) -> tuple[int, str]:
    """1 for the very name or code, 2 for a name within the search, 3 for a part of a name, 0 for none; what is left."""
    if phrase in (name, code):
        return 1, ""
    padded = f" {phrase} "
    if len(name) > 3 and f" {name} " in padded:
        return 2, " ".join(padded.replace(f" {name} ", " ", 1).split())
    if f" {name}".find(f" {phrase}") >= 0:
        return 3, ""
    return 0, ""


def read_box(text: str) -> Box | None:
    """A box written as ``west,south,east,north`` in degrees; None for anything else."""
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) != 4 or not all(math.isfinite(n) for n in numbers):
        return None
    west, south, east, north = numbers
    sound = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return (west, south, east, north) if sound else None


@lru_cache(maxsize=128)
def _opened(folder: Path) -> Serving | None:
    try:
        return open_serving(folder)
    except (GeoportalError, OSError):
        return None


@lru_cache(maxsize=256)
def _boxes(folder: Path, codes: Sequence[str]) -> dict[str, Box]:
    """The envelopes of the features that are named by these codes."""
    serving = _opened(folder)
    if serving is None or serving.summary.fid_from == "row":
        return {}
    rows = {row: code for code in codes if (row := serving.row_of(code)) is not None}
    index = serving.spatial
    leaves, slots = np.nonzero(np.isin(index.rows, np.fromiter(rows, dtype=np.int32, count=len(rows))))
    found = {}
    for leaf, slot in zip(leaves.tolist(), slots.tolist(), strict=True):
        found[rows[int(index.rows[leaf, slot])]] = index.envelope(leaf, slot)
    return found


@lru_cache(maxsize=4096)
def _reaches(folder: Path, box: Box) -> bool:
    serving = _opened(folder)
    if serving is None:
        return False
    inside, meeting = serving.spatial.candidates(box)
    return bool(len(inside) or len(meeting))
