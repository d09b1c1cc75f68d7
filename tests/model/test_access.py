"""Who may see and do what."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.errors import NotAllowed
from geoportal.model.access import (
    EVERYTHING,
    PERMISSIONS,
    PUBLIC_AUDIENCE,
    Action,
    Actor,
    Audience,
    Classification,
    Role,
    may,
    require,
    visible,
)


@dataclass(frozen=True)
class Thing:
    dataset_id: str
    classification: Classification
    opd: tuple[str, ...] = ()


PUBLIC, GOVERNMENT, PRIVATE = (
    Thing("a", Classification.PUBLIC),
    Thing("b", Classification.GOVERNMENT),
    Thing("c", Classification.PRIVATE),
)


def test_nobody_in_particular_sees_public_things_alone():
    assert visible(PUBLIC_AUDIENCE, [PUBLIC, GOVERNMENT, PRIVATE]) == [PUBLIC]


def test_everything_is_seen_by_everything():
    assert visible(EVERYTHING, [PUBLIC, GOVERNMENT, PRIVATE]) == [PUBLIC, GOVERNMENT, PRIVATE]


def test_a_class_opens_that_class_alone():
    assert visible(Audience(frozenset({Classification.PRIVATE})), [PUBLIC, GOVERNMENT, PRIVATE]) == [PUBLIC, PRIVATE]


def test_named_datasets_narrow_the_classes_and_open_no_other():
    audience = Audience(frozenset({Classification.GOVERNMENT}), frozenset({"c"}))
    assert visible(audience, [PUBLIC, GOVERNMENT, PRIVATE]) == [PUBLIC]
    audience = Audience(frozenset({Classification.PRIVATE}), frozenset({"c"}))
    assert visible(audience, [PUBLIC, GOVERNMENT, PRIVATE, Thing("d", Classification.PRIVATE)]) == [PUBLIC, PRIVATE]


def test_a_government_dataset_with_agencies_is_theirs_alone():
    thing = Thing("b", Classification.GOVERNMENT, ("pupr",))
    classes = frozenset({Classification.GOVERNMENT})
    assert not Audience(classes).sees(thing)
    assert not Audience(classes, opd="bpbd").sees(thing)
    assert Audience(classes, opd="pupr").sees(thing)


@given(
    st.frozensets(st.sampled_from(Classification)), st.frozensets(st.text(max_size=3)), st.none() | st.text(max_size=3)
)
def test_equal_audiences_have_equal_keys_and_others_do_not(classes, datasets, opd):
    one, same = Audience(classes, datasets, opd), Audience(classes | {Classification.PUBLIC}, datasets, opd)
    assert (one.key, one) == (same.key, same)
    other = Audience(classes ^ {Classification.PRIVATE}, datasets, opd)
    assert other.key != one.key


@given(st.frozensets(st.sampled_from(Classification)), st.sampled_from(Classification))
def test_more_classes_never_hide_anything(classes, more):
    for thing in (PUBLIC, GOVERNMENT, PRIVATE):
        if Audience(classes).sees(thing):
            assert Audience(classes | {more}).sees(thing)


def test_every_action_has_its_roles():
    assert set(PERMISSIONS) == set(Action)
    for action in Action:
        assert Role.ADMIN in PERMISSIONS[action]
        assert Role.USER not in PERMISSIONS[action]


def test_a_producer_submits_but_does_not_publish():
    producer = Actor("p", Role.PRODUCER)
    assert may(producer, Action.DATASET_SUBMIT)
    with pytest.raises(NotAllowed):
        require(producer, Action.DATASET_PUBLISH)
