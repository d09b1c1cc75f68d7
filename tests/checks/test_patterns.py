from __future__ import annotations

import time

import pytest

from geoportal.checks.patterns import LONGEST_VALUE, checked_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"^64\.02\.\d\d$", r"64\.02(\.\d{2}(\.[12]\d{3})?)?", r"[A-Z]+-\d{3}", r"(desa|kelurahan)", r".*",
        r"[^@]+@[^@]+",
        r"\d{16}", r"(?i)ya|tidak", r"[a-z ]{1,60}", r"", r"(?:ab){2,4}", r"a++b",
    ],
)  # fmt: skip
def test_ordinary_patterns_are_taken_and_are_quick(pattern: str) -> None:
    compiled = checked_pattern(pattern)
    for value in ("a" * LONGEST_VALUE, "0" * LONGEST_VALUE, "ab" * (LONGEST_VALUE // 2), "@" * LONGEST_VALUE):
        started = time.perf_counter()
        compiled.fullmatch(value)
        assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+", r"(a*)*b", r"(a|a)*", r"(a|aa)+$", r"a?" * 30 + "a" * 30, r".*.*.*x", r"(.*a){11}", r"(x+x+)+y",
        r"((a{1,20}){1,20}){1,20}", r"(a)\1", r"(?=a)a", r"(?<!a)b", r"(a)?(?(1)b|c)", r"(", r"[z-a]", "a" * 201, r"*",
        "(" * 100 + ")" * 100 + "a{99999999999}",
    ],
)  # fmt: skip
def test_dangerous_or_broken_patterns_are_refused_at_once(pattern: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError):
        checked_pattern(pattern)
    assert time.perf_counter() - started < 1
