"""Repairs of fields and their values that lose nothing: blanks at the ends, invisible characters, known other names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from geoportal.checks.values import INVISIBLE
from geoportal.repairs.draft import Cells, Change
from geoportal.repairs.table import Choice, Proposal, Stage, Task, repair
from geoportal.repairs.values import listed

if TYPE_CHECKING:
    import re

ALIKE, REREAD = "rename-alike", "reread-text"
MOST_SHOWN = 5


@repair("text-control-characters", stage=Stage.VALUES)
def without_invisible(task: Task) -> Proposal:
    """Invisible characters are taken out of texts."""
    import re

    pattern: re.Pattern[str] = re.compile(INVISIBLE)
    return Proposal(rewritten(task, lambda text: pattern.sub("", text)))


@repair("text-trailing-blanks", stage=Stage.VALUES)
def without_blanks(task: Task) -> Proposal:
    """Blanks before and after a text are taken off; a text of blanks only is no value."""
    return Proposal(rewritten(task, lambda text: text.strip() or None))


@repair("text-mojibake", stage=Stage.VALUES, confirmed=True)
def read_right(task: Task) -> Proposal:
    """Letters that were read in the wrong encoding, as they were meant; after a yes, for a text may mean such letters.
    Texts that lost letters stay.
    """
    from geoportal.checks.wording import mended

    change = rewritten(task, lambda text: mended(text) or text)
    if not change or task.said(REREAD):
        return Proposal(change, left="by-hand")
    pairs = []
    for part in change.cells:
        was = listed(task.context.column(part.name).iloc[part.positions])
        pairs += [f"{one} → {other}" for one, other in zip(was, part.values, strict=True)]
    choice = Choice(REREAD, f"--yes {REREAD}")
    question = task.ask(REREAD, len(pairs), choice, pairs=sorted(set(pairs))[:MOST_SHOWN])
    return Proposal(question=question, left="by-hand")


@repair("field-renamed", stage=Stage.NAMES)
def named_as_profile(task: Task) -> Proposal:
    """Fields that come under another known name get that of the profile; names that are only alike are a question."""
    from geoportal.checks.names import renamed

    found = renamed(task.context)
    there = {field.name.casefold() for field in task.layer.fields}
    wanted: dict[str, str] = {}
    alike: list[str] = []
    for name, (near, reason) in found.items():
        if name.casefold() in there - {near.casefold()}:
            continue
        if reason == "alike" and not task.said(ALIKE):
            alike.append(f"{near} → {name}")
        else:
            wanted[near] = name
    question = None
    if alike:
        choice = Choice("rename-alike", f"--yes {ALIKE}")
        question = task.ask("rename-alike", len(alike), choice, pairs=sorted(alike))
    return Proposal(Change(renamed=wanted), question)


def rewritten(task: Task, rewrite: Callable[[str], str | None]) -> Change:
    """The texts of the fields that a finding is about, each as ``rewrite`` has it where that differs."""
    cells = []
    for field in task.layer.fields:
        if field.name not in task.fields or field.type not in ("string", "json"):
            continue
        values = listed(task.context.column(field.name))
        told = {value: rewrite(value) for value in set(values) if isinstance(value, str)}
        rows = [row for row, value in enumerate(values) if isinstance(value, str) and told[value] != value]
        cells.append(Cells(field.name, np.array(rows, dtype=np.int64), [told[values[row]] for row in rows]))
    return Change(cells=tuple(part for part in cells if len(part.positions)))
