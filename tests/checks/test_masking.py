"""Whatever rule tells of a value: no identity number, phone or e-mail address stands in it as it does in the file."""

from __future__ import annotations

import json

from geoportal.checks import validate
from geoportal.checks.masking import veiled, without_personal
from geoportal.model.specification import FieldSpecification, Specification
from tests.checks.examples import REGION
from tests.factories import make_layer

NIK, PHONE, MAIL = "6402011203850001", "081234567890", "budi0@contoh.id"


def test_kinds_side_by_side_are_all_masked() -> None:
    shown = without_personal(f"hub. Budi {PHONE} / {MAIL}, KTP {NIK}")
    assert shown == "hub. Budi 08********90 / b***@***, KTP 64************01"
    assert without_personal("64.02.01.2001 dan 116.512345, -0.123456") == "64.02.01.2001 dan 116.512345, -0.123456"
    assert veiled({"a": [{"b": int(NIK)}], "n": 12}) == {"a": [{"b": "64************01"}], "n": 12}


def test_no_rule_prints_them() -> None:
    values = [f"{NIK} ", f"{PHONE}/{MAIL}", NIK, NIK]
    layer = make_layer(["POINT (116 0)", "POINT (116.1 0)", "POINT (116.2 0)", "POINT (116.3 0)"], ket=values)
    field = FieldSpecification("ket", "text", length=5, pattern=r"\d{3}", unique=True, codes=("1",), maximum=3)
    report = validate(layer, Specification("uji", "bebas", fields=(field,)), REGION, sample=None)
    told = json.dumps(report.as_dict())
    assert {"field-length", "field-pattern", "field-code", "field-duplicate"} <= {f.rule for f in report.findings}
    assert not [value for value in (NIK, PHONE, MAIL) if value in told]
