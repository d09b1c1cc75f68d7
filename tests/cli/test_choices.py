"""What ``check`` offers to type for a layer that lies wrong, or does not say where it lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from geoportal.checks import validate
from geoportal.cli.checking import choices
from geoportal.model.layer import Layer
from geoportal.repairs.reference import FLIP, SWAP
from tests.checks.examples import AREAS, EXAMPLES, PLAIN, REGION, stated


def offered(layer: Layer, language: str = "id") -> list[str]:
    return list(choices(validate(layer, PLAIN, REGION, references=AREAS), language))


def test_a_layer_without_a_system_gets_options_of_this_command_with_where_it_would_land() -> None:
    head, first, *_ = offered(replace(stated("EPSG:32750")(), crs=None))
    assert head.startswith("Pilih sistem yang benar")
    assert first.startswith("  --crs EPSG:32750  WGS 84 / UTM zone 50S  (100 % unsur di wilayah; bujur 116,20 sampai")
    assert "latitude -0.90 to -0.80" in offered(replace(stated("EPSG:32750")(), crs=None), "en")[1]


@pytest.mark.parametrize(
    ("rule", "option"),
    [
        ("crs-hemisphere", "--yes assign-crs=EPSG:32750"),
        ("crs-zone", "--yes assign-crs=EPSG:23838"),
        ("crs-degrees-as-metres", "--yes assign-crs=EPSG:4326"),
        ("crs-axes-swapped", f"--yes {SWAP}"),
        ("crs-sign-lost", f"--yes {FLIP}"),
        ("crs-datum-shift", "--yes assign-crs=EPSG:4326"),
    ],
)
def test_a_layer_that_lies_wrong_gets_the_repair_to_allow(rule: str, option: str) -> None:
    head, first, *others = offered(EXAMPLES[rule].bad())
    assert "tidak ada yang diubah" in head
    assert first.startswith(f"  geoportal repair FILE {option}  ")
    assert len({first, *others}) == 1 + len(others)


def test_swapped_degrees_without_a_system_are_for_the_repair() -> None:
    layer = replace(stated("EPSG:4326", swapped=True)(), crs=None)
    assert any(line.startswith(f"  geoportal repair FILE --crs EPSG:4326 --yes {SWAP}  ") for line in offered(layer))


def test_nothing_is_offered_for_a_layer_that_lies_right_or_only_in_part_wrong() -> None:
    assert offered(stated("EPSG:32750")()) == []
    layer = stated("EPSG:32750", "EPSG:32650")()
    shapes = layer.frame.geometry.to_numpy().copy()
    shapes[0] = shapely.affinity.translate(shapes[0], 0, -10_000_000)  # the one that was right
    mixed = replace(layer, frame=layer.frame.set_geometry(layer.frame.geometry.set_crs(None, allow_override=True)))
    mixed = replace(mixed, frame=mixed.frame.assign(geometry=shapes))
    assert list(choices(validate(mixed, PLAIN, REGION), "id")) == []
