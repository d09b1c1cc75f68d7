"""Codes of the Indonesian feature catalogue KUGI (ISO 19110), read without any list: the code says what it is.

A code has ten characters, such as ``BA03070040``: catalogue letter, sub-theme letter, geometry (01 point, 02 line,
03 area), scale (01 = 1:1,000,000 ... 10 = 1:1,000), serial number. Identity is the code, never the name: release
5.1.2026 took the scale out of the names (``JALAN_LN``, not ``JALAN_LN_25K``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GEOMETRIES = {"01": "PT", "02": "LN", "03": "AR"}
SCALES = {
    "01": 1_000_000, "02": 500_000, "03": 250_000, "04": 100_000, "05": 50_000,
    "06": 25_000, "07": 10_000, "08": 5_000, "09": 2_500, "10": 1_000,
}  # fmt: skip
"""Scale code -> denominator."""

_CODE = re.compile(r"([A-Z])([A-Z])(\d\d)(\d\d)(\d{4})", re.ASCII)
_OLD_CODE = re.compile(r"([A-Z])([A-Z])(\d{4})", re.ASCII)
_SCALE_IN_NAME = re.compile(r"_(?:\d+(?:[.,]\d+)?K|\d+(?:JT|M)|1JT)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KugiCode:
    """A code taken apart. ``geometry`` is PT, LN or AR and ``scale`` a denominator; both None in the old six-character
    codes (LCODE), which named neither.
    """

    code: str
    catalogue: str
    subtheme: str
    geometry: str | None
    scale: int | None
    serial: str

    @property
    def is_old(self) -> bool:
        """Whether this is a code of the old six-character kind."""
        return self.geometry is None


def parse_code(text: str) -> KugiCode | None:
    """The parts of a code, in any case and with blanks around or within; None where it is none."""
    code = re.sub(r"\s+", "", text).upper()
    if found := _CODE.fullmatch(code):
        letter, subtheme, geometry, scale, serial = found.groups()
        if geometry in GEOMETRIES and scale in SCALES:
            return KugiCode(code, letter, subtheme, GEOMETRIES[geometry], SCALES[scale], serial)
        return None
    if found := _OLD_CODE.fullmatch(code):
        return KugiCode(code, found.group(1), found.group(2), None, None, found.group(3))
    return None


def fault_of(text: str) -> str:
    """Why a text is no code, as the name of the part that is wrong: length, letters, geometry, scale or serial."""
    code = re.sub(r"\s+", "", text).upper()
    if len(code) not in (6, 10):
        return "length"
    if not re.match(r"[A-Z]{2}", code):
        return "letters"
    if len(code) == 10 and code[2:4] not in GEOMETRIES:
        return "geometry"
    if len(code) == 10 and code[4:6] not in SCALES:
        return "scale"
    return "serial"


def name_without_scale(name: str) -> str:
    """A feature name as release 5.1.2026 writes it: ``JALAN_LN_25K`` becomes ``JALAN_LN``."""
    return _SCALE_IN_NAME.sub("", name.strip())


@dataclass(frozen=True, slots=True)
class KugiLists:
    """The printed part of the catalogue that a layer can be compared with; it is far from whole, so that what it does
    not hold is unknown, not wrong.

    ``catalogues`` are letters; ``domains`` maps a field name to the values that are printed for it; ``old_names`` are
    names of layers before release 5.1.2026 that no longer hold and carry no scale.
    """

    catalogues: tuple[str, ...] = ()
    domains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    old_names: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The lists as JSON; ``from_dict`` gives them back."""
        return {
            "catalogues": list(self.catalogues),
            "domains": {name: list(values) for name, values in self.domains.items()},
            "old_names": list(self.old_names),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> KugiLists:
        """The lists from their JSON."""
        return cls(
            tuple(value["catalogues"]),
            {name: tuple(values) for name, values in value["domains"].items()},
            tuple(value["old_names"]),
        )
