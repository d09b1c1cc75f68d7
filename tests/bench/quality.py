"""How long checking takes beside the bare work of the libraries: read + is_valid, coverage_invalid_edges, sjoin."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import made
from tests.bench.measure import Ratio, in_process, timed

if TYPE_CHECKING:
    from geoportal.model.layer import Layer
    from geoportal.model.report import Report
    from geoportal.model.specification import Specification

MODULE = "tests.bench.quality"
SLOW = ("geometry-near-duplicate", "geometry-collapses")
NAMES = ("buildings", "villages", "points", "misfits")
BETWEEN = ("coverage-overlap", "coverage-gap", "topology-failed", *SLOW)
"""Rules that are measured apart from those of geometry, schema and codes."""


def ratios(folder: Path, scale: float, runs: int) -> list[Ratio]:
    """All figures of the quality engine, measured one after the other."""
    paths = made.made(folder, scale)

    def run(work: str) -> Any:
        return in_process(MODULE, work, *(str(paths[name]) for name in NAMES), runs=runs)

    bare, plain, slow = run("read_and_is_valid"), run("check_buildings"), run("check_buildings_all")
    edges, topology = run("invalid_edges"), run("check_villages")
    torn_edges, torn = run("invalid_edges_torn"), run("check_misfits")
    joined, placed = run("sjoin"), run("check_points")
    held = run("read_buildings")
    return [
        Ratio("500,000 polygons: read, geometry + schema + codes", plain.seconds, bare.seconds, "s", 4),
        Ratio("the same with near-duplicates and precision collapse", slow.seconds, bare.seconds, "s", 10),
        Ratio("memory of that, beside the layer itself", slow.peak_mb, held.peak_mb, "MB", 4),
        Ratio("topology of 240 boundaries, 1.3 M vertices", topology.seconds, edges.seconds, "s", 30),
        Ratio("the same where a third does not fit", torn.seconds, torn_edges.seconds, "s", 30),
        Ratio("1,000,000 points against 240 polygons", placed.seconds, joined.seconds, "s", 4),
    ]


def _read(path: str) -> Any:
    import pyogrio

    return pyogrio.read_dataframe(path, use_arrow=True)


def _layer(path: str) -> Layer:
    """A layer as the sandbox reads it, from a GeoPackage of ours."""
    from geoportal.ingest.formats import find_sources
    from geoportal.ingest.reader import read_layer

    work = Path(path).parent / "work"
    work.mkdir(exist_ok=True)
    (source,) = find_sources(Path(path), work, name=Path(path).name, max_bytes=8 << 30, max_fields=500)
    return read_layer(source)


def _specification(**severities: str) -> Specification:
    """What an office would promise of its buildings: types, lengths, a code list, a pattern, bounds and a key."""
    from geoportal.checks import RULES
    from geoportal.model.report import Severity
    from geoportal.model.specification import FieldSpecification, Specification

    fields = (
        FieldSpecification("id", "integer", required=True, unique=True),
        FieldSpecification("name", "text", length=40),
        FieldSpecification("kind", "text", required=True, codes=tuple(made.KINDS)),
        FieldSpecification("class_code", "text", required=True, pattern=r"KK\d{5}"),
        FieldSpecification("floors", "integer", minimum=1, maximum=60),
        FieldSpecification("height_m", "real", minimum=0, maximum=300),
        FieldSpecification("surveyed", "text", pattern=r"\d{4}-\d{2}-\d{2}"),
        FieldSpecification("village", "text", required=True, pattern=r"98\.76\.\d{2}\.\d{4}", means="region-code"),
    )
    weighed = {rule: Severity.WARNING for rule in RULES if RULES[rule].severity is not Severity.BLOCKING}
    return Specification(
        "bangunan",
        "bebas",
        severities={**weighed, **severities},
        geometry=("Polygon", "MultiPolygon"),
        key="id",
        fields=fields,
    )


def _references() -> Any:
    from geoportal.model.references import CodeList, References, RegionCode

    codes = [RegionCode(code, "", "desa", code[:8]) for code in made.village_codes()]
    return References(code_lists=(CodeList("bench", "Kepmendagri bench", tuple(codes), "Kepmendagri"),))


def _validated(layer: Layer, spec: Specification | None, references: Any = None) -> dict[str, Any]:
    from geoportal.checks import validate
    from geoportal.model.references import NO_REFERENCES
    from geoportal.model.region import Region

    west, south, east, north = made.BOX
    region = Region(extent=(west, south, east, north), crs_candidates=("EPSG:4326", "EPSG:32650"))
    report: Report = validate(layer, spec, region, references=references or NO_REFERENCES)
    return {"checked": len(report.checked), "found": {finding.rule: finding.count for finding in report.findings}}


def _off(*rules: str) -> dict[str, str]:
    from geoportal.checks import RULES

    return {rule: "off" for rule in rules if rule in RULES}


def main() -> None:
    """One piece of work, in a process of its own."""
    from geoportal.checks import RULES
    from geoportal.model.report import Scope
    from geoportal.model.specification import CoveredBy, FieldSpecification, Specification

    asked = argparse.ArgumentParser()
    asked.add_argument("--work", required=True)
    asked.add_argument("paths", nargs=len(NAMES))
    options = asked.parse_args()
    buildings, villages, points, misfits = options.paths

    def nothing() -> None:
        # Imports are not the work.
        import geopandas  # noqa: F401
        import pyogrio  # noqa: F401

        import geoportal.checks
        import geoportal.ingest.reader  # noqa: F401

    def read_and_is_valid(_: Any) -> dict[str, Any]:
        frame = _read(buildings)
        return {"valid": int(frame.is_valid.sum())}

    def check_buildings(_: Any) -> dict[str, Any]:
        return _validated(_layer(buildings), _specification(**_off(*BETWEEN)), _references())

    def check_buildings_all(_: Any) -> dict[str, Any]:
        off = _off(*(rule for rule in BETWEEN if rule not in SLOW))
        return _validated(_layer(buildings), _specification(**off), _references())

    def invalid_edges(frame: Any) -> dict[str, Any]:
        import shapely

        return {"edges": int((~shapely.is_empty(shapely.coverage_invalid_edges(frame.geometry.to_numpy()))).sum())}

    def check_villages(layer: Layer) -> dict[str, Any]:
        between = {
            rule.id for rule in RULES.values() if rule.scope is Scope.BETWEEN and rule.id != "geometry-duplicate"
        }
        off = _off(*(rule for rule in RULES if rule not in between and RULES[rule].severity != "blocking"))
        return _validated(layer, Specification("desa", "batas", severities=off, geometry=("Polygon",), key="kode"))

    def sjoin(frames: Any) -> dict[str, Any]:
        import geopandas

        return {"pairs": len(geopandas.sjoin(frames[0], frames[1], predicate="within"))}

    def check_points(layer: Layer) -> dict[str, Any]:
        from geoportal.model.references import ReferenceLayer, References

        wanted = {"point-in-other-region", "not-covered"}
        off = _off(*(rule for rule in RULES if rule not in wanted and RULES[rule].severity != "blocking"))
        spec = Specification(
            "titik",
            "titik",
            severities=off,
            fields=(FieldSpecification("village", "text", means="region-code"),),
            covered_by=(CoveredBy("desa", "village", "kode"),),
        )
        return _validated(layer, spec, References(layers=(ReferenceLayer("desa", villages, "kode", "desa"),)))

    works: dict[str, tuple[Any, Any]] = {
        "read_and_is_valid": (nothing, read_and_is_valid),
        "read_buildings": (nothing, lambda _: {"features": len(_read(buildings))}),
        "check_buildings": (nothing, check_buildings),
        "check_buildings_all": (nothing, check_buildings_all),
        "invalid_edges": (lambda: _read(villages), invalid_edges),
        "check_villages": (lambda: _layer(villages), check_villages),
        "invalid_edges_torn": (lambda: _read(misfits), invalid_edges),
        "check_misfits": (lambda: _layer(misfits), check_villages),
        "sjoin": (lambda: (_read(points), _read(villages)), sjoin),
        "check_points": (lambda: _layer(points), check_points),
    }
    timed(*works[options.work])


if __name__ == "__main__":
    main()
