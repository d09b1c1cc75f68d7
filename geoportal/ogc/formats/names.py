"""Names for XML: elements and ids are NCNames, whatever fields and features are called."""

from __future__ import annotations

import re
from collections.abc import Iterable

from geoportal.serving.downloads.contents import free_name

_FIRST = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"  # nothing beyond: libxml2 takes none of that for a name
)
_STRANGE = re.compile(f"[^{_FIRST}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]")
_STARTS = re.compile(f"[{_FIRST}]")
_STRANGE_IN_ID = re.compile(f"[^{_FIRST}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]|_(?=x[0-9A-F]{{4,6}}_)")
_UNSPEAKABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element_names(names: Iterable[str]) -> list[str]:
    """A name for an element for each name: ``_`` for what XML has not, told apart by numbers."""
    found: list[str] = []
    for name in names:
        plain = _STRANGE.sub("_", name)
        found.append(free_name(plain if _STARTS.match(plain) else f"_{plain}", found))
    return found


def id_of(dataset_id: str, fid: str) -> str:
    """The ``gml:id`` of a feature: the dataset's id, a point, and the feature's, strange characters as ``_x0020_``."""
    return f"{element_names([dataset_id])[0]}.{_STRANGE_IN_ID.sub(lambda found: f'_x{ord(found[0]):04X}_', fid)}"


def escaped(text: str) -> str:
    """Text between tags; what XML 1.0 cannot say at all is U+FFFD."""
    found = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return _UNSPEAKABLE.sub("\ufffd", found)


def quoted(text: str) -> str:
    """Text between double quotes."""
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
