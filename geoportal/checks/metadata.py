"""Rules about the metadata record of a dataset: what it does not say yet. They look at a record, not at a layer.

What ISO 19115-1 calls core is marked below, with its element: title, abstract, topic category, reference date, point
of contact and extent are asked for of every dataset there, so their absence is a warning; constraints (the licence)
are optional in ISO and a warning here, because data without a licence may not be used by anybody. The rest of the
core (lineage, spatial resolution) and what helps a reader (keywords, rhythm, meanings of fields) is a note. Identifier,
language, reference system, representation and class of access are given by the node itself and are never missing.

SNI 8843-1:2019 (Profil Metadata Spasial Indonesia) has a list of obligatory elements of its own that could not be
read (DOMAIN 7); nothing here claims to be that list. A specification may weigh each rule as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geoportal.checks.rules import RULES, declare, severity_under
from geoportal.model.report import Element, Finding, Occurrence, Report, Scope, Severity

if TYPE_CHECKING:
    from geoportal.model.layer import LayerSummary
    from geoportal.model.record import Record
    from geoportal.model.specification import Specification
    from geoportal.model.text import LocalText

LEAST_ABSTRACT = 60
"""Letters of an abstract below which it says no more than a title does."""

KUGI_MEANING = "kugi-code"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a record is read with: the dataset's id and newest layer, the languages of the node, and whether its
    producer is on the node's list and with which contact.
    """

    dataset_id: str
    languages: tuple[str, ...] = ("id", "en")
    layer: LayerSummary | None = None
    spec: Specification | None = None
    producer_known: bool = False
    contact: str | None = None


Asked = Callable[["Record", Surroundings], Mapping[str, Any] | None]

NOT_ASKED: Mapping[str, Any] = {"asked": False}
"""The answer where the question makes no sense yet: it is then neither stated nor lacking."""

ASKED: dict[str, Asked] = {}
"""The rules about records by id, in the order in which a reader meets the elements."""


def _about_records(rule_id: str, severity: Severity) -> Callable[[Asked], Asked]:
    """Declare a rule about records and the function that asks it: parameters of what is missing, or None."""
    declare(rule_id, scope=Scope.SOURCE, element=Element.COMPLETENESS_OMISSION, severity=severity)

    def register(function: Asked) -> Asked:
        ASKED[rule_id] = function
        return function

    return register


def record_report(record: Record, around: Surroundings) -> Report:
    """What a record lacks, as a report of its own: ``checked`` names the elements that were asked for.

    Weights are those of ``around.spec``; what it switches off is neither asked nor counted.
    """
    findings, checked = [], []
    for rule_id, asked in ASKED.items():
        rule = RULES[rule_id]
        severity = severity_under(rule, around.spec)
        if severity is None:
            continue
        missing = asked(record, around)
        if missing is NOT_ASKED:
            continue
        checked.append(rule_id)
        if missing is not None:
            told = (Occurrence(params=dict(missing)),) if missing else ()
            findings.append(Finding(rule_id, severity, rule.element, 1, params=dict(missing), occurrences=told))
    return Report(findings=tuple(findings), spec=around.spec.name if around.spec else None, checked=tuple(checked))


def completeness(report: Report) -> tuple[int, int]:
    """How many of the elements that were asked for a record states, and how many they are; other rules do not count."""
    asked = [rule_id for rule_id in report.checked if rule_id in ASKED]
    lacking = {finding.rule for finding in report.findings if finding.rule in ASKED}
    return len(asked) - len(lacking), len(asked)


@_about_records("record-title-missing", Severity.WARNING)
def _title(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.citation.title, core: a title that is more than the id of the dataset."""
    title = record.title.in_language("id").strip()
    return {} if not title or title.casefold() == around.dataset_id.casefold() else None


@_about_records("record-abstract-missing", Severity.WARNING)
def _abstract(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.abstract, core: what the data is, in more than a line."""
    length = len(" ".join(record.abstract.in_language("id").split()))
    return {"length": length or None, "least": LEAST_ABSTRACT} if length < LEAST_ABSTRACT else None


@_about_records("record-producer-missing", Severity.WARNING)
def _producer(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.pointOfContact, core: a unit on the node's list (produsen data)."""
    if not record.producer:
        return {}
    return None if around.producer_known else {"reason": "producer-unknown", "producer": record.producer}


@_about_records("record-licence-missing", Severity.WARNING)
def _licence(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.resourceConstraints, optional in ISO: an SPDX id."""
    return None if record.licence else {}


@_about_records("record-topic-missing", Severity.WARNING)
def _topic(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.topicCategory, core."""
    return None if record.topic else {}


@_about_records("record-date-missing", Severity.WARNING)
def _date(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.citation.date, core: the day that the content speaks of."""
    return None if record.content_date else {}


@_about_records("record-extent-missing", Severity.WARNING)
def _extent(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.extent, core: computed from the layer, which needs coordinates and their system."""
    layer = around.layer
    return {} if layer is None or layer.extent is None or layer.crs is None else None


@_about_records("record-lineage-missing", Severity.INFO)
def _lineage(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_Metadata.resourceLineage, optional core: how the data was made."""
    return None if record.lineage.in_language("id").strip() else {}


@_about_records("record-scale-missing", Severity.INFO)
def _scale(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.spatialResolution, optional core: the scale of the source."""
    return None if record.scale_denominator else {}


@_about_records("record-keywords-missing", Severity.INFO)
def _keywords(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.descriptiveKeywords: words that people search by."""
    return None if any(record.keywords.values()) else {}


@_about_records("record-rhythm-missing", Severity.INFO)
def _rhythm(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_DataIdentification.resourceMaintenance: how often the data is renewed."""
    return None if record.update_frequency not in (None, "unknown") else {}


@_about_records("record-contact-missing", Severity.INFO)
def _contact(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """CI_Responsibility.party.contactInfo: how the producer is reached. Asked where the producer is known."""
    if not around.producer_known:
        return NOT_ASKED
    return None if around.contact else {"producer": record.producer}


@_about_records("record-language-missing", Severity.INFO)
def _language(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_Metadata.otherLocale: what is said in one language of the node is said in the others too."""
    texts = {"title": record.title, "abstract": record.abstract, "lineage": record.lineage}
    missing = [key for key, said in texts.items() if _is_one_sided(said, around.languages)]
    if any(record.keywords.values()) and not all(record.keywords.get(language) for language in around.languages):
        missing.append("keywords")
    return {"fields": missing} if missing else None


@_about_records("record-fields-missing", Severity.INFO)
def _fields(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_FeatureCatalogueDescription: what the fields of the layer mean."""
    if around.layer is None:
        return NOT_ASKED
    names = [field.name for field in around.layer.fields]
    bare = [name for name in names if name not in record.fields or not record.fields[name].title.in_language("id")]
    return {"fields": bare} if bare else None


@_about_records("record-kugi-missing", Severity.INFO)
def _kugi(record: Record, around: Surroundings) -> Mapping[str, Any] | None:
    """MD_FeatureCatalogueDescription: the features carry codes of KUGI (SE Kepala BIG 6/2021: interoperability)."""
    if around.layer is None:
        return NOT_ASKED
    described = [field for field in (around.spec.fields if around.spec else ()) if field.means == KUGI_MEANING]
    names = {name for field in described for name in (field.name, *field.aliases)}
    return None if names & {field.name for field in around.layer.fields} else {}


def _is_one_sided(said: LocalText, languages: tuple[str, ...]) -> bool:
    """Whether a text is there in some of the languages but not in all."""
    stated = [bool(str(getattr(said, language, "")).strip()) for language in languages]
    return any(stated) and not all(stated)
