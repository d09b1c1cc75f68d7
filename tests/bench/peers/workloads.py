"""What every server is asked: the same boxes, ids, codes and filters, drawn once from one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import pyogrio
import shapely

from tests.bench import made

MANY = 500
FILTERS = 100
COMPARED = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """A building by its code, or a high one in a place: an attribute that an index knows, and a shape."""

    code: str
    ring: tuple[tuple[float, float], ...]

    @property
    def wkt(self) -> str:
        """The place, in degrees."""
        return f"POLYGON(({', '.join(f'{x:.6f} {y:.6f}' for x, y in self.ring)}))"

    def cql2(self, geometry: str = "geometry") -> str:
        """In CQL2 text."""
        return f"class_code = '{self.code}' OR (floors > 3 AND S_INTERSECTS({geometry}, {self.wkt}))"

    def qgis(self) -> str:
        """As a QGIS expression."""
        place = f"geom_from_wkt('{self.wkt}')"
        return f'"class_code" = \'{self.code}\' OR ("floors" > 3 AND intersects($geometry, {place}))'


@dataclass(frozen=True, slots=True)
class Asked:
    """The drawn requests, and how many features each of the first of them must give, computed by shapely."""

    count: int
    boxes: tuple[tuple[float, float, float, float], ...]
    ids: tuple[int, ...]
    codes: tuple[str, ...]
    filters: tuple[Filter, ...]
    truth: dict[str, tuple[int, ...]]


def drawn(path: Any, seed: int = made.SEED) -> Asked:
    """The requests for the buildings in the GeoPackage at ``path``."""
    frame = pyogrio.read_dataframe(path, use_arrow=True, columns=["class_code", "floors"])
    shapes = frame.geometry.to_numpy()
    codes, floors = frame["class_code"].to_numpy(), frame["floors"].to_numpy()
    count = len(frame)
    rng = np.random.default_rng([seed, 7])
    middles = shapely.get_coordinates(shapely.centroid(shapes[rng.integers(0, count, MANY)]))
    middles += rng.normal(0, 0.006, (MANY, 2))
    half = rng.uniform(0.001, 0.003, MANY)
    boxes = tuple(
        (round(x - h, 6), round(y - h, 6), round(x + h, 6), round(y + h, 6))
        for (x, y), h in zip(middles.tolist(), half.tolist(), strict=True)
    )
    wanted = rng.integers(0, max(1, count // 100), MANY)
    places = shapely.get_coordinates(shapely.centroid(shapes[rng.integers(0, count, FILTERS)]))
    filters = []
    for number, (x, y) in enumerate(places.tolist()):
        turns = np.sort(rng.uniform(0, 2 * np.pi, 7))
        reach = rng.uniform(0.001, 0.003)
        ring = [(round(x + reach * np.cos(t), 6), round(y + reach * np.sin(t), 6)) for t in turns.tolist()]
        filters.append(Filter(f"KK{wanted[-1 - number]:05d}", (*ring, ring[0])))
    found = shapely.STRtree(shapes)
    boxed = [len(found.query(shapely.box(*box), predicate="intersects")) for box in boxes[:COMPARED]]
    coded = [int((codes == f"KK{number:05d}").sum()) for number in wanted[:COMPARED]]
    mixed = []
    for each in filters[:COMPARED]:
        hit = found.query(shapely.from_wkt(each.wkt), predicate="intersects")
        mixed.append(int((codes == each.code).sum() + ((codes[hit] != each.code) & (floors[hit] > 3)).sum()))
    return Asked(
        count,
        boxes,
        tuple(rng.integers(1, count + 1, MANY).tolist()),
        tuple(f"KK{number:05d}" for number in wanted),
        tuple(filters),
        {name: tuple(min(n, 100) for n in each) for name, each in (("W3", boxed), ("W5", coded), ("WC", mixed))},
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server is asked: where its collections lie, and what it calls things."""

    root: str = ""
    buildings: str = "buildings"
    villages: str = "villages"
    json: str = "f=json"
    metadata: str = "f=json"
    metadata_suffix: str = ""
    """What stands behind the address of a document that is wanted in JSON."""
    filtered: Callable[[Filter], str] | None = None
    """The query of a filter; None for a server that cannot."""
    filtered_at: str | None = None
    """The address that takes filters, where it is not ``items``."""
    by_attribute: bool = True
    whole: int = 10_000
    """Features a page for the whole layer."""

    def _ask(self, address: str, *queries: str) -> str:
        asked = "&".join(query for query in queries if query)
        joint = "&" if "?" in address else "?"
        return f"{address}{joint}{asked}" if asked else address

    def items(self, collection: str, *queries: str) -> str:
        """The address of a page of features."""
        return self._ask(f"{self.root}/collections/{collection}/items", *queries, self.json)

    def page(self, asked: Asked, number: int) -> str:
        """The address of a page of the whole layer; None of it is left when there are no more."""
        return self.items(self.buildings, f"limit={self.whole}", f"offset={number * self.whole}")

    def addresses(self, workload: str, asked: Asked) -> list[str] | None:
        """The addresses of a workload; None where the server has no way to be asked."""
        here = self.buildings
        match workload:
            case "W1":
                return [self.items(here, "limit=10")]
            case "W2" | "W2z":
                return [self.items(here, "limit=1000")]
            case "W3":
                return [
                    self.items(here, f"bbox={','.join(f'{v:.6f}' for v in box)}", "limit=100") for box in asked.boxes
                ]
            case "W4":
                place = f"{self.root}/collections/{here}/items"
                return [self._ask(f"{place}/{number}", self.json) for number in asked.ids]
            case "W5":
                if not self.by_attribute:
                    return None
                return [self.items(here, f"class_code={code}", "limit=100") for code in asked.codes]
            case "W6":
                return [self.items(here, f"offset={asked.count * 4 // 5}", "limit=100")]
            case "WV":
                return [self.items(self.villages, "limit=10")]
            case "W8":
                places = (self.root or "/", f"{self.root}/collections", f"{self.root}/collections/{here}")
                return [self._ask(f"{place}{self.metadata_suffix}", self.metadata) for place in places]
            case "WC":
                if self.filtered is None:
                    return None
                if self.filtered_at:
                    return [self._ask(self.filtered_at, self.filtered(each)) for each in asked.filters]
                return [self.items(here, self.filtered(each), "limit=100") for each in asked.filters]
        raise KeyError(workload)


def cql2(each: Filter, *more: str, geometry: str = "geometry") -> str:
    """The query of a filter where CQL2 text is understood."""
    return "&".join((f"filter={quote(each.cql2(geometry))}", "filter-lang=cql2-text", *more))


TITLES = {
    "W1": "page of 10",
    "W2": "page of 1,000",
    "W2z": "page of 1,000, gzip",
    "W3": "random box",
    "W4": "one feature",
    "W5": "attribute filter",
    "W6": "deep page",
    "WV": "page of 10 villages",
    "W8": "landing, collections, collection",
    "W9": "whole layer, 1,000 features a second",
    "WC": "CQL2: attribute or number and shape",
}
"""The workloads in the order in which they are run."""

FIGURES = {"W1": 5, "W4": 5, "W2": 15, "W2z": 15, "W3": 8, "W5": 10, "W6": 10, "W8": 5, "W9": 10, "WC": 5}
"""Times the best peer: at least."""

AIMS = {"W1": 14, "W4": 14, "W2": 28, "W2z": 28, "W3": 15, "W5": 20, "W6": 20, "WC": 15}
OF_LIMIT = {"W1": 1 / 4, "W4": 1 / 4, "W2": 1 / 3, "W2z": 1 / 3, "W8": 1 / 3}
"""Aims as a part of what nginx reaches with the same bytes."""
