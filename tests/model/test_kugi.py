"""KUGI codes taken apart: the printed examples, and what is no code."""

import pytest

from geoportal.model.kugi import fault_of, name_without_scale, parse_code


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("BA03070040", ("B", "A", "AR", 10_000, "0040")),
        ("BA03050040", ("B", "A", "AR", 50_000, "0040")),
        ("BA02050040", ("B", "A", "LN", 50_000, "0040")),
        ("CA02040160", ("C", "A", "LN", 100_000, "0160")),
        ("GD01080040", ("G", "D", "PT", 5_000, "0040")),
        (" ba 03 07 0040 ", ("B", "A", "AR", 10_000, "0040")),
        ("GB0020", ("G", "B", None, None, "0020")),
    ],
)
def test_printed_codes(code: str, parts: tuple):
    parsed = parse_code(code)
    assert parsed is not None
    assert (parsed.catalogue, parsed.subtheme, parsed.geometry, parsed.scale, parsed.serial) == parts
    assert parsed.is_old is (parts[2] is None)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", "length"),
        ("BA0307004", "length"),
        ("1A03070040", "letters"),
        ("BA04070040", "geometry"),
        ("BA03110040", "scale"),
        ("BA0307004X", "serial"),
        ("GB00X0", "serial"),
    ],
)
def test_what_is_no_code_is_told_by_its_wrong_part(code: str, fault: str):
    assert parse_code(code) is None
    assert fault_of(code) == fault


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ADMINISTRASIDESA_AR_25K", "ADMINISTRASIDESA_AR"),
        ("JALAN_LN_25K", "JALAN_LN"),
        ("SUNGAI_LN_2.5K", "SUNGAI_LN"),
        ("JALAN_LN", "JALAN_LN"),
        ("ADMINISTRASI_AR_DESAKEL", "ADMINISTRASI_AR_DESAKEL"),
    ],
)
def test_names_lose_their_scale(old: str, new: str):
    assert name_without_scale(old) == new
