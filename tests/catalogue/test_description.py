"""A description as people exchange it: read strictly, written so that it can be read again."""

import json

import pytest

from geoportal.catalogue.description import FREQUENCIES, TOPICS, read_description, write_description
from geoportal.errors import InvalidSpecification
from geoportal.language import has_text
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.text import LocalText

FULL = Record(
    title=LocalText("Batas Desa", "Village boundaries"),
    abstract=LocalText("Isi: 'petik', \"ganda\"\nbaris kedua", "Content"),
    keywords={"id": ("batas", "desa"), "en": ("boundary",)},
    topic="boundaries",
    producer="setda_tapem",
    lineage=LocalText("Digitasi", "Digitised"),
    licence="CC-BY-4.0",
    content_date="2026-11-24",
    update_frequency="annually",
    scale_denominator=25000,
    synthetic=True,
    label="nama",
    fields={"kode": FieldMeaning(LocalText("Kode", "Code"), "m2")},
    style=Style("kode", "qualitative", "#0B4F5C"),
)


def test_what_is_written_is_read_again():
    assert read_description(write_description(FULL)) == FULL
    assert read_description(json.dumps(FULL.as_dict())) == FULL


def test_fields_of_the_layer_are_offered_and_left_out_again_when_nobody_fills_them():
    offered = write_description(FULL, ["kode", "nama"])
    assert "nama:" in offered
    assert read_description(offered) == FULL


def test_a_record_without_keywords_is_not_changed_by_being_written():
    bare = Record(title=LocalText("Jalan", ""))
    assert read_description(write_description(bare)) == bare


def test_one_plain_text_is_the_indonesian_one():
    assert read_description("title: Jalan").title == LocalText("Jalan", "")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("abstract: x", "title"),
        ("title: ''", "Indonesian title"),
        ("title: x\nlicense: MIT", "license"),
        ("title: x\ntopic: roads", "transportation"),
        ("title: x\nupdate_frequency: yearly", "annually"),
        ("title: x\ncontent_date: kemarin", "content_date"),
        ("title: x\nscale_denominator: 0", "scale_denominator"),
        ("title: x\nstyle: {colour: red}", "style.colour"),
        ("title: x\nstyle: {colour_by: jumlah}", "palette: sequential"),
        ("title: x\nlicence: CC BY 4.0", "SPDX"),
        ("- title", "keys such as"),
        ("title: [", "line 1"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_a_mistake_is_named(content: str, named: str):
    with pytest.raises(InvalidSpecification, match=named.replace(".", r"\.")):
        read_description(content)


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_code_has_a_word(language: str):
    assert [code for code in TOPICS if not has_text("portal", f"topic.{code}", language)] == []
    assert [code for code in FREQUENCIES if not has_text("portal", f"frequency.{code}", language)] == []
