"""What lies in a folder of serving files: ``summary.json``, its facts as frozen objects, and the names of the files.

Files (little-endian; ``n`` features, rows counted from 0, in the order that ``order`` gives):

    fragments.bin       n GeoJSON Feature texts in CRS84 with ``,`` between: any run of rows is one slice of a page
    fragments.offsets   int64 (n + 1): where each text starts; it ends one byte before the next starts
    fragments.geometry  uint32 (n, 2): start and end of the geometry in the text, so that it can be exchanged unparsed
    source.wkb          the source's geometry and coordinates, x before y, no measures
    source.offsets      int64 (n + 1): where each starts; two equal ones say that a feature has no geometry
    exact.wkb           flat geometry in CRS84 as the fragments have it, for exact tests; exact.offsets likewise.
                        Both absent when the source says the same
    spatial.*           the packed index of CRS84 envelopes, see ``spatial``
    source.order        int32 (n): the place of each row in the source; absent where rows have the source's order
    ids.*               from ids that are whole numbers to rows and back, see ``ids``; absent for others, and where an
                        id is the row + 1
    blocks.*            features compressed beforehand, see ``blocks``; absent for a small layer
    words.sqlite        the words of all texts, see ``words``; absent where no field is text
    values.index        the rows of each value, see ``values``; absent where no field has an index in rows.sqlite
    rows.sqlite         table ``rows``: row, fid, and c0, c1 ... for the fields (names from files stay out of SQL)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from geoportal.errors import Unavailable
from geoportal.serving.crs import NULL, Extent, Operation
from geoportal.serving.wholeness import FORMAT, SUMMARY

FRAGMENTS, FRAGMENT_OFFSETS, FRAGMENT_GEOMETRY = "fragments.bin", "fragments.offsets", "fragments.geometry"
SOURCE, SOURCE_OFFSETS = "source.wkb", "source.offsets"
EXACT, EXACT_OFFSETS = "exact.wkb", "exact.offsets"
ORDER = "source.order"
ROWS, WORDS = "rows.sqlite", "words.sqlite"

SCALAR = frozenset({"string", "integer", "number", "boolean", "date", "date-time", "time"})
_SCHEMAS: dict[str, dict[str, str]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "json": {},
}


@dataclass(frozen=True, slots=True)
class ServedField:
    """One attribute as it is served: its name, its type (words of ``model.layer.Field``), its column in rows.sqlite.

    ``column`` is None where values cannot be asked for (binary). ``zoned``: the times know their zone, and are written
    in UTC. ``nulls`` counts features without a value; ``least`` and ``greatest`` bound numbers, dates and times.
    """

    name: str
    type: str
    column: str | None
    zoned: bool = False
    nulls: int = 0
    least: Any = None
    greatest: Any = None

    @property
    def queryable(self) -> bool:
        """Whether features can be filtered and sorted by it."""
        return self.column is not None and self.type in SCALAR

    def as_schema(self) -> dict[str, Any]:
        """Type and format in the words of JSON Schema; {} for a list or object."""
        return dict(_SCHEMAS[self.type])


@dataclass(frozen=True, slots=True)
class Summary:
    """The facts of a layer that readers need before they read a feature.

    ``crs`` is as in ``model.layer.Layer``; ``crs_uri`` None where no authority knows it. ``operation`` brought the
    source to CRS84. ``fid_from`` is ``key``, ``source`` or ``row``. ``unplaced`` counts geometries whose coordinates
    are no place on earth (NaN, or outside what the reference system covers): served without geometry. ``placeless``
    counts features without coordinates, those included. ``block_rows`` features are in a block compressed beforehand, 0
    where there are none. ``least_id`` is the least of the ids that are mapped to rows, None where none are.
    """

    count: int
    fields: tuple[ServedField, ...]
    geometry_type: str | None
    dimension: int
    extent_crs84: Extent | None
    extent_source: Extent | None
    crs: str | None
    crs_uri: str | None
    operation: Operation
    fid_from: str
    fid_field: str | None = None
    unplaced: int = 0
    placeless: int = 0
    exact_is_source: bool = True
    block_rows: int = 0
    least_id: int | None = None
    files: Mapping[str, int] = field(default_factory=dict)

    def field_named(self, name: str) -> ServedField | None:
        """The field of this name, None if there is none."""
        return next((each for each in self.fields if each.name == name), None)

    @property
    def times(self) -> dict[str, tuple[str, str]]:
        """First and last value of each date and date-time field that has any."""
        return {
            each.name: (each.least, each.greatest)
            for each in self.fields
            if each.type in ("date", "date-time") and each.least is not None
        }

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON; ``from_dict`` gives it back."""
        return {
            "format": FORMAT,
            "count": self.count,
            "fields": [
                {**{name: getattr(each, name) for name in _FIELD_KEYS}, "schema": each.as_schema()}
                for each in self.fields
            ],
            "geometry_type": self.geometry_type,
            "dimension": self.dimension,
            "extent_crs84": self.extent_crs84,
            "extent_source": self.extent_source,
            "crs": self.crs,
            "crs_uri": self.crs_uri,
            "operation": {name: getattr(self.operation, name) for name in _OPERATION_KEYS},
            "fid_from": self.fid_from,
            "fid_field": self.fid_field,
            "unplaced": self.unplaced,
            "placeless": self.placeless,
            "exact_is_source": self.exact_is_source,
            "block_rows": self.block_rows,
            "least_id": self.least_id,
            "times": self.times,
            "files": dict(self.files),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Summary:
        """The summary from its JSON; Unavailable for a folder of another format, which has to be rebuilt."""
        if value.get("format") != FORMAT:
            raise Unavailable(f"serving files of format {value.get('format')}: rebuild them (this is format {FORMAT})")
        return cls(
            count=value["count"],
            fields=tuple(ServedField(**{name: each[name] for name in _FIELD_KEYS}) for each in value["fields"]),
            geometry_type=value["geometry_type"],
            dimension=value["dimension"],
            extent_crs84=_extent(value["extent_crs84"]),
            extent_source=_extent(value["extent_source"]),
            crs=value["crs"],
            crs_uri=value["crs_uri"],
            operation=Operation(**value["operation"]),
            fid_from=value["fid_from"],
            fid_field=value["fid_field"],
            unplaced=value["unplaced"],
            placeless=value["placeless"],
            exact_is_source=value["exact_is_source"],
            block_rows=value["block_rows"],
            least_id=value["least_id"],
            files=value["files"],
        )


_FIELD_KEYS = ("name", "type", "column", "zoned", "nulls", "least", "greatest")
_OPERATION_KEYS = ("name", "accuracy_m", "ballpark", "pipeline", "best_available")
NO_OPERATION = NULL


def write_summary(folder: Path, summary: Summary) -> None:
    """Write ``summary.json``, last of all files: a folder without it is not complete."""
    (folder / SUMMARY).write_bytes(orjson.dumps(summary.as_dict(), option=orjson.OPT_INDENT_2))


def read_summary(folder: Path) -> Summary:
    """The summary of a folder; Unavailable where there is none."""
    try:
        return Summary.from_dict(orjson.loads((folder / SUMMARY).read_bytes()))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Unavailable("the serving files are not there or not whole: publish again to rebuild them") from error


def _extent(value: Any) -> Extent | None:
    return (value[0], value[1], value[2], value[3]) if value else None
