"""Searching the texts of a layer, compared with the same search done plainly in Python."""

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.errors import BadRequest
from geoportal.serving.words import terms_of
from tests.serving.samples import layer, polygons, served

TEXTS = [
    "Sungai Mahakam Hulu",
    "sungai mahakam",
    "Mahakam, sungai",
    "Café Ñandú",
    "SD Negeri 012 Tenggarong",
    "SDN 12",
    "Kutai—Kartanegara (baru)",
    "98.76.01.2001",
    "",
    None,
    'kata "petik" AND NOT near(x)',
    "Rumah/Toko*",
]
MORE = ["hulu", None, "Tenggarong Seberang", "x", "mahakam", "y", "", "z", "sungai", "a", "b", "c"]


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    made = layer(polygons(12), {"nama": TEXTS, "lain": MORE, "n": range(12)})
    return served(tmp_path_factory.mktemp("words"), made)


def tokens(text):
    plain = unicodedata.normalize("NFD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def contains(term, text):
    asked, there = tokens(term), tokens(text)
    if not asked:
        return False
    return any(
        there[at : at + len(asked) - 1] == asked[:-1] and there[at + len(asked) - 1].startswith(asked[-1])
        for at in range(len(there) - len(asked) + 1)
    )


def plainly(q):
    rows = range(12)
    terms = terms_of(q)
    if not terms:
        return list(rows)
    return [row for row in rows if any(contains(t, text or "") for t in terms for text in (TEXTS[row], MORE[row]))]


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("sungai mahakam", [0, 1]),
        ("sungai \t mahakam", [0, 1]),
        ("mahakam sungai", [2]),
        ("mahakam,sungai", [0, 1, 2, 4, 8]),
        ("MAHAKAM", [0, 1, 2, 4]),
        ("maha", [0, 1, 2, 4]),
        ("hakam", []),
        ("cafe nandu", [3]),
        ("CAFÉ", [3]),
        ("012", [4]),
        ("98.76.01", [7]),
        ("98.76.01.2001", [7]),
        ("kutai kartanegara", [6]),
        ('"petik" AND', [10]),
        ("NOT near(", [10]),
        ("mahakam OR sungai", []),
        ("nama:sungai", []),
        ("c0 : sungai", []),
        ("sungai NOT mahakam", []),
        ("*", []),
        ('"', []),
        ("-mahakam", [0, 1, 2, 4]),
        ("", list(range(12))),
        (" , ", list(range(12))),
        ("zzz,hulu", [0]),
    ],
)
def test_what_is_found(serving, q, wanted):
    rows, matched = serving.select(q=q, limit=100)
    assert (list(rows), matched) == (wanted, len(wanted))
    assert plainly(q) == wanted, "the plain search agrees"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="\"*()^:+-,{}\x00 aANDORTnear~'", max_size=40))
def test_nothing_that_is_asked_is_an_error(serving, q):
    rows, matched = serving.select(q=q, limit=100)
    assert matched == len(rows) <= 12


WORDS = st.sampled_from(["sungai", "Mahakam", "hulu", "SDN", "12", "café", "teng", "seberang", "baru", "2001", "zz"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3).map(",".join))
def test_finds_what_a_plain_search_finds(serving, q):
    assert list(serving.select(q=q, limit=100)[0]) == plainly(q)


def test_together_with_all_else(serving):
    everything = serving.select(q="mahakam", limit=100)[0]
    rows, matched = serving.select(q="mahakam", limit=2, offset=1)
    assert (list(rows), matched) == (list(everything[1:3]), 4)
    assert list(serving.select(q="mahakam", sortby=[("n", -1)], limit=100)[0]) == [4, 2, 1, 0]
    assert list(serving.select(q="mahakam", properties=[("nama", "sungai mahakam")])[0]) == [1]
    box = (115.0, -2.0, 116.5, 2.0)
    inside = serving.select(box, limit=100)[0]
    found, matched = serving.select(box, q="mahakam,sdn", limit=100)
    assert list(found) == [row for row in inside if row in plainly("mahakam,sdn")]
    assert matched == len(found)
    with pytest.raises(BadRequest):
        serving.select(q="mahakam", properties=[("tiada", "1")])


def test_a_layer_without_texts(tmp_path):
    serving = served(tmp_path / "s", layer(polygons(3), {"n": range(3)}))
    assert serving.words is None
    assert serving.select(q="apa")[1] == 0
    assert serving.select(q="")[1] == 3


def test_many_rows(tmp_path):
    names = [f"desa {n} {'hulu' if n % 3 else 'hilir'}" for n in range(2_000)]
    serving = served(tmp_path / "s", layer(polygons(2_000), {"nama": names}))
    rows, matched = serving.select(q="hilir", limit=2_000)
    assert np.array_equal(rows, np.arange(0, 2_000, 3))
    assert matched == 667
    assert list(serving.select(q="desa 17", limit=2_000)[0]) == [17, *range(170, 180), *range(1700, 1800)]
