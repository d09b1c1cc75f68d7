"""Set a node up: from answers to settings and files of its configuration, first as a plan, then written.

``Draft`` collects answers and proposes the others; the command line and the page both fill one. A node that moves to
another region takes nothing of the old one along: what was not answered is proposed anew or emptied.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geoportal.actions import configuration
from geoportal.actions.boundary import Outline, outline_of
from geoportal.actions.emblem import Emblem, emblem_of
from geoportal.actions.mistake import Mistake
from geoportal.actions.questions import BY_NAME, QUESTIONS, Question
from geoportal.actions.region_codes import CodeList, codes_of
from geoportal.model.access import EVERYTHING, Action, Actor, require
from geoportal.node import Node
from geoportal.settings import LOCAL, Settings, load_settings

TOKEN_DAYS = 365
WESTERN = frozenset((*map(str, range(11, 20)), "21", *map(str, range(31, 37)), "61", "62"))
EASTERN = frozenset(("81", "82", *map(str, range(91, 98))))
"""Provinces (Kemendagri) in the western and eastern zones of time, after Keppres 41/1987; the others keep WITA."""

PRODUCERS = """\
# The regional units (OPD) that produce data here, by key: `producer` and `opd` of a dataset and `--opd` of a token name
# these keys. Write them as the rule of your region names them, for example:
#
# pupr:
#   name: {id: "...", en: "..."}
#   contact: null
"""

Note = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that changes: the question, the value before and the value after."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be written: ``values`` by question, ``local`` as local.yaml, ``files`` below ``local/`` (None = gone).

    ``notes`` are keys of texts (``setup.note.*``) with their facts: what the operator should know before and after.
    """

    folder: Path
    values: Mapping[str, Any]
    local: Mapping[str, Any]
    files: Mapping[str, bytes | None]
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written, and the administrator's token in clear where one was made: for this one time."""

    written: tuple[Path, ...]
    token: str | None
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Draft:
    """Answers so far for the configuration in ``folder``, and what is proposed for the rest."""

    folder: Path
    present: Settings = field(init=False)
    answers: dict[str, Any] = field(init=False, default_factory=dict)
    outline: Outline | None = field(init=False, default=None)
    boundary_file: str = field(init=False, default="")
    codes: CodeList | None = field(init=False, default=None)
    emblem: Emblem | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Read what holds at present."""
        self.present = load_settings(environ={**os.environ, "GEOPORTAL_CONFIG": str(self.folder)})[0]

    def answer(self, name: str, text: str) -> None:
        """Take an answer; Mistake where it does not make sense, and then nothing changes."""
        self.answers[name] = BY_NAME[name].understood(text)

    def take_boundary(self, path: Path, *, layer: str | None = None, crs: str | None = None) -> None:
        """Draw the region from a boundary file; call it when the code of the region is known. Raises as outline_of."""
        self.outline = outline_of(path, self.value("region-code"), self.present.ingest, layer=layer, crs=crs)
        self.boundary_file = path.name

    def take_codes(self, body: bytes, edition: str = "") -> None:
        """Take the code list of the region from a table; call it when the code of the region is known."""
        if not self.value("region-code"):
            raise Mistake("codes-region")
        self.codes = codes_of(body, self.value("region-code"), edition)

    def take_logo(self, body: bytes) -> None:
        """Take the emblem from the bytes of an SVG or PNG file; Mistake where it cannot be one."""
        self.emblem = emblem_of(body)

    @property
    def fresh(self) -> bool:
        """Whether the node is set up for a region for the first time, or for another one than before."""
        node = self.present.node
        if not node.region_code and not node.region_name.id:
            return True
        answered = self.answers.get("region-code")
        return answered is not None and answered != node.region_code

    def value(self, name: str) -> Any:
        """The answer, or what is proposed in its place."""
        return self.answers[name] if name in self.answers else self.proposal(name)

    def before(self, question: Question) -> Any:
        """The value that holds at present, as the settings file writes it."""
        return _looked_up(self.present, question)

    def proposal(self, name: str) -> Any:
        """What a question gets when nobody answers it: the present value, or one that follows from other answers."""
        question = BY_NAME[name]
        present = self.before(question)
        held = question.empty if self.fresh and question.regional else present
        match name:
            case "region-code":
                return present
            case "region-name":
                named = (self.codes and self.codes.name) or (self.outline and self.outline.name) or ""
                return held or named.removeprefix("Kabupaten ") or None
            case "extent":
                return list(self.outline.extent) if self.outline else held
            case "crs":
                return self._systems(present)
            case "timezone":
                return _zone(self.value("region-code")) or present if self.fresh else present
            case "demo":
                return not self.fresh and bool(present)
            case "title" | "title-en":
                return self._title(name, held)
            case "region-name-en" | "organisation-en":
                first = name.removesuffix("-en")
                return held if held and self.value(first) == self.before(BY_NAME[first]) else self.value(first)
            case "mail-sender":
                return held or (self.value("email") if self.value("mail-host") else "")
        return held

    def _systems(self, present: list[str]) -> list[str]:
        from geoportal.checks.crs_candidates import systems_of

        extent = self.value("extent")
        if not self.fresh and extent == self.before(BY_NAME["extent"]):
            return present
        return [system.code for system in systems_of(tuple(extent) if extent else None)]

    def _title(self, name: str, held: str) -> str:
        """A title that names the region follows its name."""
        template, region = ("Geoportal {}", "region-name") if name == "title" else ("{} Geoportal", "region-name-en")
        named, before = self.value(region), self.before(BY_NAME[region])
        if held and not (named != before and held == template.format(before)):
            return held
        return template.format(named or "").strip()

    def mistakes(self) -> dict[str, Mistake]:
        """What does not go together, by question; empty when the draft can be written."""
        found: dict[str, Mistake] = {}
        renamed = "region-name" in self.answers and self.answers["region-name"] != self.before(BY_NAME["region-name"])
        if renamed and "region-code" not in self.answers and self.present.node.region_code:
            found["region-code"] = Mistake("code-too", code=self.present.node.region_code)
        for question in QUESTIONS:
            if question.needed and self.value(question.name) in (None, "", []):
                found[question.name] = Mistake("needed")
        if self.value("mail-host") and not self.value("mail-sender"):
            found["mail-sender"] = Mistake("mail-sender")
        return found

    def plan(self) -> Plan:
        """What would be written. Mistake where something is missing or does not go together."""
        for mistake in self.mistakes().values():
            raise mistake
        values = {question.name: self.value(question.name) for question in QUESTIONS}
        local = copy.deepcopy(configuration.read_local(self.folder))
        changes = []
        for question in QUESTIONS:
            before, after = self.before(question), values[question.name]
            if before != after:
                changes.append(Change(question.name, before, after))
            if before != after or (self.fresh and question.regional):
                self._put(local, question, after)
        configuration.settings_with(self.folder, local)
        return Plan(self.folder, values, local, self._files(values), tuple(changes), tuple(self._notes(values)))

    def _put(self, local: dict[str, Any], question: Question, value: Any) -> None:
        section, key, *language = question.place
        keys = local.setdefault(section, {})
        if language:
            texts = keys.get(key) or self.present.model_dump(mode="json", include={section: {key}})[section][key]
            keys[key] = {**texts, language[0]: value or ""}
        else:
            keys[key] = value

    def _files(self, values: Mapping[str, Any]) -> dict[str, bytes | None]:
        files: dict[str, bytes | None] = {}
        own = self.folder / LOCAL
        if self.outline:
            files["ground.geojson"] = self.outline.ground
        elif self.fresh and any((place / "ground.geojson").exists() for place in (own, self.folder)):
            files["ground.geojson"] = b""  # the land of another region is no ground for this one
        if self.codes:
            files[f"codes/wilayah_{values['region-code']}.csv"] = self.codes.table
        if self.emblem:
            files["theme/emblem.svg"] = self.emblem.svg
        elif self.fresh and (own / "theme" / "emblem.svg").exists():
            files["theme/emblem.svg"] = None
        if self.fresh:
            files["producers.yaml"] = PRODUCERS.encode("utf-8")
        return files

    def _notes(self, values: Mapping[str, Any]) -> list[Note]:
        notes: list[Note] = []
        if self.outline:
            o = self.outline
            found = {"used": o.used, "total": o.total, "column": o.column or "", "file": self.boundary_file}
            notes.append(("outline" if o.column else "outline-all", found))
            notes.append(("simplified", {"points": o.points, "metres": f"{o.tolerance_m:g}"}))
            if o.repaired:
                notes.append(("repaired", {"count": o.repaired}))
            if values["extent"] and not _meet(values["extent"], o.extent):
                notes.append(("elsewhere", {}))
        elif self.fresh:
            notes.append(("no-outline", {}))
        if not values["extent"]:
            notes.append(("no-extent", {}))
        if self.codes:
            notes.append(("codes", {"count": self.codes.count}))
        if self.emblem and self.emblem.left_out:
            notes.append(("logo", {"parts": ", ".join(self.emblem.left_out)[:200]}))
        if values["demo"] and self.fresh:
            notes.append(("demo", {}))
        if values["mail-host"] and values["mail-user"]:
            notes.append(("password", {}))
        if values["backup"] and _same_disk(Path(values["backup"]), self.present.storage.data):
            notes.append(("same-disk", {}))
        if not values["organisation"]:
            notes.append(("no-organisation", {}))
        return notes


def apply(plan: Plan, node: Node, actor: Actor) -> Applied:
    """Write a plan, put it into the audit trail of ``node``, and make the administrator's token where none is live."""
    from geoportal.actions.tokens import add_token
    from geoportal.store import events, people

    require(actor, Action.NODE_CONFIGURE)
    written = configuration.write(plan.folder, plan.local, plan.files)
    facts = {"changed": [change.name for change in plan.changes], "files": sorted(plan.files)}
    name, token = plan.values["administrator"], None
    with node.register.begin() as conn:
        events.record(conn, actor, Action.NODE_CONFIGURE, None, **facts)
        now = [known.name for known in people.list_tokens(conn) if known.is_live(datetime.now(UTC))]
    if name and name not in now:
        token = add_token(node, actor, name, EVERYTHING.classes, frozenset(), None, TOKEN_DAYS)
    before = next((change.before for change in plan.changes if change.name == "administrator"), "")
    left = [("old-token", {"name": before})] if before and before in now else []
    return Applied(tuple(written), token, tuple(left))


def undo(folder: Path, node: Node, actor: Actor) -> None:
    """Bring back the configuration from before the last write, and say so in the audit trail."""
    from geoportal.store import events

    require(actor, Action.NODE_CONFIGURE)
    configuration.undo(folder)
    with node.register.begin() as conn:
        events.record(conn, actor, Action.NODE_CONFIGURE, None, undone=True)


def _looked_up(settings: Settings, question: Question) -> Any:
    """The value of a question in the settings, in the form of the YAML file."""
    value: Any = settings.model_dump(mode="json", include={question.place[0]})
    for part in question.place:
        value = value[part]
    return value


def _zone(region_code: str | None) -> str | None:
    """The zone of time of a province."""
    if not region_code:
        return None
    province = region_code[:2]
    return "Asia/Jakarta" if province in WESTERN else "Asia/Jayapura" if province in EASTERN else "Asia/Makassar"


def _meet(one: Any, other: Any) -> bool:
    return bool(one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3])


def _same_disk(one: Path, other: Path) -> bool:
    """Whether two folders, or those that they would be made in, lie on one file system."""

    def device(path: Path) -> int:
        path = path.absolute()
        return next(parent for parent in (path, *path.parents) if parent.exists()).stat().st_dev

    return device(one) == device(other)
