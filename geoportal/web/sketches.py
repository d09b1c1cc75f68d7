"""Small drawings of what breaks a rule and what keeps it, for the pages of the rules; shapes alone, 120 by 80.

Features are teal and yellow, the place of a fault has a red ring, dashes frame what is meant or missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

_A = 'fill="#B7D9DD" stroke="#0B4F5C" stroke-width="1.5" stroke-linejoin="round"'
_B = 'fill="#FBE08F" fill-opacity=".8" stroke="#7A5200" stroke-width="1.5" stroke-linejoin="round"'
_LINE = 'fill="none" stroke="#0B4F5C" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
_FAULT = 'fill="none" stroke="#9B1C31" stroke-width="2"'
_FRAME = 'fill="none" stroke="#8C7E70" stroke-width="1.2" stroke-dasharray="4 3"'


@dataclass(frozen=True, slots=True)
class Sketch:
    """Two drawings, as the inside of an SVG."""

    bad: Markup
    good: Markup


def _path(style: str, path: str) -> str:
    return f'<path d="{path}" {style}/>'


def _dot(x: float, y: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="4.500" fill="#0B4F5C" stroke="#fff" stroke-width="1.500"/>'


def _ring(x: float, y: float, radius: float = 10) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" {_FAULT}/>'


def _arrow(path: str, x: float, y: float, turn: int) -> str:
    head = f'<path d="M-4-4 0 0-4 4" transform="translate({x:g} {y:g}) rotate({turn})" {_LINE}/>'
    return _path(_A, path) + head


def _rows(*cells: str) -> str:
    lines = "".join(
        f'<text x="16" y="{20 + 18 * number}" font-size="12" font-family="monospace" fill="#241C17">{cell}</text>'
        for number, cell in enumerate(cells)
    )
    return f'<rect x="8" y="5" width="104" height="70" rx="4" fill="#fff" stroke="#8C7E70"/>{lines}'


def _sketch(bad: str, good: str) -> Sketch:
    return Sketch(Markup(bad), Markup(good))


_SQUARE = "M15 12h42v56H15z"
_NEXT = "M57 12h48v56H57z"

SKETCHES: dict[str, Sketch] = {
    "geometry-invalid": _sketch(_path(_A, "M18 14 102 66V14L18 66Z") + _ring(60, 40), _path(_A, "M18 14h84v52H18z")),
    "coverage-overlap": _sketch(
        _path(_A, "M15 12h52v56H15z") + _path(_B, _NEXT) + _path(_FAULT, "M57 12h10v56H57z"),
        _path(_A, _SQUARE) + _path(_B, _NEXT),
    ),
    "coverage-gap": _sketch(
        _path(_A, "M15 12h42v18q-8 10 0 20v18H15z") + _path(_B, "M57 12h48v56H57V50q8-10 0-20z") + _ring(57, 40, 13),
        _path(_A, _SQUARE) + _path(_B, _NEXT),
    ),
    "geometry-duplicate": _sketch(
        _path(_A, "M24 14h66v50H24z") + _path(_FRAME, "M27 17h66v50H27z") + _ring(92, 66),
        _path(_A, "M24 14h66v50H24z"),
    ),
    "geometry-near-duplicate": _sketch(
        _path(_A, "M24 14h66v50H24z") + _path(_FRAME, "M26 15l66 1v51l-66-1z") + _ring(91, 66),
        _path(_A, "M24 14h66v50H24z"),
    ),
    "geometry-repeated-points": _sketch(
        _path(_LINE, "M14 60 46 26 78 50 106 18") + _dot(46, 26) + _dot(77, 49) + _dot(80, 51) + _ring(78, 50, 12),
        _path(_LINE, "M14 60 46 26 78 50 106 18") + _dot(46, 26) + _dot(78, 50),
    ),
    "geometry-spike": _sketch(
        _path(_A, "M18 16h54v22l34 1-34 1v24H18z") + _ring(104, 39), _path(_A, "M18 16h54v48H18z")
    ),
    "ring-tiny": _sketch(
        _path(_A, "M18 14h84v52H18zM58 38v3h3v-3z") + _ring(59.5, 39.5, 9), _path(_A, "M18 14h84v52H18z")
    ),
    "geometry-sliver": _sketch(
        _path(_A, "M15 12h42v56H15z") + _path(_B, "M60 12h45v56H60z") + _path(_A, "M57 12h3v56h-3z") + _ring(58, 40),
        _path(_A, _SQUARE) + _path(_B, _NEXT),
    ),
    "ring-orientation": _sketch(_arrow("M20 14h80v52H20z", 62, 14, 0), _arrow("M20 14h80v52H20z", 58, 14, 180)),
    "geometry-type-mixed": _sketch(
        _path(_A, "M14 14h38v34H14z") + _path(_LINE, "M62 60 80 30l26 10") + _dot(36, 64) + _dot(96, 62),
        _path(_A, "M12 14h40v44H12z") + _path(_B, "M52 14h26v44H52z") + _path(_A, "M78 14h30v44H78z"),
    ),
    "geometry-type-unexpected": _sketch(
        _path(_LINE, "M18 14h84v52H18z") + _ring(102, 66), _path(_A, "M18 14h84v52H18z")
    ),
    "geometry-collection": _sketch(
        _path(_FRAME, "M8 6h104v68H8z") + _path(_A, "M18 16h34v30H18z") + _path(_LINE, "M60 58 98 22") + _dot(34, 62),
        _path(_A, "M12 16h40v44H12z") + _path(_A, "M68 16h40v44H68z"),
    ),
    "geometry-simple-and-multi": _sketch(
        _path(_A, "M10 20h34v40H10z") + _path(_B, "M58 14h26v30H58zM92 40h18v26H92z"),
        _path(_A, "M10 20h34v40H10z") + _path(_B, "M58 20h50v40H58z"),
    ),
    "geometry-curved": _sketch(
        _path(_A, "M20 66V34a40 26 0 0 1 80 0v32Z"), _path(_A, "M20 66V34l6-13 14-10 20-3 20 3 14 10 6 13v32Z")
    ),
    "geometry-missing": _sketch(
        _rows("L-001  &#9679;", "L-002  &#9679;", "L-003  ?") + _ring(68, 52, 9),
        _rows("L-001  &#9679;", "L-002  &#9679;", "L-003  &#9679;"),
    ),
    "key-duplicate": _sketch(
        _rows("11.01.01", "11.01.02", "11.01.02") + _path(_FAULT, "M12 28h70v32H12z"),
        _rows("11.01.01", "11.01.02", "11.01.03"),
    ),
    "key-null": _sketch(
        _rows("11.01.01", "", "11.01.03") + _path(_FAULT, "M12 27h70v15H12z"),
        _rows("11.01.01", "11.01.02", "11.01.03"),
    ),
    "layer-outside-region": _sketch(
        _path(_FRAME, "M8 8h50v40H8z") + _path(_A, "M76 46h34v24H76z") + _ring(93, 58, 17),
        _path(_FRAME, "M8 8h104v64H8z") + _path(_A, "M40 26h40v28H40z"),
    ),
    "feature-stray": _sketch(
        _path(_FRAME, "M8 8h56v64H8z")
        + _dot(24, 26)
        + _dot(44, 38)
        + _dot(28, 56)
        + _dot(104, 18)
        + _ring(104, 18, 11),
        _path(_FRAME, "M8 8h56v64H8z") + _dot(24, 26) + _dot(44, 38) + _dot(28, 56) + _dot(48, 20),
    ),
    "crs-sign-lost": _sketch(
        _path(_FRAME, "M6 40h108") + _path(_A, "M40 10h40v20H40z") + _ring(60, 20, 26),
        _path(_FRAME, "M6 40h108") + _path(_A, "M40 50h40v20H40z"),
    ),
    "crs-datum-shift": _sketch(
        _path(_FRAME, "M24 20h60v44H24z") + _path(_A, "M34 14h60v44H34z") + _ring(89, 39, 12),
        _path(_FRAME, "M24 20h60v44H24z") + _path(_A, "M24 20h60v44H24z"),
    ),
    "crs-missing": _sketch(
        _path(_A, "M12 10h30v22H12z") + _path(_FRAME, "M78 10h30v22H78zM44 48h30v22H44z") + _ring(59, 59, 17),
        _path(_FRAME, "M8 8h104v64H8z") + _path(_A, "M44 28h30v22H44z"),
    ),
    "line-self-crossing": _sketch(
        _path(_LINE, "M12 60 50 24q20-18 30 4t-16 20Q40 44 30 12") + _ring(42, 32),
        _path(_LINE, "M12 60 50 24q20-18 58 8"),
    ),
    "lines-cross": _sketch(
        _path(_LINE, "M12 62 108 18M20 14 96 68") + _ring(58, 41),
        _path(_LINE, "M12 62 108 18M20 14 96 68") + _dot(58, 41),
    ),
    "line-overshoot": _sketch(
        _path(_LINE, "M10 30h100M60 72V18") + _ring(60, 24, 12), _path(_LINE, "M10 30h100M60 72V30") + _dot(60, 30)
    ),
    "line-undershoot": _sketch(
        _path(_LINE, "M10 26h100M60 72V36") + _ring(60, 31, 12), _path(_LINE, "M10 26h100M60 72V26") + _dot(60, 26)
    ),
    "line-dangle": _sketch(
        _path(_LINE, "M10 20h100M10 64h100M40 20v18") + _ring(40, 38), _path(_LINE, "M10 20h100M10 64h100M40 20v44")
    ),
    "pseudo-node": _sketch(
        _path(_LINE, "M10 40h100") + _dot(60, 40) + _ring(60, 40), _path(_LINE, "M10 40h100M60 40v30") + _dot(60, 40)
    ),
    "duplicate-edge": _sketch(
        _path(_LINE, "M10 40h100M30 66 46 44h44l16 22") + _path(_FAULT, "M44 34h48v16H44z"),
        _path(_LINE, "M10 40h100M30 66 46 40M90 40l16 26") + _dot(46, 40) + _dot(90, 40),
    ),
    "not-covered": _sketch(
        _path(_FRAME, "M10 10h66v60H10z") + _path(_A, "M34 24h62v30H34z") + _path(_FAULT, "M76 24h20v30H76z"),
        _path(_FRAME, "M10 10h100v60H10z") + _path(_A, "M34 24h62v30H34z"),
    ),
    "crosses-other-layer": _sketch(
        _path(_A, "M40 16h44v48H40z") + _path(_LINE, "M8 40h104") + _ring(40, 40, 11) + _ring(84, 40, 11),
        _path(_A, "M40 16h44v48H40z") + _path(_LINE, "M8 40h32") + _dot(40, 40),
    ),
    "point-in-other-region": _sketch(
        _path(_A, _SQUARE) + _path(_B, _NEXT) + _dot(80, 40) + _ring(80, 40) + _path(_FRAME, "M36 40h34"),
        _path(_A, _SQUARE) + _path(_B, _NEXT) + _dot(36, 40),
    ),
    "label-point-outside": _sketch(
        _path(_A, "M14 12h40v56H14z") + _dot(84, 40) + _ring(84, 40), _path(_A, "M14 12h40v56H14z") + _dot(34, 40)
    ),
    "record-count-differs": _sketch(
        _dot(24, 20)
        + _dot(24, 40)
        + _dot(24, 60)
        + '<path d="M44 20h60M44 40h60" stroke="#8C7E70" stroke-width="2"/>'
        + _ring(24, 60),
        _dot(24, 20)
        + _dot(24, 40)
        + _dot(24, 60)
        + '<path d="M44 20h60M44 40h60M44 60h60" stroke="#8C7E70" stroke-width="2"/>',
    ),
}
"""Rule -> its drawings; rules that are about files and values have words alone."""
