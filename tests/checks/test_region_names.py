from __future__ import annotations

from typing import Any

import pytest

from geoportal.checks.region_names import plain
from geoportal.model.references import References
from geoportal.model.specification import FieldSpecification
from tests.checks.asking import ask, facts, table
from tests.checks.examples import codes, field, spec

KECAMATAN = {
    "64.02.01": "Muara Muntai", "64.02.02": "Loa Kulu", "64.02.03": "Loa Janan", "64.02.04": "Anggana",
    "64.02.06": "Tenggarong", "64.02.08": "Kota Bangun", "64.02.20": "Samboja Barat",
}  # fmt: skip
LISTS = References(
    code_lists=(
        codes("Kepmendagri 2/2025", {"64.02": "Kabupaten Contoh"} | KECAMATAN),
        codes("Kepmendagri 1/2022", KECAMATAN | {"64.02.20": "Semboja Barat"}),
    )
)
NAMED = spec(fields=(FieldSpecification("kode", means="region-code"), FieldSpecification("nama", means="region-name")))


@pytest.mark.parametrize(
    ("code", "name", "reason", "suggestion"),
    [
        ("64.02.06", "Tengarong", "name-misspelt", "Tenggarong"),
        ("64.02.06", "Tenggarong Kota", "name-misspelt", "Tenggarong"),
        ("64.02.06", "Loa Kulu", "name-other-code", None),
        ("64.02.06", "Surabaya", "name-different", "Tenggarong"),
        ("64.02.20", "SEMBOJA BARAT", "name-other-edition", "Samboja Barat"),
        ("64.02.06", "KECAMATAN TENGGARONG", None, None),
        ("64.02.06", " tenggarong ", None, None),
        ("64.02.08", "Kec. Kota-Bangun", None, None),
        ("64.02.08", "Bangun", "name-misspelt", "Kota Bangun"),
        ("640206", "Tenggarong", None, None),
        ("64.99.06", "Tenggarong", None, None),  # a code that is not listed has no name
        ("64.02.06", None, None, None),
    ],
)
def test_a_name_beside_its_code(code: str, name: str | None, reason: str | None, suggestion: str | None) -> None:
    found = ask("region-name-differs", table(kode=[code], nama=[name]), NAMED, LISTS)
    assert facts(found, "reason") == ([reason] if reason else [])
    assert facts(found, "suggestion") == ([suggestion] if reason else [])
    assert facts(found, "other") == (["64.02.02" if reason == "name-other-code" else None] if reason else [])


def layer(*wrong: str, **more: Any) -> Any:
    names = [*KECAMATAN.values()]
    return table(kode=[*KECAMATAN], nama=[*wrong, *names[len(wrong) :]], **more)


def test_a_column_of_names_is_recognised_beside_its_codes() -> None:
    found = ask("region-name-differs", layer("Muara Muntay"), references=LISTS)
    assert facts(found, "suggestion") == ["Muara Muntai"] and [place.feature for place in found.occurrences] == ["1"]
    # Where most differ it holds something else: the names of schools.
    assert ask("region-name-differs", layer("SD 1", "SD 2", "SD 3"), references=LISTS) is None


def test_the_name_of_a_parent_is_held_against_the_code_above() -> None:
    parents = ["Contoh"] * 6 + ["Lain"]
    found = ask("region-name-differs", layer(kabupaten=parents), references=LISTS)
    assert found is not None and found.params["fields"] == ["kabupaten"] and facts(found, "value") == ["Lain"]
    assert facts(found, "code") == ["64.02"]


def test_names_without_codes() -> None:
    names = [*KECAMATAN.values()]
    found = ask("region-name-differs", table(kec=[*names, "Tengarong", "Balikpapan"]), references=LISTS)
    assert found is None  # 7 of 9 are listed: not nearly all
    found = ask("region-name-differs", table(kec=[*names, "Tengarong"]), references=LISTS)
    assert (facts(found, "value"), facts(found, "suggestion")) == (["Tengarong"], ["Tenggarong"])
    assert facts(found, "code") == ["64.02.06"]
    # What is like no name may be a place elsewhere; only where the specification says so it is told.
    assert ask("region-name-differs", table(kec=[*names, "Surabaya"]), references=LISTS) is None
    said = field("kec", means="region-name")
    assert facts(ask("region-name-differs", table(kec=[*names, "Surabaya"]), said, LISTS), "reason") == [
        "name-unlisted"
    ]
    assert ask("region-name-differs", table(kec=["Surabaya", "Sidoarjo"]), said, LISTS) is None


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Kabupaten Kutai Kartanegara", "KAB. KUTAI KARTANEGARA", 2),
        ("Kota Bontang", "Bontang", 2),
        ("Kab Kepulauan Talaud", "Kabupaten Kep. Talaud", 2),
        ("Desa Loa  Ulung", "LOA ULUNG", 4),
    ],
)
def test_names_are_compared_by_what_matters(one: str, other: str, level: int) -> None:
    assert plain(one, level) == plain(other, level)
    assert plain("Kota Bangun", 3) != plain("Bangun", 3)
    assert plain("Desa", 4) == "desa"  # the word alone is the name
