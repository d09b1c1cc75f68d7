"""Texts and numbers in both languages."""

from geoportal import language
from geoportal.language import number, text


def test_numbers_as_people_write_them():
    assert number(1234567, "id") == "1.234.567"
    assert number(1234567, "en") == "1,234,567"
    assert number(1234.5, "id") == "1.234,50"
    assert number(0.86, "id", 1) == "0,9"


def test_an_unknown_key_or_a_missing_parameter_is_shown_not_raised():
    assert text("cli", "no.such.key", "id") == "no.such.key"
    assert text("cli", "submitted.same", "id") != "submitted.same"
    assert "{number}" in text("cli", "submitted.same", "id")


def test_a_text_is_never_stale(tmp_path, monkeypatch):
    folder = tmp_path / "id" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "x.po").write_text(head + 'msgid "a"\nmsgstr "baru"\n')
    (folder / "x.mo").write_bytes(b"older and broken")
    import os

    os.utime(folder / "x.mo", (1, 1))
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    language.catalogue.cache_clear()
    try:
        assert text("x", "a", "id") == "baru"
    finally:
        language.catalogue.cache_clear()
