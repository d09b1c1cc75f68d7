from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks import validate
from geoportal.checks.regions import dotted, is_bps
from geoportal.model.references import CodeList, References, RegionCode
from geoportal.model.report import Gate, Severity
from geoportal.model.specification import FieldSpecification, Specification
from tests.checks.asking import ask, facts, table
from tests.checks.examples import NAMES, REGION, REGION_CODE, REGIONS, codes, field, spec

DESA = [f"64.02.01.2{number:03d}" for number in range(1, 11)]
MANY = References(code_lists=(codes("Kepmendagri 2/2025", NAMES | {code: f"Desa {code[-1]}" for code in DESA}),))


def official(shared: Path, name: str = "kode_wilayah_kaltim.csv") -> References:
    with (shared / "data" / "real" / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    entries = [
        RegionCode(row["kode"], row["nama"], row["tingkat"], row["kode"].rpartition(".")[0] or None) for row in rows
    ]
    return References(code_lists=(CodeList("x", "Kepmendagri 1/2025", tuple(entries), "Kepmendagri"),))


@pytest.mark.parametrize(
    ("value", "rule", "suggestion"),
    [
        ("64.02.08", "region-code-unknown", None),
        ("64.03.01", "region-code-unknown", None),  # in a region that the list is not about
        ("64.--.--", "region-code-placeholder", None),
        ("xx.--.--.----", "region-code-placeholder", None),
        ("64.02.00", "region-code-placeholder", None),
        ("00", "region-code-placeholder", None),
        ("N/A", "region-code-placeholder", None),
        (" - ", "region-code-placeholder", None),
        (None, "region-code-placeholder", None),
        ("640201", "region-code-format", "64.02.01"),
        ("64-02-01", "region-code-format", "64.02.01"),
        ("64.2.1", "region-code-format", "64.02.01"),
        ("64.02.01.", "region-code-format", "64.02.01"),
        ("64 02 01 1001", "region-code-format", "64.02.01.1001"),
        ("6402011001", "region-code-format", "64.02.01.1001"),
        ("Tenggarong", "region-code-format", None),
        ("6402010", "bps-code-in-kemendagri-column", None),
        ("6402010001", "bps-code-in-kemendagri-column", None),
        ("64.02.09", "region-code-edition", None),
    ],
)
def test_each_value_breaks_one_rule(value: str | None, rule: str, suggestion: str | None) -> None:
    layer = table(kode=["64.02.01", "64.02.02", "64.02.03", "64.02", "64.02.01.1001", "64.02.01.2002", value])
    report = validate(layer, REGION_CODE, REGION, references=REGIONS)
    about = [item for item in report.findings if item.rule.startswith(("region-", "bps-"))]
    assert [(item.rule, item.count) for item in about] == [(rule, 1)]
    assert about[0].occurrences[0].feature == "7"
    assert facts(about[0], "suggestion") == [suggestion]


@pytest.mark.parametrize("value", ["64.02.01", " 64.02.01 ", "64", 64])
def test_codes_of_the_list_are_fine(value: Any) -> None:
    provinces = References(code_lists=(codes("K 2025", {"64": "Kaltim"} | NAMES),))
    report = validate(table(kode=[value]), REGION_CODE, REGION, references=provinces)
    assert not [item.rule for item in report.findings if item.rule.startswith(("region-", "bps-"))]


def test_a_column_is_recognised_by_its_values() -> None:
    layer = table(wilayah=[*DESA, "64.02.01.9999", None], nama=["x"] * 12, luas=[64.02] * 12)
    found = ask("region-code-unknown", layer, references=MANY)
    assert facts(found, "value") == ["64.02.01.9999"]
    assert ask("region-code-unknown", table(wilayah=[*DESA[:4], *["64.02.01.99"] * 9]), references=MANY) is None
    # Numbers are codes only where the name of the field says so.
    assert ask("region-code-format", table(jumlah=["640201", "640202"]), references=REGIONS) is None
    assert ask("region-code-format", table(kode_kec=["640201", "640202"]), references=REGIONS) is not None
    assert ask("region-code-format", table(kode_bps=["640201", "640202"]), references=REGIONS) is None


def test_codes_of_regions_that_no_list_is_about_are_not_judged() -> None:
    elsewhere = table(kode=["11.01.01", "11.01.02", "12.01.03", "64.02.01"])
    assert ask("region-code-unknown", elsewhere, REGION_CODE, REGIONS) is None
    assert ask("region-code-unknown", elsewhere, REGION_CODE) is None  # and without any list nothing is said


def test_what_only_values_tell_blocks_nothing() -> None:
    strict = {"region-code-unknown": Severity.BLOCKING}
    layer = table(kode=[*DESA, "64.02.01.9999"])
    guessed = validate(layer, Specification("x", "bebas", severities=strict), REGION, references=MANY)
    declared = validate(
        layer, Specification("x", "bebas", severities=strict, fields=REGION_CODE.fields), REGION, references=MANY
    )
    assert (guessed.gate, declared.gate) == (Gate.PASS, Gate.BLOCKED)


def test_the_edition_of_a_specification_holds() -> None:
    old = spec(fields=REGION_CODE.fields, code_edition="1/2018")
    layer = table(kode=["64.02.09", "64.02.01"])
    found = ask("region-code-edition", layer, old, REGIONS)
    assert facts(found, "value") == ["64.02.01"] and facts(found, "other") == ["Kepmendagri 2/2025"]
    assert facts(ask("region-code-edition", layer, REGION_CODE, REGIONS), "value") == ["64.02.09"]


def test_a_list_of_another_region_is_no_other_edition() -> None:
    """A node with its own list and one of a neighbour, of another year: each holds for its region."""
    lists = (codes("K 2026", {"64.03": "Tetangga", "64.03.01": "Satu"}), codes("K 2025", NAMES))
    layer = table(kode=["64.03.01", "64.02.01", "64.03.02"])
    report = validate(layer, REGION_CODE, REGION, references=References(code_lists=lists))
    assert {item.rule for item in report.findings if item.rule.startswith("region-")} == {"region-code-unknown"}
    assert facts(ask("region-code-unknown", layer, REGION_CODE, References(code_lists=lists)), "value") == ["64.03.02"]


def test_an_edition_that_is_not_at_hand_blocks_nothing() -> None:
    strict = {"region-code-unknown": Severity.BLOCKING, "region-code-edition": Severity.BLOCKING}
    unheard = Specification("x", "bebas", severities=strict, fields=REGION_CODE.fields, code_edition="1999")
    report = validate(table(kode=["64.02.01", "64.02.09", "64.02.08"]), unheard, REGION, references=REGIONS)
    told = {item.rule: item for item in report.findings if item.rule.startswith("region-")}
    assert report.gate is Gate.PASS and set(told) == {"region-code-unknown"}  # both editions are asked
    assert facts(told["region-code-unknown"], "value") == ["64.02.08"]


def test_a_code_of_a_later_division_leads_back_to_its_origin() -> None:
    lists = (
        codes("Kepmendagri 2/2025", {"64.02": "K", "64.02.02": "Loa", "64.02.03": "Loa Darat"}),
        codes("Kepmendagri 1/2018", {"64.02": "K", "64.02.02": "Loa"}),
        codes("2022", {"64.02.03": "64.02.02"}, "perubahan"),
    )
    old = spec(fields=REGION_CODE.fields, code_edition="2018")
    found = ask("region-code-edition", table(kode=["64.02.03"]), old, References(code_lists=lists))
    assert facts(found, "suggestion") == ["64.02.02"]


def test_an_old_division_is_seen_only_in_a_layer_of_all_regions() -> None:
    def told(*values: str) -> list[Any]:
        return facts(ask("region-code-before-split", table(kode=list(values)), references=REGIONS), "code")

    assert told("64.02.01", "64.02.02") == ["64.02.03"]
    assert told("64.02.02", "64.02.02") == []  # places in one kecamatan
    assert told("64.02.01", "64.02.02", "64.02.03") == []


def test_parents() -> None:
    layer = table(KDEPUM=DESA[:6], KDPKAB=["64.02"] * 5 + ["64.01"], KDCPUM=["64.02.01"] * 6)
    found = ask("region-code-parent", layer, references=MANY)
    assert found is None  # 64.01 is one of two different values: not a column of codes by itself
    said = spec(
        fields=(FieldSpecification("KDPKAB", means="region-parent-code"), *field("KDEPUM", means="region-code").fields)
    )
    found = ask("region-code-parent", layer, said, MANY)
    assert found is not None and [place.feature for place in found.occurrences] == ["6"]
    assert facts(found, "parent") == ["64.01"] and found.params["fields"] == ["KDEPUM", "KDPKAB"]


@given(st.from_regex(r"[1-9]\d\.(0[1-9]|[1-9]\d)\.(0[1-9]|[1-9]\d)\.[12]\d{3}", fullmatch=True))
def test_a_code_is_found_in_all_its_spellings(code: str) -> None:
    parts = code.split(".")
    for level in (2, 3, 4):
        own = ".".join(parts[:level])
        bare = own.replace(".", "")
        assert dotted(bare) == dotted(own.replace(".", "-")) == dotted(f" {own}. ") == own
        assert dotted(".".join(part.lstrip("0") for part in parts[:level])) == own
        assert not is_bps(bare)
    # The seven and ten digits of BPS are never taken for a code of Kemendagri.
    assert is_bps("".join(parts[:3]) + "0") and is_bps("".join(parts[:3]) + "0001")
    assert dotted("".join(parts[:3]) + "0") is None


@pytest.mark.parametrize(
    ("values", "lost"),
    [
        (["32.10", "11.01"], []),
        ([32.10, 11.01], ["32.1"]),
        (["32.1", "11.01", "11.02"], ["32.1"]),
        ([1.5, 2.25, 3.75], []),
        ([11.5, 12.5], []),  # no value with both digits: numbers
    ],
)
def test_codes_of_kabupaten_that_lost_a_zero(values: list[Any], lost: list[str]) -> None:
    assert facts(ask("code-as-number", table(kode=values)), "value") == lost
    assert ask("code-as-number", table(luas=values)) is None


def test_codes_that_lost_their_first_zeros_are_known_by_their_form() -> None:
    found = ask("code-as-number", table(kelas=[1, 10, 777]), field("kelas", pattern=r"0\d\d"))
    assert facts(found, "suggestion") == ["001", "010"]
    assert facts(ask("code-as-number", table(kelas=["1", "03"]), field("kelas", codes=("01", "03"))), "value") == ["1"]


def test_official_codes_are_on_the_official_list(shared: Path) -> None:
    lists = official(shared)
    entries = lists.code_lists[0].entries
    layer = table(kode=[entry.code for entry in entries], nama=[entry.name for entry in entries])
    report = validate(layer, REGION_CODE, REGION, references=lists)
    assert len(entries) == 1154
    assert {item.rule for item in report.findings} <= {"layer-without-geometry", "text-trailing-blanks", "field-extra"}


def test_two_lists_of_the_country_agree(shared: Path) -> None:
    with (shared / "data" / "real" / "idn_area_districts.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    layer = table(**{name: [row[name] for row in rows] for name in rows[0]})
    report = validate(layer, spec(), REGION, references=official(shared, "kode_wilayah_indonesia.csv"))
    told = {item.rule: item for item in report.findings if item.rule.startswith("region-")}
    assert set(told) == {"region-name-differs"}
    assert facts(told["region-name-differs"], "value") == ["Bl. Limbangan"]


def read(path: Path, folder: Path) -> Any:
    """A file as ingest reads it, without its child: these files are our own."""
    from geoportal.ingest.formats import find_sources
    from geoportal.ingest.reader import read_layer

    (source,) = find_sources(path, folder, name=path.name, max_bytes=1 << 28, max_fields=500)
    return read_layer(source, None)


def test_planted_faults_of_a_real_layer_are_found_and_nothing_else(shared: Path, tmp_path: Path) -> None:
    layer = read(shared / "data" / "messy" / "indonesia" / "kukar_kecamatan_attribute_defects.geojson", tmp_path)
    for lists, reason in (("kode_wilayah_kaltim.csv", "code-unknown"), ("kode_wilayah_indonesia.csv", "code-unknown")):
        report = validate(layer, spec(), REGION, references=official(shared, lists))
        told = {
            item.rule: item for item in report.findings if item.rule.startswith(("region-", "bps-", "code-", "text-"))
        }
        assert set(told) == {"region-code-unknown", "region-code-format", "region-code-placeholder"}
        assert {rule: item.count for rule, item in told.items()} == dict.fromkeys(told, 1)
        assert facts(told["region-code-unknown"], "value") == ["64.99.01"]
        assert facts(told["region-code-unknown"], "reason") == [reason]
        assert facts(told["region-code-format"], "suggestion") == ["64.02.08"]
        assert told["region-code-placeholder"].occurrences[0].feature == "5"  # no code at all


def test_codes_that_a_spreadsheet_took_for_numbers(shared: Path, tmp_path: Path) -> None:
    layer = read(shared / "data" / "messy" / "indonesia" / "kabupaten_indonesia_kode_sebagai_angka.xlsx", tmp_path)
    found = ask("code-as-number", layer)
    assert found is not None and (len(layer.frame), found.count) == (514, 23)
    meant = set(facts(found, "suggestion"))
    assert all(code.endswith("0") for code in meant)
    official_codes = {entry.code for entry in official(shared, "kode_wilayah_indonesia.csv").code_lists[0].entries}
    assert meant <= official_codes


def test_a_layer_of_the_kecamatan_before_the_split_is_told_by_the_lists_of_the_project() -> None:
    from geoportal.catalogue.codes import read_code_lists
    from geoportal.settings import PROJECT

    lists = read_code_lists(PROJECT / "config")
    newer = {entry.code for item in lists if item.authority == "perubahan" for entry in item.entries}
    districts = {entry.code: entry.name for entry in lists[0].entries if entry.kind == "kecamatan"}
    old = {code: name for code, name in districts.items() if code not in newer}
    assert newer and len(old) == len(districts) - len(newer)
    references = References(code_lists=lists)
    found = ask("region-code-before-split", table(kode=[*old], nama=[*old.values()]), references=references)
    assert facts(found, "code") == sorted(newer)
    assert ask("region-code-before-split", table(kode=[*districts]), references=references) is None
