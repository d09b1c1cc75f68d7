from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks.names import cut
from geoportal.model.specification import FieldSpecification
from tests.checks.asking import ask, facts, table
from tests.checks.examples import field, spec


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("kode desa", "alias"),  # capitals and blanks make no difference
        ("kdepum_desa", "spelling"),
        ("kdepumdes", "alike"),
        ("kdepum_des", "cut"),
        ("KDPKAB", None),  # another field of the same catalogue
        ("OBJECTID", None),
    ],
)
def test_other_names_of_a_field(name: str, reason: str | None) -> None:
    asked = field("KDEPUM_DESA", aliases=("KODE_DESA",))
    found = ask("field-renamed", table(**{name: ["a"]}), asked)
    assert facts(found, "reason") == ([reason] if reason else [])
    # The field is missing all the same: whoever relies on its name does not find it.
    assert ask("field-missing", table(**{name: ["a"]}), asked) is not None


def test_a_name_that_a_shapefile_cut_is_known_again() -> None:
    asked = spec(fields=(FieldSpecification("kode_kecamatan"), FieldSpecification("kode_kelurahan")))
    found = ask("field-renamed", table(kode_kecam=["a"], kode_kelur=["b"]), asked)
    assert found is not None and found.params["pairs"] == ["kode_kecam → kode_kecamatan", "kode_kelur → kode_kelurahan"]
    assert ask("field-extra", table(kode_kecam=["a"], kode_kelur=["b"]), asked) is None


def test_one_field_stands_for_one_other() -> None:
    asked = spec(
        fields=(FieldSpecification("nama_a", aliases=("nama",)), FieldSpecification("nama_b", aliases=("nama",)))
    )
    found = ask("field-renamed", table(nama=["x"]), asked)
    assert found is not None and found.count == 1


def test_what_other_parts_of_a_specification_name_is_not_extra() -> None:
    asked = spec(key="id", fields=(FieldSpecification("nama"),))
    assert ask("field-extra", table(id=[1], nama=["a"]), asked) is None
    assert facts(ask("field-extra", table(id=[1], nama=["a"], x=[1], y=[2]), asked), "field") == ["x", "y"]


def test_names_that_collide_are_all_told() -> None:
    found = ask("field-names-collide-after-cut", table(kode_wilayah_a=["a"], KODE_WILAYAH_B=["b"], kode=["c"]))
    assert facts(found, "field") == ["kode_wilayah_a", "KODE_WILAYAH_B"]
    assert ask("field-names-collide-after-cut", table(kode_wila_a=["a"], kode_wilb=["b"])) is None


@given(st.text(max_size=30))
def test_a_cut_name_is_its_beginning_in_ten_bytes(name: str) -> None:
    name = name.encode("utf-8", "ignore").decode()
    short = cut(name)
    assert name.startswith(short) and len(short.encode()) <= 10
    assert short == name or len(short.encode()) >= 7  # no more than a part of one letter is lost
