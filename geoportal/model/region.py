"""The region a node serves: where it lies and which reference systems its data may come in. Always from ``config/``,
never from code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geoportal.model.text import LocalText


@dataclass(frozen=True, slots=True)
class Region:
    """A region by name and code, its extent in degrees (west, south, east, north; WGS 84), and the CRS that its data
    comes in.

    ``crs_candidates`` are tried, in this order, on a layer without a CRS: suggestions for the officer, never applied
    without a yes.
    """

    name: LocalText = field(default_factory=LocalText)
    code: str | None = None
    extent: tuple[float, float, float, float] | None = None
    crs_candidates: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The region as JSON; ``from_dict`` gives it back."""
        return {
            "name": {"id": self.name.id, "en": self.name.en},
            "code": self.code,
            "extent": list(self.extent) if self.extent else None,
            "crs_candidates": list(self.crs_candidates),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Region:
        """The region from its JSON."""
        extent = value.get("extent")
        return cls(
            name=LocalText.of(value.get("name")),
            code=value.get("code"),
            extent=(extent[0], extent[1], extent[2], extent[3]) if extent else None,
            crs_candidates=tuple(value.get("crs_candidates") or ()),
        )
