"""``geoportal repair``: mend a file into a new one, with a receipt for every change; and take it back."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.cli.checking import MARKS, describe
from geoportal.cli.progress import on_terminal
from geoportal.cli.session import Data, Json, Lang, language_for, print_json, say, settings_for
from geoportal.language import has_text, number, text
from geoportal.model.report import Report, Severity

if TYPE_CHECKING:
    from geoportal.actions.repair import Repaired
    from geoportal.repairs import Question

DOMAIN = "repairs"
MOST_NAMED = 20


def repair(
    file: Annotated[Path, typer.Argument(help="The file; with --undo the repaired one.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="GeoPackage to write.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="Mend this rule only (may be repeated).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Restore the layer as it was before the repair.")] = False,
    yes: Annotated[
        list[str] | None,
        typer.Option("--yes", help="Confirm what was asked: swap-axes, assign-crs=EPSG:32750 ... (may be repeated)."),
    ] = None,
    spec: Annotated[str | None, typer.Option("--spec", help="Profile or specification file to repair for.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="Reference system, where the file does not say.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Move the layer to this reference system.")] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Repair this layer.")] = None,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", min=0, max=1000, help="Tolerance in metres on the ground.")
    ] = None,
    gap_width: Annotated[
        float | None,
        typer.Option("--gap-width", min=0, max=1000, help="Close gaps and overlaps up to this many metres wide."),
    ] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Repair a file into a new GeoPackage; the file itself is not touched. Every change is a line in OUT.repair.jsonl.

    Exit code 0 when the result passes, 1 when questions or blocking findings remain, or nothing could be read.
    """
    settings = settings_for(data)
    language = language_for(lang, settings)
    from geoportal.actions import repair as repairing

    if undo:
        from geoportal.repairs import Kind

        with on_terminal(language, quiet=json) as progress:
            restored, ledger = repairing.undo(settings, file, out=out, dry_run=dry_run, progress=progress)
        changes, digest = len(ledger.receipts), ledger.origin.digest
        if json:
            facts = {"out": str(restored), "changes": changes, "digest": digest, "source": ledger.source}
            print_json({"undone": not dry_run, **facts, "layer": ledger.origin.name})
        else:
            key = "undone.dry" if dry_run else "undone"
            say(_text(key, language, out=str(restored), changes=number(changes, language), digest=digest))
            if closed := [str(item.feature) for item in ledger.receipts if item.kind is Kind.READ]:
                named = ", ".join(closed[:MOST_NAMED])
                say(_text("undone.read", language, features=named, count=number(len(closed), language)))
        return
    wanted = repairing.Wanted(spec, layer, crs, to, tolerance, gap_width, tuple(only or ()), tuple(yes or ()))
    with on_terminal(language, quiet=json) as progress:
        done = repairing.repair(settings, file, wanted, out=out, dry_run=dry_run, progress=progress)
    command = _command(file, out, wanted)
    if json:
        print_json(document(done, command, language, dry_run=dry_run))
    else:
        for line in told(done, command, language, dry_run=dry_run):
            say(line)
    if not done.passes:
        raise typer.Exit(1)


def document(done: Repaired, command: str, language: str, *, dry_run: bool) -> dict[str, Any]:
    """The answer as JSON."""
    from geoportal.checks.texts import report_json, title

    outcome = done.outcome
    if outcome is None:
        return {"passes": False, "read": False, "report": report_json(done.report, language)}
    return {
        "passes": done.passes,
        "read": True,
        "dry_run": dry_run,
        "spec": outcome.after.spec,
        "out": str(done.out) if done.out else None,
        "ledger": str(done.ledger) if done.ledger else None,
        "changes": len(outcome.receipts),
        "repaired": [
            {"rule": rule, "title": _title(rule, language), **facts} for rule, facts in _by_rule(done).items()
        ],
        "questions": [
            {
                "rule": item.rule,
                "question": item.key,
                "count": item.count,
                "message": asked(item, language),
                "choices": [
                    {
                        "option": choice.option,
                        "command": f"{command} {choice.option}",
                        "message": _text(f"choice.{choice.key}", language, **_plain(choice.params, language)),
                    }
                    for choice in item.choices
                ],
            }
            for item in done.questions
        ],
        "untouched": [
            {
                "rule": item.rule,
                "title": title(item.rule, language),
                "count": item.count,
                "reason": item.reason,
                "message": _text(f"left.{item.reason}", language, **_plain(item.params, language)),
            }
            for item in outcome.left
        ],
        "before": _counts(done.report),
        "after": report_json(outcome.after, language),
    }


def told(done: Repaired, command: str, language: str, *, dry_run: bool) -> Iterator[str]:
    """The answer as lines for a terminal: what was mended, what must be decided, what was left, how it stands."""
    from geoportal.checks.texts import title

    outcome = done.outcome
    if outcome is None:
        yield _text("unread", language)
        yield from describe(done.report, language)
        return
    changes = len(outcome.receipts)
    key = "changes.none" if not changes else "changes.dry" if dry_run else "changes"
    yield _text(key, language, changes=number(changes, language))
    for rule, facts in _by_rule(done).items():
        area = facts["area_delta_m2"]
        key = "change.area" if area else "change"
        yield "  " + _text(
            key,
            language,
            title=_title(rule, language),
            count=number(facts["changes"], language),
            features=number(facts["features"], language),
            area=_signed_area(area or 0.0, language),
        )
    for item in done.questions:
        yield f"[?] {asked(item, language)}  [{item.rule}]"
        for choice in item.choices:
            yield f"    {command} {choice.option}"
            yield f"        {_text(f'choice.{choice.key}', language, **_plain(choice.params, language))}"
    severities = {finding.rule: finding.severity for finding in outcome.after.findings}
    for left in outcome.left:
        mark = MARKS[severities.get(left.rule, Severity.INFO)]
        reason = _text(f"left.{left.reason}", language, **_plain(left.params, language))
        yield f"{mark} {title(left.rule, language)} ({number(left.count, language)}): {reason}  [{left.rule}]"
    yield _text(
        "passes" if done.passes else "asks" if outcome.sound else "blocked",
        language,
        spec=outcome.after.spec,
        before=number(_total(done.report), language),
        after=number(_total(outcome.after), language),
    )
    if done.out is not None:
        yield _text("written", language, out=str(done.out), ledger=str(done.ledger))
        yield _text("undo", language, command=shlex.join(["geoportal", "repair", str(done.out), "--undo"]))


def asked(question: Question, language: str) -> str:
    """A question as a sentence."""
    params = {**_plain(question.params, language), "count": number(question.count, language)}
    return _text(f"question.{question.key}", language, **params)


def _by_rule(done: Repaired) -> dict[str, dict[str, Any]]:
    """The receipts summed up, one entry a rule, in the order of the repair."""
    table: dict[str, dict[str, Any]] = {}
    features: dict[str, set[Any]] = {}
    assert done.outcome is not None
    for receipt in done.outcome.receipts:
        facts = table.setdefault(receipt.rule, {"changes": 0, "features": 0, "area_delta_m2": None})
        facts["changes"] += 1
        if receipt.area_delta_m2 is not None:
            facts["area_delta_m2"] = round((facts["area_delta_m2"] or 0.0) + receipt.area_delta_m2, 4)
        if receipt.row is not None:
            features.setdefault(receipt.rule, set()).add(receipt.row)
            facts["features"] = len(features[receipt.rule])
        for name in ("operation", "accuracy_m"):
            if name in receipt.facts:
                facts[name] = receipt.facts[name]
    return table


def _counts(report: Report) -> dict[str, int]:
    return {finding.rule: finding.count for finding in report.findings}


def _total(report: Report) -> int:
    """Places of all findings that weigh: notes are not counted."""
    return sum(finding.count for finding in report.findings if finding.severity is not Severity.INFO)


def _title(rule: str, language: str) -> str:
    """The name of what a receipt is for: a rule, or a wish of the officer."""
    from geoportal.checks import RULES
    from geoportal.checks.texts import title

    return title(rule, language) if rule in RULES else _text(f"wish.{rule}", language)


def _signed_area(area: float, language: str) -> str:
    from geoportal.checks.texts import area as in_words

    return f"{'+' if area > 0 else '−'}{in_words(abs(area), language)}"


def _plain(params: Any, language: str) -> dict[str, str]:
    """Parameters of a sentence as words."""
    plain = {}
    for name, value in params.items():
        match value:
            case None:
                plain[name] = "–"
            case bool():
                plain[name] = _text("yes" if value else "no", language)
            case int() | float():
                plain[name] = number(value, language)
            case list() | tuple():
                plain[name] = ", ".join(map(str, value))
            case _:
                plain[name] = str(value)
    return plain


def _text(key: str, language: str, **params: Any) -> str:
    """A sentence; its variant ``one`` where there is one and something is counted that is one."""
    counted = params.get("count", params.get("changes"))
    if counted == "1" and has_text(DOMAIN, f"{key}.one", language):
        key = f"{key}.one"
    return text(DOMAIN, key, language, **params)


def _command(file: Path, out: Path | None, wanted: Any) -> str:
    """The command as it was typed, to which an answer is added."""
    words = ["geoportal", "repair", str(file)]
    for option, value in (
        ("-o", out),
        ("--spec", wanted.spec),
        ("--layer", wanted.layer),
        ("--crs", wanted.crs),
        ("--to", wanted.target),
        ("--tolerance", wanted.tolerance_m),
        ("--gap-width", wanted.gap_width_m),
    ):
        if value is not None:
            words += [option, str(value)]
    for option, values in (("--only", wanted.only), ("--yes", wanted.yes)):
        for value in values:
            words += [option, value]
    return shlex.join(words)
