from __future__ import annotations

import html
from xml.dom.minidom import parseString

import pytest

from geoportal.maps.escape import inert, shortened, visible, xml
from tests.maps.payloads import PAYLOADS


@pytest.mark.parametrize("payload", PAYLOADS)
def test_inert_text_has_no_sign_that_means_anything_to_html_javascript_or_jinja(payload: str) -> None:
    written = inert(payload)
    assert not set(written) & set("<>\"'`${}")
    assert "&" not in written.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").replace(
        "&quot;", ""
    ).replace("&#39;", "").replace("&#96;", "").replace("&#36;", "").replace("&#123;", "").replace("&#125;", "")
    assert written.isprintable()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_reader_sees_the_text_as_it_was(payload: str) -> None:
    assert html.unescape(inert(payload)) == visible(payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_xml_text_is_well_formed_and_means_the_same(payload: str) -> None:
    tree = parseString(f'<a b="{xml(payload)}">{xml(payload)}</a>').documentElement
    assert tree.firstChild.data == visible(payload)
    assert tree.getAttribute("b") == visible(payload)


def test_invisible_characters_are_named() -> None:
    assert visible("a\u202eb\x07c\ud800") == "a⟨U+202E⟩b⟨U+0007⟩c⟨U+D800⟩"
    assert visible("satu\r\ndua\u2028tiga") == "satu  dua tiga"
    assert visible("Sungai é ü 中 km²") == "Sungai é ü 中 km²"


def test_a_cut_is_shown_and_tears_no_entity() -> None:
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"
    assert inert(shortened("&" * 9, 3)) == "&amp;&amp;…"
