"""What pop-ups and names say: the attributes of the drawn features as inert text."""

from __future__ import annotations

import json
from typing import Any, Final

from geoportal.language import text
from geoportal.maps.escape import inert, shortened
from geoportal.maps.values import readable
from geoportal.model.layer import ID_COLUMN, Layer
from geoportal.model.record import Record

MOST_FIELDS: Final = 14


class Values:
    """What the pop-ups say: inert headings, labels and values of the drawn features, and their weight in bytes."""

    def __init__(self, layer: Layer, record: Record, rows: Any, language: str) -> None:
        """Read the drawn ``rows`` of the layer's frame."""
        frame = layer.frame.iloc[rows]
        names = [field.name for field in layer.fields] or [str(name) for name in frame.columns]
        spatial = getattr(layer.frame, "active_geometry_name", None)
        names = [name for name in names if name in frame.columns and name not in (spatial, ID_COLUMN)]
        label = record.label if record.label in names else None
        shown = [name for name in names if name != label]
        self.hidden = max(0, len(shown) - MOST_FIELDS)
        self.labels = [inert(shortened(record.field_title(name, language), 80)) for name in shown[:MOST_FIELDS]]
        columns = []
        for name in shown[:MOST_FIELDS]:
            meaning = record.fields.get(name)
            columns.append(readable(frame[name], language, meaning.unit if meaning else None))
        headings = readable(frame[label], language) if label else [None] * len(frame)
        self.named = [heading is not None for heading in headings]
        self.plain = [
            shortened(heading, 120) if heading else text("maps", "feature", language, number=row + 1)
            for heading, row in zip(headings, rows, strict=True)
        ]
        self.properties: list[dict[str, str]] = []
        for position, heading in enumerate(self.plain):
            said = {f"f{place}": column[position] for place, column in enumerate(columns)}
            own = {key: inert(value) for key, value in said.items() if value is not None}
            self.properties.append({"n": inert(heading)} | own)
        self.none = inert(text("maps", "value.none", language))
        more = text("maps", "popup.more", language, count=self.hidden) if self.hidden else ""
        self.more = f"<p>{inert(more)}</p>" if more else ""
        self.close = inert(text("maps", "popup.close", language))

    @property
    def weight(self) -> int:
        """Bytes of all properties in the page, about."""
        return len(json.dumps(self.properties)) + 90 * len(self.properties)
