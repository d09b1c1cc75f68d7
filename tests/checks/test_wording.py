from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks.wording import is_misread, mended
from tests.checks.asking import ask, facts, table

LATIN = st.text(st.characters(codec="latin-1", min_codepoint=0x20, exclude_categories=["Cc"]), max_size=20)


def misread(text: str) -> str:
    """UTF-8 read as Windows-1252, as a program does that leaves undefined bytes as they are."""
    return "".join(bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode())


@given(st.text(max_size=30))
def test_what_was_misread_is_mended(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    wrong = misread(text)
    if not text.isascii() and "\ufffd" not in text and not is_misread(text):
        assert is_misread(wrong)
        assert mended(wrong) == text


@pytest.mark.parametrize(
    "text", ["São João", "Çelebi", "10 m²", "50 °C", "naïve café", "“kutipan”", "Ñ", "ÅÄÖ", "日本"]
)
def test_real_letters_are_no_fault(text: str) -> None:
    assert not is_misread(text) and mended(text) is None


def test_lost_letters_cannot_be_mended() -> None:
    found = ask("text-mojibake", table(nama=["Caf\ufffd", "itâ€™s", "Muara"]))
    assert facts(found, "suggestion") == [None, "it’s"]
    assert mended(misread(misread("é"))) == "é"


@pytest.mark.parametrize(
    ("value", "wrong"), [("a ", True), ("\u00a0a", True), ("a\n", True), ("a b", False), ("   ", False), ("", False)]
)
def test_blanks_around_a_value(value: str, wrong: bool) -> None:
    assert (ask("text-trailing-blanks", table(nama=[value, "x"])) is not None) is wrong


def test_two_official_names_end_in_a_blank(shared: Path) -> None:
    import csv

    with (shared / "data" / "real" / "kode_wilayah_kaltim.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    layer = table(kode=[row["kode"] for row in rows], nama=[row["nama"] for row in rows])
    found = ask("text-trailing-blanks", layer)
    assert found is not None
    places = [int(str(place.feature)) - 1 for place in found.occurrences]
    assert {rows[place]["kode"] for place in places} == {"64.07.12.2012", "64.07.12.2016"}
