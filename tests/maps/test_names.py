from __future__ import annotations

from geoportal.maps.names import Candidate, arrange, broken


def test_long_names_break_evenly_and_short_ones_do_not() -> None:
    assert broken("Muara Wis") == ("Muara Wis",)
    assert broken("Tenggarong Seberang") == ("Tenggarong", "Seberang")
    assert broken("Kota Bangun Darat") == ("Kota Bangun", "Darat")
    assert broken("Marangkayuan") == ("Marangkayuan",)


def test_the_lesser_of_two_names_that_touch_is_dropped() -> None:
    placed = arrange([Candidate("Besar", 100, 100, 200), Candidate("Kecil", 105, 102, 200)], 300, 200, 5)
    assert [name.lines for name in placed] == [("Besar",)]


def test_a_name_too_wide_for_its_area_or_over_the_edge_is_dropped() -> None:
    assert not arrange([Candidate("Namayangpanjang", 100, 100, 20)], 300, 200, 5)
    assert not arrange([Candidate("Nama", 5, 100, 200)], 300, 200, 5)


def test_a_point_has_its_name_right_or_else_left() -> None:
    right, left = arrange([Candidate("Satu", 50, 50, 0), Candidate("Dua", 250, 50, 0)], 270, 100, 5)
    assert (right.anchor, left.anchor) == ("start", "end")
    assert right.x > 50 and left.x < 250
    crowded = arrange([Candidate("Satu", 50, 50, 0), Candidate("Dua", 70, 50, 0)], 300, 100, 5)
    assert [name.anchor for name in crowded] == ["end", "start"]
