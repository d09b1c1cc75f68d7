"""Reports of a mistake and requests for access: sent by anybody, followed by number, hidden from everybody else."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from geoportal.actions import feedback as actions
from geoportal.errors import Invalid, NotAllowed
from geoportal.model.access import PUBLIC_AUDIENCE, Actor, Classification, Role
from geoportal.store import datasets, events, messages
from geoportal.store.messages import Draft, Kind, Message, Status, add_working_days, due_day, normal
from geoportal.web.form import LARGEST_BODY_BYTES, cleaned, read_point
from tests.web import nodes
from tests.web.conftest import Portal, client_of
from tests.web.nodes import EVIL, HIDDEN
from tests.web.test_pages import read

STEWARD = Actor("walidata", Role.STEWARD)
MISTAKE = {"isi": "Puskesmas ini sudah pindah.", "dataset": "puskesmas", "unsur": "001", "titik": "116.5, -0.4"}
ACCESS = {
    "jenis": "akses",
    "nama": "Siti",
    "instansi": "Bappeda",
    "data": "Lokasi izin",
    "isi": "RTRW",
    "kontak": "s@x.id",
}


@pytest.fixture
def desk(tmp_path):
    """A node of its own: these tests write."""
    node = nodes.make_node(tmp_path)
    nodes.publish(node, "puskesmas", nodes.points(2), pictures="none")
    nodes.publish(
        node, "rahasia_satu", nodes.points(2, "X"), record=nodes.record_of(HIDDEN["rahasia_satu"]),
        access=Classification.PRIVATE, pictures="none",
    )  # fmt: skip
    with client_of(node) as client:
        yield Portal(node, client, nodes.token(node, *Classification))
    node.close()


def post(portal, fields, **headers):
    return portal.client.post(
        "/lapor", content=urlencode(fields),
        headers={"content-type": "application/x-www-form-urlencoded", **headers}, follow_redirects=False,
    )  # fmt: skip


def sent(portal, fields=MISTAKE, **headers):
    answer = post(portal, fields, **headers)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def visible(html):
    return " ".join(" ".join(read(html).text).split())


def kept(portal):
    with portal.node.register.read() as conn:
        return messages.list_messages(conn)


def test_a_report_goes_its_way(desk):
    place = sent(desk, MISTAKE | {"kontak": "warga@contoh.id"})
    number = re.fullmatch(r"/lapor/(L-20\d\d-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\?baru=1", place)[1]
    text = visible(desk.client.get(place).text)
    assert f"Laporan {number} diterima. Produsen data menjawab paling lama 5 hari kerja." in text
    for word in ("Puskesmas ini sudah pindah.", "0,40000° LS, 116,50000° BT", "001", "Kontak Anda tersimpan"):
        assert word in text, word
    assert "warga@contoh.id" not in desk.client.get(place).text
    actions.answer(desk.node, STEWARD, number, Status.CHECKING, "")
    done = actions.answer(desk.node, STEWARD, number.lower(), Status.FIXED, "Sudah dipindah di versi 2.")
    assert [told.status for told in done.answers] == [Status.CHECKING, Status.FIXED]
    text = visible(desk.client.get(f"/lapor/{number}").text)
    assert "Diperbaiki" in text and "Sudah dipindah di versi 2." in text and "paling lambat" not in text
    assert "walidata" not in text.lower().split("perjalanannya")[1].split("yang anda tulis")[0], "staff are not named"
    with desk.node.register.read() as conn:
        newest = events.list_recent(conn, "puskesmas")[0]
        assert (newest.action, newest.facts["status"], newest.facts["before"]) == (
            "feedback:answer",
            "fixed",
            "checking",
        )
        assert events.broken_at(conn) is None


def test_the_page_of_a_number_is_kept_by_nobody(desk):
    place = sent(desk)
    for path in (place, "/lapor", "/lapor?jenis=akses"):
        headers = desk.client.get(path).headers
        assert headers["cache-control"] == "private, no-store" and "noindex" in headers["x-robots-tag"], path
        assert "etag" not in headers and "set-cookie" not in headers
    assert desk.client.get(place).headers["referrer-policy"] == "no-referrer"


def test_nothing_lists_the_reports(desk):
    number = sent(desk, MISTAKE | {"isi": "XQREPORTQX"}).split("/")[2].split("?")[0]
    for path in ("/", "/katalog", "/katalog?q=XQREPORTQX", "/dataset/puskesmas", "/dataset/puskesmas/mutu", "/lapor",
                 "/lapor?dataset=puskesmas", "/tentang", "/bantuan", "/robots.txt"):  # fmt: skip
        answer = desk.client.get(path, headers=desk.token).text.replace("q=XQREPORTQX", "")
        assert number not in answer and "isi laporan XQREPORTQX" not in answer, path
        assert "XQREPORTQX" not in answer or path.startswith("/katalog?q"), path


def test_numbers_are_found_as_people_write_them(desk):
    number = sent(desk).split("/")[2].split("?")[0]
    for written in (number.lower(), number.replace("-", ""), f" {number} ", number.replace("-", "–")):
        answer = desk.client.get(f"/lapor?{urlencode({'nomor': written})}", follow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"] == f"/lapor/{number}", written
    assert normal("l-2026-oi1l-abcd") == "L-2026-0111-ABCD"
    unknown = desk.client.get("/lapor?nomor=L-2026-0000-0000")
    assert unknown.status_code == 404 and "Nomor itu tidak dikenal" in unknown.text
    assert desk.client.get("/lapor/L-2026-0000-0000").status_code == 404
    assert desk.client.get(f"/lapor/{'9' * 3000}").status_code == 404


def test_numbers_do_not_follow_from_each_other():
    import string

    assert len(messages.ALPHABET) == 32 == len(set(messages.ALPHABET))
    assert set("ILOU").isdisjoint(messages.ALPHABET) and set(messages.ALPHABET) <= set(
        string.digits + string.ascii_uppercase
    )


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_is_missing_is_said_and_nothing_is_lost(desk, language):
    answer = post(desk, ACCESS | {"nama": "", "kontak": " "}, **{"accept-language": language})
    assert answer.status_code == 422
    page = read(answer.text)
    summary = page.having("div", id="kesalahan")[0]
    assert "autofocus" in summary and summary["role"] == "alert"
    assert page.having("a", href="#isian-nama") and page.having("a", href="#isian-kontak")
    assert page.having("input", name="instansi", value="Bappeda") and page.having(
        "input", name="data", value="Lokasi izin"
    )
    assert {a["name"] for a in page.having("input") if a.get("aria-invalid")} == {"nama", "kontak"}
    assert not kept(desk)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"isi": "a" * 4001}, "paling banyak 4.000 karakter: Apa yang keliru?"),
        ({"titik": "di rumah"}, "Letak tidak terbaca"),
        ({"titik": "200, 100"}, "Letak tidak terbaca"),
        ({"titik": "nan, inf"}, "Letak tidak terbaca"),
        ({"situs": "http://beli.contoh"}, "isian tersembunyi"),
        ({"unsur": "u" * 201}, "paling banyak 200 karakter"),
        ({"dataset": "tidak_ada"}, "Dataset itu tidak ada"),
    ],
)
def test_what_cannot_be_taken(desk, change, said):
    answer = post(desk, MISTAKE | change)
    assert answer.status_code == 422 and said in answer.text
    assert MISTAKE["isi"] in answer.text or "isi" in change
    assert not kept(desk)


def test_a_hidden_dataset_cannot_be_named_and_looks_like_none(desk):
    hidden, missing = (post(desk, MISTAKE | {"dataset": name}) for name in ("rahasia_satu", "tidak_ada_sa"))
    assert hidden.status_code == missing.status_code == 422
    assert hidden.text.replace("rahasia_satu", "?") == missing.text.replace("tidak_ada_sa", "?")
    one, other = (desk.client.get(f"/lapor?dataset={name}").text for name in ("rahasia_satu", "tidak_ada_sa"))
    assert one.replace("rahasia_satu", "?") == other.replace("tidak_ada_sa", "?")
    assert HIDDEN["rahasia_satu"] not in one and not kept(desk)


def test_a_report_follows_the_audience_of_its_dataset(desk):
    place = sent(desk, {"isi": "XQBODYQX", "dataset": "rahasia_satu", "unsur": "XQFIDQX"}, **desk.token)
    number = place.split("/")[2].split("?")[0]
    actions.answer(desk.node, STEWARD, number, Status.CHECKING, "XQNOTEQX")
    own = desk.client.get(place, headers=desk.token).text
    assert all(word in own for word in (HIDDEN["rahasia_satu"], "XQBODYQX", "XQFIDQX", "XQNOTEQX"))
    nobody = desk.client.get(place)
    assert nobody.status_code == 200 and "Diperiksa" in nobody.text
    for word in (HIDDEN["rahasia_satu"], "rahasia_satu", "XQBODYQX", "XQFIDQX", "XQNOTEQX"):
        assert word not in nobody.text, word


def test_a_dataset_that_is_withdrawn_takes_its_reports_along(desk):
    place = sent(desk)
    assert "Puskesmas ini" in desk.client.get(place).text
    with desk.node.register.begin() as conn:
        datasets.withdraw(conn, "puskesmas")
    assert "Puskesmas ini" not in desk.client.get(place).text and desk.client.get(place).status_code == 200


def test_access_is_asked_by_words(desk):
    page = read(desk.client.get("/lapor?jenis=akses").text)
    assert not page.having("select"), "what is guarded is in no list"
    place = sent(desk, ACCESS)
    number = place.split("/")[2].split("?")[0]
    text = desk.client.get(place).text
    assert f"Permintaan {number} diterima. Walidata menjawab" in text and "Lokasi izin" in text
    assert not [word for word in ("Siti", "Bappeda", "s@x.id") if word in text], "who asks is not shown"
    with pytest.raises(Invalid, match="granted"):
        actions.answer(desk.node, STEWARD, number, Status.FIXED, "x")
    with pytest.raises(Invalid, match="--note"):
        actions.answer(desk.node, STEWARD, number, Status.REJECTED, "  ")
    assert not actions.answer(desk.node, STEWARD, number, Status.CHECKING, "").ended
    assert actions.answer(desk.node, STEWARD, number, Status.GRANTED, "Kunci diserahkan.").ended
    assert "Dikabulkan" in desk.client.get(place).text
    gone = actions.forget(desk.node, STEWARD, number).draft
    assert (gone.sender, gone.agency, gone.contact, gone.wanted) == (None, None, None, "Lokasi izin")


def test_only_staff_answer(desk):
    number = sent(desk).split("/")[2].split("?")[0]
    for role in (Role.USER, Role.PRODUCER, Role.SUPERVISOR):
        with pytest.raises(NotAllowed):
            actions.answer(desk.node, Actor("x", role), number, Status.CHECKING, "")
        with pytest.raises(NotAllowed):
            actions.forget(desk.node, Actor("x", role), number)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://lain.contoh"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1.lain.contoh:18080"},
        {"origin": "http://[::1"},
    ],
)
def test_a_form_of_another_site_is_refused(desk, headers):
    assert post(desk, MISTAKE, **headers).status_code == 403
    assert not kept(desk)


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:18080"}, {"origin": "http://127.0.0.1:18080"}],
)
def test_a_form_of_our_own_is_taken(desk, headers):
    sent(desk, **headers)


def test_the_body_has_a_limit_and_a_form(desk):
    assert post(desk, {"isi": "a" * LARGEST_BODY_BYTES}).status_code == 400
    assert post(desk, {f"f{n}": "1" for n in range(40)}).status_code == 400
    assert desk.client.post("/lapor", json={"isi": "x"}).status_code == 400
    assert desk.client.put("/lapor").status_code == 405 and desk.client.post("/katalog").status_code == 405
    assert not kept(desk)


def test_an_hour_holds_so_many(tmp_path):
    node = nodes.make_node(tmp_path)
    object.__setattr__(node.settings, "feedback", type(node.settings.feedback)(most_per_hour=2))
    moment = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    node.register._clock = lambda: moment
    with client_of(node) as client:
        portal = Portal(node, client, {})
        for minutes in (0, 20):
            moment = datetime(2026, 11, 24, 2, minutes, tzinfo=UTC)
            sent(portal, {"isi": "x"})
        refused = post(portal, {"isi": "Tulisan yang panjang"})
        assert refused.status_code == 429 and refused.headers["retry-after"] == "2401"
        assert "Tulisan yang panjang" in refused.text and len(kept(portal)) == 2
        moment += timedelta(minutes=41)
        sent(portal, {"isi": "x"})
    node.close()


def test_hostile_text_is_shown_as_text(desk):
    body = f"{EVIL}\x00\x1b[31m\u202etxt\u202c\nbaris dua"
    place = sent(desk, {"isi": body, "unsur": EVIL, "kontak": EVIL})
    html = desk.client.get(place).text
    page = read(html)
    assert "<script>alert" not in html and not [a for a in page.having("script") if "src" not in a]
    assert "&lt;script&gt;alert(1)" in html and "baris dua" in html and page.having("br")
    assert not re.search("[\x00\x1b\u202e]", html)
    assert "4 karakter yang tidak tampak" in html
    again = post(desk, {"isi": "", "unsur": '"><script>alert(1)</script>', "titik": "'\"><b>"})
    assert "<script>alert" not in again.text and "<b>" not in again.text.split("<main")[1].split("wrong")[0]
    read(again.text)


def test_cleaning_tells_what_it_takes():
    assert cleaned(" a\tb \r\n c\x07 ") == type(cleaned(""))("a b c", 1)
    assert cleaned("a\r\nb\u200b", lines=True).text == "a\nb" and cleaned("a\u200b").removed == 1
    assert cleaned("\ud800x").text == "x" and cleaned("👩\u200d🌾").removed == 0


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("116.98, -0.43", (116.98, -0.43)),
        ("116.98,-0.43", (116.98, -0.43)),
        ("116,98 -0,43", (116.98, -0.43)),
        ("116,98; -0,43", (116.98, -0.43)),
        ("116,98, -0,43", (116.98, -0.43)),
        ("-0.43, 116.98", (116.98, -0.43)),
        ("80, 116", (116.0, 80.0)),
        ("116", None),
        ("116.98, -0.43, 5", None),
        ("181, 91", None),
        ("", None),
    ],
)
def test_points_as_people_write_them(written, place):
    assert read_point(written) == place


def test_working_days_leave_out_the_weekend():
    friday = date(2026, 11, 27)
    assert add_working_days(friday, 1) == date(2026, 11, 30) and add_working_days(friday, 5) == date(2026, 12, 4)
    late = Message("L", Draft(Kind.MISTAKE, "x", "id"), datetime(2026, 11, 26, 17, 0, tzinfo=UTC))
    assert due_day(late, 1, ZoneInfo("Asia/Makassar")) == date(2026, 11, 30), "past midnight in the node's zone"


def test_a_draft_on_no_dataset_needs_no_dataset(desk):
    kept_one = actions.send(desk.node, PUBLIC_AUDIENCE, Draft(Kind.MISTAKE, "Peta dasar keliru", "id"))
    with desk.node.register.read() as conn:
        assert messages.get(conn, kept_one.number) == kept_one


def test_lists_for_staff(desk):
    numbers = [sent(desk, fields).split("/")[2].split("?")[0] for fields in (MISTAKE, ACCESS, {"isi": "x"})]
    actions.answer(desk.node, STEWARD, numbers[0], Status.REJECTED, "Sudah benar.")
    with desk.node.register.read() as conn:
        assert {m.number for m in messages.list_messages(conn)} == set(numbers)
        assert {m.number for m in messages.list_messages(conn, open_only=True)} == set(numbers[1:])
        assert [m.number for m in messages.list_messages(conn, kind=Kind.ACCESS)] == [numbers[1]]
        assert len(messages.list_messages(conn, limit=2)) == 2


def test_asking_for_access_from_the_page_of_a_dataset(desk):
    page = read(desk.client.get("/lapor?jenis=akses&dataset=puskesmas").text)
    assert page.having("input", name="data", value="Puskesmas")
    for name in ("rahasia_satu", "tidak_ada"):
        assert read(desk.client.get(f"/lapor?jenis=akses&dataset={name}").text).having("input", name="data", value="")
