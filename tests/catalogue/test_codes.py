"""The lists of region codes in ``config/codes``."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoportal.actions.references import references_of
from geoportal.catalogue.codes import CHANGES, edition_order, read_code_lists
from geoportal.errors import Invalid
from geoportal.model.references import References
from geoportal.settings import PROJECT, load_settings

HEAD = "kode,nama,jenis,induk,edisi\n"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_several_files_of_one_edition_are_one_list_and_the_newest_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "codes/a.csv", f"{HEAD}64.02,Contoh,kabupaten,64,Kep 9/2018\n64.03,Lain,kabupaten,64,Kep 10/2025\n")
    write(
        tmp_path, "codes/b.csv", f"{HEAD}64.01, Satu ,kabupaten,64,Kep 10/2025\n\n6402,Contoh,kabupaten,64,BPS 2030\n"
    )
    lists = read_code_lists(tmp_path)
    assert [(item.edition, item.authority, len(item.entries)) for item in lists] == [
        ("Kep 10/2025", "Kep", 2),
        ("Kep 9/2018", "Kep", 1),
        ("BPS 2030", "BPS", 1),
    ]
    assert (lists[0].entries[0].code, lists[0].entries[0].name) == ("64.01", "Satu")
    assert References.from_dict(References(code_lists=lists).as_dict()).code_lists == lists


def test_editions_are_ordered_by_year_and_then_by_number() -> None:
    editions = ["Kep 300.2.2-2138/2025", "Kep 300.2.2-2430/2025", "Kep 9/2026", "Kep 900/2018", "tanpa tahun"]
    assert sorted(editions, key=edition_order, reverse=True) == [editions[i] for i in (2, 1, 0, 3, 4)]


def test_a_file_of_the_node_stands_before_the_shared_one(tmp_path: Path) -> None:
    write(tmp_path, "codes/a.csv", f"{HEAD}64.02,Contoh,kabupaten,64,K 2025\n")
    write(tmp_path, "codes/b.csv", f"{HEAD}64.03,Lain,kabupaten,64,K 2025\n")
    assert len(read_code_lists(tmp_path)[0].entries) == 2
    write(tmp_path, "local/codes/a.csv", f"{HEAD}64.09,Sendiri,kabupaten,64,K 2025\n")
    write(tmp_path, "local/codes/b.csv", "")  # takes the shared one away
    assert [entry.code for item in read_code_lists(tmp_path) for entry in item.entries] == ["64.09"]
    write(tmp_path, "local/codes/a.csv", f"{HEAD}64.10,Berubah sesudahnya,kabupaten,64,K 2025\n")
    assert [entry.code for item in read_code_lists(tmp_path) for entry in item.entries] == ["64.10"]
    assert read_code_lists(tmp_path / "tiada") == ()


@pytest.mark.parametrize("text", ["kode,nama\n1,a\n", f"{HEAD}64.02,Contoh,kabupaten,64,\n", f"{HEAD},x,,,K 2025\n"])
def test_what_is_no_list_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    write(tmp_path, "codes/rusak.csv", text)
    with pytest.raises(Invalid, match=r"rusak\.csv"):
        read_code_lists(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "rusak.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match=r"rusak\.csv"):
        read_code_lists(tmp_path)


def test_changes_are_no_list_of_regions(tmp_path: Path) -> None:
    write(
        tmp_path,
        "codes/perubahan.csv",
        "kode_lama,kode_baru,edisi_sejak,sumber\n64.01,64.09,2022,Perda\n,64.10,2022,x\n",
    )
    (changes,) = read_code_lists(tmp_path)
    assert (changes.authority, changes.edition) == (CHANGES, "2022")
    assert [(entry.parent, entry.code) for entry in changes.entries] == [("64.01", "64.09"), (None, "64.10")]


def test_the_lists_of_the_project_agree_with_each_other() -> None:
    settings, _ = load_settings(environ={})
    lists = references_of(settings).code_lists
    assert settings.config == PROJECT / "config"
    codes = {entry.code for item in lists if item.authority != CHANGES for entry in item.entries}
    for item in lists:
        if item.authority == CHANGES:
            assert {entry.code for entry in item.entries} <= codes
        else:
            roots = [entry for entry in item.entries if entry.parent not in codes]
            assert len(roots) == 1
            assert all(entry.code.startswith(f"{entry.parent}.") for entry in item.entries if entry not in roots)
