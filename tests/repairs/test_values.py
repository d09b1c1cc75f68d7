"""Repairs of places, names, texts and codes: what is sure is done, what is not is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geoportal.model.references import CodeList, References, RegionCode
from geoportal.model.specification import FieldSpecification
from geoportal.repairs import Kind
from tests.factories import make_layer, squares
from tests.repairs.conftest import FREE, Mend

CODES = ("11", "11.01", "11.01.01", "11.01.02", "11.01.08", "11.10", "11.10.01")
ENTRIES = tuple(RegionCode(code, f"Nama {code}", "-", code[:-3] or None) for code in CODES)
KNOWN = References(code_lists=(CodeList("uji", "Kepmendagri uji", ENTRIES, "Kepmendagri"),))
CODED = replace(FREE, fields=(FieldSpecification("kode", means="region-code"),))


def test_texts_lose_blanks_and_what_nobody_sees(mended: Mend) -> None:
    layer = make_layer(squares(4, 1), nama=["Loa Kulu ", "Teng\x00garong", "Mura\u200b", "   "])
    done = mended(layer)
    names = done.layer.frame["nama"]
    assert list(names[:3]) == ["Loa Kulu", "Tenggarong", "Mura"] and names.isna()[3]
    first = next(item for item in done.receipts if item.kind is Kind.VALUE and item.feature == "1")
    assert (first.field, first.before["value"], first.after["value"]) == ("nama", "Loa Kulu ", "Loa Kulu")


def test_letters_read_in_the_wrong_encoding_are_read_right(mended: Mend) -> None:
    layer = make_layer(squares(2, 1), nama=["Caf\u00c3\u00a9", "Caf\ufffd"])
    asked = mended(layer)
    assert [(item.key, item.count) for item in asked.questions] == [("reread-text", 1)] and not asked.receipts
    done = mended(layer, "reread-text")
    assert list(done.layer.frame["nama"]) == ["Caf\u00e9", "Caf\ufffd"]


def test_fields_get_the_names_of_the_profile(mended: Mend) -> None:
    spec = replace(FREE, fields=(FieldSpecification("NAMOBJ", aliases=("nama",)), FieldSpecification("KETERANGAN")))
    layer = make_layer(squares(1, 1), nama=["a"], KETERANGN=["b"])
    done = mended(layer, spec=spec)
    assert [field.name for field in done.layer.fields] == ["NAMOBJ", "KETERANGN"]
    assert [item.key for item in done.questions] == ["rename-alike"]
    both = mended(layer, "rename-alike", spec=spec)
    assert [field.name for field in both.layer.fields] == ["NAMOBJ", "KETERANGAN"]
    assert list(both.layer.frame["KETERANGAN"]) == ["b"]


def test_codes_get_their_dots_back_where_the_list_has_but_one(mended: Mend) -> None:
    layer = make_layer(squares(4, 1), kode=["11.01.01", "11.01.02", "110108", "11.01.99"])
    done = mended(layer, spec=CODED, references=KNOWN)
    assert list(done.layer.frame["kode"]) == ["11.01.01", "11.01.02", "11.01.08", "11.01.99"]
    assert [(item.before["value"], item.after["value"]) for item in done.receipts if item.field == "kode"] == [
        ("110108", "11.01.08")
    ]
    assert [item.rule for item in done.questions] == ["region-code-unknown"]


def test_a_column_of_numbers_becomes_text_and_comes_back_as_numbers(mended: Mend, tmp_path: object) -> None:
    from pathlib import Path

    from geoportal.repairs import read_ledger, undo
    from geoportal.repairs.values import layer_digest
    from tests.repairs.conftest import assert_same

    layer = make_layer(squares(3, 1), kode=[110101, 110102, 110108])
    done = mended(layer, spec=CODED, references=KNOWN)
    assert list(done.layer.frame["kode"]) == ["11.01.01", "11.01.02", "11.01.08"]
    assert done.layer.fields[0].type == "string"
    path = Path(str(tmp_path)) / "y.jsonl"
    done.ledger(layer_digest(done.layer), "y").write(path)
    assert_same(undo(done.layer, read_ledger(path, largest=1 << 20)), layer)


def test_a_place_is_asked_for_and_taken_only_at_a_word(mended: Mend) -> None:
    swapped = make_layer([[y, x] and f"POINT ({y} {x})" for x, y in ((116.1, -0.5), (116.5, 0.2))])
    asked = mended(swapped)
    assert asked.receipts == () and "--yes swap-axes" in {c.option for q in asked.questions for c in q.choices}
    done = mended(swapped, "swap-axes")
    assert [(point.x, point.y) for point in done.layer.frame.geometry] == [(116.1, -0.5), (116.5, 0.2)]
    assert all(item.facts["turned"] == ["swap-axes"] for item in done.receipts if item.kind is Kind.GEOMETRY)


def test_a_wrong_word_changes_nothing(mended: Mend) -> None:
    layer = make_layer(["POINT (116.1 -0.5)", "POINT (116.5 0.2)"])
    assert mended(layer, "swap-axes", "flip-latitude").receipts == ()


def test_metres_labelled_as_degrees_get_the_system_that_was_said(mended: Mend) -> None:
    layer = make_layer(["POINT (400000 9950000)"])
    assert mended(layer).receipts == ()
    done = mended(layer, crs="EPSG:32750")
    assert done.layer.crs == "EPSG:32750" and [item.kind for item in done.receipts] == [Kind.CRS]
    assert done.layer.frame.geometry.iloc[0].x == 400_000


def test_moving_records_the_operation_and_a_second_time_does_nothing(mended: Mend) -> None:
    done = mended(make_layer(["POINT (116.5 -0.5)"], "EPSG:4326"), target="EPSG:32750")
    crs = next(item for item in done.receipts if item.kind is Kind.CRS)
    assert crs.before["crs"] == "EPSG:4326" and crs.after["crs"] == "EPSG:32750"
    assert crs.facts["accuracy_m"] == 0 and not crs.facts["ballpark"] and crs.facts["operation"]
    assert done.layer.frame.geometry.iloc[0].x == pytest.approx(444_364, abs=1)


def test_what_has_no_system_is_not_moved(mended: Mend) -> None:
    done = mended(make_layer(["POINT (116.5 -0.5)"], None), target="EPSG:32750")
    assert done.receipts == () and "move-unknown" in {item.key for item in done.questions}
