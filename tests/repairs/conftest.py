"""What tests of repairs share: a region, a profile, and a repair whose promises are checked at every use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geoportal.checks import validate
from geoportal.model.layer import Layer
from geoportal.model.region import Region
from geoportal.model.specification import Specification
from geoportal.repairs import Outcome, Wishes, mend, read_ledger, undo
from geoportal.repairs.mending import DESCRIPTIVE
from geoportal.repairs.values import layer_digest

REGION = Region(extent=(115.0, -1.5, 118.0, 1.6), crs_candidates=("EPSG:4326", "EPSG:32650", "EPSG:32750"))
FREE = Specification("bebas", "bebas", severities={"coverage-gap": "off"})
STRICT = Specification(
    "batas",
    "batas",
    severities=dict.fromkeys(("geometry-missing", "geometry-empty", "geometry-invalid"), "blocking"),
)

Mend = Callable[..., Outcome]


def wkbs(layer: Layer) -> list[bytes | None]:
    """The geometries of a layer as bytes, by the library itself."""
    return list(shapely.to_wkb(np.asarray(layer.frame.geometry.to_numpy(), dtype=object), flavor="iso"))


def values(layer: Layer) -> list[list[Any]]:
    """The attributes, row by row, missing ones as None."""
    frame = layer.frame[[field.name for field in layer.fields]].astype(object)
    return frame.where(frame.notna(), None).to_numpy().tolist()


def assert_same(one: Layer, other: Layer) -> None:
    """Two layers are the same: every geometry byte for byte, values, fields and their order, ids, reference system."""
    assert one.fields == other.fields and one.crs == other.crs and one.ids == other.ids and one.name == other.name
    assert [str(one.frame[f.name].dtype) for f in one.fields] == [str(other.frame[f.name].dtype) for f in other.fields]
    assert values(one) == values(other)
    assert one.geometry_type == other.geometry_type
    if one.geometry_type is not None:
        assert wkbs(one) == wkbs(other)


def counts(layer: Layer, spec: Specification | None) -> tuple[dict[str, int], set[str]]:
    """How many places each rule finds, and which rules were asked."""
    report = validate(layer, spec, REGION)
    return {finding.rule: finding.count for finding in report.findings}, set(report.checked)


def assert_kept_promises(layer: Layer, done: Outcome, spec: Specification, wishes: Wishes, folder: Path) -> None:
    """Undo gives the original, a second repair does nothing, and no rule is worse off."""
    path = folder / "x.repair.jsonl"
    done.ledger(layer_digest(done.layer), "x").write(path)
    assert_same(undo(done.layer, read_ledger(path, largest=1 << 30)), layer)
    again = mend(done.layer, spec, REGION, wishes=wishes)
    assert again.receipts == ()
    before, asked = counts(layer, spec)
    after, _ = counts(done.layer, spec)
    placed = {receipt.rule for receipt in done.receipts} & {"assign-crs", "reproject"}
    worse = {rule for rule, count in after.items() if rule in asked - DESCRIPTIVE and count > before.get(rule, 0)}
    assert placed or not worse, worse


@pytest.fixture
def mended(tmp_path: Path) -> Mend:
    """``mended(layer, "swap-axes", spec=...)``: a repair that kept all promises."""

    def repair(layer: Layer, *words: str, spec: Specification = FREE, references: Any = None, **more: Any) -> Outcome:
        wishes = Wishes(confirmed=frozenset(words), **more)
        extra = {} if references is None else {"references": references}
        copy = wkbs(layer) if layer.geometry_type is not None else None
        done = mend(layer, spec, REGION, wishes=wishes, **extra)
        if copy is not None:
            assert wkbs(layer) == copy, "the original was written to"
        if references is None:
            assert_kept_promises(layer, done, spec, wishes, tmp_path)
        return done

    return repair
