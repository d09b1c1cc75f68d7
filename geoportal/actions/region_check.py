"""Looks at the region codes of a file alone (wilayah check): a report of the rules about codes and their names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.actions.references import references_of
from geoportal.errors import NotFound
from geoportal.model.specification import OFF, FieldSpecification, Specification

if TYPE_CHECKING:
    from geoportal.model.references import CodeList
    from geoportal.model.report import Report
    from geoportal.settings import Settings

COUNTED = "region-codes-counted"
UNKNOWN = "region-code-unknown"
ABOUT_REGIONS = (
    COUNTED,
    "code-as-number",
    UNKNOWN,
    "region-code-placeholder",
    "region-code-format",
    "bps-code-in-kemendagri-column",
    "region-code-edition",
    "region-code-before-split",
    "region-code-parent",
    "region-name-differs",
)
NOT_KNOWN = ("unknown", "outside", "bps", "none")
"""Kinds of values, as ``region-codes-counted`` counts them, that are no code of a list."""


def chosen_list(settings: Settings, edition: str | None = None) -> CodeList:
    """The list that codes are compared with: of this edition (a part of its name will do), else the newest.

    NotFound where the node has no list, or none of that edition.
    """
    lists = [item for item in references_of(settings).code_lists if item.authority not in ("BPS", "perubahan")]
    if not lists:
        raise NotFound("there is no list of region codes", say="codes", folder=str(settings.config / "codes"))
    if edition is None:
        return lists[0]
    for item in lists:
        if edition.casefold() in item.edition.casefold():
            return item
    known = [item.edition for item in lists]
    raise NotFound(f"there is no code list of the edition {edition}", say="edition", edition=edition, known=known)


def check_regions(
    file: Path,
    settings: Settings,
    *,
    columns: tuple[str, ...] = (),
    edition: str | None = None,
    layer: str | None = None,
) -> Report:
    """What the rules about region codes and names find in a file; it is opened in a child, as ever.

    ``columns`` are fields that hold codes; others are recognised by their values. NotFound as for ``chosen_list``.
    Never raises for what is in the file.
    """
    from geoportal.checks import RULES
    from geoportal.ingest.sandbox import inspect_in_child

    code_list = chosen_list(settings, edition)
    spec = Specification(
        name="wilayah",
        profile="bebas",
        severities={name: OFF for name, rule in RULES.items() if rule.intake is None and name not in ABOUT_REGIONS}
        | {COUNTED: "info"},
        fields=tuple(FieldSpecification(name, means="region-code") for name in columns),
        code_edition=code_list.edition,
        open_data=False,
    )
    with tempfile.TemporaryDirectory(prefix="geoportal-wilayah-") as staging:
        report, _ = inspect_in_child(
            file,
            spec,
            settings.region,
            staging=Path(staging),
            limits=settings.ingest,
            layer=layer,
            write=False,
            references=references_of(settings),
        )
    has = {field.name for item in report.layers for field in item.fields}
    if report.layers and (missing := [name for name in columns if name not in has]):
        known = ", ".join(sorted(has)[:20])
        raise NotFound(f"there is no field {missing[0][:80]!r}", say="field", name=missing[0][:80], known=known)
    return report


def unknown_values(report: Report) -> int:
    """How many values of the columns of codes are no code of a list, in no form."""
    return sum(
        int(place.params.get("kinds", {}).get(kind, 0))
        for finding in report.findings
        if finding.rule == COUNTED
        for place in finding.occurrences
        for kind in NOT_KNOWN
    )
