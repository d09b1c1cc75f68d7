"""In which reference systems the data of a region may come, proposed from where the region lies (DOMAIN 1.5).

The families are those of Indonesia: WGS 84, SRGI2013 (the one datum since Perban BIG 13/2021), DGN95 with its TM-3
zones, ID74. Which zones of them is asked of PROJ, which knows the area of use of each.
"""

from __future__ import annotations

from dataclasses import dataclass

from geoportal.checks.projection import Box

OFFICIAL = "EPSG:9470"
"""SRGI2013 in degrees: the one datum for spatial data of Indonesia (Perban BIG 13/2021)."""
GEOGRAPHIC = ("EPSG:4326", OFFICIAL)
OLD_GEOGRAPHIC = ("EPSG:4755", "EPSG:4238")
ZONED = ("WGS 84 / UTM zone ", "SRGI2013 / UTM zone ", "DGN95 / Indonesia TM-3 zone ", "DGN95 / UTM zone ")


@dataclass(frozen=True, slots=True)
class ReferenceSystem:
    """A reference system by code and name."""

    code: str
    name: str


def systems_of(extent: Box | None) -> tuple[ReferenceSystem, ...]:
    """The systems whose area of use meets ``extent`` (west, south, east, north; degrees), in the order of the families.

    A region on the equator gets both hemispheres, one across a zone's edge both zones. Without an extent: those in
    degrees alone.
    """
    from pyproj.aoi import AreaOfInterest
    from pyproj.database import query_crs_info
    from pyproj.enums import PJType

    zoned: list[ReferenceSystem] = []
    if extent is not None:
        known = query_crs_info("EPSG", [PJType.PROJECTED_CRS], area_of_interest=AreaOfInterest(*extent))
        for family in ZONED:
            zoned += [
                ReferenceSystem(f"EPSG:{info.code}", info.name)
                for info in sorted(known, key=lambda info: info.name)
                if info.name.startswith(family) and not info.deprecated
            ]
    before, after = ([named(code) for code in codes] for codes in (GEOGRAPHIC, OLD_GEOGRAPHIC))
    return (*before, *zoned, *after)


def named(code: str) -> ReferenceSystem:
    """A reference system by its code, with the name that EPSG gives it; ValueError for one that does not exist."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return ReferenceSystem(code, CRS.from_user_input(code).name)
    except CRSError as error:
        raise ValueError(code) from error
