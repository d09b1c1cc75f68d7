from __future__ import annotations

import re
import string
from typing import Any

import pytest
from babel.messages.pofile import read_po

from geoportal.checks import RULES, source_report, texts, validate
from geoportal.language import LANGUAGES, LOCALE, has_text
from geoportal.model.report import Element, Finding, Severity
from tests.checks.examples import EXAMPLES, REGION, SOURCE_EXAMPLES

GEOS_REASONS = (
    "Self-intersection", "Ring Self-intersection", "Hole lies outside shell", "Nested shells", "Nested holes",
    "Holes are nested", "Interior is disconnected", "Too few points in geometry component", "Duplicate Rings",
    "Invalid Coordinate", "Ring is not closed",
)  # fmt: skip


def entries(language: str) -> dict[str, str]:
    with (LOCALE / language / "LC_MESSAGES" / "rules.po").open("rb") as source:
        return {str(item.id): str(item.string) for item in read_po(source) if item.id}


def findings(rule: str) -> list[Finding]:
    if rule in SOURCE_EXAMPLES:
        return [
            *source_report([(rule, SOURCE_EXAMPLES[rule])], None).findings,
            *source_report([(rule, {})], None).findings,
        ]
    example = EXAMPLES[rule]
    return [
        item
        for item in validate(
            example.bad(), example.spec, REGION, references=example.references, beside=example.beside
        ).findings
        if item.rule == rule
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_speaks(rule: str, language: str) -> None:
    for part in ("title", "message", "hint", "help"):
        assert has_text("rules", f"{rule}.{part}", language), f"{rule}.{part} has no text in {language}"
    for finding in findings(rule):
        said = [
            texts.title(rule, language),
            texts.message(finding, language),
            texts.hint(finding, language),
            texts.advice(rule, language),
            texts.explanation(rule, language),
            *(texts.occurrence(finding, place, language) for place in finding.occurrences),
        ]
        assert all(said[:5])
        assert not [sentence for sentence in said if re.search(r"[{}]", sentence)], said
    bare = Finding(rule, Severity.INFO, Element.USABILITY, 2)
    assert "{" not in texts.message(bare, language) + texts.hint(bare, language)


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    indonesian, english = entries("id"), entries("en")
    assert set(indonesian) == set(english)
    for key, template in indonesian.items():
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (template, english[key])]
        assert gaps[0] == gaps[1], key
        assert template and template.strip() == template, key


def test_no_text_belongs_to_a_rule_that_is_gone() -> None:
    parts = re.compile(r"(.+)\.(title|message|hint|help|place)(\.one|\.none)?")
    named = {match.group(1) for key in entries("id") if (match := parts.fullmatch(key))}
    assert named == set(RULES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", GEOS_REASONS)
def test_reasons_of_geos_are_translated(reason: str, language: str) -> None:
    assert texts.word("reason", reason, language) not in (reason, "")


def test_the_fixed_words_are_used() -> None:
    everything = " ".join(entries("id").values()).casefold()
    for stranger in ("fitur", "polygon geometri", "silakan klik", "klik di sini", " error"):
        assert stranger not in everything, stranger
    assert [texts.word("severity", str(level), "id") for level in Severity] == ["penghalang", "peringatan", "catatan"]


def test_numbers_are_written_as_people_write_them() -> None:
    many = Finding("geometry-missing", Severity.WARNING, Element.USABILITY, 1234)
    assert texts.message(many, "id").startswith("1.234 unsur")
    assert texts.message(many, "en").startswith("1,234 features have")
    one = Finding("geometry-missing", Severity.WARNING, Element.USABILITY, 1)
    assert texts.message(one, "en").startswith("1 feature has")


@pytest.mark.parametrize(
    ("square_metres", "indonesian", "english"),
    [(0.0021, "21 cm²", "21 cm²"), (3.25, "3,2 m²", "3.2 m²"), (950.0, "950 m²", "950 m²"),
     (8600.0, "0,86 ha", "0.86 ha"), (1234567.0, "123,46 ha", "123.46 ha"),
     (26912065000.0, "26.912,1 km²", "26,912.1 km²")],
)  # fmt: skip
def test_areas(square_metres: float, indonesian: str, english: str) -> None:
    assert texts.area(square_metres, "id") == indonesian
    assert texts.area(square_metres, "en") == english


def test_candidates_are_named_and_swapped_ones_say_so() -> None:
    example = EXAMPLES["crs-missing"]
    (finding,) = validate(example.bad(), None, REGION).findings
    said = texts.message(finding, "id")
    assert "Kutai Contoh" in said and "EPSG:4326 (WGS 84)" in said
    assert "Sample Kutai" in texts.message(finding, "en")
    swapped = Finding("coordinates-outside-domain", Severity.BLOCKING, Element.USABILITY, 1, params={
        "crs": "EPSG:4326", "region": {"id": "A", "en": "B"},
        "candidates": [{"crs": "EPSG:4326", "name": "WGS 84", "swapped": True}],
    })  # fmt: skip
    assert "sumbu tertukar" in texts.hint(swapped, "id") and "swapped axes" in texts.hint(swapped, "en")


def test_parameters_of_a_file_stay_plain_and_cannot_open_gaps() -> None:
    hostile: dict[str, Any] = {
        "reason": "{count}",
        "member": "{__class__}<script>",
        "key": "x",
        "language": "en",
        "domain": "y",
    }
    (finding,) = source_report([("archive-unsafe", hostile)], None).findings
    assert "{__class__}<script>" in texts.message(finding, "id")


def test_a_value_of_a_file_is_short_and_printable() -> None:
    (finding,) = source_report(
        [("reader-message", {"message": "a\x00\u202e\ud800" + "b" * 10_000, "nested": [[float("nan")]]})], None
    ).findings
    assert len(finding.params["message"]) <= 200 and finding.params["message"].startswith("a   b")
    finding.params["message"].encode()
    assert finding.params["nested"] == [["nan"]]


def test_the_report_in_json_has_sentences() -> None:
    example = EXAMPLES["geometry-invalid"]
    report = validate(example.bad(), example.spec, REGION)
    value = texts.report_json(report, "id")
    assert set(value) >= {"verdict", "gate", "spec", "layers", "findings"}
    assert set(value["layers"][0]) >= {"name", "features", "crs", "extent", "geometry_type", "fields"}
    shape = {"rule", "severity", "element", "layer", "count", "message", "hint", "occurrences", "occurrences_total"}
    for item in value["findings"]:
        assert set(item) >= shape
        assert all(set(place) >= {"feature", "where", "related"} for place in item["occurrences"])
    (invalid,) = [item for item in value["findings"] if item["rule"] == "geometry-invalid"]
    assert invalid["message"] == "1 unsur memiliki geometri yang tidak sah: garis batas memotong dirinya sendiri (1)."
    assert invalid["occurrences"][0]["message"] == "Garis batas memotong dirinya sendiri."
