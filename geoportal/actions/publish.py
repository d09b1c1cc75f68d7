"""Publish, withdraw, roll back: the facts that decide what readers see (penyebarluasan).

Everything that readers will touch is built and probed first; then one transaction moves the pointer. Readers see the
old version whole or the new one whole, never anything between.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geoportal.actions.completeness import record_report
from geoportal.actions.ground import ground_of
from geoportal.actions.joining import ensure_join_still_open
from geoportal.actions.judging import guarded, rejudged, with_file_beside
from geoportal.actions.references import references_for
from geoportal.actions.submit import ensure_space
from geoportal.actions.timing import ensure_times
from geoportal.errors import BadRequest, Conflict, NotFound, NotPublishable
from geoportal.model.access import Action, Actor, require
from geoportal.model.dataset import Dataset, Publication, Version
from geoportal.model.report import Finding, Gate, Report, Severity, Verdict
from geoportal.model.text import LocalText
from geoportal.node import Node

if TYPE_CHECKING:
    from geoportal.serving.edition import Edition
    from geoportal.store.waivers import Waiver

LONGEST_REASON = 1000
"""Characters of the reason for an exception: a paragraph, which stands on every page and paper of the version."""


def judge(node: Node, dataset: Dataset, version: Version) -> Report:
    """The report of a sealed version under the dataset's present specification: what the gate goes by.

    Findings that only the reader of the source could see come from the report that was sealed with it; what the
    record lacks is asked of its present revision.
    """
    from geoportal.checks import RULES
    from geoportal.model.report import Scope

    sealed = node.files.report(dataset.dataset_id, version.digest)
    references = references_for(
        node, dataset.specification, dataset.classification, dataset.opd, without=dataset.dataset_id
    )
    spec = guarded(dataset.specification, dataset.classification)
    fresh = rejudged(node, dataset.dataset_id, version.digest, spec, references)
    seen = {finding.rule for finding in fresh.findings}
    kept = [
        _weighed(finding, dataset)
        for finding in sealed.findings
        if finding.rule not in seen and (finding.rule not in RULES or RULES[finding.rule].scope is Scope.SOURCE)
    ]
    fresh = with_file_beside(fresh, sealed, dataset.specification)
    described = record_report(node, dataset, version)
    # Notes about the record are for whoever describes the dataset (`record show`), not for the gate.
    weighty = tuple(finding for finding in described.findings if finding.severity is not Severity.INFO)
    return fresh.merged_with([Report(findings=tuple(kept), spec=fresh.spec), replace(described, findings=weighty)])


def _weighed(finding: Finding, dataset: Dataset) -> Finding:
    """A finding of the sealed report with the weight that the present specification gives it."""
    from geoportal.checks import RULES
    from geoportal.checks.rules import severity_under

    rule = RULES.get(finding.rule)
    severity = severity_under(rule, dataset.specification) if rule else None
    return replace(finding, severity=severity) if severity else finding


def build(node: Node, dataset: Dataset, version: Version, waiver: Waiver | None = None) -> str:
    """Build serving files, downloads and previews of a version under ``derived/``; return the name of the build.

    A waiver stands in the papers of all downloads.
    """
    from geoportal.maps.pages import write_previews
    from geoportal.serving.build import build as build_serving
    from geoportal.serving.downloads import build_downloads

    layer = node.files.open_layer(dataset.dataset_id, version.digest)
    name, folder = node.files.new_build(version.digest)
    build_serving(layer, folder, key=dataset.specification.key)
    build_downloads(layer, folder, dataset.dataset_id, dataset.record, edition(node, dataset, version, waiver))
    write_previews(
        layer,
        dataset.record,
        folder,
        region=node.region,
        languages=node.settings.node.languages,
        dataset_id=dataset.dataset_id,
        version=version.number,
        credits=node.settings.node.title.local(),
        ground=ground_of(node),
    )
    node.files.finish_build(version.digest, name)
    return name


def edition(node: Node, dataset: Dataset, version: Version, waiver: Waiver | None = None) -> Edition:
    """What the files of a version say of it: number, day of receipt (UTC), names of producer and publisher, address,
    and why it is out although its gate was blocked.
    """
    from geoportal.catalogue.producers import read_producers
    from geoportal.checks.texts import named
    from geoportal.serving.edition import Edition, exception

    producer = read_producers(node.settings.config).get(dataset.record.producer or "")
    return Edition(
        number=version.number,
        created=version.created_at.date().isoformat(),
        producer=producer.name if producer else LocalText(),
        publisher=node.settings.node.organisation.local(),
        # An address that only this machine understands is no use in a file that travels.
        page=f"{address}/dataset/{dataset.dataset_id}" if (address := node.settings.web.base_url) else None,
        exception=exception(waiver.by, waiver.reason, lambda language: named(waiver.overruled, language))
        if waiver
        else LocalText(),
    )


def publish(
    node: Node, actor: Actor, dataset_id: str, number: int | None = None, override: str | None = None
) -> Publication:
    """Make a version (the newest unless ``number`` says) what readers see.

    NotPublishable carries the report when the gate is blocked; ``override`` is the written reason of somebody who may
    overrule it, kept in publication and event with what it overrules. An open gate needs none, and none is kept. A
    version that could not even be taken in is published under no reason. InvalidSpecification where the record names
    fields for its time that the version does not have.
    """
    from geoportal.store import clock, datasets
    from geoportal.store.waivers import Waiver, overruled

    require(actor, Action.DATASET_PUBLISH)
    reason = None
    if override is not None:
        require(actor, Action.GATE_OVERRIDE)
        reason = reason_in(override)
    ensure_space(node)
    with node.register.read() as conn:
        dataset = datasets.get(conn, dataset_id)
        versions = datasets.versions(conn, dataset_id)
        if not versions:
            raise NotFound(f"{dataset_id} has no version yet: submit a file first", say="version", id=dataset_id)
        version = datasets.version(conn, dataset_id, number) if number is not None else max(versions, key=_number)
        moment = clock.now(conn)
    ensure_times(node, dataset.record, dataset_id, [version])
    report = judge(node, dataset, version)
    blocking = report.blocking()
    if report.gate is not Gate.BLOCKED:
        return _release(node, actor, dataset, version, None)
    if reason is None or report.verdict is Verdict.REJECT:
        raise NotPublishable(
            f"version {version.number} of {dataset_id} does not meet {dataset.specification.name}: "
            f"{', '.join(finding.rule for finding in blocking)}",
            report=report,
            dataset=dataset_id,
            version=version.number,
            say="gate" if report.verdict is not Verdict.REJECT else "reject",
            rules=[finding.rule for finding in blocking],
            source=version.source_name,
            profile=dataset.specification.profile,
        )
    waiver = Waiver(reason, actor.name, moment, overruled(blocking))
    return _release(node, actor, dataset, version, waiver, waived=True)


def reason_in(text: str) -> str:
    """The reason for an exception as it is kept: one line, without characters that nobody sees.

    BadRequest where no word is left, or too many.
    """
    reason = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not any(letter.isalnum() for letter in reason):
        raise BadRequest("an override needs a reason in words", say="reason")
    if len(reason) > LONGEST_REASON:
        raise BadRequest(
            f"the reason has {len(reason)} characters; {LONGEST_REASON} are kept at most",
            say="reason-long",
            length=len(reason),
            most=LONGEST_REASON,
        )
    return reason


def _number(version: Version) -> int:
    return version.number


def _release(
    node: Node,
    actor: Actor,
    dataset: Dataset,
    version: Version,
    waiver: Waiver | None,
    *,
    waived: bool = False,
    **facts: object,
) -> Publication:
    """Build, probe, and move the pointer in one transaction; ``waived`` says that the waiver is given now."""
    from geoportal.ogc.probe import probe
    from geoportal.store import datasets, events, waivers

    override = waiver.reason if waiver else None
    with node.register.read() as conn:
        ensure_join_still_open(node, conn, dataset, version)
    with node.files.registering():
        name = build(node, dataset, version, waiver)
        candidate = Publication(
            dataset_id=dataset.dataset_id,
            version=version,
            build=name,
            record=dataset.record,
            revision=dataset.revision,
            specification=dataset.specification,
            classification=dataset.classification,
            published_at=version.created_at,
            published_by=actor.name,
            opd=dataset.opd,
            override=override,
        )
        probe(candidate, node.derived(candidate), node.settings)
        with node.register.begin() as conn:
            now = datasets.get(conn, dataset.dataset_id)
            if now.specification != dataset.specification:
                raise Conflict(f"the specification of {dataset.dataset_id} was changed meanwhile; publish again")
            publication = datasets.publish(
                conn, dataset.dataset_id, version.number, name, actor.name, override=override
            )
            if waiver is not None and waived:
                waivers.record(conn, actor, dataset.dataset_id, version.number, waiver)
            told = {"version": version.number, "build": name, "override": override, **facts}
            events.record(conn, actor, Action.DATASET_PUBLISH, dataset.dataset_id, **told)
    return publication


def withdraw(node: Node, actor: Actor, dataset_id: str) -> None:
    """Take a dataset out of sight for everybody; its versions stay, and it may be published again."""
    from geoportal.store import datasets, events

    require(actor, Action.DATASET_WITHDRAW)
    with node.register.begin() as conn:
        current = datasets.publication(conn, dataset_id)
        if current is None:
            datasets.get(conn, dataset_id)
            raise Conflict(f"{dataset_id} is not published", id=dataset_id)
        datasets.withdraw(conn, dataset_id)
        events.record(conn, actor, Action.DATASET_WITHDRAW, dataset_id, version=current.version.number)


def rollback(node: Node, actor: Actor, dataset_id: str, to: int | None = None) -> Publication:
    """Go back to a version that was public before: the one before the present one, or ``to``.

    It passed the gate (or was let through) when it was published, so it is not asked again; what was built for it is
    built anew.
    """
    from geoportal.store import datasets

    require(actor, Action.DATASET_PUBLISH)
    ensure_space(node)
    with node.register.read() as conn:
        dataset = datasets.get(conn, dataset_id)
        current = datasets.publication(conn, dataset_id)
        history = datasets.published_history(conn, dataset_id)
    if current is None:
        raise Conflict(f"{dataset_id} is not published: there is nothing to go back from", id=dataset_id)
    present = current.version.number
    if to is not None:
        earlier = [past for past in history if past.version.number == to != present]
    else:
        earlier = [past for past in history if past.version.number < present]
    if not earlier:
        wanted = f"version {to}" if to is not None else f"a version before {present}"
        raise NotFound(f"{dataset_id} has not published {wanted}; 'show' lists its versions", id=dataset_id)
    target = max(earlier, key=lambda past: past.version.number)
    return _release(node, actor, dataset, target.version, node.waiver(target), rollback_from=present)
