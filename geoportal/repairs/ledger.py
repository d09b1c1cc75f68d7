"""The ledger of a repair: ``repair.jsonl``, one line a change, with all that is needed to take it back.

The first line says what the layer was before anything was touched (names, fields, reference system, digest) and the
digest of what came out. Each further line is one change of one feature, field or reference system: the rule that asked
for it, digest before and after, what stood there before (geometry as ISO WKB in base64), and how much area and centroid
moved. A ledger holds no clock: the same repair of the same file gives the same bytes.

A ledger that is read is a foreign file. Everything in it is checked here before anyone acts on it (DamagedLedger).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as filled
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from geoportal.errors import DamagedLedger
from geoportal.model.layer import GEOMETRY_TYPES, Field, Layer
from geoportal.repairs.shapes import ensure_wkb
from geoportal.repairs.values import DTYPES, decode, kept_dtype

FORMAT = "geoportal-repair"
EDITION = 1
LARGEST_FEATURES = 50_000_000
LONGEST_NAME = 1000
_TYPES = ("string", "integer", "number", "boolean", "date", "date-time", "time", "binary", "json")
_GEOMETRY_TYPES = (None, "Unknown", *GEOMETRY_TYPES)
_HEX = frozenset("0123456789abcdef")


class Kind(StrEnum):
    """What a line of the ledger is about."""

    GEOMETRY = "geometry"  # the geometry of one feature
    VALUE = "value"  # one value of one feature
    DROP = "drop"  # a feature that was left out, kept here whole
    RENAME = "rename"  # the name of a field
    RETYPE = "retype"  # the type of a field; its values have lines of their own
    CRS = "crs"  # the reference system of the layer
    READ = "read"  # what the reader had to change to read the file at all; before the original of this ledger


@dataclass(frozen=True, slots=True)
class Receipt:
    """One change. ``row`` is the number (from 0) of the feature in the original layer, ``feature`` what people call it.

    ``before`` and ``after`` hold a ``digest``; ``before`` also what to put back: ``wkb``, ``value``, ``values``,
    ``name``, ``type`` or ``crs``. ``area_delta_m2`` and ``centroid_delta_m`` are measured on the ground, None where
    they cannot be.
    """

    step: int
    rule: str
    kind: Kind
    feature: str | None = None
    row: int | None = None
    field: str | None = None
    before: dict[str, Any] = filled(default_factory=dict)
    after: dict[str, Any] = filled(default_factory=dict)
    area_delta_m2: float | None = None
    centroid_delta_m: float | None = None
    facts: dict[str, Any] = filled(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The receipt as one line of the ledger; parts that say nothing are left out."""
        value = {
            "step": self.step,
            "rule": self.rule,
            "kind": str(self.kind),
            "feature": self.feature,
            "row": self.row,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "area_delta_m2": self.area_delta_m2,
            "centroid_delta_m": self.centroid_delta_m,
            "facts": self.facts,
        }
        return {name: part for name, part in value.items() if part is not None and part != {}}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a layer was before it was repaired: all that a list of changes does not say."""

    name: str
    crs: str | None
    fields: tuple[Field, ...]
    dtypes: tuple[str, ...]
    geometry_type: str | None
    geometry_name: str | None
    features: int
    ids: tuple[str, ...] | None
    geometry_optional: bool
    digest: str

    @classmethod
    def of(cls, layer: Layer, digest: str) -> Origin:
        """The origin that a layer is."""
        has_geometry = layer.geometry_type is not None
        return cls(
            name=layer.name,
            crs=layer.crs,
            fields=layer.fields,
            dtypes=tuple(kept_dtype(layer.frame[item.name]) for item in layer.fields),
            geometry_type=layer.geometry_type,
            geometry_name=str(layer.frame.geometry.name) if has_geometry else None,
            features=len(layer),
            ids=layer.ids,
            geometry_optional=layer.geometry_optional,
            digest=digest,
        )

    def as_dict(self) -> dict[str, Any]:
        """The origin as JSON."""
        return {
            "name": self.name,
            "crs": self.crs,
            "fields": [[f.name, f.type, f.width, kept] for f, kept in zip(self.fields, self.dtypes, strict=True)],
            "geometry_type": self.geometry_type,
            "geometry_name": self.geometry_name,
            "features": self.features,
            "ids": list(self.ids) if self.ids is not None else None,
            "geometry_optional": self.geometry_optional,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class Ledger:
    """The origin, the changes in the order in which they were made, and the digest of the layer that came out.

    ``source`` is the name of the file, ``spec`` the profile it was repaired for.
    """

    origin: Origin
    receipts: tuple[Receipt, ...]
    digest: str
    source: str = ""
    spec: str | None = None

    def lines(self) -> Iterator[bytes]:
        """The ledger as lines of JSON, the head first. The head ends with a seal over all of them."""
        head = {
            "ledger": FORMAT,
            "edition": EDITION,
            "source": self.source,
            "spec": self.spec,
            "changes": len(self.receipts),
            "origin": self.origin.as_dict(),
            "after": {"digest": self.digest},
        }
        lines = [orjson.dumps(receipt.as_dict()) for receipt in self.receipts]
        yield orjson.dumps({**head, "seal": _sealed(head, lines)}) + b"\n"
        for line in lines:
            yield line + b"\n"

    def write(self, target: Path) -> None:
        """Write the ledger to a file, whole or not at all. OSError when the disk does not take it."""
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as stream:
                stream.writelines(self.lines())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def read_ledger(path: Path, *, largest: int) -> Ledger:
    """The ledger in a file of at most ``largest`` bytes. DamagedLedger when it is none; OSError."""
    with path.open("rb") as stream:
        if path.stat().st_size > largest:
            raise DamagedLedger(f"{path.name} is larger than {largest} bytes")
        lines = [line for line in stream.read(largest + 1).split(b"\n") if line]
    try:
        head: Any = orjson.loads(lines[0]) if lines else None
        if _digest(head.pop("seal")) != _sealed(head, lines[1:]):
            raise ValueError("the lines are not those that were sealed")
        return _understood(head, [orjson.loads(line) for line in lines[1:]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedLedger(f"{path.name}: {' '.join(str(error).split())[:200]}") from error


def _sealed(head: Any, lines: list[bytes]) -> str:
    """The sha256 of a whole ledger: an editor that changed a letter of it is noticed."""
    return hashlib.sha256(b"\n".join((orjson.dumps(head), *lines))).hexdigest()


def _understood(head: Any, rest: list[Any]) -> Ledger:
    if head["ledger"] != FORMAT or head["edition"] != EDITION:
        raise ValueError("not a ledger of this kind")
    origin = _origin(head["origin"])
    if head["changes"] != len(rest):
        raise ValueError(f"{len(rest)} lines instead of {head['changes']}")
    receipts = tuple(_receipt(line, origin) for line in rest)
    spec = None if head["spec"] is None else _text(head["spec"])
    return Ledger(origin, receipts, _digest(head["after"]["digest"]), _text(head["source"]), spec)


def _origin(value: Any) -> Origin:
    fields, dtypes = [], []
    for name, kind, width, kept in value["fields"]:
        if kind not in _TYPES or kept not in DTYPES or not (width is None or _is_number(width, 1 << 31)):
            raise ValueError("a field of no known type")
        fields.append(Field(_text(name), kind, width))
        dtypes.append(kept)
    if len({item.name for item in fields}) != len(fields):
        raise ValueError("two fields of one name")
    features, ids = value["features"], value["ids"]
    if not _is_number(features, LARGEST_FEATURES):
        raise ValueError("no number of features")
    if ids is not None and len(ids) != features:
        raise ValueError("not one id a feature")
    kind, shapes = value["geometry_type"], value["geometry_name"]
    if kind not in _GEOMETRY_TYPES or (kind is None) != (shapes is None):
        raise ValueError("no type of geometry")
    return Origin(
        name=_text(value["name"]),
        crs=None if value["crs"] is None else _text(value["crs"], 100_000),
        fields=tuple(fields),
        dtypes=tuple(dtypes),
        geometry_type=kind,
        geometry_name=None if shapes is None else _text(shapes),
        features=features,
        ids=None if ids is None else tuple(_text(item) for item in ids),
        geometry_optional=value["geometry_optional"] is True,
        digest=_digest(value["digest"]),
    )


def _receipt(line: Any, origin: Origin) -> Receipt:
    """One line, believed only when it holds all that its kind needs to be taken back."""
    kind = Kind(line["kind"])
    row, name = line.get("row"), line.get("field")
    before, after = line.get("before", {}), line.get("after", {})
    if type(before) is not dict or type(after) is not dict or not _is_number(line["step"], 1 << 31):
        raise ValueError("no change")
    if kind in (Kind.GEOMETRY, Kind.VALUE, Kind.DROP) and not _is_number(row, origin.features - 1):
        raise ValueError("a change of no feature")
    match kind:
        case Kind.GEOMETRY:
            _shape(before["wkb"])
            _digest(after["digest"])
        case Kind.VALUE:
            _text(name)
            decode(before["value"])
            _digest(after["digest"])
        case Kind.DROP:
            if origin.geometry_type is not None:
                _shape(before["wkb"])
            for item, kept in before["values"].items():
                _text(item)
                decode(kept)
        case Kind.RENAME:
            _text(before["name"])
            _text(after["name"])
        case Kind.RETYPE:
            _text(name)
        case Kind.CRS:
            for crs in (before["crs"], after["crs"]):
                if crs is not None:
                    _text(crs, 100_000)
        case Kind.READ:
            pass
    return Receipt(
        step=line["step"],
        rule=_text(line["rule"]),
        kind=kind,
        feature=None if line.get("feature") is None else _text(line["feature"], 100_000),
        row=row,
        field=name,
        before=before,
        after=after,
        area_delta_m2=_measure(line.get("area_delta_m2")),
        centroid_delta_m=_measure(line.get("centroid_delta_m")),
        facts=line.get("facts", {}),
    )


def shape_of(text: str | None) -> bytes | None:
    """The WKB of a line; ValueError for text that is none."""
    return None if text is None else base64.b64decode(text, validate=True)


def _shape(text: Any) -> None:
    try:
        if text is not None:
            ensure_wkb(base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise ValueError("no geometry") from error


def _digest(text: Any) -> str:
    if not isinstance(text, str) or len(text) != 64 or not set(text) <= _HEX:
        raise ValueError("no digest")
    return text


def _text(value: Any, longest: int = LONGEST_NAME) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("no text where one must be")
    return value


def _measure(value: Any) -> float | None:
    if value is not None and type(value) not in (int, float):
        raise ValueError("no number where one must be")
    return value if value is None else float(value)


def _is_number(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
