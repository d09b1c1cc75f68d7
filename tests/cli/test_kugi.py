"""``geoportal kugi decode``."""

import json


def test_a_code_is_explained(geoportal):
    done = geoportal("kugi", "decode", "BA03070040", "--json", "--lang", "en")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert (answer["geometry"], answer["scale"], answer["catalogue_certain"]) == ("AR", 10_000, True)
    assert answer["name"] == "Village area"
    said = geoportal("kugi", "decode", "DA02060010", "--lang", "id").stdout
    assert "1:25.000" in said
    assert "disimpulkan" in said


def test_what_is_no_code_says_which_part_is_wrong(geoportal):
    done = geoportal("kugi", "decode", "BA04070040", "--lang", "en")
    assert done.returncode == 7
    assert "01 (point)" in done.stderr
    assert "JALAN_LN." in geoportal("kugi", "decode", "JALAN_LN_25K", "--lang", "en").stdout
