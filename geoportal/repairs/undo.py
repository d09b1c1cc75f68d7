"""Takes a repair back: the layer as it was, every geometry byte for byte, every value, name and type, the order, the
reference system.

Each line is undone only where its digest fits what stands there, and what comes out must have the digest of the
original. Anything else is refused: half an undo would be a third layer that nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pyproj.exceptions import ProjError

from geoportal.errors import Conflict, DamagedLedger
from geoportal.model.layer import Layer
from geoportal.repairs.draft import geometries_of
from geoportal.repairs.ledger import Kind, Ledger, Receipt, shape_of
from geoportal.repairs.values import decode, digest_of, layer_digest, listed, wkb

if TYPE_CHECKING:
    import pandas


def undo(layer: Layer, ledger: Ledger) -> Layer:
    """The original of a repaired layer.

    Conflict when the layer is not the one that the repair left; DamagedLedger when the ledger does not lead back.
    """
    if layer_digest(layer) != ledger.digest:
        raise Conflict("the layer was changed after the repair; nothing was undone", say="repaired")
    try:
        undone = _undone(layer, ledger)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, ProjError) as error:
        raise DamagedLedger(f"the ledger does not lead back: {' '.join(str(error).split())[:200]}") from error
    if layer_digest(undone) != ledger.origin.digest:
        raise DamagedLedger("the ledger does not lead back to the original that it names")
    return undone


def _undone(layer: Layer, ledger: Ledger) -> Layer:
    origin = ledger.origin
    dropped = {receipt.row for receipt in ledger.receipts if receipt.kind is Kind.DROP}
    rows = [row for row in range(origin.features) if row not in dropped]
    if len(rows) != len(layer):
        raise ValueError("the number of features does not fit")
    shapes: dict[int, bytes | None] = dict(zip(rows, wkb(geometries_of(layer)).tolist(), strict=True))
    columns = {f.name: dict(zip(rows, listed(layer.frame[f.name]), strict=True)) for f in layer.fields}
    crs = layer.crs
    for receipt in reversed(ledger.receipts):
        match receipt.kind:
            case Kind.GEOMETRY:
                assert receipt.row is not None
                _fits(digest_of(shapes[receipt.row] or b""), receipt)
                shapes[receipt.row] = shape_of(receipt.before["wkb"])
            case Kind.VALUE:
                assert receipt.row is not None and receipt.field is not None
                cells = columns[receipt.field]
                _fits(digest_of(cells[receipt.row]), receipt)
                cells[receipt.row] = decode(receipt.before["value"])
            case Kind.DROP:
                assert receipt.row is not None
                if receipt.row in shapes:
                    raise ValueError("a dropped feature is there")
                shapes[receipt.row] = shape_of(receipt.before["wkb"]) if origin.geometry_type is not None else None
                values = receipt.before["values"]
                if set(values) != set(columns):
                    raise ValueError("the fields of a dropped feature do not fit")
                for name, value in values.items():
                    columns[name][receipt.row] = decode(value)
            case Kind.RENAME:
                old, new = receipt.before["name"], receipt.after["name"]
                if old in columns:
                    raise ValueError("two fields of one name")
                columns[old] = columns.pop(new)
            case Kind.CRS:
                crs = receipt.before["crs"]
            case Kind.RETYPE | Kind.READ:
                pass  # the values have lines of their own, the type stands in the origin
    # Without a line about it, it is still the original one, though a file may have given it another name.
    if crs != origin.crs and any(receipt.kind is Kind.CRS for receipt in ledger.receipts):
        raise ValueError("the reference system is not that of the original")
    return _rebuilt(ledger, shapes, columns)


def _fits(digest: str, receipt: Receipt) -> None:
    if digest != receipt.after["digest"]:
        raise ValueError(f"step {receipt.step} does not fit what stands there")


def _rebuilt(ledger: Ledger, shapes: dict[int, bytes | None], columns: dict[str, dict[int, Any]]) -> Layer:
    import geopandas
    import pandas
    import shapely

    origin = ledger.origin
    order = range(origin.features)
    if set(columns) != {item.name for item in origin.fields}:
        raise ValueError("the fields are not those of the original")
    frame: pandas.DataFrame = pandas.DataFrame(
        {
            item.name: pandas.Series([columns[item.name][row] for row in order], dtype=cast("Any", kept))
            for item, kept in zip(origin.fields, origin.dtypes, strict=True)
        },
        index=pandas.RangeIndex(origin.features),
    )
    if origin.geometry_type is not None:
        geometries = np.empty(origin.features, dtype=object)
        try:
            geometries[:] = shapely.from_wkb([shapes[row] for row in order])
        except shapely.errors.GEOSException as error:
            raise ValueError("a geometry cannot be read") from error
        name = origin.geometry_name or "geometry"
        if name in frame.columns:
            raise ValueError("the geometry has the name of a field")
        frame = geopandas.GeoDataFrame(frame.assign(**{name: geometries}), geometry=name, crs=origin.crs)
    return Layer(
        name=origin.name,
        frame=cast("geopandas.GeoDataFrame", frame),
        crs=origin.crs,
        fields=origin.fields,
        geometry_type=origin.geometry_type,
        ids=origin.ids,
        geometry_optional=origin.geometry_optional,
    )
