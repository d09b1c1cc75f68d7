"""The emblem of a node: a drawing or picture from a stranger comes out harmless, or not at all."""

import struct
import zlib

import pytest

from geoportal.actions.emblem import MOST_BYTES, emblem_of
from geoportal.actions.mistake import Mistake

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
DRAWN = '<path d="M0 0h9v9z" fill="#123456"/>'


def svg(inside: str = DRAWN, head: str = f"{HEAD}>") -> bytes:
    return f"{head}{inside}</svg>".encode()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 2, height: int = 2, *more: bytes) -> bytes:
    rows = zlib.compress(b"\0" + b"\0\0\0" * width)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_plain_drawing_stays_what_it_is():
    inside = (
        '<defs><linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient></defs>'
        '<style>.b{fill:url(#a)}</style><g transform="scale(2)"><use href="#c"/>' + DRAWN + "</g>"
    )
    emblem = emblem_of(svg(inside))
    assert emblem.left_out == ()
    for part in ('id="a"', "url(#a)", 'href="#c"', 'transform="scale(2)"', 'fill="#123456"', 'viewBox="0 0 9 9"'):
        assert part.encode() in emblem.svg


@pytest.mark.parametrize(
    ("inside", "gone"),
    [
        ("<script>alert(1)</script>", b"alert"),
        ('<path onclick="alert(1)" d="M0 0"/>', b"alert"),
        ('<a xlink:href="javascript:alert(1)"><path d="M0 0"/></a>', b"alert"),
        ('<use xlink:href="https://a.example/x#y"/>', b"a.example"),
        ('<image href="https://a.example/x.png"/>', b"a.example"),
        ("<style>@import 'https://a.example/x.css';</style>", b"a.example"),
        ("<style>p{background:url(https://a.example/x)}</style>", b"a.example"),
        ("<style>p{background:\\75rl(https://a.example/x)}</style>", b"a.example"),
        ('<path d="M0 0" fill="url(https://a.example/x)"/>', b"a.example"),
        ('<path d="M0 0" style="background:url( \'//a.example/x\')"/>', b"a.example"),
        ("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>alert</p></foreignObject>", b"alert"),
        ('<animate attributeName="href" to="javascript:alert(1)"/>', b"alert"),
        ('<set attributeName="onload" to="alert(1)"/>', b"alert"),
        ('<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>', b"alert"),
    ],
)
def test_what_runs_or_reaches_out_is_left_out(inside, gone):
    emblem = emblem_of(svg(inside + DRAWN))
    assert gone not in emblem.svg
    assert b"#123456" in emblem.svg


def test_what_was_left_out_is_named():
    assert emblem_of(svg(f"<script/>{DRAWN}", f'{HEAD} onload="x()">')).left_out == ("onload", "script")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"GIF89a", "logo-kind"),
        (b"", "logo-kind"),
        (b"<html/>", "logo-kind"),
        (b"\xff\xfe", "logo-kind"),
        (svg("<desc>x</desc>"), "logo-empty"),
        (svg("<script/>"), "logo-empty"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"), "logo-entities"),
        (b'<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + svg(), "logo-entities"),
        (svg(DRAWN, '<svg xmlns="http://www.w3.org/2000/svg">'), "logo-size"),
        (svg(DRAWN * 5001, f"{HEAD}>")[: MOST_BYTES + 1], "logo-large"),
        (svg("<g/>" * 5001 + DRAWN), "logo-parts"),
        (svg("<g>" * 3000 + "</g>" * 3000 + DRAWN), "logo-deep"),
        (png()[:-4], "logo-broken"),
        (png()[:20], "logo-broken"),
        (png().replace(b"IHDR", b"IHDX"), "logo-broken"),
        (png(2000, 2), "logo-pixels"),
    ],
)
def test_what_cannot_be_an_emblem_says_why(body, key):
    with pytest.raises(Mistake) as error:
        emblem_of(body)
    assert error.value.key == key
    assert all(error.value.said(language).strip(" {}") for language in ("id", "en"))
    assert "{" not in error.value.said("id")


def test_the_size_may_stand_in_pixels():
    emblem = emblem_of(svg(DRAWN, '<svg xmlns="http://www.w3.org/2000/svg" width="120px" height="80">'))
    assert b'viewBox="0 0 120 80"' in emblem.svg
    assert b"width=" not in emblem.svg


def test_a_picture_comes_without_its_notes():
    emblem = emblem_of(png(2, 2, chunk(b"tEXt", b"Author\0Siti")))
    assert emblem.svg.startswith(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><image ')
    assert emblem.svg == emblem_of(png()).svg


@pytest.mark.parametrize("body", [svg(), png()], ids=["svg", "png"])
def test_a_browser_draws_it_as_an_image(body, chromium):
    page = chromium.new_page()
    try:
        page.set_content("<p>")
        width = page.evaluate(
            """async text => { const image = new Image(); image.src = 'data:image/svg+xml,' + encodeURIComponent(text);
            await image.decode(); return image.naturalWidth }""",
            emblem_of(body).svg.decode(),
        )
    finally:
        page.close()
    assert width > 0
