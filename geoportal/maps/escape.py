"""Text from a file, made harmless before folium sees it."""

from __future__ import annotations

import unicodedata
from typing import Final

# Names of a hole in folium each: & < > are markup; " ' end an attribute or a string; ` and ${ are a JavaScript template
# literal (folium puts pop-ups in one); { } are a Jinja template, because branca renders the text that a first rendering
# made once more.
ENTITIES: Final = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    ord("'"): "&#39;",
    ord("`"): "&#96;",
    ord("$"): "&#36;",
    ord("{"): "&#123;",
    ord("}"): "&#125;",
}
BREAKS: Final = frozenset("\t\n\r\v\f\x85\u2028\u2029")
# Cc control, Cf format (bidi overrides, zero width), Cs lone surrogates, Co private use, Cn unassigned
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def visible(text: str) -> str:
    """The text with its line breaks as spaces and its invisible characters named: ``⟨U+202E⟩`` cannot turn a name
    around.
    """
    if text.isprintable():
        return text
    return "".join(
        " " if character in BREAKS else f"⟨U+{ord(character):04X}⟩" if _is_invisible(character) else character
        for character in text
    )


def inert(text: str) -> str:
    """The text as HTML entities that neither markup, JavaScript, a template literal nor Jinja can take for code.

    For every value, field name, title and attribution on its way into a folium map: folium escapes nothing (SECURITY
    0.3).
    """
    return visible(text).translate(ENTITIES)


def xml(text: str) -> str:
    """The text for element content or an attribute of a stand-alone SVG."""
    return visible(text).translate({key: value for key, value in ENTITIES.items() if chr(key) in "&<>\"'"})


def shortened(text: str, length: int) -> str:
    """The text cut to ``length`` characters, an ellipsis showing the cut; always before ``inert``, so that no entity is
    torn.
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in INVISIBLE
