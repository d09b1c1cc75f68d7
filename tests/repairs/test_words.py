"""Every question, choice and reason has its words in both languages, with the same gaps."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import geoportal.repairs
from geoportal.actions.repair import WORDS
from geoportal.checks import RULES
from geoportal.language import LANGUAGES, catalogue, has_text
from geoportal.repairs import REPAIRS

DOMAIN = "repairs"
CODE = "\n".join(path.read_text("utf-8") for path in Path(geoportal.repairs.__file__).parent.glob("*.py"))
QUESTIONS = {
    *re.findall(r'\.ask\(\s*"([a-z-]+)"', CODE),
    *re.findall(r'Question\(\w+, "([a-z-]+)"', CODE),
    *("move-ballpark", "move-nowhere", "crs", "place", "other-crs"),
}
REASONS = {
    *re.findall(r'left="([a-z-]+)"', CODE),
    "worse",
    "no-way",
    "not-chosen",
    "by-hand",
    "place-first",
    "reproject",
}
CHOICES = {*WORDS, "place", "place-swap-axes", "place-flip-latitude", "place-swap-axes-flip-latitude"} - {
    "swap-axes",
    "flip-latitude",
    "force-2d",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_asked_or_left_has_words(language: str) -> None:
    keys = [f"question.{key}" for key in QUESTIONS] + [f"left.{key}" for key in REASONS]
    keys += [f"choice.{key}" for key in CHOICES] + [f"wish.{key}" for key in ("assign-crs", "reproject", "force-2d")]
    assert [key for key in keys if not has_text(DOMAIN, key, language)] == []
    assert len(QUESTIONS) > 10 and len(REASONS) > 8


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    one, other = (
        {key: gaps(text) for key, text in catalogue(DOMAIN, lang)._catalog.items() if key} for lang in LANGUAGES
    )  # type: ignore[union-attr]
    assert one == other


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_repair_mends_a_rule_that_exists() -> None:
    assert set(REPAIRS) <= set(RULES)
