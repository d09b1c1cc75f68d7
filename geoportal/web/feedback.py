"""Lapor: report a mistake or ask for access, without an account, and see under a number what became of it.

Nothing here is listed, cached or indexed. What is hidden from the sender does not exist: a dataset that one may not see
cannot be named, and a report on one that has been hidden since says nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from geoportal.actions.feedback import send
from geoportal.errors import NotFound, TooManyMessages
from geoportal.model.dataset import Publication
from geoportal.web.addresses import collection
from geoportal.web.answers import PRIVATE
from geoportal.web.edge import accepted_hosts
from geoportal.web.form import cleaned, own_origin, read_form, read_point
from geoportal.web.pages import FeedbackPage, FeedbackStatusPage
from geoportal.web.parts import About, FormChoice, FormField, Link, Progress
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor

if TYPE_CHECKING:
    from geoportal.store.messages import Draft, Message

TRAP = "situs"
"""A field that people do not see and programs fill in."""

SECRET = {
    "cache-control": PRIVATE,
    "x-robots-tag": "noindex, nofollow",
    "vary": "Accept, Accept-Language, Authorization, Cookie",
}
"""Headers of every page here: kept by nobody, found by nobody."""

LIMITS = {"isi": 4000, "unsur": 200, "titik": 60, "kontak": 200, "data": 500, "nama": 200, "instansi": 200}
"""Field -> most characters that are taken."""

FIELDS = {
    "mistake": ("isi", "dataset", "titik", "unsur", "kontak"),
    "access": ("nama", "instansi", "data", "isi", "kontak"),
}
REQUIRED = {"mistake": {"isi"}, "access": {"nama", "instansi", "data", "isi", "kontak"}}
AUTOCOMPLETE = {"nama": "name", "instansi": "organization", "kontak": "email"}
FOLDED = {"titik", "unsur"}
NONE = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person wrote, cleaned, with what is wrong with it by field."""

    kind: str
    values: dict[str, str]
    removed: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    place: tuple[float, float] | None = None


async def feedback(site: Site, request: Request) -> Response:
    """The form; and what it sends."""
    if request.method != "POST":
        return await run_in_threadpool(_form, site, request)
    own_origin(request.headers, accepted_hosts(site.node.settings))
    return await run_in_threadpool(_received, site, request, await read_form(request))


def _form(site: Site, request: Request) -> Response:
    visitor = site.visitor(request)
    if asked := visitor.value("nomor"):
        return _asked_number(site, request, visitor, asked)
    kind = "access" if visitor.value("jenis") == "akses" else "mistake"
    values = {name: cleaned(visitor.value(name)[: LIMITS.get(name, 64)]).text for name in FIELDS[kind]}
    about = next(
        (p for p in site.node.publications(visitor.audience) if p.dataset_id == visitor.value("dataset")), None
    )
    if about is None:
        values.pop("dataset", None)
    elif kind == "access":
        values["data"] = values["data"] or about.record.title.in_language(visitor.language)
    return _page(site, visitor, Entry(kind, values))


def _asked_number(site: Site, request: Request, visitor: Visitor, asked: str) -> Response:
    from geoportal.store import messages

    try:
        with site.node.register.read() as conn:
            found = messages.get(conn, asked[:40])
    except NotFound:
        entry = Entry("mistake", {"nomor": cleaned(asked[:40]).text}, errors={"nomor": "unknown"})
        return _page(site, visitor, entry, 404)
    return _to_status(site, visitor, found.number)


def _received(site: Site, request: Request, fields: dict[str, str]) -> Response:
    visitor = site.visitor(request)
    entry = judged(site, visitor, fields)
    if entry.errors:
        return _page(site, visitor, entry, 422)
    try:
        kept = send(site.node, visitor.audience, draft_of(entry, visitor.language))
    except TooManyMessages as error:
        entry.errors["form"] = "busy"
        return _page(site, visitor, entry, 429, {"retry-after": str(error.facts["retry_after_s"])})
    except NotFound:  # withdrawn between the question and now
        entry.errors["dataset"] = "unknown"
        return _page(site, visitor, entry, 422)
    return _to_status(site, visitor, kept.number, (("baru", "1"),))


def judged(site: Site, visitor: Visitor, fields: dict[str, str]) -> Entry:
    """The entry that a posted form is, with every reason why it cannot be taken; nothing is cut in silence."""
    kind = "access" if fields.get("jenis") == "akses" else "mistake"
    values, errors, removed, place = {}, {}, 0, None
    for name in FIELDS[kind]:
        told = cleaned(fields.get(name, ""), lines=name == "isi")
        values[name], removed = told.text, removed + told.removed
        if not told.text and name in REQUIRED[kind]:
            errors[name] = "missing"
        elif len(told.text) > LIMITS.get(name, 64):
            errors[name] = "long"
    if (asked := values.get("dataset")) and "dataset" not in errors:
        if asked not in {p.dataset_id for p in site.node.publications(visitor.audience)}:
            errors["dataset"] = "unknown"
    elif "dataset" in errors:
        errors["dataset"] = "unknown"
    if (written := values.get("titik")) and "titik" not in errors:
        place = read_point(written)
        if place is None:
            errors["titik"] = "unread"
    if fields.get(TRAP):
        errors["form"] = "trap"
    return Entry(kind, values, removed, errors, place)


def draft_of(entry: Entry, language: str) -> Draft:
    """The message that a good entry is."""
    from geoportal.store.messages import Draft, Kind

    values = entry.values
    return Draft(
        kind=Kind(entry.kind),
        body=values["isi"],
        language=language,
        dataset_id=values.get("dataset") or None,
        feature=values.get("unsur") or None,
        place=entry.place,
        wanted=values.get("data") or None,
        sender=values.get("nama") or None,
        agency=values.get("instansi") or None,
        contact=values.get("kontak") or None,
        removed=entry.removed,
    )


def _to_status(site: Site, visitor: Visitor, number: str, query: tuple[tuple[str, str], ...] = ()) -> Response:
    target = site.url(visitor)("feedback_status", query, number=number)
    return Response(status_code=303, headers={"location": target, **SECRET})


def _page(
    site: Site, visitor: Visitor, entry: Entry, status: int = 200, more: dict[str, str] | None = None
) -> Response:
    page = feedback_page(site, visitor, entry)
    headers = {**SECRET, **(more or {})}
    return Response(site.render(page, visitor), status, headers, "text/html; charset=utf-8")


def feedback_page(site: Site, visitor: Visitor, entry: Entry) -> FeedbackPage:
    """The form with what was written in it so far."""
    words, url, kind = site.wording(visitor), site.url(visitor), entry.kind
    promise = site.node.settings.feedback.working_days

    def said(name: str) -> str:
        key = entry.errors.get(name)
        if not key:
            return ""
        most = words.number(LIMITS.get(name, 64))
        return words.t(f"feedback.error.{key}", label=words.t(f"feedback.{kind}.{name}"), n=most)

    fields = tuple(
        FormField(
            name=name,
            label=words.t(f"feedback.{kind}.{name}"),
            hint=words.t(f"feedback.{kind}.{name}.hint"),
            value=entry.values.get(name, ""),
            error=said(name),
            required=name in REQUIRED[kind],
            lines=6 if name == "isi" else 1,
            longest=LIMITS.get(name, 64),
            autocomplete=AUTOCOMPLETE.get(name, "off"),
            choices=_choices(site, visitor, entry.values.get("dataset", NONE)) if name == "dataset" else (),
            folded=name in FOLDED,
        )
        for name in FIELDS[kind]
    )
    form_error = entry.errors.get("form")
    summary = [Link(item.error, f"#isian-{item.name}") for item in fields if item.error]
    if form_error:
        summary.append(Link(words.t(f"feedback.error.{form_error}"), "#kirim"))
    return FeedbackPage(
        title=words.t(f"feedback.{kind}.title"),
        kind=kind,
        lead=words.t(f"feedback.{kind}.lead", n=words.number(promise)),
        action=url("feedback"),
        fields=fields,
        unfolded=any(item.folded and (item.value or item.error) for item in fields),
        errors=tuple(summary),
        trap=TRAP,
        other=Link(
            words.t("feedback.mistake.other" if kind == "access" else "feedback.access.other"),
            url("feedback", () if kind == "access" else (("jenis", "akses"),)),
        ),
        asked_number=entry.values.get("nomor", ""),
        number_error=words.t("feedback.error.number") if "nomor" in entry.errors else "",
        language=visitor.language if visitor.explicit else "",
    )


def _choices(site: Site, visitor: Visitor, chosen: str) -> tuple[FormChoice, ...]:
    words = site.wording(visitor)
    named = sorted(
        (p.record.title.in_language(visitor.language), p.dataset_id) for p in site.node.publications(visitor.audience)
    )
    first = FormChoice(NONE, words.t("feedback.dataset.none"), chosen == NONE)
    return (first, *(FormChoice(key, title, key == chosen) for title, key in named))


def status(site: Site, request: Request) -> Response:
    """What became of a message, for whoever has its number."""
    from geoportal.store import messages

    visitor = site.visitor(request)
    asked = request.path_params["number"]
    with site.node.register.read() as conn:
        found = messages.get(conn, asked[:40])
    if found.number != asked:
        return _to_status(site, visitor, found.number)
    page = status_page(site, visitor, found, new=visitor.value("baru") == "1")
    headers = {**SECRET, "referrer-policy": "no-referrer"}
    return Response(site.render(page, visitor), 200, headers, "text/html; charset=utf-8")


def status_page(site: Site, visitor: Visitor, found: Message, *, new: bool) -> FeedbackStatusPage:
    """The page of a message; of one whose dataset the visitor may not see (any more), state and days alone."""
    from geoportal.store import messages

    words, kind, days = site.wording(visitor), str(found.draft.kind), site.node.settings.feedback.working_days
    about = publication_of(site, visitor, found)
    hidden = found.draft.dataset_id is not None and about is None
    due = words.day(messages.due_day(found, days, words.zone))
    progress = [Progress(words.t(f"feedback.{kind}.status.received"), words.instant(found.created_at), "", "info")]
    for told in found.answers:
        shape = {"fixed": "pass", "granted": "pass", "rejected": "blocking"}.get(str(told.status), "info")
        note = "" if hidden else told.note
        progress.append(Progress(words.t(f"feedback.{kind}.status.{told.status}"), words.instant(told.at), note, shape))
    return FeedbackStatusPage(
        title=words.t(f"feedback.{kind}.number", number=found.number),
        number=found.number,
        status=words.t(f"feedback.{kind}.status.{found.status}"),
        shape=progress[-1].shape,
        notice=words.t(f"feedback.{kind}.received", number=found.number, n=words.number(days)) if new else "",
        sentence="" if found.ended else words.t("feedback.due", date=due),
        removed=words.n("feedback.removed", found.draft.removed) if found.draft.removed and not hidden else "",
        progress=tuple(progress),
        about=() if hidden else tuple(_about(site, visitor, found, about)),
        body=() if hidden else tuple(found.draft.body.split("\n")),
        hidden=hidden,
        contacted=bool(found.draft.contact) and not hidden,
        again=Link(words.t(f"feedback.{kind}.again"), site.url(visitor)("feedback", _kind_query(kind))),
    )


def _kind_query(kind: str) -> tuple[tuple[str, str], ...]:
    return (("jenis", "akses"),) if kind == "access" else ()


def publication_of(site: Site, visitor: Visitor, found: Message) -> Publication | None:
    """The dataset that a message is about, None where there is none for this visitor."""
    if found.draft.dataset_id is None:
        return None
    try:
        return site.node.publication(visitor.audience, found.draft.dataset_id)
    except NotFound:
        return None


def _about(site: Site, visitor: Visitor, found: Message, about: Publication | None) -> list[About]:
    words, draft = site.wording(visitor), found.draft
    rows = []
    if about is not None:
        title = about.record.title.in_language(visitor.language)
        link = site.url(visitor)("dataset", id=about.dataset_id)
        rows.append(About(words.t("feedback.mistake.dataset"), title, link))
    if draft.dataset_version is not None:
        rows.append(About(words.t("feedback.version"), words.number(draft.dataset_version)))
    if draft.feature and about is not None:
        rows.append(
            About(
                words.t("feedback.mistake.unsur"), draft.feature, collection(about.dataset_id, "items", draft.feature)
            )
        )
    elif draft.feature:
        rows.append(About(words.t("feedback.mistake.unsur"), draft.feature))
    if draft.place:
        rows.append(About(words.t("feedback.mistake.titik"), words.place(*draft.place, 5)))
    if draft.wanted:
        rows.append(About(words.t("feedback.access.data"), draft.wanted))
    return rows
