"""Reading a written file as its receivers will: what it shows must be what was to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geoportal.serving.downloads.contents import Contents, for_programs


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader shows of a file: the number of features, the names of the attributes, the reference system."""

    count: int
    names: tuple[str, ...]
    crs: str | None
    readable: bool = True


def read_by_fiona(path: Path | str, layer: str | None, driver: str) -> Shown:
    """What fiona shows, whose GDAL is another and an older one than the one that writes here."""
    import fiona
    from fiona.errors import FionaError

    try:
        with fiona.open(path, layer=layer, enabled_drivers=[driver]) as opened:
            count = len(opened)
            return Shown(
                count,
                tuple(opened.schema["properties"]),
                opened.crs_wkt or None,
                next(iter(opened), None) is not None or not count,
            )
    except (FionaError, OSError, ValueError) as error:  # some of fiona's are OSError: no full disk, a bad file
        raise RuntimeError(f"{Path(path).name} cannot be read: {error}") from error


def expect_same(
    what: str, contents: Contents, shown: Shown, *, names: Sequence[str], count: int | None = None, crs: bool = True
) -> None:
    """RuntimeError unless a reader shows what was written: such a file is never published."""
    expected = len(contents) if count is None else count
    if (shown.count, list(shown.names)) != (expected, list(names)) or not shown.readable:
        raise RuntimeError(
            f"the {what} of {contents.dataset_id} reads as {shown.count} of {expected} features with {shown.names}"
        )
    if crs:
        expect_place(what, contents, shown.crs)


def expect_place(what: str, contents: Contents, told: str | None) -> None:
    """RuntimeError unless a file tells the layer's reference system. One without a code may be worded anew by a GDAL,
    so of that one is asked for nothing more than that there is one.
    """
    import pyproj

    crs = for_programs(contents.layer.crs)
    if contents.is_table or crs is None:
        return
    if not told:
        raise RuntimeError(f"the {what} of {contents.dataset_id} tells no reference system")
    coded = ":" in crs[:10]
    if coded and not pyproj.CRS(told).equals(pyproj.CRS(crs), ignore_axis_order=True):
        raise RuntimeError(f"the {what} of {contents.dataset_id} reads in another reference system: {told[:80]}")
