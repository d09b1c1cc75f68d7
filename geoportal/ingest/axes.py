"""srsName of GML as a reference system and an order of axes.

A URN or an address of opengis.net/def follows the order of the authority, which for degrees is latitude first (OGC
09-048r5, GML 3.2 clause 12.3; WFS 2.0 clause 7.9.2.4.4). ``EPSG:4326`` and the old address
``.../gml/srs/epsg.xml#4326`` mean x before y, as every program has written them since GML 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyproj import CRS
from pyproj.exceptions import CRSError

from geoportal.ingest.crs import identify
from geoportal.ingest.refusal import Note, shown

_URN = re.compile(r"urn:(?:x-)?ogc:def:crs:([A-Za-z]+):([^:]*):([\w.\-]+)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://www\.opengis\.net/def/crs/([A-Za-z]+)/([^/]+)/([\w.\-]+)/?", re.IGNORECASE)
_OLD = re.compile(r"https?://www\.opengis\.net/gml/srs/([A-Za-z]+)\.xml#([\w.\-]+)", re.IGNORECASE)
_SHORT = re.compile(r"([A-Za-z]+):([\w.\-]+)")


@dataclass(frozen=True, slots=True)
class System:
    """A reference system as a file states it: ours for it (None: nobody knows), whether its coordinates come as y, x,
    and what must be said.
    """

    crs: str | None
    swapped: bool
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Systems:
    """The reference systems of one file; each name is looked up once."""

    known: dict[str, System] = field(default_factory=dict)

    def of(self, name: str) -> System:
        """The system that an srsName means."""
        if name not in self.known:
            self.known[name] = understood(name)
        return self.known[name]


def understood(name: str) -> System:
    """What an srsName means: ``urn:ogc:def:crs:EPSG::4326`` is latitude first, ``EPSG:4326`` is not."""
    text = name.strip()
    strict = True
    if (found := _URN.fullmatch(text)) or (found := _ADDRESS.fullmatch(text)):
        authority, code = found.group(1).upper(), found.group(3)
    elif (found := _OLD.fullmatch(text)) or (found := _SHORT.fullmatch(text)):
        authority, code, strict = found.group(1).upper(), found.group(2), False
    else:
        return System(None, False, (("reader-message", {"message": f"CRS: {shown(text)}"}),))
    crs, notes = identify(f"{authority}:{code}")
    return System(crs, strict and crs is not None and _first_is_north(f"{authority}:{code}"), tuple(notes))


def _first_is_north(code: str) -> bool:
    """Whether the authority puts latitude or northing before longitude or easting."""
    try:
        axes = CRS.from_user_input(code).axis_info
    except CRSError:
        return False
    return [axis.direction.lower() for axis in axes[:2]] == ["north", "east"]
