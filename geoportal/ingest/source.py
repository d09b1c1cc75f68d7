"""One layer of an upload that can be read: what it is called, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoportal.ingest.refusal import Note, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from geoportal.ingest.shapefile import Encoding

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Source:
    """One layer that can be read: what it is called, the only GDAL driver that may open it, and what its file says of
    itself.

    ``crs`` is what the file states (None: nothing). ``parts`` are the files of a shapefile by suffix. ``ids`` are the
    features' own ids where the format gives them ahead of reading; ``reads_ids`` says that they come with the
    features (GeoPackage). ``claims`` are the counts of features that the parts of the file state, to be held against
    what was read. ``large`` counts, by attribute, the integers that a real number cannot hold.

    ``driver`` is None for what no driver of GDAL reads: ``read`` then gives what pyogrio's ``read_arrow`` would, its
    dict (``geometry_type``, ``fid_column``) and the table with WKB in a column marked ``geoarrow.wkb``; it may return
    notes under ``meta["notes"]``. ``options`` are open options of the driver. ``texts`` says that the format has no
    type for dates, so that text that is a date in every row becomes one. ``reads_crs`` says that the reference system
    comes with the features (MapInfo). ``on_request`` is a layer that is read only when somebody names it.
    """

    name: str
    driver: str | None
    path: Path
    table: str | None = None
    crs: str | None = None
    has_geometry: bool = True
    parts: Mapping[str, Path] = field(default_factory=dict)
    encoding: Encoding | None = None
    ids: tuple[str, ...] | None = None
    reads_ids: bool = False
    keys: tuple[str, ...] | None = None
    large: Mapping[str, int] = field(default_factory=dict)
    claims: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    texts: bool = False
    reads_crs: bool = False
    on_request: bool = False
    read: Callable[[Source], tuple[dict[str, Any], pa.Table]] | None = None


def with_own_names(sources: list[Source]) -> list[Source]:
    """The same sources with names that can be told apart: a second ``jalan`` becomes ``jalan (2)``."""
    taken: set[str] = set()
    named = []
    for source in sources:
        name = plain = shown(source.name.strip(), _LONGEST_NAME) or "layer"
        number = 1
        while name in taken:
            number += 1
            name = f"{plain} ({number})"
        taken.add(name)
        named.append(replace(source, name=name))
    return named
