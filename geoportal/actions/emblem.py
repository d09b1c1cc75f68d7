"""The emblem of a node from a file that its office supplies: a drawing (SVG) or a picture (PNG), made harmless.

What comes out is always one SVG: a drawing is written anew with only the parts that draw; a picture is written anew
without its notes and put inside one. It is shown as an image alone, where no script runs; this is the second lock.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from geoportal.actions.mistake import Mistake

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
MOST_BYTES = 100_000
"""An emblem stands on every page: the first view of the home page has 300 KB in all."""
MOST_PIXELS = 1024
MOST_PARTS = 5000
DEEPEST = 64
PNG = b"\x89PNG\r\n\x1a\n"
KEPT_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND")

WORDS = re.compile(r"[\w-]+")
DRAWS = frozenset(
    WORDS.findall("""svg g defs symbol use path rect circle ellipse line polyline polygon text tspan title desc style
    linearGradient radialGradient stop clipPath mask pattern""")
)
SAYS = frozenset({"id", "class", "style", "transform", "href", "viewBox", "preserveAspectRatio", "version"})
MEASURES = frozenset(
    WORDS.findall("""x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points width height dx dy rotate offset opacity color
    fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit
    stroke-dasharray stroke-dashoffset stop-color stop-opacity clip-path clip-rule mask gradientUnits
    gradientTransform spreadMethod patternUnits patternContentUnits patternTransform clipPathUnits maskUnits
    maskContentUnits font-family font-size font-weight font-style text-anchor letter-spacing display visibility
    paint-order shape-rendering vector-effect""")
)
REACHES_OUT = re.compile(r"url\(\s*['\"]?(?!#)|@import|@font-face|expression|javascript:|\\|<", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Emblem:
    """An emblem as SVG; ``left_out`` names the parts of the drawing that were not taken over."""

    svg: bytes
    left_out: tuple[str, ...] = ()


def emblem_of(body: bytes) -> Emblem:
    """The emblem in the bytes of a file; Mistake says why there is none."""
    if len(body) > MOST_BYTES:
        raise Mistake("logo-large", kb=len(body) // 1000 + 1, most=MOST_BYTES // 1000)
    if body.startswith(PNG):
        return _picture(body)
    return _drawing(body)


def _picture(body: bytes) -> Emblem:
    kept, width, height, place = [PNG], 0, 0, len(PNG)
    while place < len(body):
        length, kind = struct.unpack_from(">I4s", body, place) if place + 8 <= len(body) else (len(body), b"")
        chunk = body[place : place + length + 12]
        if len(chunk) != length + 12 or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise Mistake("logo-broken")
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", chunk, 8)
        if kind in KEPT_CHUNKS:
            kept.append(chunk)
        place += len(chunk)
        if kind == b"IEND":
            break
    if not width or not height or not kept[-1].endswith(b"IEND\xae\x42\x60\x82"):
        raise Mistake("logo-broken")
    if max(width, height) > MOST_PIXELS:
        raise Mistake("logo-pixels", width=width, height=height, most=MOST_PIXELS)
    inside = base64.b64encode(b"".join(kept)).decode("ascii")
    return Emblem(
        f'<svg xmlns="{SVG}" viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
        f'href="data:image/png;base64,{inside}"/></svg>'.encode("ascii")
    )


def _drawing(body: bytes) -> Emblem:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Mistake("logo-entities") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise Mistake("logo-kind") from error
    if root.tag != f"{{{SVG}}}svg":
        raise Mistake("logo-kind")
    if sum(1 for _ in root.iter()) > MOST_PARTS:
        raise Mistake("logo-parts", most=MOST_PARTS)
    left_out: set[str] = set()
    drawn = _copied(root, left_out)
    if drawn is None or not any(
        part.tag.endswith(("path", "rect", "circle", "ellipse", "polygon", "polyline", "line", "text", "use"))
        for part in drawn.iter()
    ):
        raise Mistake("logo-empty")
    if "viewBox" not in drawn.attrib:
        sides = [re.match(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*$", drawn.get(side, "")) for side in ("width", "height")]
        if not all(sides):
            raise Mistake("logo-size")
        drawn.set("viewBox", " ".join(["0", "0", *(side[1] for side in sides if side)]))
    drawn.set("xmlns", SVG)
    for side in ("width", "height"):  # a page says how large it is shown
        drawn.attrib.pop(side, None)
    return Emblem(tostring(drawn, encoding="utf-8"), tuple(sorted(left_out)))


def _copied(part: Element, left_out: set[str], depth: int = 0) -> Element | None:
    """The part with what draws in it; None, and its name in ``left_out``, where it does not draw."""
    space, _, name = str(part.tag).rpartition("}")
    if space != f"{{{SVG}" or name not in DRAWS:
        if space == f"{{{SVG}" and name != "metadata":
            left_out.add(name)
        return None
    if name == "style" and REACHES_OUT.search(part.text or ""):
        left_out.add("style")
        return None
    if depth > DEEPEST:
        raise Mistake("logo-deep", most=DEEPEST)
    copy = Element(name)
    for key, value in part.attrib.items():
        plain = "href" if key == XLINK else key
        if plain not in SAYS and plain not in MEASURES:
            if (
                "{" not in plain
                and not plain.startswith(("data-", "aria-"))
                and plain not in ("role", "enable-background")
            ):
                left_out.add(plain)
            continue
        if REACHES_OUT.search(value) or (plain == "href" and not value.startswith("#")):
            left_out.add(plain)
            continue
        copy.set(plain, value)
    copy.text, copy.tail = part.text, part.tail
    copy.extend(child for child in (_copied(child, left_out, depth + 1) for child in part) if child is not None)
    return copy
