"""The reference system of a source as text: ``AUTHORITY:CODE`` where one fits exactly, else its WKT. Never guessed.

A label is not believed either: a definition that calls itself EPSG:4326 and describes something else keeps its WKT
and gets a note.
"""

from __future__ import annotations

from pyproj import CRS
from pyproj.exceptions import CRSError

from geoportal.errors import BadRequest
from geoportal.ingest.refusal import Note, shown

GEOJSON_DEFAULT = "OGC:CRS84"
"""What a GeoJSON without crs member is in (RFC 7946, 4): WGS 84, longitude before latitude."""

_LIKELY = 70  # confidence from which a near match is worth naming to the officer


def identify(definition: str | None) -> tuple[str | None, list[Note]]:
    """The reference system that a definition (WKT, URN, AUTHORITY:CODE) describes, and what must be said of it.

    None with a note when there is a text that nobody can read; None without a note when there is no text.
    """
    if definition is None or not definition.strip(" \0\t\r\n"):
        return None, []
    text = definition.strip(" \0\t\r\n\ufeff")
    try:
        found = CRS.from_user_input(text)
    except CRSError:
        return None, [("reader-message", {"message": f"CRS: {shown(text)}"})]
    return _named(found)


def _named(found: CRS) -> tuple[str | None, list[Note]]:
    # WKT 1 with TOWGS84 is a system plus a way out of it; the system itself is what the coordinates are in.
    plain = found.source_crs if found.is_bound and found.source_crs is not None else found
    if plain.is_engineering or plain.name.casefold().startswith("undefined"):
        return None, []
    if exact := _authority(plain, 100):
        return exact, []
    return plain.to_wkt(), [("crs-without-authority", {"name": shown(plain.name), "best": _authority(plain, _LIKELY)})]


def _authority(crs: CRS, confidence: int) -> str | None:
    pair = crs.to_authority(min_confidence=confidence)
    return ":".join(pair) if pair else None


def parse_given(text: str) -> str:
    """The reference system that an officer named, in our spelling. Raises BadRequest for one that does not exist."""
    try:
        found = CRS.from_user_input(text.strip())
    except CRSError as error:
        raise BadRequest(f"there is no reference system {text!r}", crs=text) from error
    name, _ = _named(found)
    if name is None:
        raise BadRequest(f"{text!r} is no reference system of the earth", crs=text)
    return name


def same(one: str, other: str) -> bool:
    """Whether two reference systems are one for coordinates that are always x before y (CRS84 and EPSG:4326 are)."""
    return one == other or CRS.from_user_input(one).equals(CRS.from_user_input(other), ignore_axis_order=True)


def settle(stated: str | None, given: str | None) -> tuple[str | None, list[Note]]:
    """The reference system that holds: the file's own; the officer's only where the file has none. Two that differ
    are a conflict.
    """
    if given is None or stated is None:
        return stated or given, []
    if same(stated, given):
        return stated, []
    return stated, [("crs-conflict", {"stated": shown(stated), "given": shown(given)})]
