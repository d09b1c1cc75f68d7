"""What a layer is compared with: lists of region codes and region layers. From ``config/`` or from the node itself,
never from code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geoportal.model.kugi import KugiLists


@dataclass(frozen=True, slots=True)
class RegionCode:
    """One region of a code list: ``kode``, ``nama``, ``jenis`` (kabupaten, kecamatan, desa ...), ``induk``.

    ``parent`` is None at the top of the list.
    """

    code: str
    name: str
    kind: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list of region codes as one authority printed it in one edition (kode referensi, Perpres 39/2019).

    ``authority`` is the first word of the edition ('Kepmendagri', 'BPS'): codes of one say nothing about the other.
    """

    name: str
    edition: str
    entries: tuple[RegionCode, ...]
    authority: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The list as JSON, entries as rows."""
        return {
            "name": self.name,
            "edition": self.edition,
            "authority": self.authority,
            "entries": [[entry.code, entry.name, entry.kind, entry.parent] for entry in self.entries],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> CodeList:
        """The list from its JSON."""
        entries = tuple(RegionCode(*row) for row in value["entries"])
        return cls(value["name"], value["edition"], entries, value["authority"])


@dataclass(frozen=True, slots=True)
class ReferenceLayer:
    """A region layer that other layers are compared with (desa in kecamatan in kabupaten).

    ``name`` is the id of its dataset, ``path`` a GeoPackage of one layer that was written by this node, ``key`` the
    field with its codes, ``title`` what a person calls it.
    """

    name: str
    path: str
    key: str | None = None
    title: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The reference layer as JSON."""
        return {"name": self.name, "path": self.path, "key": self.key, "title": self.title}


@dataclass(frozen=True, slots=True)
class References:
    """Everything that is known to compare a layer with; empty where nothing is known, and then nothing is said."""

    code_lists: tuple[CodeList, ...] = ()
    layers: tuple[ReferenceLayer, ...] = ()
    kugi: KugiLists | None = None

    def layer(self, name: str) -> ReferenceLayer | None:
        """The reference layer of a dataset, None when it is not to be had."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """The references as JSON; ``from_dict`` gives them back."""
        return {
            "code_lists": [item.as_dict() for item in self.code_lists],
            "layers": [item.as_dict() for item in self.layers],
            "kugi": self.kugi.as_dict() if self.kugi else None,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> References:
        """The references from their JSON."""
        return cls(
            code_lists=tuple(CodeList.from_dict(item) for item in value["code_lists"]),
            layers=tuple(ReferenceLayer(**item) for item in value["layers"]),
            kugi=KugiLists.from_dict(value["kugi"]) if value.get("kugi") else None,
        )


NO_REFERENCES = References()
