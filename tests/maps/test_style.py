from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoportal.maps.style import MOST_ENTRIES, NONE, OTHER, QUALITATIVE, SEQUENTIAL, breaks, classify, mixed, rim
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.text import LocalText
from tests.factories import make_layer


def record(colour_by: str | None, palette: str, unit: str | None = None, colour: str | None = None) -> Record:
    fields = {colour_by: FieldMeaning(LocalText("Jumlah", "Number"), unit)} if colour_by else {}
    return Record(title=LocalText("Judul", "Title"), fields=fields, style=Style(colour_by, palette, colour))


def points(**columns: list) -> object:
    count = len(next(iter(columns.values())))
    return make_layer([shapely.Point(116 + n / 1000, 0) for n in range(count)], **columns)


def test_whole_numbers_are_classed_in_ranges_that_do_not_overlap() -> None:
    layer = points(n=[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 20])
    classes = classify(layer, record("n", "sequential", "desa"), "id", areas=True)
    assert classes.title == "Jumlah (desa)"
    assert [entry.label for entry in classes.entries] == ["5–7", "8–10", "11–13", "14–20"]
    assert [entry.count for entry in classes.entries] == [3, 3, 3, 3]
    assert [entry.colour for entry in classes.entries] == list(SEQUENTIAL[:4])
    assert classes.of_feature.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_measures_are_classed_at_round_values_and_nothing_is_in_two_classes() -> None:
    values = np.random.default_rng(6402).lognormal(3, 2, 500)
    limits = breaks(values, 5)
    assert limits == sorted(set(limits)) and len(limits) == 4
    counts = np.histogram(values, [-np.inf, *limits, np.inf])[0]
    assert counts.min() > 50
    assert all(
        float(f"{limit:.1g}") == pytest.approx(limit) or float(f"{limit:.2g}") == pytest.approx(limit)
        for limit in limits
    )
    classes = classify(points(n=values.tolist()), record("n", "sequential"), "id", areas=False)
    assert sum(entry.count for entry in classes.entries) == 500
    assert classes.entries[0].label.startswith("< ") and classes.entries[-1].label.startswith("≥ ")


def test_nulls_nan_and_infinities_are_a_class_of_their_own() -> None:
    layer = points(n=[1.0, 2.0, float("nan"), float("inf"), 3.0, 4.0])
    classes = classify(layer, record("n", "sequential"), "id", areas=True)
    last = classes.entries[-1]
    assert (last.label, last.count, last.colour, last.missing) == ("Tidak ada data", 2, NONE, True)
    assert classes.of_feature[[2, 3]].tolist() == [len(classes.entries) - 1] * 2
    assert classify(layer, record("n", "sequential"), "en", areas=True).entries[-1].label == "No data"


def test_many_kinds_leave_room_for_the_rest_and_for_no_data() -> None:
    kinds = [letter for n, letter in enumerate("abcdefghijkl", 1) for _ in range(n)] + [None]
    classes = classify(points(k=kinds), record("k", "qualitative"), "id", areas=False)
    assert len(classes.entries) == MOST_ENTRIES
    assert [entry.label for entry in classes.entries] == ["l", "k", "j", "i", "h", "Lainnya", "Tidak ada data"]
    assert sum(entry.count for entry in classes.entries) == len(kinds)
    assert classes.entries[0].colour == QUALITATIVE[0] and classes.entries[-2].colour == OTHER
    assert len({entry.colour for entry in classes.entries}) == MOST_ENTRIES
    counted = np.bincount(classes.of_feature, minlength=MOST_ENTRIES).tolist()
    assert counted == [entry.count for entry in classes.entries]


@pytest.mark.parametrize("palette", ["single", "qualitative", "sequential"])
@pytest.mark.parametrize("colour_by", [None, "tidak ada", "kosong"])
def test_without_a_usable_field_all_features_are_one_class(palette: str, colour_by: str | None) -> None:
    layer = points(kosong=[None, None, None])
    classes = classify(layer, record(colour_by, palette, colour="#AABBCC"), "id", areas=False)
    assert not classes.themed
    assert [(entry.label, entry.colour, entry.count) for entry in classes.entries] == [("3 titik", "#AABBCC", 3)]
    assert classes.title == "Judul"


@pytest.mark.parametrize("values", [[7, 7, 7], [7], [1.5], [-1e300, 1e300], [True, False], [0.001, 0.002]])
@pytest.mark.parametrize("palette", ["sequential", "qualitative"])
def test_odd_columns_give_one_class_a_feature_at_most(values: list, palette: str) -> None:
    classes = classify(points(n=values), record("n", palette), "id", areas=True)
    assert classes.of_feature.max() < len(classes.entries) <= MOST_ENTRIES
    assert sum(entry.count for entry in classes.entries) == len(values)
    assert all(entry.label for entry in classes.entries)


def test_unhashable_values_are_kinds_by_their_text() -> None:
    layer = points(k=[[1], {"a": 2}, [1]])
    classes = classify(layer, record("k", "qualitative"), "id", areas=False)
    assert [(entry.label, entry.count) for entry in classes.entries] == [("[1]", 2), ("{'a': 2}", 1)]


def test_colours() -> None:
    assert mixed("#000000", "#FFFFFF", 0.5) == "#808080"
    assert rim("#0B4F5C") == "#FFFFFF"
    assert rim("#FCF8E8") != "#FFFFFF"
