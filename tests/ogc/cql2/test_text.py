"""The text form becomes the JSON form; what is no filter is refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geoportal.ogc.cql2.text import from_text
from geoportal.ogc.cql2.tree import BadFilter, from_json


def pairs(shared: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "data/oracles/cql2/text_json_pairs.json").read_text())
    return found


def same(one: Any, other: Any) -> bool:
    """Equal as the standard means it: numbers by value, instants by the moment."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one.replace(".000000Z", "Z") == other
    return bool(one == other)


def test_the_examples_of_the_standard_mean_the_same_in_both_forms(shared: Path) -> None:
    told = 0
    for pair in pairs(shared):
        tree = from_text(pair["text"])
        if pair["json"] is not None:
            assert same(tree, from_json(json.dumps(pair["json"]))), pair["name"]
            told += 1
    assert told == 51


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a=1", {"op": "=", "args": [{"property": "a"}, 1]}),
        ("x = 'O''Brien'", {"op": "=", "args": [{"property": "x"}, "O'Brien"]}),
        (r"x = 'O\'Brien'", {"op": "=", "args": [{"property": "x"}, "O'Brien"]}),
        ('"select" = 1', {"op": "=", "args": [{"property": "select"}, 1]}),
        ("a-1=2", {"op": "=", "args": [{"op": "-", "args": [{"property": "a"}, 1]}, 2]}),
        ("a = -2", {"op": "=", "args": [{"property": "a"}, -2]}),
        ("-a < 3", {"op": "<", "args": [{"op": "*", "args": [-1, {"property": "a"}]}, 3]}),
        ("2^3^1=a", None),
        ("not not a", {"property": "a"}),
        ("((a))", {"property": "a"}),
        ("date = 1", {"op": "=", "args": [{"property": "date"}, 1]}),
        ("T_AFTER(d, DATE('2020-01-01'))", {"op": "t_after", "args": [{"property": "d"}, {"date": "2020-01-01"}]}),
        ("point = 3", {"op": "=", "args": [{"property": "point"}, 3]}),
        ("a_Contains(x, (1, 2))", {"op": "a_contains", "args": [{"property": "x"}, [1, 2]]}),
        ("TRUE", True),
    ],
)
def test_small_filters(text: str, tree: Any) -> None:
    if tree is None:
        with pytest.raises(BadFilter):
            from_text(text)
    else:
        assert from_text(text) == tree


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected a value"),
        ("a =", "expected a value"),
        ("a = 'x", "cannot be read from character 5"),
        ("a = 1 b", "the end of the filter"),
        ("a NOT 1", "LIKE, BETWEEN or IN"),
        ("a BETWEEN 1 OR 2", "expected AND"),
        ("DATE(1) = a", "DATE takes a text"),
        ("S_INTERSECTS(g)", "takes 2 arguments"),
        ("(" * 40 + "a" + ")" * 40, "nested deeper"),
        ("a = " + "1+" * 300 + "1", "nested deeper"),
        (" AND ".join(["a=1"] * 400), "more than 256 parts"),
        ("a IN (" + ",".join(["1"] * 501) + ")", "more than 500"),
        ("a = '" + "x" * 9000 + "'", "longer than 8 KB"),
        ("S_INTERSECTS(g, LINESTRING(" + ",".join(["0 0"] * 1100) + "))", "more than 1000"),
        ("S_INTERSECTS(g, BBOX(1,2,3))", "four or six"),
        ("S_INTERSECTS(g, BBOX(0,5,9,1,6,2))", "lower corner"),
        ("a = 1e999", "finite"),
    ],
)
def test_what_is_no_filter_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(BadFilter, match=says):
        from_text(text)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "null",
        '{"op": "="}',
        '{"op": "=", "args": [1]}',
        '{"op": "in", "args": [{"property": "a"}, 1]}',
        '{"op": "and", "args": [null, true]}',
        '{"interval": [1, 2]}',
        '{"type": "Point", "coordinates": ["a", 1]}',
        '{"type": "Point"}',
        "[" * 5000 + "]" * 5000,
        '{"op":"not","args":[' * 40 + "true" + "]}" * 40,
    ],
)
def test_json_that_is_no_filter_is_refused(body: str) -> None:
    with pytest.raises(BadFilter):
        from_json(body)


def test_ilike_is_like_whatever_the_case_where_a_dialect_has_it() -> None:
    folded = {"op": "like", "args": [{"op": "casei", "args": [{"property": "a"}]}, {"op": "casei", "args": ["x%"]}]}
    assert from_text("a ILIKE 'x%'", ilike=True) == folded
    assert from_text("a NOT ILIKE 'x%'", ilike=True) == {"op": "not", "args": [folded]}
    with pytest.raises(BadFilter):
        from_text("a ILIKE 'x%'")
