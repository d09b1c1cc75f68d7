from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks import validate
from geoportal.checks.personal import is_nik, masked
from tests.checks.asking import ask, facts, table
from tests.checks.examples import PLAIN, REGION

NIK, WOMAN = "6402061205900003", "6402065205900003"


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("pemilik", [NIK, WOMAN, None], 2),
        ("pemilik", [f"Budi ({NIK}), tani", "Ani"], 1),
        ("kode_sensor", ["9999999999999999", "1234567890123456", "6402061205900003", "8888777766665555"], 0),
        ("nik", ["1234567890123456"], 1),  # the name says so
        ("no_kk", ["6402060000000001"], 1),
        ("pemilik", [int(NIK), int(WOMAN)], 2),
        ("luas", [6402061205900003.0], 0),
        ("kode", ["64020612059000030"], 0),  # seventeen digits
        ("jumlah_kk", [120, 80], 0),
    ],
)
def test_identity_numbers(name: str, values: list[Any], count: int) -> None:
    found = ask("personal-data-nik", table(**{name: values}))
    assert (found.count if found else 0) == count


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("no_hp", ["0812-3456-7890", "+62 812 3456 789", "-"], 2),
        ("NoHP", [81234567890, 85212345678], 2),  # numbers lose the 0
        ("telepon", ["0541-661001", "(0541) 661001"], 0),  # an office
        ("ket", ["0812 3456 7890", "081234567890"], 2),
        ("ket", ["hubungi Budi 0812 3456 7890"] + ["x"] * 20, 1),
        ("ket", ["SK 0812345678901"] + ["x"] * 20, 0),
        ("kode", ["6281010001", "6281010002"], 0),
        ("x", [0.812345678901], 0),
    ],
)
def test_mobile_phones(name: str, values: list[Any], count: int) -> None:
    found = ask("personal-data-phone", table(**{name: values}))
    assert (found.count if found else 0) == count


def test_no_finding_shows_what_it_found() -> None:
    secrets = {"nik": NIK, "hp": "081234567890", "surel": "budi.santoso@contoh.id"}
    long = "Tanah milik Budi Santoso, hubungi 081234567890 sebelum datang ke lokasi pada hari kerja"
    layer = table(**{name: [value, None] for name, value in secrets.items()}, ket=[long, f"{secrets['surel']} ya"])
    report = validate(layer, PLAIN, REGION)
    told = [item for item in report.findings if item.rule.startswith("personal-data")]
    assert {item.rule for item in told} == {f"personal-data-{kind}" for kind in ("nik", "phone", "email")}
    said = json.dumps([[place.params for place in item.occurrences] for item in told])
    assert len(told) == 3 and not [secret for secret in (*secrets.values(), "Santoso", "santoso") if secret in said]


def test_a_layer_that_is_not_meant_for_everybody_may_hold_them() -> None:
    layer, closed = table(nik=[NIK], hp=["081234567890"], surel=["a@b.id"]), replace(PLAIN, open_data=False)
    report = validate(layer, closed, REGION)
    assert not [item for item in (*report.checked, *(f.rule for f in report.findings)) if item.startswith("personal")]


@given(st.dates(), st.booleans(), st.integers(1, 9999))
def test_every_birthday_makes_a_number(born: Any, woman: bool, serial: int) -> None:
    day = born.day + 40 if woman else born.day
    number = f"640206{day:02d}{born.month:02d}{born.year % 100:02d}{serial:04d}"
    assert is_nik(number)
    assert facts(ask("personal-data-nik", table(x=[number])), "value") == [masked(number)]
    assert not is_nik(f"{number[:8]}13{number[10:]}") and not is_nik(f"{number[:12]}0000")
