"""Repair a file, and undo it: read in a child, mended here, written beside it with a ledger of every change."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.actions.references import references_at
from geoportal.errors import BadRequest, Conflict, DamagedLedger, NotFound, UnreadableSource
from geoportal.model.report import Report
from geoportal.settings import Settings

if TYPE_CHECKING:
    from geoportal.ingest.sandbox import Staged
    from geoportal.model.layer import Layer
    from geoportal.model.specification import Specification
    from geoportal.repairs import Ledger, Outcome, Question, Receipt, Wishes

Progress = Callable[[str, float | None], None]

DEFAULT_PROFILE = "bebas"
REPAIRED, RESTORED, LEDGER = ".repaired.gpkg", ".restored.gpkg", ".repair.jsonl"
LEDGER_FACTOR = 8
"""A ledger holds geometries as text: this many times the largest file that may be read, at most."""
CLOSED = "Ring is not closed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an officer asks of a repair, as typed. ``yes`` are words, some with a value: ``assign-crs=EPSG:32750``."""

    spec: str | None = None
    layer: str | None = None
    crs: str | None = None
    target: str | None = None
    tolerance_m: float | None = None
    gap_width_m: float | None = None
    only: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of it. ``report`` is that of the file as read; ``outcome`` is None when it holds nothing to mend."""

    report: Report
    outcome: Outcome | None = None
    questions: tuple[Question, ...] = ()
    out: Path | None = None
    ledger: Path | None = None

    @property
    def passes(self) -> bool:
        """Whether the layer that came out passes, with nothing left to ask."""
        return self.outcome is not None and self.outcome.sound and not self.questions


WORDS = (
    "swap-axes",
    "flip-latitude",
    "ballpark",
    "make-valid",
    "drop-empty",
    "keep-first",
    "keep-main-kind",
    "force-2d",
    "rename-alike",
    "reread-text",
    "drop-slivers",
    "restore-codes",
    "official-names",
    "newer-codes",
)
"""What may be confirmed with ``--yes``, beside ``assign-crs=CODE``."""


def repair(
    settings: Settings,
    path: Path,
    wanted: Wanted,
    *,
    out: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Repaired:
    """Mend a file as a new GeoPackage with its ledger; the file itself is not touched. ``dry_run`` writes nothing.

    Where nothing could be read the answer has a report and no outcome. NotFound for a file that is not there,
    BadRequest for wishes that make no sense, Conflict where ``out`` exists and is not a repair of ours.
    """
    from geoportal.repairs import mend

    spec = _specification(settings, wanted)
    wishes = _wishes(wanted)
    target = _target(path, out, REPAIRED)
    if not dry_run:
        _ensure_ours(target, path.name, LEDGER_FACTOR * settings.ingest.max_mb << 20)
    references = references_at(settings, spec)
    with _read(settings, path, spec, wanted.layer, progress) as (report, staged):
        if staged is None:
            return Repaired(report)
        report = report.for_layer(staged.summary.name)
        layer = _layer(staged, report)
        wishes, asked = _crs_of(layer, wanted, wishes)
        outcome = mend(layer, spec, settings.region, references=references, wishes=wishes, first=_read_receipts(report))
        questions = (*asked, *outcome.questions)
        if dry_run:
            return Repaired(report, outcome, questions)
        ledger = _write(outcome, target, path.name)
    return Repaired(report, outcome, questions, target, ledger)


def undo(
    settings: Settings,
    path: Path,
    *,
    out: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, Ledger]:
    """Write the layer as it was before a repair. ``path`` is the repaired file, its ledger lies beside it. ``dry_run``
    only makes sure that the ledger leads back.

    Conflict when the file was changed since, DamagedLedger when the ledger was; UnreadableSource for a file that is
    none.
    """
    from geoportal.ingest.writer import write_layer
    from geoportal.model.report import Report
    from geoportal.repairs import read_ledger
    from geoportal.repairs import undo as undone
    from geoportal.store.layers import read_sealed

    target = _target(path, out, RESTORED)
    if target.exists() and not dry_run:
        raise Conflict(f"{target} exists already", say="exists", path=str(target))
    beside = ledger_of(path)
    if not beside.is_file():
        raise NotFound(f"there is no ledger {beside}", say="file", path=str(beside))
    ledger = read_ledger(beside, largest=LEDGER_FACTOR * settings.ingest.max_mb << 20)
    with _read(settings, path, None, None, progress) as (report, staged):
        if staged is None:
            raise UnreadableSource("the repaired file cannot be read", report=report, say="repaired")
        layer = undone(read_sealed(staged.path, Report()), ledger)
        if not dry_run:
            with _whole(target) as part:
                write_layer(replace(layer, ids=None), part)
    return target, ledger


def ledger_of(path: Path) -> Path:
    """Where the ledger of a repaired file lies: beside it, under its name."""
    return path.with_name(path.name + LEDGER)


def _specification(settings: Settings, wanted: Wanted) -> Specification:
    from geoportal.checks.profiles import read_specification

    spec = read_specification(wanted.spec or DEFAULT_PROFILE, settings.profiles)
    return spec if wanted.tolerance_m is None else replace(spec, tolerance_m=wanted.tolerance_m)


def _wishes(wanted: Wanted) -> Wishes:
    """The wishes, every word and code in them known. BadRequest for others."""
    from geoportal.checks import RULES
    from geoportal.ingest.crs import parse_given
    from geoportal.repairs import Wishes

    confirmed, crs = set(), None
    for word in wanted.yes:
        name, _, value = word.partition("=")
        if name == "assign-crs" and value:
            crs = parse_given(value)
        elif word in WORDS:
            confirmed.add(word)
        else:
            known = ", ".join((*WORDS, "assign-crs=EPSG:…"))
            raise BadRequest(f"nothing to confirm by {word!r}; known: {known}", say="word", word=word, known=known)
    for rule in wanted.only:
        if rule not in RULES:
            raise BadRequest(f"there is no rule {rule!r}", say="rule", rule=rule)
    return Wishes(
        confirmed=frozenset(confirmed),
        only=frozenset(wanted.only) or None,
        crs=crs,
        target=parse_given(wanted.target) if wanted.target else None,
        gap_width_m=wanted.gap_width_m,
    )


def _crs_of(layer: Layer, wanted: Wanted, wishes: Wishes) -> tuple[Wishes, tuple[Question, ...]]:
    """``--crs`` holds where the file does not say; where it says something else, it is a question."""
    from geoportal.ingest.crs import parse_given, same
    from geoportal.repairs import Choice, Question

    if wanted.crs is None or wishes.crs is not None or layer.geometry_type is None:
        return wishes, ()
    given = parse_given(wanted.crs)
    if layer.crs is None:
        return replace(wishes, crs=given), ()
    if same(layer.crs, given):
        return wishes, ()
    choice = Choice("place", f"--yes assign-crs={given}", {"crs": given, "name": ""})
    return wishes, (Question("crs-conflict", "other-crs", 1, (choice,), {"stated": layer.crs, "given": given}),)


@contextmanager
def _read(
    settings: Settings, path: Path, spec: Specification | None, layer: str | None, progress: Progress | None
) -> Iterator[tuple[Report, Staged | None]]:
    """The report on a file and its layer in a folder of its own, also where it must be mended before it can be kept."""
    from geoportal.ingest.intake import MEND
    from geoportal.ingest.sandbox import inspect_in_child

    if not path.exists():
        raise NotFound(f"there is no file {path}", say="file", path=str(path))
    with tempfile.TemporaryDirectory(prefix="geoportal-repair-") as staging:
        report, staged = inspect_in_child(
            path,
            spec,
            settings.region,
            staging=Path(staging),
            limits=settings.ingest,
            layer=layer,
            write=MEND,
            progress=progress,
            references=references_at(settings, spec),
        )
        if staged is None and any(item.rule == "layers-several" for item in report.findings):
            names = [item.name for item in report.layers]
            raise BadRequest("the file holds several layers: choose one with --layer", say="layers", names=names)
        yield report, staged


def _layer(staged: Staged, report: Report) -> Layer:
    """The layer as the child read it, with the notes of the reader that checks ask for."""
    from geoportal.repairs.draft import KEPT_NOTES
    from geoportal.store.layers import read_sealed

    notes = tuple((item.rule, item.params) for item in report.findings if item.rule in KEPT_NOTES)
    return replace(read_sealed(staged.path, report), notes=notes)


def _read_receipts(report: Report) -> tuple[Receipt, ...]:
    """Rings that the reader had to close before any library could hold them: told, though nothing can open them."""
    from geoportal.repairs import Kind, Receipt

    found = next((item for item in report.findings if item.rule == "geometry-invalid"), None)
    closed = found.params.get("reasons", {}).get(CLOSED, 0) if found is not None else 0
    if found is None or not closed:
        return ()
    names = [item.feature for item in found.occurrences if item.params.get("reason") == CLOSED]
    return (Receipt(0, found.rule, Kind.READ, facts={"reason": CLOSED, "count": closed, "features": names}),)


def _target(path: Path, out: Path | None, suffix: str) -> Path:
    """Where to write: as said, else beside the file, else (where that folder is closed) in the working directory."""
    import os

    if out is None:
        undoes = suffix == RESTORED and path.name.endswith(REPAIRED)
        stem = path.name[: -len(REPAIRED)] if undoes else path.stem
        folder = path.resolve().parent
        return (folder if os.access(folder, os.W_OK) else Path.cwd()) / f"{stem}{suffix}"
    if out.suffix.lower() != ".gpkg":
        raise BadRequest(f"{out.name} must end in .gpkg", say="gpkg", path=str(out))
    if out.exists() and out.samefile(path):
        raise BadRequest("the file itself is never overwritten", say="itself", path=str(out))
    return out


def _ensure_ours(target: Path, source: str, largest: int) -> None:
    """Only what a repair of the same file wrote is overwritten by a repair: another's could not be undone any more."""
    from geoportal.repairs import read_ledger

    ledger = ledger_of(target)
    if not target.exists() and not ledger.exists():
        return
    try:
        ours = read_ledger(ledger, largest=largest).source == source
    except (DamagedLedger, OSError):
        ours = False
    if not ours:
        raise Conflict(f"{target} exists already", say="exists", path=str(target))


def _write(outcome: Outcome, target: Path, source: str) -> Path:
    """The layer and its ledger, the ledger first: a repaired file never lies there without one."""
    from geoportal.ingest.writer import write_layer
    from geoportal.repairs.values import layer_digest
    from geoportal.store.layers import read_sealed

    with _whole(target) as part:
        # The ids of a source that has its own are in the ledger: as a column they would be one field more.
        write_layer(replace(outcome.layer, ids=None), part)
        ledger = outcome.ledger(layer_digest(read_sealed(part, Report())), source)
        ledger.write(ledger_of(target))
    return ledger_of(target)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file beside ``target`` to write to, which takes its place when all went well."""
    part = target.with_name(f".{target.stem}.part.gpkg")
    part.unlink(missing_ok=True)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
