from __future__ import annotations

import pyproj
import pytest

from geoportal.checks.operations import operation_between


@pytest.mark.parametrize(
    ("source", "target", "accuracy"),
    [
        ("EPSG:4755", "EPSG:9470", 0.2),
        ("EPSG:4326", "EPSG:9470", 1.2),
        ("EPSG:4238", "EPSG:9470", 3.2),
        ("EPSG:4238", "EPSG:4326", 3.0),
        ("EPSG:23837", "EPSG:32750", 1.0),
        ("EPSG:32750", "EPSG:4326", 0.0),  # a projection loses nothing
        ("EPSG:32750", "EPSG:32650", 0.0),
        ("EPSG:4326", "EPSG:4326", 0.0),
    ],
)
def test_the_accuracy_is_that_of_the_registry(source: str, target: str, accuracy: float) -> None:
    found = operation_between(source, target)
    assert found is not None and found.accuracy_m == pytest.approx(accuracy)
    assert found.name and not found.ballpark and found.best_available


def test_a_datum_that_nobody_has_tied_to_another_is_a_ballpark() -> None:
    wkt = pyproj.CRS.from_user_input("+proj=longlat +a=6377000 +rf=300 +no_defs").to_wkt()
    found = operation_between(wkt, "EPSG:4326")
    assert found is not None and found.ballpark and found.accuracy_m is None
    name, accuracy_m, ballpark, _ = found
    assert (accuracy_m, ballpark) == (None, True) and "allpark" in name


def test_a_better_operation_that_needs_a_missing_grid_is_told(recwarn: pytest.WarningsRecorder) -> None:
    found = operation_between("EPSG:27700", "EPSG:4326", (-2.0, 52.0, -1.0, 53.0))
    assert found is not None and found.accuracy_m is not None and not found.ballpark
    assert not found.best_available or found.accuracy_m <= 1.0  # where the grid is installed
    assert not recwarn.list


@pytest.mark.parametrize("nowhere", ["EPSG:999999", "EPSG:4978", 'LOCAL_CS["papan",UNIT["m",1]]'])
def test_nothing_leads_from_a_board(nowhere: str) -> None:
    assert operation_between(nowhere, "EPSG:4326") is None
    assert operation_between("EPSG:4326", nowhere) is None


def test_heights_are_left_out() -> None:
    assert operation_between("EPSG:4326+5773", "EPSG:4326") == ("identity", 0.0, False, True)
