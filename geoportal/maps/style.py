"""Classes and colours of a layer: which feature is drawn how, and what the legend says about it (UI 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoportal.language import number, text
from geoportal.maps.escape import shortened
from geoportal.maps.values import absent, quantity, readable
from geoportal.model.layer import Layer
from geoportal.model.record import Record

MOST_ENTRIES: Final = 7
LONGEST_LABEL: Final = 48
SEQUENTIAL: Final = ("#FCF8E8", "#CBDDB0", "#92C2AE", "#58A0A2", "#2C7885", "#0A4753")
QUALITATIVE: Final = ("#2B5D8A", "#E3A917", "#D95F30", "#A9CFA0", "#A99BC9", "#8C4A2F", "#8C7E70", "#241C17")
# Areas of many kinds: the qualitative colours would shout over a whole map, so the light ones come first and all are
# mixed with the land.
AREA_ORDER: Final = (3, 1, 0, 2, 4, 5, 6, 7)
LAND: Final = "#FFFDF7"
INK: Final = "#241C17"
AREA_STRENGTH: Final = 0.62
SINGLE_AREA: Final = "#CFE3D2"
SINGLE_MARK: Final = "#0B4F5C"
OTHER: Final = "#CFC7B8"
NONE: Final = "#F3EEE3"
NO_CLASS: Final = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """One class: its label in the reader's language, its colour, and how many features of the whole layer are in it."""

    label: str
    colour: str
    count: int
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a layer: a title that says what is counted and in which unit, entries in the order of the map, and
    the class of each feature as a position in ``entries``. ``themed`` is False where all features are drawn alike.
    """

    title: str
    entries: tuple[Entry, ...]
    of_feature: npt.NDArray[np.uint8]
    themed: bool

    def colours(self, rows: npt.NDArray[np.intp]) -> list[str]:
        """The colour of each of these features."""
        return [self.entries[position].colour for position in self.of_feature[rows]]


def classify(layer: Layer, record: Record, language: str, *, areas: bool) -> Classes:
    """The classes that the record's style asks for; ``areas`` says whether colours fill areas or draw lines and points.

    A field that the layer does not have, or that holds nothing, gives one class for all.
    """
    style = record.style
    name = style.colour_by
    if style.palette == "single" or name is None or name not in layer.frame.columns or not len(layer):
        return _alike(layer, record, language, areas)
    column = layer.frame[name]
    missing = absent(column)
    if missing.all():
        return _alike(layer, record, language, areas)
    meaning = record.fields.get(name)
    unit = meaning.unit if meaning else None
    title = record.field_title(name, language)
    numbers = _numbers(column, missing) if style.palette == "sequential" else None
    if numbers is not None:
        missing = ~np.isfinite(numbers)
    if numbers is None:
        ordered = style.palette == "sequential"
        entries, position = _kinds(column, missing, language, unit, areas, ordered, style.colours)
    else:
        entries, position = _steps(numbers, missing, language, areas)
        title = f"{title} ({unit})" if unit else title
    if missing.any():
        position[missing] = len(entries)
        entries.append(Entry(text("maps", "class.none", language), NONE, int(missing.sum()), missing=True))
    return Classes(title, tuple(entries), position, themed=True)


def mixed(colour: str, ground: str, strength: float) -> str:
    """A colour laid over a ground with the given strength, as one opaque colour, so that map and legend agree."""
    over, under = (np.array([int(value[place : place + 2], 16) for place in (1, 3, 5)]) for value in (colour, ground))
    red, green, blue = np.rint(over * strength + under * (1 - strength)).astype(int)
    return f"#{red:02X}{green:02X}{blue:02X}"


def rim(colour: str) -> str:
    """The ring round a point of this colour: white, or dark where the point itself is too light beside land."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return mixed(colour, INK, 0.5) if 0.299 * red + 0.587 * green + 0.114 * blue > 130 else "#FFFFFF"


def breaks(values: npt.NDArray[np.float64], classes: int) -> list[float]:
    """The inner limits of at most ``classes`` classes of about equal numbers, at values as round as the data allows.

    A value belongs to the class above a limit that it equals. Every class holds a value.
    """
    ordered = np.sort(values[np.isfinite(values)])
    if not len(ordered):
        return []
    last = len(ordered) - 1
    wanted = [float(ordered[min(last, round(len(ordered) * part / classes))]) for part in range(1, classes)]
    for digits in range(1, 16):
        limits = sorted({_rounded(value, digits) for value in wanted})
        limits = [limit for limit in limits if ordered[0] < limit <= ordered[-1]]
        counts = np.histogram(ordered, [-math.inf, *limits, math.inf])[0]
        fair = len(ordered) / classes
        if len(limits) == len(set(wanted)) and (counts > fair / 2).all() and (counts < fair * 1.7).all():
            return limits
    return sorted({value for value in wanted if value > ordered[0]})


def _alike(layer: Layer, record: Record, language: str, areas: bool) -> Classes:
    colour = record.style.colour
    if colour is None:
        colour = SINGLE_AREA if areas else SINGLE_MARK
    elif areas:
        colour = mixed(colour, LAND, AREA_STRENGTH)
    kind = {"Point": "points", "MultiPoint": "points", "LineString": "lines", "MultiLineString": "lines"}.get(
        layer.geometry_type or "", "areas" if layer.geometry_type in ("Polygon", "MultiPolygon") else "features"
    )
    label = text("maps", f"count.{kind}", language, count=number(len(layer), language))
    title = record.title.in_language(language) or layer.name
    return Classes(title, (Entry(label, colour, len(layer)),), np.zeros(len(layer), dtype=np.uint8), themed=False)


def _numbers(column: pd.Series[Any], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64] | None:
    """The column as floats where it holds numbers only and one of them is finite."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return None
    if not pd.api.types.is_numeric_dtype(column.dtype):
        present = column[~missing]
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
            return None
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers if np.isfinite(numbers).any() else None


def _steps(
    numbers: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_], language: str, areas: bool
) -> tuple[list[Entry], npt.NDArray[np.uint8]]:
    """Classes of a measure, from low to high."""
    present = numbers[~missing]
    distinct = len(np.unique(present))
    wanted = min(distinct, 3 if len(present) < 8 else 4 if len(present) < 100 else 5)
    limits = breaks(present, wanted)
    position = np.zeros(len(numbers), dtype=np.uint8)
    position[~missing] = np.searchsorted(limits, present, side="right")
    labels = _ranges(limits, present, language)
    # The palest step disappears as a dot or a thin line: marks begin one step darker.
    colours = SEQUENTIAL if areas else SEQUENTIAL[1:]
    counts = np.bincount(position[~missing], minlength=len(labels))
    return [
        Entry(label, colour, int(count)) for label, colour, count in zip(labels, colours, counts, strict=False)
    ], position


def _ranges(limits: Sequence[float], values: npt.NDArray[np.float64], language: str) -> list[str]:
    """What each class holds, in words of numbers: whole numbers as ``5–8, 9–11``, measures as ``< 10, 10–25, ≥ 25``."""
    if not limits:
        low, high = (quantity(float(end), language) for end in (values.min(), values.max()))
        return [low if low == high else f"{low}–{high}"]
    if np.equal(values, np.rint(values)).all() and values.max() - values.min() < 1000:
        lows = [values.min(), *(math.ceil(limit) for limit in limits)]
        highs = [*(math.ceil(limit) - 1 for limit in limits), values.max()]
        return [
            quantity(low, language) if low == high else f"{quantity(low, language)}–{quantity(high, language)}"
            for low, high in zip(lows, highs, strict=True)
        ]
    decimals = max(_decimals(limit) for limit in limits)
    written = [quantity(limit, language, decimals) for limit in limits]
    middle = [f"{low}–{high}" for low, high in pairwise(written)]
    return [f"< {written[0]}", *middle, f"≥ {written[-1]}"]


def _kinds(
    column: pd.Series[Any],
    missing: npt.NDArray[np.bool_],
    language: str,
    unit: str | None,
    areas: bool,
    ordered: bool,
    fixed: Mapping[str, str],
) -> tuple[list[Entry], npt.NDArray[np.uint8]]:
    """Classes of a kind, the commonest first; past the legend's room the rare ones are one class of others.

    Values whose colour is ``fixed`` come first, in its order.
    """
    codes, kinds = pd.factorize(column.astype(object).map(_hashable).where(~missing))
    counts = np.bincount(codes[codes >= 0], minlength=len(kinds))
    room = MOST_ENTRIES - int(missing.any())
    ranking = np.argsort(-counts, kind="stable")
    if fixed:
        places = {value: place for place, value in enumerate(fixed)}
        place = np.array([places.get(str(kind), len(fixed)) for kind in kinds])
        ranking = ranking[np.argsort(place[ranking], kind="stable")]
    named = ranking if len(kinds) <= room else ranking[: room - 1]
    written = readable(pd.Series(kinds[named], dtype=object), language, unit)
    if ordered:
        order = sorted(range(len(named)), key=lambda place: str(written[place]))
        named, written = named[order], [written[place] for place in order]
    colours = _colours(len(named), areas, ordered)
    colours = [fixed.get(str(kind), colour) for kind, colour in zip(kinds[named], colours, strict=True)]
    position = np.full(len(kinds) + 1, len(named), dtype=np.uint8)
    position[named] = np.arange(len(named))
    entries = [
        Entry(shortened(label or "", LONGEST_LABEL), colour, int(counts[kind]))
        for label, kind, colour in zip(written, named, colours, strict=True)
    ]
    if len(named) < len(kinds):
        others = int(counts.sum() - counts[named].sum())
        entries.append(Entry(text("maps", "class.other", language), OTHER, others))
    return entries, position[codes]


def _colours(wanted: int, areas: bool, ordered: bool) -> list[str]:
    if ordered:
        return list((SEQUENTIAL if areas else SEQUENTIAL[1:])[:wanted]) + [OTHER] * max(0, wanted - 6 + (not areas))
    if areas:
        return [mixed(QUALITATIVE[place], LAND, AREA_STRENGTH) for place in AREA_ORDER[:wanted]]
    return list(QUALITATIVE[:wanted])


def _hashable(value: Any) -> Any:
    """The value as a key of a kind: unhashable ones (lists of a JSON field) by their text."""
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value


def _rounded(value: float, digits: int) -> float:
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _decimals(value: float) -> int:
    written = f"{value:.12f}".rstrip("0")
    return len(written.partition(".")[2])
