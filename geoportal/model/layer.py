"""A layer as it was read: features, reference system, fields, and what the reader noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import geopandas


ID_COLUMN = "_geoportal_id"
"""The column of a sealed layer.gpkg that keeps the source's own feature ids; never shown, never served as an
attribute.
"""


GEOMETRY_TYPES: Final = (
    "Point",
    "LineString",
    "LineString",  # a LinearRing by itself is a closed line
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)
"""Simple feature types by the number that shapely gives them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute: its name as found and its type in the words of JSON Schema.

    ``type`` is one of string, integer, number, boolean, date, date-time, time, binary, json (a list or object kept as
    JSON text). ``width`` is the length in characters where the source states one.
    """

    name: str
    type: str
    width: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The field as JSON."""
        return {"name": self.name, "type": self.type, "width": self.width}


@dataclass(frozen=True, slots=True)
class Layer:
    """Features with their reference system, in the order and the coordinates of the source; nothing repaired.

    ``frame`` has a geometry column (or none: an attribute table is a plain DataFrame) in the source CRS, x before y,
    and a RangeIndex. ``crs`` is ``AUTHORITY:CODE`` where one fits exactly, else WKT, else None: unknown, never
    assumed. ``ids`` are the source's own feature ids as text, when it has any and they are unique. ``geometry_type``
    is the common simple feature type ('Polygon' covers MultiPolygon only when no feature is multi; 'Unknown' when
    mixed). ``geometry_optional`` says that the schema of the file itself declares its geometry nullable, as GeoParquet
    does: features without one are then meant, and told as a note at intake. ``notes`` are facts that only the reader
    could see, ``(rule id, parameters)``; checks turn them into findings.
    """

    name: str
    frame: geopandas.GeoDataFrame
    crs: str | None
    fields: tuple[Field, ...]
    geometry_type: str | None
    ids: tuple[str, ...] | None = None
    notes: tuple[tuple[str, dict[str, Any]], ...] = field(default=())
    geometry_optional: bool = False

    def __len__(self) -> int:
        """The number of features."""
        return len(self.frame)


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """What a report says of a layer: enough to name it and to see where it lies.

    ``extent`` is (min x, min y, max x, max y) in the layer's own CRS, None when it has no coordinates.
    """

    name: str
    features: int
    crs: str | None
    extent: tuple[float, float, float, float] | None
    geometry_type: str | None
    fields: tuple[Field, ...]

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON (CONTRACT 5, ``layers``)."""
        return {
            "name": self.name,
            "features": self.features,
            "crs": self.crs,
            "extent": list(self.extent) if self.extent else None,
            "geometry_type": self.geometry_type,
            "fields": [field.as_dict() for field in self.fields],
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> LayerSummary:
        """The summary from its JSON."""
        extent = value["extent"]
        return cls(
            name=value["name"],
            features=value["features"],
            crs=value["crs"],
            extent=(extent[0], extent[1], extent[2], extent[3]) if extent else None,
            geometry_type=value["geometry_type"],
            fields=tuple(Field(**item) for item in value["fields"]),
        )
