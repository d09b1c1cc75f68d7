"""Mends a layer step by step. Each step is judged by every rule; one that makes another rule worse is taken back.

Rounds go on until nothing changes any more, so that a second repair finds nothing left to do.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.errors import GEOSException

from geoportal.checks.rules import CHECKS
from geoportal.checks.validation import validate
from geoportal.model.references import NO_REFERENCES
from geoportal.model.report import Gate, Severity, Verdict
from geoportal.repairs import reference, vertices
from geoportal.repairs.draft import Change, Draft
from geoportal.repairs.ledger import Ledger, Origin, Receipt
from geoportal.repairs.table import REPAIRS, Proposal, Question, Repair, Stage, Task, Wishes, in_order
from geoportal.repairs.values import layer_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer
    from geoportal.model.references import References
    from geoportal.model.region import Region
    from geoportal.model.report import Finding, Report
    from geoportal.model.specification import Specification

log = logging.getLogger(__name__)

MOST_ROUNDS = 20
SHAPES = (Stage.SHAPES, Stage.COVERAGE)
"""Repairs that move ground: not before it is known where that ground is."""
DESCRIPTIVE = frozenset({"geometry-simple-and-multi"})
"""Rules that describe a layer and blame nobody: an area that falls into two parts is no worse than one."""


@dataclass(frozen=True, slots=True)
class Left:
    """A rule that stays broken, and why (``left.<reason>`` of the texts)."""

    rule: str
    count: int
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a repair: the layer, a receipt for each change, what must be asked, what was left, and both reports.

    ``layer`` is the original itself when nothing was changed.
    """

    layer: Layer
    origin: Origin
    receipts: tuple[Receipt, ...]
    questions: tuple[Question, ...]
    left: tuple[Left, ...]
    before: Report
    after: Report

    @property
    def passes(self) -> bool:
        """Whether nothing stands in the way any more, and nothing has to be asked."""
        return self.sound and not self.questions

    @property
    def sound(self) -> bool:
        """Whether the layer that came out can be read and meets its profile."""
        return self.after.verdict is not Verdict.REJECT and self.after.gate is not Gate.BLOCKED

    def ledger(self, digest: str, source: str) -> Ledger:
        """The ledger; ``digest`` is that of the layer as it was written (see ``values.layer_digest``)."""
        return Ledger(self.origin, self.receipts, digest, source, self.after.spec)


def mend(
    layer: Layer,
    spec: Specification | None,
    region: Region,
    *,
    references: References = NO_REFERENCES,
    wishes: Wishes | None = None,
    first: tuple[Receipt, ...] = (),
) -> Outcome:
    """Repair what can be repaired without a doubt, and what was confirmed. Nothing is written, ``layer`` stays.

    ``first`` are receipts of what the reader had to change already.
    """
    work = _Bench(spec, region, references, wishes or Wishes())
    return work.mend(layer, first)


class _Bench:
    """One repair in progress."""

    def __init__(self, spec: Specification | None, region: Region, references: References, wishes: Wishes) -> None:
        self.spec, self.region, self.references, self.wishes = spec, region, references, wishes
        self.receipts: list[Receipt] = []
        self.step = 0
        self.questions: dict[str, Question] = {}
        self.left: dict[str, Left] = {}

    def mend(self, layer: Layer, first: tuple[Receipt, ...]) -> Outcome:
        draft = Draft.of(layer)
        before = report = self._judged(draft)
        draft, report = self._wished(reference.as_told(draft.layer, self.wishes), draft, report)
        for _ in range(MOST_ROUNDS):
            self.questions, self.left, changed = {}, {}, False
            for repair in self._wanted():
                finding = _of(report, repair.rule)
                if finding is None:
                    continue
                if repair.stage in SHAPES and self._is_nowhere(report):
                    self.left[repair.rule] = Left(repair.rule, finding.count, "place-first")
                    continue
                proposal = self._proposed(repair, draft, finding)
                self._remember(repair.rule, finding, proposal)
                if proposal.change and (done := self._tried(draft, report, proposal.change, repair.rule)):
                    draft, report = done
                    changed = True
            if not changed:
                break
        questions = [item for rule, item in self.questions.items() if _of(report, rule)]
        self.questions = {}
        for wish in (vertices.flattened, reference.moved):
            draft, report = self._wished(wish(draft.layer, self.wishes), draft, report)
        questions += self.questions.values()
        return Outcome(
            layer=draft.finished(layer) if self.receipts else layer,
            origin=Origin.of(layer, layer_digest(layer)),
            receipts=(*first, *self.receipts),
            questions=_once(questions),
            left=self._untouched(report, {item.rule for item in questions}),
            before=before,
            after=report,
        )

    def _is_nowhere(self, report: Report) -> bool:
        """Whether it is still open where the layer lies."""
        return any(
            finding.severity is Severity.BLOCKING
            and finding.rule in REPAIRS
            and REPAIRS[finding.rule].stage is Stage.PLACE
            for finding in report.findings
        )

    def _wanted(self) -> list[Repair]:
        return [repair for repair in in_order() if self.wishes.wants(repair.rule)]

    def _judged(self, draft: Draft, *, sample: bool = True) -> Report:
        if sample:
            return validate(draft.layer, self.spec, self.region, references=self.references)
        return validate(draft.layer, self.spec, self.region, sample=None, references=self.references)

    def _task(self, rule: str, draft: Draft, finding: Finding) -> Task:
        return Task(rule, draft.layer, self.spec, self.region, self.references, finding, self.wishes)

    def _proposed(self, repair: Repair, draft: Draft, finding: Finding) -> Proposal:
        """What a repair would do; nothing where the geometry library cannot work with these shapes."""
        try:
            return repair.run(self._task(repair.rule, draft, finding))
        except GEOSException as error:
            log.info("the repair of %s cannot work with these shapes: %s", repair.rule, error)
            return Proposal(left="no-way")

    def _remember(self, rule: str, finding: Finding, proposal: Proposal) -> None:
        if proposal.question is not None:
            self.questions[rule] = proposal.question
        if proposal.left is not None:
            self.left[rule] = Left(rule, finding.count, proposal.left, proposal.params)

    def _tried(
        self, draft: Draft, report: Report, change: Change, rule: str, *, again: bool = True
    ) -> tuple[Draft, Report] | None:
        """The draft and the report after a change, None when it was taken back. What got worse on the way is mended at
        once where that can be done; else the features concerned are spared; else the whole step goes."""
        made, receipts = draft.changed(change, rule, self.step + 1, self.region)
        after = self._judged(made)
        worse = _worse(report, after, rule)
        steps = 1
        for other in list(worse):
            repair, finding = REPAIRS.get(other), _of(after, other)
            if repair is None or finding is None or repair.stage is Stage.PLACE or not self.wishes.wants(other):
                continue
            then = self._proposed(repair, made, finding).change
            if then:
                steps += 1
                made, more = made.changed(then, other, self.step + steps, self.region)
                receipts += more
                after = self._judged(made)
        worse = _worse(report, after, rule)
        if not worse:
            if not _better(report, after, rule):
                self.left[rule] = Left(rule, _count(after, rule), "no-way")
                return None
            self.receipts += receipts
            self.step += steps
            return made, after
        if again and len(change.touched()) > 1:
            rest = change.without(self._to_spare(draft, change, rule, worse))
            if rest and len(rest.touched()) < len(change.touched()):
                done = self._tried(draft, report, rest, rule, again=False)
                after = done[1] if done is not None else report
                self.left[rule] = Left(rule, _count(after, rule), "worse", {"rules": sorted(worse)})
                return done
        self.left[rule] = Left(rule, _count(report, rule), "worse", {"rules": sorted(worse)})
        return None

    def _to_spare(self, draft: Draft, change: Change, rule: str, worse: set[str]) -> NDArray[np.int_]:
        """The features whose change made another rule worse: those that it names now and did not before."""
        made, _ = draft.changed(change, rule, 0, self.region)
        was, now = self._judged(draft, sample=False), self._judged(made, sample=False)
        named: set[str] = set()
        for other in worse:
            named |= _named(_of(now, other)) - _named(_of(was, other))
        ids = draft.layer.ids or ()
        keys = self._task(rule, draft, was.findings[0]).context.feature_ids if was.findings else np.array(ids)
        return np.flatnonzero([str(key) in named for key in keys])

    def _wished(self, proposal: Proposal, draft: Draft, report: Report) -> tuple[Draft, Report]:
        """The draft after what the officer asked for in so many words; it is not weighed against the rules."""
        if proposal.question is not None:
            self.questions[proposal.question.rule] = proposal.question
        if not proposal.change:
            return draft, report
        self.step += 1
        draft, receipts = draft.changed(proposal.change, str(proposal.params["rule"]), self.step, self.region)
        self.receipts += receipts
        return draft, self._judged(draft)

    def _untouched(self, report: Report, asked: set[str]) -> tuple[Left, ...]:
        """Every finding that is still there and not asked about, with a reason."""
        left = []
        for finding in report.findings:
            if finding.rule in asked or finding.rule not in CHECKS:
                continue
            known = self.left.get(finding.rule) or _by_move(finding)
            reason = "not-chosen" if not self.wishes.wants(finding.rule) and finding.rule in REPAIRS else "by-hand"
            left.append(replace(known, count=finding.count) if known else Left(finding.rule, finding.count, reason))
        return tuple(left)


def _by_move(finding: Finding) -> Left | None:
    """What ``--to`` would mend: the check names the system to go to."""
    for candidate in finding.params.get("candidates") or ():
        target = candidate["repair"].get("reproject") if isinstance(candidate.get("repair"), dict) else None
        if target is not None:
            return Left(finding.rule, finding.count, "reproject", {"crs": target})
    return None


def _once(questions: list[Question]) -> tuple[Question, ...]:
    """Questions with the same answers are one, asked for the first rule: a place is one question, features add up."""
    table: dict[Any, Question] = {}
    for item in questions:
        key = (item.key, tuple(choice.option for choice in item.choices) or item.rule)
        first = table.setdefault(key, item)
        if first is not item and "features" in item.params:
            features = [*first.params["features"], *item.params["features"]]
            table[key] = replace(first, count=first.count + item.count, params={**first.params, "features": features})
    return tuple(table.values())


def _of(report: Report, rule: str) -> Finding | None:
    return next((finding for finding in report.findings if finding.rule == rule), None)


def _count(report: Report, rule: str) -> int:
    finding = _of(report, rule)
    return finding.count if finding is not None else 0


def _named(finding: Finding | None) -> set[str]:
    """The features that a finding names, also as the other one of a pair."""
    if finding is None:
        return set()
    places = finding.occurrences
    return {name for item in places for name in (item.feature, item.related) if name is not None}


def _worse(before: Report, after: Report, mended: str) -> set[str]:
    """The rules, other than the one that is mended, that find more than before. What could not be checked before says
    nothing: a layer that lies nowhere has no overlaps."""
    both = (set(before.checked) & set(after.checked)) | {"check-failed"}
    return {
        finding.rule
        for finding in after.findings
        if finding.rule in both
        and finding.rule not in DESCRIPTIVE
        and finding.rule != mended
        and finding.count > _count(before, finding.rule)
    }


def _better(before: Report, after: Report, mended: str) -> bool:
    """Whether the rule that is mended finds less than before."""
    return _count(after, mended) < _count(before, mended)
