import re
from dataclasses import replace
from datetime import timedelta

import pytest

from geoportal.errors import Conflict, Invalid, NotFound
from geoportal.model.access import Audience, Classification
from geoportal.store import people

OPEN = Audience(
    frozenset({Classification.GOVERNMENT, Classification.PRIVATE}), frozenset({"a", "b"}), opd="Dinas Kesehatan"
)


def add(register, name="dinkes", audience=OPEN, days=90):
    with register.begin() as conn:
        return people.add_token(conn, name, audience, days)


def audience(register, token):
    with register.read() as conn:
        return people.audience_of(conn, token)


def test_a_token_opens_what_it_was_made_for(register):
    token = add(register)
    assert re.fullmatch(r"gp_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", token)
    assert audience(register, token) == OPEN


def test_the_token_itself_is_kept_nowhere(register, data_dir):
    token = add(register)
    secret = token.split("_", 2)[2]
    for path in data_dir.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()


def test_what_is_no_token_opens_nothing(register):
    token = add(register)
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    prefix = token.split("_", 2)[1]
    wrong = ["", "gp", "gp_", "gp__", f"gp_{prefix}_", f"xx_{prefix}_{token[12:]}", flipped, token.upper(), f" {token}"]
    wrong += ["gp_\udce9\ud800_x", "gp_" + "9" * 10_000 + "_x", "gp_%_x", "gp_' OR 1=1 --_x", "\0" * 50, token + "\n"]
    assert [text for text in wrong if audience(register, text) is not None] == []


def test_a_token_ends_when_it_said(register, watch):
    token = add(register, days=1)
    watch.turn(hours=23, minutes=59)
    assert audience(register, token) == OPEN
    watch.turn(minutes=1)
    assert audience(register, token) is None


def test_a_revoked_token_opens_nothing(register):
    token, other = add(register), add(register, "lain")
    with register.begin() as conn:
        people.revoke_token(conn, "dinkes")
    assert (audience(register, token), audience(register, other)) == (None, OPEN)
    with register.begin() as conn:
        with pytest.raises(NotFound):
            people.revoke_token(conn, "dinkes")
        with pytest.raises(NotFound):
            people.revoke_token(conn, "nobody")


def test_making_and_revoking_move_the_generation(register):
    add(register)
    assert register.generation() == 1
    with register.begin() as conn:
        people.revoke_token(conn, "dinkes")
    assert register.generation() == 2


def test_a_name_is_free_again_after_the_end(register, watch):
    first = add(register)
    with pytest.raises(Conflict):
        add(register)
    with register.begin() as conn:
        people.revoke_token(conn, "dinkes")
    second = add(register, days=2)
    watch.turn(days=3)
    third = add(register)
    assert [audience(register, token) for token in (first, second, third)] == [None, None, OPEN]
    with register.begin() as conn:
        people.revoke_token(conn, "dinkes")
    assert audience(register, third) is None


def test_tokens_are_listed_without_their_secret(register, watch):
    token = add(register, days=10)
    with register.read() as conn:
        (listed,) = people.list_tokens(conn)
        assert people.token_of(conn, token) == listed
    assert (listed.name, listed.prefix, listed.audience) == ("dinkes", token.split("_", 2)[1], OPEN)
    assert (listed.created_at, listed.expires_at, listed.revoked_at) == (
        watch.now,
        watch.now + timedelta(days=10),
        None,
    )
    assert token.split("_", 2)[2] not in repr(listed)
    assert listed.is_live(watch.now)
    assert not listed.is_live(listed.expires_at)
    assert not replace(listed, revoked_at=watch.now).is_live(watch.now)


@pytest.mark.parametrize(("name", "days"), [("", 1), ("  ", 1), ("x" * 65, 1), ("a\nb", 1), ("a", 0), ("a", 3651)])
def test_a_token_needs_a_name_and_an_end(register, name, days):
    with pytest.raises(Invalid):
        add(register, name, days=days)


def test_an_unknown_prefix_is_compared_all_the_same(register, monkeypatch):
    token, compared = add(register), []
    monkeypatch.setattr(people.hmac, "compare_digest", lambda one, other: compared.append((one, other)) or one == other)
    unknown = "gp_00000000_" + "x" * 43
    assert audience(register, unknown) is None
    assert audience(register, token) == OPEN
    assert [len(text) for pair in compared for text in pair] == [64] * 4
