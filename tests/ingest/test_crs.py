import pyproj
import pytest

from geoportal.errors import BadRequest
from geoportal.ingest.crs import identify, parse_given, same, settle

TM3 = (
    'PROJCS["DGN95_Indonesia_TM-3_Zone_50.1",GEOGCS["GCS_DGN_1995",DATUM["D_Datum_Geodesi_Nasional_1995",'
    'SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",200000.0],PARAMETER["False_Northing",1500000.0],'
    'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


UNDEFINED = (
    'GEOGCS["Undefined geographic SRS",DATUM["unknown",SPHEROID["unknown",6378137,298.25]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)


@pytest.mark.parametrize("code", [4326, 32750, 32650, 23837, 23838, 9470, 4755, 3857])
@pytest.mark.parametrize("form", ["WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"])
def test_an_exact_definition_gets_its_code(code: int, form: str) -> None:
    assert identify(pyproj.CRS(code).to_wkt(form)) == (f"EPSG:{code}", [])


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        (None, None),
        ("  \0", None),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"),
        ("http://www.opengis.net/def/crs/EPSG/0/9490", "EPSG:9490"),
        ('LOCAL_CS["Undefined Cartesian SRS",UNIT["metre",1]]', None),
        (UNDEFINED, None),
    ],
)  # fmt: skip
def test_other_ways_to_say_it(text: str | None, crs: str | None) -> None:
    assert identify(text) == (crs, [])


def test_a_near_match_is_named_and_not_taken() -> None:
    found, notes = identify(TM3.format(meridian="116.7"))
    assert found is not None and found.startswith("PROJCRS")
    ((rule, params),) = notes
    assert rule == "crs-without-authority" and params["name"] == "DGN95_Indonesia_TM-3_Zone_50.1"


def test_a_label_is_not_believed() -> None:
    lying = pyproj.CRS(4238).to_wkt("WKT1_GDAL").replace('"4238"', '"4326"')
    found, notes = identify(lying)
    assert found != "EPSG:4326" and notes[0][0] == "crs-without-authority"


def test_a_text_that_nobody_can_read_is_said() -> None:
    assert identify("WGS delapan empat") == (None, [("reader-message", {"message": "CRS: WGS delapan empat"})])


def test_the_officers_word_holds_only_where_the_file_has_none() -> None:
    assert settle(None, "EPSG:32750") == ("EPSG:32750", [])
    assert settle("EPSG:32750", None) == ("EPSG:32750", [])
    assert settle("OGC:CRS84", "EPSG:4326") == ("OGC:CRS84", [])
    assert settle("EPSG:4326", "EPSG:4755")[1] == [("crs-conflict", {"stated": "EPSG:4326", "given": "EPSG:4755"})]


def test_given_and_same() -> None:
    assert parse_given(" epsg:4326 ") == "EPSG:4326"
    assert same("EPSG:4326", "OGC:CRS84") and not same("EPSG:32750", "EPSG:32650")
    for wrong in ("EPSG:999999", "", "desa"):
        with pytest.raises(BadRequest):
            parse_given(wrong)
