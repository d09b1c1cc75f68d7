"""A layer above checks.part_features is judged in parts at the gate, and hears the same."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest
import shapely

from geoportal.actions import judging
from geoportal.actions.submit import submit
from geoportal.ingest import sandbox
from geoportal.model.access import Actor, Role
from geoportal.model.references import NO_REFERENCES
from geoportal.model.report import Report
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.node import Node
from geoportal.settings import load_settings

SPEC = Specification("uji", "bebas", key="kode", fields=(FieldSpecification("kode", "text", pattern=r"\d{4}"),))


def judged(data: Path, file: Path, size: int) -> Report:
    """The report of the gate on a node that reads ``size`` features at a time."""
    settings, _ = load_settings(
        {
            "storage": {"data": data, "reserve_mb": 0},
            "node": {"demo": False},
            "checks": {"part_features": size},
        },
        environ={},
    )
    node = Node(settings)
    try:
        version = submit(node, Actor("uji", Role.ADMIN), "rumah", file).version
        return judging.rejudged(node, "rumah", version.digest, SPEC, NO_REFERENCES)
    finally:
        node.close()
        sandbox.close()


def test_the_gate_hears_the_same_of_a_layer_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 2_500
    places = [
        shapely.Point(116 + number % 50 / 100, -0.5 + number // 50 / 100).buffer(0.004) for number in range(count)
    ]
    places[1200] = places[7]
    codes = [f"{number:04d}" for number in range(count)]
    codes[2400], codes[3] = codes[5], "x"
    file = tmp_path / "rumah.gpkg"
    geopandas.GeoDataFrame({"kode": codes}, geometry=places, crs=4326).to_file(file)

    whole = judged(tmp_path / "whole", file, 1_000_000)
    monkeypatch.setattr("geoportal.checks.validate", lambda *_, **__: pytest.fail("the layer was read at once"))
    assert judged(tmp_path / "parts", file, 1_000).as_dict() == whole.as_dict()
    assert {"key-duplicate", "geometry-duplicate", "field-pattern"} <= {finding.rule for finding in whole.findings}
