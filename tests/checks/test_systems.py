from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyproj
import pytest

from geoportal.checks import texts, validate
from geoportal.checks.rules import CHECKS
from geoportal.ingest.crs import identify
from geoportal.model.layer import Layer
from geoportal.model.region import Region
from geoportal.model.report import Finding, Severity
from geoportal.model.specification import OFF, Specification
from tests.checks.examples import REGION, stated

ASKED = ("crs-without-authority", "crs-compound", "crs-missing")
QUIET = Specification("uji", "bebas", severities={rule: OFF for rule in CHECKS if rule not in ASKED})
OFFICIAL = replace(QUIET, severities={**QUIET.severities, "crs-not-official": Severity.INFO})


def told(layer: Layer, rule: str, spec: Specification | None = QUIET, region: Region = REGION) -> Finding | None:
    report = validate(layer, spec, region)
    assert "check-failed" not in {item.rule for item in report.findings}
    return next((item for item in report.findings if item.rule == rule), None)


def written(crs: str, **changes: str) -> str:
    """A .prj as another program writes it, with some words exchanged."""
    text = pyproj.CRS(crs).to_wkt("WKT1_ESRI")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("crs", "changes"),
    [
        ("EPSG:32750", {"WGS_1984_UTM_Zone_50S": "Proyek_Jalan", "D_WGS_1984": "WGS_1984"}),
        ("EPSG:23837", {"DGN_1995_Indonesia_TM": "Indonesia_TM3_zona"}),
    ],
)
def test_a_prj_without_a_code_is_held_against_the_systems_it_could_be(crs: str, changes: dict[str, str]) -> None:
    definition, notes = identify(written(crs, **changes))
    if definition == crs:
        pytest.skip("PROJ knows this spelling by its code")  # then there is nothing to tell
    layer = replace(stated(crs)(), crs=definition, notes=tuple(notes))
    finding = told(layer, "crs-without-authority")
    assert finding is not None and finding.severity is Severity.INFO and finding.count == 1
    assert finding.params["best"] == crs and finding.params["offset_m"] < 0.01
    assert finding.params["candidates"][0]["repair"] == {"assign-crs": crs}
    assert crs in texts.message(finding, "id")


def test_how_far_the_nearest_is_off_is_measured() -> None:
    wkt = pyproj.CRS.from_user_input("+proj=tmerc +lon_0=117 +k=0.9996 +x_0=500012 +y_0=1e7 +datum=WGS84").to_wkt()
    finding = told(replace(stated("EPSG:32750")(), crs=wkt), "crs-without-authority")
    assert finding is not None
    if finding.params.get("best"):  # PROJ may still hold it to be the zone: then the 12 m are said
        assert finding.params["offset_m"] == pytest.approx(12, abs=0.05)
    else:
        assert "candidates" not in finding.params


def test_a_datum_that_nobody_knows_is_near_nothing() -> None:
    wkt = pyproj.CRS.from_user_input("+proj=utm +zone=50 +south +ellps=bessel").to_wkt()
    finding = told(replace(stated("EPSG:32750")(), crs=wkt), "crs-without-authority")
    assert finding is not None and not finding.params.get("best")
    assert texts.message(finding, "en") == f'The coordinate system "{finding.params["name"]}" has no EPSG code.'


def test_the_note_of_the_reader_is_kept_where_no_profile_asks() -> None:
    layer = replace(stated("EPSG:32750")(), notes=(("crs-without-authority", {"name": "TM3_Saya", "best": None}),))
    finding = told(layer, "crs-without-authority", None)
    assert finding is not None and finding.params == {"name": "TM3_Saya", "best": None}


@pytest.mark.parametrize(
    ("crs", "height"),
    [("EPSG:4326+5773", "EGM96 height"), ("EPSG:9469", "Ellipsoidal height"), ("EPSG:32750+5773", "EGM96 height")],
)
def test_heights_in_a_system_are_told(crs: str, height: str) -> None:
    finding = told(stated("EPSG:4326", crs)(), "crs-compound")
    assert finding is not None and finding.params["height"] == height
    assert (finding.params["with_heights"], finding.params["total"]) == (0, 3)
    assert height in texts.message(finding, "id")
    wkt = pyproj.CRS(crs).to_wkt()
    assert told(replace(stated("EPSG:4326")(), crs=wkt), "crs-compound") is not None


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32750", "OGC:CRS84", "EPSG:4755"])
def test_flat_systems_with_a_code_have_nothing_to_tell(crs: str) -> None:
    layer = stated("EPSG:4326", crs)()
    assert told(layer, "crs-compound") is None and told(layer, "crs-without-authority") is None


@pytest.mark.parametrize(
    ("crs", "goal", "accuracy"),
    [
        ("EPSG:4326", "EPSG:9470", 1.2),
        ("EPSG:4755", "EPSG:9470", 0.2),
        ("EPSG:4238", "EPSG:9470", 3.2),
        ("EPSG:32750", "EPSG:9490", 1.2),  # its own zone
        ("EPSG:23837", "EPSG:9470", 0.2),  # SRGI2013 has no TM-3
    ],
)
def test_the_way_to_the_official_datum_is_named(crs: str, goal: str, accuracy: float) -> None:
    region = replace(REGION, crs_candidates=(*REGION.crs_candidates, "EPSG:9490"))
    finding = told(stated(crs)(), "crs-not-official", OFFICIAL, region)
    assert finding is not None and finding.severity is Severity.INFO
    assert finding.params["candidates"][0]["repair"] == {"reproject": goal}
    assert finding.params["accuracy_m"] == pytest.approx(accuracy) and finding.params["ballpark"] is False


@pytest.mark.parametrize("crs", ["EPSG:9470", "EPSG:9490", "EPSG:9480"])
def test_srgi2013_is_official_in_every_form(crs: str) -> None:
    assert told(stated(crs)(), "crs-not-official", OFFICIAL) is None


@pytest.mark.parametrize("parts", [{"spec": QUIET}, {"region": replace(REGION, crs_candidates=("EPSG:4326",))}])
def test_the_official_datum_is_asked_for_by_profile_and_settings_alone(parts: dict[str, Any]) -> None:
    wanted = {"spec": OFFICIAL, "region": REGION} | parts
    assert told(stated("EPSG:4326")(), "crs-not-official", **wanted) is None
