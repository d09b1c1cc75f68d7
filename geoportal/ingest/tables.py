"""A table as a Source: typed where that is safe, placed where its columns say so, read by no library but our own.

Attributes keep the columns of the file in their order, also those that gave the coordinates. Rows whose coordinates
cannot be read stay, without geometry. A reference system is stated by EWKT alone; a table without coordinates is a
layer without geometry, which ``join`` may place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from geoportal.ingest.columns import free_name
from geoportal.ingest.delimited import Cells, read_cells
from geoportal.ingest.numerals import typed
from geoportal.ingest.places import find_places
from geoportal.ingest.refusal import refuse, shown
from geoportal.ingest.source import Source

_WKB = {"ARROW:extension:name": "geoarrow.wkb"}
FORMS_IN_DEGREES = ("degrees", "dms")
"""Forms of coordinates (parameter of the note table-coordinates) that are degrees without doubt."""


def find_delimited(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of a CSV, TSV or other delimited text file."""
    return [source_of(read_cells(path, max_fields), path, stem, max_fields)]


def source_of(cells: Cells, path: Path, name: str, max_fields: int) -> Source:
    """A Source that gives these cells. Raises fields-too-many."""
    if len(cells.names) > max_fields:
        raise refuse("fields-too-many", count=len(cells.names), limit=max_fields, layer=shown(name))
    made = typed(cells.names, cells.columns, cells.delimiter)
    places = find_places(cells.names, cells.columns, made.decimal, cells.rows)
    notes = [*cells.notes, *made.notes]
    arrays, fields = list(made.columns), [pa.field(column, array.type) for column, array in
                                          zip(cells.names, made.columns, strict=True)]  # fmt: skip
    if places is not None:
        notes += [
            (
                "table-coordinates",
                {"reason": f"coordinates-{places.form}", "fields": [shown(used) for used in places.used]},
            )
        ]
        notes += places.notes
        if places.replaced is not None:
            at = cells.names.index(places.replaced)
            del arrays[at], fields[at]
        name_of_geometry = free_name("geometry", cells.names)
        arrays.append(pa.array(places.wkb, pa.binary()))
        fields.append(pa.field(name_of_geometry, pa.binary(), metadata=_WKB))
    table = pa.table(arrays, schema=pa.schema(fields)) if arrays else pa.table({})
    meta: dict[str, Any] = {"geometry_type": places.geometry_type if places else None, "fid_column": ""}
    return Source(
        name=name,
        driver=None,
        path=path,
        crs=places.crs if places else None,
        has_geometry=places is not None,
        texts=True,
        notes=tuple(notes),
        read=lambda source: (meta, table),
    )
