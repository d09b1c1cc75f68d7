"""The values of one attribute as the rules look at them: as text, and where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray


def as_text(column: pandas.Series[Any]) -> NDArray[Any]:
    """The values as text, None where there is no value. A whole number reads the same whether stored as 1, 1.0 or '1'.

    KUGI codes come as text in one file and as floating point in the next (DOMAIN 1.3).
    """
    from pandas.api import types

    missing = column.isna().to_numpy()
    text = np.full(len(column), None, dtype=object)
    known = column[~missing]
    if types.is_bool_dtype(known.dtype):
        text[~missing] = np.where(known.to_numpy(dtype=bool), "true", "false")
    elif types.is_float_dtype(known.dtype):
        values = known.to_numpy(dtype=float)
        whole = np.isfinite(values) & (np.abs(values) < 2**53)
        whole[whole] = values[whole] == np.floor(values[whole])
        written = values.astype(str).astype(object)
        written[whole] = values[whole].astype(np.int64).astype(str)
        text[~missing] = written
    else:
        text[~missing] = known.astype(str).to_numpy(dtype=object)
    return text


def is_blank(column: pandas.Series[Any]) -> NDArray[np.bool_]:
    """No value: null, or a text of blanks only (a .dbf cannot tell the two apart)."""
    from pandas.api import types

    blank = column.isna().to_numpy().copy()
    if types.is_string_dtype(column.dtype) or types.is_object_dtype(column.dtype):
        known = ~blank
        blank[known] = column[known].astype(str).str.strip().eq("").to_numpy(dtype=bool)
    return np.asarray(blank)


def as_numbers(column: pandas.Series[Any]) -> NDArray[Any]:
    """The values as numbers, NaN where there is none or a text that is no number."""
    import pandas

    return np.asarray(pandas.to_numeric(column.astype(object), errors="coerce"), dtype=float)
