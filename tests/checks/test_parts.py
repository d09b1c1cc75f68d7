"""A layer in parts gives the report of the whole layer, to the last digit; also over a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from geoportal.checks import validate
from geoportal.checks.parts import validate_parts
from geoportal.checks.spread import DaskParts, spread
from geoportal.errors import Unavailable
from geoportal.ingest.writer import write_layer
from geoportal.model.layer import Field, Layer
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.store.layers import read_sealed, sealed_parts
from tests.checks.examples import EXAMPLES, REGION, Example
from tests.factories import make_layer, squares

RICH = Specification(
    "uji",
    "batas",
    geometry=("Polygon",),
    key="kode",
    fields=(FieldSpecification("kode", "text", required=True, pattern=r"\d+"), FieldSpecification("nama", length=3)),
)


@dataclass(frozen=True)
class Slices:
    """A layer held in memory, cut into parts."""

    layer: Layer
    size: int

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(min(self.size, len(self.layer) - at) for at in range(0, len(self.layer), self.size))

    def part(self, number: int) -> Layer:
        return self.rows(np.arange(number * self.size, number * self.size + self.sizes[number]))

    def rows(self, numbers: Any) -> Layer:
        frame = self.layer.frame.iloc[numbers].reset_index(drop=True)
        return replace(self.layer, frame=frame, ids=None, notes=())

    def attributes(self) -> Layer:
        return replace(self.layer, frame=self.layer.frame.drop(columns="geometry"))


def grid(count: int = 8) -> Layer:
    """Squares of which some are moved, doubled, empty, crossed, or have no code."""
    shapes = squares(count, count)
    shapes[3] = shapely.affinity.translate(shapes[3], 0.0003, 0.0)
    shapes[17] = shapely.affinity.scale(shapes[17], 1.05, 1.0)
    shapes[20] = shapes[21]
    shapes[30] = shapely.Polygon()
    shapes[40] = shapely.from_wkt("POLYGON ((116.5 -0.3, 116.6 -0.2, 116.6 -0.3, 116.5 -0.2, 116.5 -0.3))")
    shapes[41] = None
    del shapes[45]
    codes = [str(1000 + number) for number in range(len(shapes))]
    codes[5], codes[6] = "x", codes[7]
    return make_layer(shapes, kode=codes, nama=["abc" if number % 9 else "abcd" for number in range(len(shapes))])


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("rule", sorted(EXAMPLES))
def test_every_example_has_one_report(rule: str, size: int) -> None:
    example: Example = EXAMPLES[rule]
    for layer in (example.good(), example.bad()):
        if layer.geometry_type is None or not len(layer):
            continue  # a table, or nothing: there are no parts to read
        references = getattr(example, "references", None)
        extra = {"references": references() if callable(references) else references} if references else {}
        whole = validate(layer, example.spec, REGION, **extra)
        parts = validate_parts(Slices(layer, size), example.spec, REGION, most_at_once=2, **extra)
        assert parts.as_dict() == whole.as_dict()


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("sample", [3, None])
def test_a_torn_coverage_has_one_report(size: int, sample: int | None) -> None:
    layer = grid()
    whole = validate(layer, RICH, REGION, sample=sample)
    assert len(whole.findings) > 7
    parts = validate_parts(Slices(layer, size), RICH, REGION, sample=sample, most_at_once=10)
    assert parts.as_dict() == whole.as_dict()


def test_the_order_of_features_does_not_matter_either() -> None:
    layer = grid()
    other = replace(layer, frame=layer.frame.iloc[::-1].reset_index(drop=True))
    one, two = (validate_parts(Slices(item, 9), RICH, REGION, most_at_once=10) for item in (layer, other))
    assert {f.rule: f.count for f in one.findings} == {f.rule: f.count for f in two.findings}


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, Any]:
    """A layer as it is sealed: file and report."""
    layer = grid()
    path = tmp_path / "layer.gpkg"
    write_layer(layer, path)
    return path, validate(layer, RICH, REGION)


def test_a_sealed_layer_is_read_in_parts(sealed: tuple[Path, Any]) -> None:
    path, report = sealed
    parts = sealed_parts(path, report, 10)
    layer = read_sealed(path, report)
    assert sum(parts.sizes) == len(layer) == 63
    together = np.concatenate([parts.part(number).frame.geometry.to_wkb() for number in range(len(parts.sizes))])
    assert (together == layer.frame.geometry.to_wkb().to_numpy()).all()
    some = parts.rows(np.array([0, 1, 5, 62]))
    assert list(some.frame["kode"]) == list(layer.frame["kode"].iloc[[0, 1, 5, 62]])
    assert validate_parts(parts, RICH, REGION, most_at_once=10).as_dict() == validate(layer, RICH, REGION).as_dict()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a Dask scheduler with two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running.scheduler_address


def test_two_processes_give_the_same_report(cluster: str, sealed: tuple[Path, Any]) -> None:
    path, report = sealed
    with spread(cluster) as run:
        spread_out = validate_parts(sealed_parts(path, report, 16), RICH, REGION, run=run, most_at_once=10)
    assert spread_out.as_dict() == validate(read_sealed(path, report), RICH, REGION).as_dict()


def test_a_dask_geopandas_frame_is_a_layer_in_parts(cluster: str) -> None:
    dask_geopandas = pytest.importorskip("dask_geopandas")
    layer = grid()
    frame = dask_geopandas.from_geopandas(geopandas.GeoDataFrame(layer.frame), npartitions=4, sort=False)
    fields = (Field("kode", "string"), Field("nama", "string"))
    parts = DaskParts.of(frame, layer.name, "EPSG:4326", fields, layer.geometry_type)
    assert len(parts.sizes) == 4
    with spread(cluster) as run:
        told = validate_parts(parts, RICH, REGION, run=run, most_at_once=10)
    assert {f.rule: f.count for f in told.findings} == {f.rule: f.count for f in validate(layer, RICH, REGION).findings}


def test_a_scheduler_that_does_not_answer_is_said() -> None:
    with pytest.raises(Unavailable, match="no Dask scheduler"), spread("this is no address"):
        pass
