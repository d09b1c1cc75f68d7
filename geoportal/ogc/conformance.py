"""The conformance classes that are declared: what the collections of a view prove, never wider.

A class is that of the whole API (OGC 17-069r4 7.4), so it is declared where every collection that it applies to proves
it: classes of spatial functions do not apply to a layer without geometry. Times, numbers and texts may stand in a
question alone, so their classes apply to all, and are asked of a field too where there is one. What a collection proves
is found out by asking it (``proofs``). No standard gives a collection a place for classes of its own: ``conformsTo`` of
a record (OGC 20-004r1) speaks of the record.

Part 5 of Features was published as Part 3 of Common (OGC 23-058r2), with other addresses than in its drafts; clients
know the older ones (QGIS looks for ``ogcapi-features-5``), and both ask for the same, so both are declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from geoportal.ogc import proofs
from geoportal.ogc.proofs import Subject
from geoportal.ogc.source import Source
from geoportal.ogc.visit import visit_under_way

SPEC = "http://www.opengis.net/spec/"

COMMON = tuple(
    f"{SPEC}{name}"
    for name in (
        "ogcapi-common-1/1.0/conf/core",
        "ogcapi-common-1/1.0/conf/landing-page",
        "ogcapi-common-1/1.0/conf/json",
        "ogcapi-common-1/1.0/conf/html",
        "ogcapi-common-1/1.0/conf/oas30",
        "ogcapi-common-2/1.0/conf/collections",
    )
)
"""What the API has without any collection (OGC 19-072, 20-024)."""


@dataclass(frozen=True, slots=True)
class Class:
    """A conformance class of collections: its address after SPEC, the layers that it is about, and what proves it."""

    name: str
    applies: Callable[[Subject], bool]
    proof: Callable[[Subject], bool]

    @property
    def uri(self) -> str:
        """The address of the class."""
        return f"{SPEC}{self.name}"


def _always(_: Subject) -> bool:
    return True


def _of(kind: str) -> Callable[[Subject], bool]:
    return lambda layer: layer.field(kind) is not None


def _placed(layer: Subject) -> bool:
    return layer.geometry is not None


def _referenced(layer: Subject) -> bool:
    return layer.geometry is not None and layer.source.serving.summary.crs_uri is not None


def _asked(layer: Subject) -> bool:
    return layer.field("any") is not None or layer.geometry is not None


CLASSES = (
    Class("ogcapi-features-1/1.0/conf/core", _always, proofs.features),
    Class("ogcapi-features-1/1.0/conf/oas30", _always, proofs.features),
    Class("ogcapi-features-1/1.0/conf/html", _always, proofs.features),
    Class("ogcapi-features-1/1.0/conf/geojson", _always, proofs.features),
    Class("ogcapi-features-2/1.0/conf/crs", _referenced, proofs.systems),
    Class("ogcapi-features-3/1.0/conf/queryables", _asked, proofs.schemas),
    Class("ogcapi-features-3/1.0/conf/queryables-query-parameters", _of("any"), proofs.parameters),
    Class("ogcapi-features-3/1.0/conf/filter", _asked, proofs.filters),
    Class("ogcapi-features-3/1.0/conf/features-filter", _asked, proofs.filters),
    *(
        Class(f"{part}/1.0/conf/{name}", applies, proofs.schemas)
        for part, roles in (
            ("ogcapi-common-3", "advanced-property-roles"),
            ("ogcapi-features-5", "core-roles-features"),
        )
        for name, applies in (
            ("schemas", _always),
            (roles, _always),
            ("returnables-and-receivables", _always),
            ("queryables", _asked),
            ("sortables", _of("any")),
        )
    ),
    Class("cql2/1.0/conf/cql2-text", _asked, proofs.filters),
    Class("cql2/1.0/conf/cql2-json", _asked, proofs.filters),
    Class("cql2/1.0/conf/basic-cql2", _of("any"), proofs.comparisons),
    Class("cql2/1.0/conf/advanced-comparison-operators", _of("any"), proofs.advanced_comparisons),
    Class("cql2/1.0/conf/case-insensitive-comparison", _asked, proofs.cases),
    Class("cql2/1.0/conf/accent-insensitive-comparison", _asked, proofs.accents),
    Class("cql2/1.0/conf/basic-spatial-functions", _placed, proofs.basic_spatial),
    Class("cql2/1.0/conf/basic-spatial-functions-plus", _placed, proofs.basic_spatial_plus),
    Class("cql2/1.0/conf/spatial-functions", _placed, proofs.spatial),
    Class("cql2/1.0/conf/temporal-functions", _asked, proofs.temporal),
    Class("cql2/1.0/conf/property-property", _of("any"), proofs.properties),
    Class("cql2/1.0/conf/arithmetic", _asked, proofs.arithmetic),
)
"""What collections of features may bring (OGC 17-069r4, 18-058r1, 19-079r2, 23-058r2, 21-065r2)."""


def proven(source: Source) -> dict[str, bool]:
    """Address of each class that applies to a collection -> whether it proves it; found once for an opened version."""
    found: dict[str, bool] | None = source.found.get("conformance")
    if found is None:
        layer = Subject.of(source)
        known: dict[Callable[[Subject], bool], bool] = {}
        found = {}
        for each in CLASSES:
            if each.applies(layer):
                if each.proof not in known:
                    known[each.proof] = proofs.holds(each.proof, layer)
                found[each.uri] = known[each.proof]
        found = source.found["conformance"] = _one_of_each(tuple(found.items()))
    return found


@lru_cache(maxsize=256)
def _one_of_each(found: tuple[tuple[str, bool], ...]) -> dict[str, bool]:
    """The same object for all collections that prove the same: thousands of them do."""
    return dict(found)


def declared(sources: Iterable[Source]) -> list[str]:
    """The classes that an API of these collections has: of the API itself, and those that at least one collection
    proves and none fails.
    """
    passed, failed = set[str](), set[str]()
    for source in sources:
        for uri, holds in proven(source).items():
            (passed if holds else failed).add(uri)
    return [*COMMON, *(each.uri for each in CLASSES if each.uri in passed - failed)]


class Declared:
    """What pygeoapi takes for its list of classes (seam S9): that of the collections which the visit under way sees."""

    def __iter__(self) -> Iterator[str]:
        """The classes of the visit's view, found anew whenever pygeoapi asks, which is once a request."""
        return iter(declared(visit_under_way().layers.values()))


STANDARDS = {
    "ogcapi-common-1": "OGC API Common, Part 1: Core",
    "ogcapi-common-2": "OGC API Common, Part 2: Geospatial Data",
    "ogcapi-common-3": "OGC API Common, Part 3: Schemas",
    "ogcapi-features-1": "OGC API Features, Part 1: Core",
    "ogcapi-features-2": "OGC API Features, Part 2: Coordinate Reference Systems by Reference",
    "ogcapi-features-3": "OGC API Features, Part 3: Filtering",
    "ogcapi-features-5": "OGC API Features, Part 5: Schemas",
    "cql2": "Common Query Language (CQL2)",
}
"""The names of the standards, as their titles have them."""


@dataclass(frozen=True, slots=True)
class Part:
    """The declared classes of one standard for a page: each with its name, its address, and how many collections prove
    it (None where it is of the service alone).
    """

    title: str
    classes: tuple[tuple[str, str, int | None], ...]


def parts(uris: Iterable[str]) -> list[Part]:
    """Declared classes by standard, for the page of the visit under way, in the order of STANDARDS."""
    counted: dict[str, int] = {}
    for source in visit_under_way().layers.values():
        for uri, holds in proven(source).items():
            counted[uri] = counted.get(uri, 0) + holds
    grouped: dict[str, list[tuple[str, str, int | None]]] = {key: [] for key in STANDARDS}
    for uri in uris:
        key, name = uri.removeprefix(SPEC).partition("/")[0], uri.rpartition("/")[2]
        grouped.setdefault(key, []).append((name, uri, counted.get(uri)))
    return [Part(STANDARDS.get(key, key), tuple(found)) for key, found in grouped.items() if found]
