"""Every rule finds its planted file and no other; switched off, it misses that file and no other; twins are clean."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from geoportal.checks import RULES, validate
from geoportal.checks.profiles import names_of
from geoportal.checks.rules import CHECKS
from geoportal.model.report import Report
from geoportal.model.specification import OFF
from geoportal.settings import PROJECT
from tests.checks.planted.layers import LAYERS, Plant
from tests.checks.planted.twins import REGION, TWINS, Asked

DICE = 20261124
ROUNDS = 3
"""How often a random half of the rules is switched off, and then the other half."""


def judged(asked: Asked | Plant, without: Iterable[str] = ()) -> Report:
    """The report on a layer with some rules switched off, as a profile would. One with a say in the intake verdict
    cannot be switched off so: the test that switches it off takes it out of the table.
    """
    severities = {**asked.spec.severities, **dict.fromkeys(without, OFF)}
    spec = replace(asked.spec, severities=severities)
    return validate(asked.layer(), spec, REGION, references=asked.references, beside=asked.beside)


def found(asked: Asked | Plant, without: Iterable[str] = ()) -> set[str]:
    """The rules that find something."""
    return {finding.rule for finding in judged(asked, without).findings}


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch):
    """``off(rules)``: the rules are switched off; what is returned is what a specification must say of the rest."""

    def switch(rules: Iterable[str]) -> list[str]:
        for rule in rules:
            if RULES[rule].intake is not None and rule in CHECKS:
                monkeypatch.delitem(CHECKS, rule)
        return [rule for rule in rules if RULES[rule].intake is None]

    yield switch


def test_every_rule_that_is_asked_of_a_layer_has_a_plant() -> None:
    assert set(LAYERS) == set(CHECKS)


def test_every_profile_has_a_clean_twin() -> None:
    assert sorted(TWINS) == names_of(PROJECT / "config" / "specifications")


@pytest.mark.parametrize("name", TWINS)
def test_a_clean_twin_has_no_finding_at_all(name: str) -> None:
    report = judged(TWINS[name])
    assert [(finding.rule, finding.params) for finding in report.findings] == []
    assert report.gate == "pass" and report.verdict == "accept"


def test_the_twins_are_rich_enough_for_nearly_every_rule_to_look_at_one() -> None:
    """A rule that no clean twin lets run proves nothing by its silence. Those that need what a twin cannot have (a
    table, an older list) are few, and named here.
    """
    asked = {rule for twin in TWINS.values() for rule in judged(twin).checked}
    switched_off = {"region-codes-counted"}
    assert set(CHECKS) - asked <= switched_off | {"position-differs"}


@pytest.mark.parametrize("rule", sorted(LAYERS))
def test_a_planted_layer_is_found_by_its_rule_and_missed_without_it(rule: str, off) -> None:
    plant = LAYERS[rule]
    assert all(len(why) > 20 for why in plant.also.values()) and len(plant.also) <= 2
    report = judged(plant)
    everything = {finding.rule for finding in report.findings}
    assert everything == {rule, *plant.also}
    assert rule in report.checked
    assert found(plant, off([rule])) == everything - {rule}


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_whatever_is_switched_off_nothing_else_is_missed(turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules do not lean on each other: without any half of them the other half finds what it found."""
    dice = random.Random(DICE + turn)
    half = set(dice.sample(sorted(CHECKS), len(CHECKS) // 2))
    for chosen in (half, set(CHECKS) - half):
        with monkeypatch.context() as patch:
            for rule in chosen:
                if RULES[rule].intake is not None:
                    patch.delitem(CHECKS, rule)
            for rule, plant in LAYERS.items():
                told = {item for item in chosen if RULES[item].intake is None}
                assert found(plant, told) == {rule, *plant.also} - chosen, rule
