"""The ledger as a foreign file: what is not exactly what a repair wrote is refused, and never acted on."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import orjson
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoportal.errors import Conflict, DamagedLedger
from geoportal.repairs import Wishes, mend, read_ledger, undo
from geoportal.repairs.shapes import ensure_wkb
from geoportal.repairs.values import decode, encode, layer_digest
from tests.factories import make_layer, squares
from tests.repairs.conftest import REGION, STRICT

LARGEST = 1 << 20


@pytest.fixture
def repaired(tmp_path: Path) -> tuple[Any, list[dict[str, Any]], Path]:
    """A repaired layer, the lines of its ledger, and where to write them."""
    layer = make_layer(
        [squares(1, 1)[0], None, shapely.box(116.1, 0, 116.2, 0.1, ccw=False)], nama=["a", "b\x00", " c"]
    )
    done = mend(layer, STRICT, REGION, wishes=Wishes(confirmed=frozenset({"drop-empty"})))
    path = tmp_path / "x.repair.jsonl"
    done.ledger(layer_digest(done.layer), "x.geojson").write(path)
    return done.layer, [json.loads(line) for line in path.read_text().splitlines()], path


def write(path: Path, lines: list[Any]) -> None:
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def refused(layer: Any, lines: list[Any], path: Path) -> None:
    write(path, lines)
    with pytest.raises((DamagedLedger, Conflict)):
        undo(layer, read_ledger(path, largest=LARGEST))


def test_each_change_is_a_line_with_digests_before_and_after(repaired: Any) -> None:
    _, lines, _ = repaired
    head, *rest = lines
    assert head["ledger"] == "geoportal-repair" and head["changes"] == len(rest)
    assert {line["kind"] for line in rest} >= {"geometry", "value", "drop"}
    for line in rest:
        assert line["rule"] and line["step"] > 0 and line["before"]["digest"]
        if line["kind"] == "geometry":
            assert {"area_delta_m2", "centroid_delta_m"} <= set(line)
            assert shapely.from_wkb(base64.b64decode(line["before"]["wkb"])).is_valid


def test_the_same_repair_gives_the_same_bytes(repaired: Any, tmp_path: Path) -> None:
    layer, lines, path = repaired
    written = path.read_bytes()
    ledger = read_ledger(path, largest=LARGEST)
    assert json.loads(b"".join(ledger.lines()).splitlines()[0]) == lines[0]
    assert written == path.read_bytes() and not list(tmp_path.glob(".*"))
    assert undo(layer, ledger).frame["nama"].tolist() == ["a", "b\x00", " c"]


def test_any_change_of_any_part_is_noticed(repaired: Any) -> None:
    layer, lines, path = repaired
    for number, line in enumerate(lines):
        for place, value in parts(line):
            refused(layer, [*lines[:number], altered(line, place, other(value)), *lines[number + 1 :]], path)


def test_a_lie_that_is_sealed_anew_is_refused_where_it_matters(repaired: Any) -> None:
    layer, lines, path = repaired
    for number, line in enumerate(lines):
        for place, value in parts(line):
            if set(place) & {"crs", "fields", "features", "digest", "changes", "row", "kind", "wkb", "value", "values"}:
                if (number and place == ("before", "digest")) or place in (("after", "value"), ("origin", "crs")):
                    continue  # for people: what is put back stands beside it
                if place[:3] == ("origin", "fields", 0) and place[3] > 1:
                    continue
                changed = [*lines[:number], altered(line, place, other(value)), *lines[number + 1 :]]
                refused(layer, sealed(changed), path)


def altered(line: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = target = json.loads(json.dumps(line))
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return changed


def sealed(lines: list[Any]) -> list[Any]:
    """The lines with a seal that fits, as somebody would make it who means harm."""
    head = {name: value for name, value in lines[0].items() if name != "seal"}
    whole = b"\n".join(orjson.dumps(line) for line in (head, *lines[1:]))
    return [{**head, "seal": hashlib.sha256(whole).hexdigest()}, *lines[1:]]


def parts(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every leaf of a JSON value with the way to it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [item for key, part in pairs for item in parts(part, (*place, key))]
    return found or [(place, value)]


def other(value: Any) -> Any:
    match value:
        case str():
            return ("0" if value[:1] != "0" else "1") + value[1:]
        case bool():
            return not value
        case int():
            return value + 1
        case _:
            return "x"


def test_sealing_anew_is_what_a_repair_does(repaired: Any) -> None:
    _, lines, _ = repaired
    assert sealed(lines) == lines


def test_lines_that_are_missing_or_come_twice_are_refused(repaired: Any) -> None:
    layer, lines, path = repaired
    refused(layer, lines[:-1], path)
    refused(layer, [*lines, lines[-1]], path)
    refused(layer, [{**lines[0], "changes": len(lines)}, *lines[1:], lines[-1]], path)
    refused(layer, lines[1:], path)
    refused(layer, sealed(lines[:-1]), path)
    refused(layer, sealed([*lines, lines[-1]]), path)
    refused(layer, sealed([{**lines[0], "changes": len(lines)}, *lines[1:], lines[-1]]), path)
    refused(layer, [], path)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "{" * 100_000, "\x00\xff", '{"ledger": "geoportal-repair"}', '{"seal": 1}', "[[[[1]]]]"],
)
def test_what_is_no_ledger_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DamagedLedger):
        read_ledger(path, largest=LARGEST)


def test_a_ledger_that_is_too_large_is_not_read(repaired: Any) -> None:
    _, _, path = repaired
    with pytest.raises(DamagedLedger):
        read_ledger(path, largest=10)


def test_a_layer_that_was_changed_since_is_refused(repaired: Any) -> None:
    layer, _, path = repaired
    layer.frame.loc[0, "nama"] = "z"
    with pytest.raises(Conflict):
        undo(layer, read_ledger(path, largest=LARGEST))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        struct.pack("<BI", 1, 1),
        struct.pack("<BIdd", 1, 1, 0, 0) + b"\x00",
        struct.pack("<BII", 1, 2, 2**32 - 1),
        struct.pack("<BII", 1, 3, 2**32 - 1),
        struct.pack(">BIdd", 0, 1, 0, 0),
        struct.pack("<BIdd", 1, 17, 0, 0),
        struct.pack("<BI", 1, 0x20000001) + bytes(20),
        struct.pack("<BII", 1, 7, 1) * 5000 + struct.pack("<BIdd", 1, 1, 0, 0),
    ],
)
def test_bytes_that_are_no_geometry_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="geometry"):
        ensure_wkb(data)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (1 2)",
        "POINT EMPTY",
        "LINESTRING Z (0 0 1, 1 1 2)",
        "POLYGON ((0 0, 1 0, 1 1, 0 0), (0.1 0, 0.2 0, 0.2 0.1, 0.1 0))",
        "MULTIPOLYGON EMPTY",
        "GEOMETRYCOLLECTION (POINT (0 0), MULTILINESTRING ((0 0, 1 1)))",
    ],
)
def test_geometries_of_every_kind_pass(text: str) -> None:
    ensure_wkb(shapely.to_wkb(shapely.from_wkt(text), flavor="iso", byte_order=1))


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(),
        st.binary(),
        st.dates(),
    )
)
def test_every_value_comes_back_from_json(value: Any) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    assert back == value and type(back) is type(value)
