"""What pygeoapi found for a request whose answer we write: the rows that the provider chose, and the document around
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoportal.ogc.formats.chosen import Chosen


@dataclass(slots=True)
class Taken:
    """Filled while pygeoapi works: ``chosen`` by the provider, ``envelope`` (links, counts) where the document would
    become JSON. It belongs to one request.
    """

    chosen: Chosen | None = None
    envelope: dict[str, Any] = field(default_factory=dict)

    def keep(self, document: Mapping[str, Any]) -> bytes:
        """Keep everything of a document but its features; nothing of it becomes bytes."""
        left_out = ("features", "geometry", "properties")
        self.envelope = {name: value for name, value in document.items() if name not in left_out}
        return b""
