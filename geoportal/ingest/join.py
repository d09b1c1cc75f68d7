"""A table without geometry takes that of a region layer of this node, by the codes that both hold.

Runs in the child: the table is foreign, and so it stays behind the walls; the region layer is a copy of the node's own
sealed file, laid beside the upload, read-only. Codes are compared without dots and blanks and in capitals (11.01.01 is
110101), never by their beginning: a BPS code is not a Kemendagri code. Rows keep their order; a row whose code is not
found keeps everything but has no geometry. This module is light: pandas and GDAL come when they are needed.
"""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoportal.errors import StorageFull
from geoportal.ingest.intake import FULL
from geoportal.ingest.refusal import Note, few, shown

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer

ENOUGH = 0.5
"""The part of a column's values that must be codes of a layer for the column to be taken for codes of it."""

_SHORTEST = 4  # numbers of less than four digits are found in every table
_NAMED, _SUGGESTED, _MOST_COMPARED = 1000, 30, 1000


@dataclass(frozen=True, slots=True)
class RegionLayer:
    """A published layer of this node that codes may refer to, and its sealed file.

    ``key`` is the field that holds its codes, None when nobody said; ``access`` and ``opd`` are those of its dataset.
    """

    dataset: str
    version: int
    digest: str
    crs: str | None
    key: str | None
    path: str
    access: str = "PUBLIC"
    opd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinWish:
    """What a table may be joined to. Without ``given`` it is the one column that fits the one layer, if there is one.

    ``given``: to the first of ``layers``, and to nothing else; ``column`` and ``key`` are found where they are None.
    ``required``: a file with geometry of its own is then a mistake. ``only_suggest``: nothing is joined.
    """

    layers: tuple[RegionLayer, ...]
    given: bool = False
    column: str | None = None
    key: str | None = None
    required: bool = False
    only_suggest: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The wish as JSON; ``from_dict`` gives it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> JoinWish:
        """The wish from its JSON."""
        layers = tuple(RegionLayer(**{**item, "opd": tuple(item["opd"])}) for item in value["layers"])
        return cls(**{**value, "layers": layers})


@dataclass(frozen=True, slots=True)
class _Match:
    """One column of the table held against one key of a region layer: for each row the region's number, -1 for none."""

    region: RegionLayer
    layer: Layer = field(compare=False)
    column: str = ""
    key: str = ""
    rows: NDArray[Any] | None = field(default=None, compare=False)
    share: float = 0.0


def lay_beside(wish: JoinWish, folder: Path) -> JoinWish:
    """Copy the files of the region layers beside the upload, for the child; the wish with the copies' names.

    Copies, because a link to a sealed file would be the sealed file. StorageFull when the disk is full.
    """
    layers = []
    for number, region in enumerate(wish.layers, 1):
        name = f"region-{number}.gpkg"
        try:
            shutil.copyfile(region.path, folder / name)
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull("the data directory is full") from error
            raise
        layers.append(replace(region, path=name))
    return replace(wish, layers=tuple(layers))


def joined(layer: Layer, wish: JoinWish, folder: Path) -> Layer:
    """The table with the geometry of the region that its codes name, or as it was; its notes say which.

    ``folder`` holds the files of the region layers. A wish that cannot be met is the note ``join-impossible``.
    """
    if layer.geometry_type is not None:
        return _noted(layer, _impossible(wish, "join-has-geometry")) if wish.required else layer
    if not len(layer):
        return layer
    found = []
    codes = _codes(layer, wish)
    if codes is None:
        return _noted(layer, _impossible(wish, "join-no-column"))
    for region in wish.layers:
        matches = _matches(codes, region, wish, folder)
        if isinstance(matches, str):
            return _noted(layer, _impossible(wish, matches))
        found += matches
    if wish.given:
        if not found:
            return _noted(layer, _impossible(wish, "join-no-match"))
        if len(found) > 1:
            return _noted(layer, _impossible(wish, "join-several-columns"))
    if not found:
        return layer
    if len(found) > 1 or wish.only_suggest:
        options = [f"{match.region.dataset}:{shown(match.column)}" for match in found]
        return _noted(layer, ("join-possible", {"options": list(dict.fromkeys(options))}))
    return _placed(layer, found[0])


def _noted(layer: Layer, note: Note) -> Layer:
    return replace(layer, notes=(*layer.notes, note))


def _impossible(wish: JoinWish, reason: str) -> Note:
    return "join-impossible", {"dataset": wish.layers[0].dataset, "reason": reason, "column": wish.column}


def _codes(layer: Layer, wish: JoinWish) -> dict[str, pandas.Series[Any]] | None:
    """The columns that may hold codes, as they are compared; None where the one that was named is not there."""
    names = [item.name for item in layer.fields if item.type in ("string", "integer")]
    if wish.given and wish.column is not None:
        named = _field(wish.column, [item.name for item in layer.fields])
        if named is None:
            return None
        names = [named]
    return {name: codes for name in names if (codes := normal(layer.frame[name])).notna().any()}


def _matches(
    codes: Mapping[str, pandas.Series[Any]], region: RegionLayer, wish: JoinWish, folder: Path
) -> list[_Match] | str:
    """The columns of the table that hold codes of a region layer; the reason where a given one cannot be used."""
    import pandas as pd

    regions = _read(region, folder)
    key = wish.key if wish.given and wish.key is not None else region.key
    if key is not None and _field(key, [item.name for item in regions.fields]) is None:
        return "join-no-key" if wish.given else []
    keys = dict(_keys(regions, key))
    if key is not None and not keys:
        return "join-key-repeats" if wish.given else []
    found: list[_Match] = []
    about_bps = False
    for name, column in codes.items():
        known = column.notna()
        best = _Match(region, regions)
        for key_name, index in keys.items():
            if _is_bps(name) != _is_bps(key_name) and (_is_bps(name) or _is_bps(key_name)):
                about_bps = True
                continue
            rows = index.get_indexer(pd.Index(column.where(known, "")))
            share = float((rows >= 0).sum() / known.sum())
            if share > best.share:
                best = _Match(region, regions, name, key_name, rows, share)
        if best.share >= ENOUGH or (best.share > 0 and wish.given and wish.column is not None):
            found.append(best)
    return "join-bps" if about_bps and not found and wish.given and wish.column is not None else found


def _read(region: RegionLayer, folder: Path) -> Layer:
    from geoportal.ingest.reader import read_layer
    from geoportal.ingest.source import Source

    options = {"LIST_ALL_TABLES": "NO", "IMMUTABLE": "YES"}
    path = folder / region.path
    return read_layer(Source(region.dataset, "GPKG", path, table="layer", crs=region.crs, options=options))


def _field(name: str, names: list[str]) -> str | None:
    """The field of that name, or the only one that differs from it in case alone."""
    if name in names:
        return name
    alike = [item for item in names if item.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def _keys(regions: Layer, key: str | None) -> Iterator[tuple[str, pandas.Index[Any]]]:
    """The fields of a region layer that tell its features apart by codes, with the codes in their order."""
    import pandas as pd

    wanted = _field(key, [item.name for item in regions.fields]) if key is not None else None
    for item in regions.fields:
        if item.type not in ("string", "integer") or (wanted is not None and item.name != wanted):
            continue
        codes = normal(regions.frame[item.name])
        if codes.isna().any() or codes.duplicated().any():
            continue
        if wanted is None and not (codes.str.len().min() >= _SHORTEST and codes.str.contains("[0-9]").all()):
            continue
        yield item.name, pd.Index(codes)


def normal(column: pandas.Series[Any]) -> pandas.Series[Any]:
    """Codes in the form in which they are compared: letters and digits alone, in capitals; blanks are missing."""
    texts = column.astype("string")
    codes = texts.str.replace(r"[^0-9A-Za-z]+", "", regex=True).str.upper().astype(object)
    return codes.where(codes.notna() & (codes != ""), None)


def _is_bps(name: str) -> bool:
    return "bps" in name.casefold()


def _placed(layer: Layer, match: _Match) -> Layer:
    import geopandas
    import numpy as np

    from geoportal.ingest.columns import free_name
    from geoportal.ingest.geometry import common_type

    rows = match.rows
    assert rows is not None
    shapes = np.full(len(layer), None, dtype=object)
    shapes[rows >= 0] = np.asarray(match.layer.frame.geometry.to_numpy(), dtype=object)[rows[rows >= 0]]
    frame = layer.frame.assign(**{match.column: layer.frame[match.column].astype("string").astype("str")})
    name = free_name("geometry", [item.name for item in layer.fields])
    return replace(
        layer,
        frame=geopandas.GeoDataFrame(frame.assign(**{name: shapes}), geometry=name, crs=match.layer.crs),
        crs=match.layer.crs,
        fields=tuple(
            replace(item, type="string", width=None) if item.name == match.column else item for item in layer.fields
        ),
        geometry_type=common_type(shapes, None),
        notes=(*layer.notes, *_told(layer, match, rows)),
    )


def _told(layer: Layer, match: _Match, rows: NDArray[Any]) -> Iterator[Note]:
    import numpy as np

    region, written = match.region, layer.frame[match.column].astype("string")
    yield (
        "table-joined",
        {
            "dataset": region.dataset,
            "version": region.version,
            "digest": region.digest,
            "access": region.access,
            "opd": list(region.opd),
            "column": shown(match.column),
            "key": shown(match.key),
            "total": len(layer),
            "count": int((rows >= 0).sum()),
        },
    )
    keys = match.layer.frame[match.key].astype("string").to_list()
    lost = np.flatnonzero(rows < 0)
    if len(lost):
        details = list(_details(written.iloc[lost].to_list(), keys))
        values = dict.fromkeys(item["value"] for item in details)
        pairs = dict.fromkeys(f"{d['value']} > {d['suggestion']}" for d in details if d["suggestion"])
        yield "join-unmatched", _rows(lost, dataset=region.dataset, values=few(values),
                                      suggestions=few(pairs, 130), details=details)  # fmt: skip
    _, first = np.unique(rows, return_index=True)
    again = np.setdiff1d(np.flatnonzero(rows >= 0), first)
    if len(again):
        details = [{"value": shown(str(value), 60)} for value in written.iloc[again[:_NAMED]]]
        values = dict.fromkeys(item["value"] for item in details)
        yield "join-duplicate", _rows(again, values=few(values), details=details)
    absent = np.setdiff1d(np.arange(len(keys)), rows)
    if len(absent):
        missing = few(keys[row] for row in absent.tolist())
        yield "join-missing", {"dataset": region.dataset, "values": missing, "count": len(absent)}


def _rows(index: NDArray[Any], **params: Any) -> dict[str, Any]:
    """Parameters of a note about rows, which are named by their number from 1."""
    return {**params, "count": len(index), "features": [str(row + 1) for row in index[:_NAMED].tolist()]}


def _details(values: list[Any], keys: list[str]) -> Iterator[dict[str, Any]]:
    """For each value that was not found: the value, and a code that it may stand for."""
    import pandas as pd

    known = dict(zip(normal(pd.Series(keys)), keys, strict=True))
    codes = list(normal(pd.Series(values, dtype="object")))
    for at, (value, code) in enumerate(zip(values[:_NAMED], codes, strict=False)):
        text = "" if value is None or pd.isna(value) else shown(str(value), 60)
        near = _near(code, known) if isinstance(code, str) and at < _SUGGESTED else None
        yield {"value": text, "suggestion": near}


def _near(code: str, known: Mapping[str, str]) -> str | None:
    """The code that was probably meant: zeros that a spreadsheet took, letters that look like digits, one slip."""
    if len(code) > 40:
        return None
    digits = code.translate(str.maketrans("OQILSB", "001158"))
    lengths = {len(item) for item in known}
    for tried in (digits, *(digits.ljust(n, "0") for n in lengths), *(digits.rjust(n, "0") for n in lengths)):
        if tried in known:
            return known[tried]
    if len(known) > _MOST_COMPARED:
        return None
    alike = [item for item in difflib.get_close_matches(digits, known, n=2, cutoff=0.8) if len(item) == len(digits)]
    return known[alike[0]] if len(alike) == 1 else None
