"""Units of measure as machines read them: the unit that a person wrote, as UCUM (case sensitive form)."""

from __future__ import annotations

import re

UCUM = {
    "m": "m",
    "meter": "m",
    "km": "km",
    "cm": "cm",
    "mm": "mm",
    "m2": "m2",
    "m²": "m2",
    "km2": "km2",
    "km²": "km2",
    "ha": "har",
    "hektare": "har",
    "hektar": "har",
    "are": "ar",
    "m3": "m3",
    "m³": "m3",
    "l": "L",
    "liter": "L",
    "kg": "kg",
    "g": "g",
    "ton": "t",
    "t": "t",
    "s": "s",
    "detik": "s",
    "menit": "min",
    "jam": "h",
    "hari": "d",
    "bulan": "mo",
    "tahun": "a",
    "°": "deg",
    "derajat": "deg",
    "°c": "Cel",
    "%": "%",
    "persen": "%",
    "‰": "[ppth]",
    "v": "V",
    "kv": "kV",
    "w": "W",
    "kw": "kW",
    "mW": "mW",
    "mw": "MW",
    "kwh": "kW.h",
    "hz": "Hz",
    "pa": "Pa",
    "db": "dB",
}
"""What people write, in small letters, and the code of the same unit in UCUM (unitsofmeasure.org)."""

_COUNTED = re.compile(r"[!-z|~]+")


def ucum(unit: str) -> str | None:
    """The UCUM code of a unit as written ('ha' is ``har``, 'jiwa/km²' is ``{jiwa}/km2``); None where it has none.

    What is counted and no unit of measure (jiwa, unit, Rp) becomes an annotation in braces, which UCUM takes for a
    number without dimension.
    """
    parts = [_code(part.strip()) for part in unit.split("/")]
    return "/".join(filter(None, parts)) if all(parts) else None


def _code(part: str) -> str | None:
    known = UCUM.get(part) or UCUM.get(part.casefold())
    return known or (f"{{{part}}}" if _COUNTED.fullmatch(part) else None)
