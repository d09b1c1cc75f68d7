"""Siapkan: the questions of ``geoportal setup`` on a page, for whoever holds the link that ``geoportal setup --page``
printed.

Three steps without JavaScript, cookies or anything kept in between: the form, the result to look at, the save. Without
a living key the page does not exist. Nothing here is cached, indexed, or told to another site.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from geoportal.actions import setup_key
from geoportal.actions.mistake import Mistake
from geoportal.actions.questions import CLEARED, GROUPS, LONGEST, QUESTIONS, ZONES, Question, written
from geoportal.actions.setup import Change, Draft, Plan, apply
from geoportal.errors import NotFound
from geoportal.language import LANGUAGES, text
from geoportal.model.access import Actor, Role
from geoportal.web.answers import PRIVATE
from geoportal.web.edge import accepted_hosts
from geoportal.web.form import cleaned, own_origin, read_form
from geoportal.web.pages import Page, SetupPage, SetupReviewPage, SetupSavedPage
from geoportal.web.parts import FormChoice, FormField, FormGroup, Link, SetupRow
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor

KEY, STEP = "kunci", "langkah"
CHECK, SAVE, BACK = "periksa", "simpan", "ubah"
ACTOR = Actor("setup-page", Role.ADMIN)
SECRET = {
    "cache-control": PRIVATE,
    "x-robots-tag": "noindex, nofollow",
    # The address holds the key: it goes to no other site. (no-referrer would also blank the Origin of our own form.)
    "referrer-policy": "same-origin",
}
LONG = {"crs": 400}
COMPLETED = {"email": "email", "administrator": "name", "organisation": "organization"}


async def setup(site: Site, request: Request) -> Response:
    """The form, and what it sends."""
    key = request.query_params.get(KEY, "")
    if not key or setup_key.opens(site.node.data, key) is None:
        raise NotFound()
    if request.method != "POST":
        return await run_in_threadpool(_shown, site, request, key, {})
    own_origin(request.headers, accepted_hosts(site.node.settings))
    return await run_in_threadpool(_shown, site, request, key, await read_form(request))


def _shown(site: Site, request: Request, key: str, sent: Mapping[str, str]) -> Response:
    visitor = site.visitor(request)
    folder = setup_key.opens(site.node.data, key)
    if folder is None:
        raise NotFound()
    draft = Draft(folder)
    step = sent.get(STEP, "")
    action = site.url(visitor)("setup", ((KEY, key),))
    answers = {q.name: cleaned(sent[q.name]).text for q in QUESTIONS if q.name in sent} if step else {}
    wrong = _taken(draft, answers, visitor.language) | {
        name: mistake.said(visitor.language) for name, mistake in (draft.mistakes() if step else {}).items()
    }
    if step not in (CHECK, SAVE) or wrong:
        return _page(site, visitor, _form(draft, answers, wrong, action, visitor.language), 422 if wrong else 200)
    plan = draft.plan()
    if step == CHECK:
        return _page(site, visitor, _review(draft, plan, action, visitor.language))
    if not setup_key.use_up(site.node.data, key):
        raise NotFound()
    saved = False
    try:
        applied = apply(plan, site.node, ACTOR)
        saved = True
    finally:
        setup_key.done(site.node.data, saved=saved)
    notes = (text("cli", f"setup.note.{name}", visitor.language, **facts) for name, facts in applied.notes)
    page = SetupSavedPage(
        files=tuple(path.relative_to(folder).as_posix() for path in applied.written),
        folder=str(folder),
        token=applied.token or "",
        holder=str(plan.values["administrator"]),
        notes=tuple(notes),
    )
    return _page(site, visitor, page)


def _page(site: Site, visitor: Visitor, page: Page, status: int = 200) -> Response:
    return Response(site.render(page, visitor), status, SECRET, "text/html; charset=utf-8")


def _taken(draft: Draft, answers: Mapping[str, str], language: str) -> dict[str, str]:
    """Give the answers to the draft; what could not be taken, by question.

    A field that still shows the present value was not answered: what is proposed may then follow other answers.
    """
    wrong = {}
    for question in QUESTIONS:
        answer = answers.get(question.name)
        if answer is None or answer == written(draft.before(question), language) or (not answer and question.needed):
            continue
        try:
            draft.answer(question.name, answer or CLEARED)
        except Mistake as mistake:
            wrong[question.name] = mistake.said(language)
    return wrong


def _form(draft: Draft, answers: Mapping[str, str], wrong: Mapping[str, str], action: str, language: str) -> SetupPage:
    def field(question: Question) -> FormField:
        name = question.name
        said = answers.get(name)
        value = said if said and name in wrong else written(draft.value(name), language)
        return FormField(
            name=name,
            label=text("cli", f"setup.q.{name}", language),
            hint=text("cli", f"setup.h.{name}", language),
            value=value,
            error=wrong.get(name, ""),
            required=question.needed,
            lines=1,
            longest=LONG.get(name, LONGEST),
            autocomplete=COMPLETED.get(name, "off"),
            choices=_choices(name, value, language),
            folded=False,
        )

    groups = tuple(
        FormGroup(
            text("cli", f"setup.group.{group}", language),
            tuple(field(question) for question in QUESTIONS if question.group == group),
        )
        for group in GROUPS
    )
    fields = [item for group in groups for item in group.fields]
    return SetupPage(
        action=action,
        step=CHECK,
        groups=groups,
        errors=tuple(Link(f"{item.label}: {item.error}", f"#isian-{item.name}") for item in fields if item.error),
        folder=str(draft.folder),
    )


def _choices(name: str, value: str, language: str) -> tuple[FormChoice, ...]:
    """The choices of a question that has few answers; the present one is always among them."""
    if name == "timezone":
        known = {zone: f"{short} ({zone})" for short, zone in ZONES.items()}
    elif name == "languages":
        orders = (LANGUAGES, LANGUAGES[::-1], *((one,) for one in LANGUAGES))
        known = {", ".join(order): text("cli", f"setup.languages.{'-'.join(order)}", language) for order in orders}
    elif name == "demo":
        known = {written(yes, language): written(yes, language) for yes in (True, False)}
    else:
        return ()
    return tuple(FormChoice(key, label, key == value) for key, label in {value: value, **known}.items())


def _review(draft: Draft, plan: Plan, action: str, language: str) -> SetupReviewPage:
    changed: dict[str, Change] = {change.name: change for change in plan.changes}
    none = text("cli", "setup.none", language)

    def row(question: Question) -> SetupRow:
        name = question.name
        before = written(changed[name].before, language) or none if name in changed else ""
        return SetupRow(
            label=text("cli", f"setup.q.{name}", language),
            value=written(plan.values[name], language) or none,
            before=before,
        )

    return SetupReviewPage(
        action=action,
        save=SAVE,
        back=BACK,
        rows=tuple(row(question) for question in QUESTIONS),
        kept=tuple((question.name, written(plan.values[question.name], language)) for question in QUESTIONS),
        files=tuple(f"local/{name}" for name, body in plan.files.items() if body),
        notes=tuple(text("cli", f"setup.note.{name}", language, **facts) for name, facts in plan.notes),
        nothing=not (plan.changes or plan.files),
    )
