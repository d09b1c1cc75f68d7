"""Infer: a specification proposed from a file, so that an officer corrects one instead of writing one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.actions.references import references_of
from geoportal.actions.submit import unanswered
from geoportal.errors import GeoportalError, NotFound, UnreadableSource
from geoportal.model.report import Gate, Report, Verdict
from geoportal.settings import Settings

if TYPE_CHECKING:
    from geoportal.checks.inference import Proposal
    from geoportal.ingest.phases import Progress

FREEST = "bebas"
PERSONAL = "personal-data-"
"""What the ids of rules about personal data begin with."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """A proposal, what the checks say of the same file under it, and the profile that would have fitted but blocks."""

    proposal: Proposal
    report: Report
    passed_over: str | None = None
    blocked_by: tuple[str, ...] = ()


def infer(
    settings: Settings,
    path: Path,
    *,
    profile: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    progress: Progress | None = None,
) -> Inferred:
    """Propose a specification for a file; nothing is kept. The file itself is opened by the child alone.

    ``profile`` is the one to build on; without it the one that fits, unless the data would be blocked by it. NotFound
    without a file, InvalidSpecification for no such profile; UnreadableSource, UnknownReferenceSystem or BadRequest
    carry the report of a file that gives no layer.
    """
    from geoportal.checks import validate
    from geoportal.checks.inference import fitted, under
    from geoportal.checks.inference import infer as propose
    from geoportal.checks.profiles import read_specification
    from geoportal.ingest.sandbox import inspect_in_child
    from geoportal.store.layers import read_sealed

    if not path.exists():
        raise NotFound(f"there is no file {path}", say="file", path=str(path))
    if profile is not None:
        read_specification(profile, settings.profiles)
    references = references_of(settings)
    with tempfile.TemporaryDirectory(prefix="geoportal-infer-") as staging:
        report, staged = inspect_in_child(
            path, None, settings.region,
            staging=Path(staging), limits=settings.ingest, layer=layer, crs=crs, progress=progress,
            references=references,
        )  # fmt: skip
        if staged is None:
            raise _refusal(report)
        found = read_sealed(staged.path, report.for_layer(staged.summary.name))
    passed_over: str | None = None
    blocked_by: tuple[str, ...] = ()
    while True:
        proposal = propose(found, settings.region, profile=profile, references=references)
        base = read_specification(proposal.specification.profile, settings.profiles)
        proposal = fitted(proposal, base)
        judged = validate(found, under(proposal, base), settings.region, references=references)
        if judged.gate is not Gate.BLOCKED or not proposal.profile_guessed or base.profile == FREEST:
            break
        passed_over, blocked_by = base.profile, tuple(dict.fromkeys(item.rule for item in judged.blocking()))
        profile = FREEST
    if passed_over is not None:
        notes = tuple(note for note in proposal.notes if note.place != "profile")
        proposal = replace(proposal, notes=notes)
    return Inferred(_without_persons(proposal, judged), judged, passed_over, blocked_by)


def _without_persons(proposal: Proposal, judged: Report) -> Proposal:
    """The proposal without values of fields in which the checks saw personal data: the file may go to anybody."""
    from geoportal.checks.inference import Note

    fields = {
        str(name)
        for finding in judged.findings
        if finding.rule.startswith(PERSONAL)
        for name in finding.params.get("fields", ())
    }
    places = {f"fields.{name}" for name in fields}
    notes = tuple(
        Note(note.place, "field-personal") if note.place in places and note.code == "field-values" else note
        for note in proposal.notes
    )
    own = proposal.specification
    bare = tuple(replace(item, codes=()) if item.name in fields else item for item in own.fields)
    return replace(proposal, notes=notes, specification=replace(own, fields=bare))


def _refusal(report: Report) -> GeoportalError:
    """Why a file gives no layer to look at."""
    if report.verdict is Verdict.REJECT:
        return UnreadableSource("the file was rejected", report=report, say="rejected")
    return unanswered(report) or UnreadableSource("the file holds no layer that could be kept", report=report)
