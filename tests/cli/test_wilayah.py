"""``geoportal wilayah check``: region codes of a file beside the lists of the node."""

import csv
import json

import pytest

from geoportal.settings import PROJECT


@pytest.fixture(scope="module")
def codes():
    """The rows of the project's own list."""
    (path,) = (PROJECT / "config" / "codes").glob("wilayah_*.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path, rows):
    path.write_text("".join(f"{code},{name}\n" for code, name in [("kode", "nama"), *rows]), encoding="utf-8")
    return path


def test_codes_are_counted_by_edition_and_what_is_wrong_is_told(geoportal, tmp_path, codes):
    districts = [(row["kode"], row["nama"]) for row in codes if row["jenis"] == "kecamatan"]
    good = write(tmp_path / "benar.csv", districts)
    done = geoportal("wilayah", "check", good, "--json")
    assert done.returncode == 0, done.stdout
    answer = json.loads(done.stdout)
    (column,) = answer["layers"][0]["columns"]
    assert (column["field"], column["kinds"], column["level"]) == ("kode", {"listed": len(districts)}, 3)
    assert column["editions"] == {codes[0]["edisi"]: len(districts)} and answer["findings"] == []

    (first, name), second, third, *rest = districts
    unknown = f"{first.rpartition('.')[0]}.99"
    rows = [(first, name[:-2] + name[-1]), (second[0].replace(".", ""), second[1]), (unknown, third[1]), *rest]
    done = geoportal("wilayah", "check", write(tmp_path / "keliru.csv", rows), "--json", "--lang", "id")
    assert done.returncode == 1
    found = {item["rule"]: item for item in json.loads(done.stdout)["findings"]}
    assert set(found) == {"region-code-unknown", "region-code-format", "region-name-differs"}
    assert found["region-code-unknown"]["occurrences"][0]["params"]["value"] == unknown
    assert found["region-code-format"]["occurrences"][0]["params"]["suggestion"] == second[0]
    assert found["region-name-differs"]["occurrences"][0]["params"]["suggestion"] == name
    assert f"{unknown} tidak ada dalam daftar" in found["region-code-unknown"]["occurrences"][0]["message"]
    assert f'bernama "{name}"' in found["region-name-differs"]["occurrences"][0]["message"]


def test_what_holds_no_codes_has_not_passed(geoportal, tmp_path):
    plain = write(tmp_path / "a.csv", [("y", "y"), ("z", "w")])
    done = geoportal("wilayah", "check", plain, "--column", "kode", "--lang", "en")
    assert done.returncode == 1 and "2 values are no known region codes" in done.stdout
    (tmp_path / "b.geojson").write_text("")
    done = geoportal("wilayah", "check", tmp_path / "b.geojson", "--lang", "en")
    assert done.returncode == 1 and "source-empty" in done.stdout and "No field holds" not in done.stdout


def test_lists_and_editions_that_are_not_there_are_named(geoportal, tmp_path, codes):
    file = write(tmp_path / "a.csv", [(codes[1]["kode"], codes[1]["nama"])])
    done = geoportal("wilayah", "check", file, "--edition", "1999", "--lang", "en")
    assert done.returncode == 4 and codes[0]["edisi"] in done.stderr
    assert geoportal("wilayah", "check", tmp_path / "tiada.csv").returncode == 4
