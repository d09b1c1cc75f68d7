"""Repairs of region codes and names: dots and zeros that a program took off, and the spelling of the list.

A code is put back without a question only where the list of the node has exactly one that the value can have been.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.columns import as_text
from geoportal.repairs.draft import Cells, Change
from geoportal.repairs.table import Choice, Proposal, Stage, Task, repair
from geoportal.repairs.values import listed

if TYPE_CHECKING:
    from geoportal.model.report import Occurrence

CODES, NAMES, EDITION = "restore-codes", "official-names", "newer-codes"
MOST_SHOWN = 5
TEXTS = ("string", "json")


@repair("code-as-number", "region-code-format", stage=Stage.VALUES)
def restore_codes(task: Task) -> Proposal:
    """Codes with their dots and zeros again, as text."""
    codes = _listed_codes(task)
    numbers = _as_numbers(codes)

    def is_sure(value: str, meant: str) -> bool:
        return meant in codes and value not in codes and numbers.get(_number(value), {meant}) == {meant}

    return _suggested(task, is_sure, CODES)


@repair("region-name-differs", stage=Stage.VALUES, confirmed=True)
def spelled_as_listed(task: Task) -> Proposal:
    """Names of regions as the list spells them: only after a yes, for the code beside the name may be the wrong one."""
    return _suggested(task, lambda value, meant: False, NAMES)


@repair("region-code-edition", stage=Stage.VALUES, confirmed=True)
def in_one_edition(task: Task) -> Proposal:
    """Codes of another edition as the one that holds has them, where the list of changes names one; after a yes."""
    return _suggested(task, lambda value, meant: False, EDITION)


@repair("region-code-unknown", stage=Stage.VALUES, confirmed=True)
def ask_for_code(task: Task) -> Proposal:
    """A code on no list: nobody but its author knows which was meant."""
    values = sorted({str(item.params.get("value")) for item in task.occurrences})
    return Proposal(question=task.ask("code-unknown", task.finding.count, values=values[:MOST_SHOWN]))


def _suggested(task: Task, is_sure: Callable[[str, str], bool], word: str) -> Proposal:
    """The values that the check suggests, where they are sure or confirmed; the others as a question."""
    told: dict[str, dict[tuple[str, str], str]] = {}
    unsure: list[str] = []
    nobody = 0
    for item in task.occurrences:
        name, value, meant = (item.params.get(key) for key in ("field", "value", "suggestion"))
        if not (isinstance(name, str) and isinstance(value, str) and isinstance(meant, str)) or ", " in meant:
            nobody += 1
        elif is_sure(value, meant) or task.said(word):
            told.setdefault(name, {})[_feature(item), value] = meant
        else:
            unsure.append(f"{value} → {meant}")
    cells, retyped = [], {}
    types = task.context.field_types
    for name, meanings in told.items():
        if name not in types:
            continue
        part, changes_type = _cells(task, name, meanings, types[name])
        cells.append(part)
        if changes_type:
            retyped[name] = "string"
    question = None
    if unsure:
        pairs = sorted(set(unsure))
        question = task.ask(word, len(unsure), Choice(word, f"--yes {word}"), pairs=pairs[:MOST_SHOWN])
    return Proposal(Change(cells=tuple(cells), retyped=retyped), question, "by-hand" if nobody else None)


def _cells(task: Task, name: str, meanings: dict[tuple[str, str], str], kind: str) -> tuple[Cells, bool]:
    """The cells of a field that get their meaning; a field of numbers becomes text, and all its cells with it."""
    column = task.context.column(name)
    texts, ids = as_text(column), task.context.feature_ids
    rows, values = [], []
    is_text = kind in TEXTS
    for row, (text, feature, held) in enumerate(zip(texts, ids, listed(column), strict=True)):
        meant = meanings.get((str(feature), text)) if text is not None else None
        if meant is not None and meant != held:
            rows.append(row)
            values.append(meant)
        elif not is_text and held is not None:
            rows.append(row)
            values.append(text)
    return Cells(name, np.array(rows, dtype=np.int64), values), not is_text


def _listed_codes(task: Task) -> frozenset[str]:
    """The codes of all lists that the layer may be compared with; those of BPS are another matter."""
    lists = task.context.references.code_lists
    return frozenset(entry.code for item in lists if item.authority != "BPS" for entry in item.entries)


def _as_numbers(codes: frozenset[str]) -> dict[str, set[str]]:
    """What a program makes of each code that it takes for a number, and which codes that may have been."""
    table: dict[str, set[str]] = {}
    for code in codes:
        if code.count(".") <= 1:
            table.setdefault(_number(code), set()).add(code)
    return table


def _number(text: str) -> str:
    whole, dot, rest = text.partition(".")
    rest = rest.rstrip("0")
    return f"{whole.lstrip('0') or '0'}.{rest}" if dot and rest else (whole.lstrip("0") or "0")


def _feature(item: Occurrence) -> Any:
    return item.feature
