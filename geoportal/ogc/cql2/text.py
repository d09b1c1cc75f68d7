"""CQL2 text to the tree, by descent through its grammar (OGC 21-065r2, annex B).

One ladder of precedence from OR down to a literal serves booleans and numbers alike, since a parenthesis may open
either; what may stand where is for the compiler to say.
"""

from __future__ import annotations

from collections.abc import Callable

from geoportal.ogc.cql2 import tree
from geoportal.ogc.cql2.phrase import Phrase
from geoportal.ogc.cql2.tree import BadFilter, Node
from geoportal.ogc.cql2.words import Word, words_of

_GEOMETRIES = {name.upper(): name for name in tree.GEOMETRIES}
_SIGNS = tree.COMPARISONS
RESERVED = ("AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV")


def from_text(text: str, *, ilike: bool = False) -> Node:
    """The tree of a filter in CQL2 text; BadFilter says what was expected, and at which character.

    ``ilike``: the dialect that GDAL writes, which has ILIKE for LIKE between CASEI's, and 0 and 1 for booleans.
    """
    reader = _Reader(words_of(text), ilike=ilike)
    node = reader.either()
    if reader.now.kind != "end":
        raise reader.unexpected("the end of the filter")
    return tree.checked(node)


class _Reader:
    """Reads words from left to right; each method reads one production of the grammar."""

    def __init__(self, words: list[Word], *, ilike: bool) -> None:
        self._words = words
        self._ilike = ilike
        self._at = 0
        self._depth = 0

    @property
    def now(self) -> Word:
        """The word that comes next."""
        return self._words[self._at]

    def unexpected(self, wanted: str) -> BadFilter:
        """What to raise when something else comes; ``wanted`` is a phrase, or a word of the language in quotes."""
        found = repr(self.now.value[:30]) if self.now.kind != "end" else Phrase("its end")
        key = "expected {wanted} at character {at}, not {found}"
        return BadFilter(key, wanted=Phrase(wanted), at=self.now.at + 1, found=found)

    def take(self) -> Word:
        word = self.now
        self._at += 1
        return word

    def sign(self, sign: str) -> None:
        if not self.now.is_sign(sign):
            raise self.unexpected(repr(sign))
        self._at += 1

    def found(self, *names: str) -> bool:
        """Take a keyword if it comes next."""
        if self.now.is_name(*names):
            self._at += 1
            return True
        return False

    def either(self) -> Node:
        """Terms joined by OR."""
        self._depth += 1
        if self._depth > tree.DEEPEST:
            raise BadFilter("nested deeper than {limit} levels", limit=tree.DEEPEST)
        terms = [self.all()]
        while self.found("OR"):
            terms.append(self.all())
        self._depth -= 1
        return terms[0] if len(terms) == 1 else {"op": "or", "args": terms}

    def all(self) -> Node:
        """Factors joined by AND."""
        factors = [self.factor()]
        while self.found("AND"):
            factors.append(self.factor())
        return factors[0] if len(factors) == 1 else {"op": "and", "args": factors}

    def factor(self) -> Node:
        turned = False
        while self.found("NOT"):
            turned = not turned
        node = self.predicate()
        return _not(node) if turned else node

    def predicate(self) -> Node:
        """A comparison, or the scalar by itself (a function, a boolean, a parenthesis)."""
        left = self.sum()
        if self.now.is_sign(*_SIGNS):
            return {"op": self.take().value, "args": [left, self.sum()]}
        if self.found("IS"):
            turned = self.found("NOT")
            if not self.found("NULL"):
                raise self.unexpected("NULL")
            node: Node = {"op": "isNull", "args": [left]}
            return _not(node) if turned else node
        turned = self.found("NOT")
        if self.found("LIKE"):
            node = {"op": "like", "args": [left, self.sum()]}
        elif self._ilike and self.found("ILIKE"):
            node = {"op": "like", "args": [{"op": "casei", "args": [value]} for value in (left, self.sum())]}
        elif self.found("BETWEEN"):
            low = self.sum()
            if not self.found("AND"):
                raise self.unexpected("AND")
            node = {"op": "between", "args": [left, low, self.sum()]}
        elif self.found("IN"):
            self.sign("(")
            node = {"op": "in", "args": [left, self.several(self.sum)]}
        elif turned:
            raise self.unexpected("LIKE, BETWEEN or IN")
        else:
            return left
        return _not(node) if turned else node

    def several(self, read: Callable[[], Node]) -> list[Node]:
        """Things between commas up to the closing parenthesis; the opening one was taken."""
        if self.now.is_sign(")"):
            self._at += 1
            return []
        items = [read()]
        while self.now.is_sign(","):
            self._at += 1
            items.append(read())
            if len(items) > tree.MOST_VERTICES:
                raise BadFilter("more than {limit} things in one list", limit=tree.MOST_VERTICES)
        self.sign(")")
        return items

    def sum(self) -> Node:
        node = self.product()
        while self.now.is_sign("+", "-"):
            node = {"op": self.take().value, "args": [node, self.product()]}
        return node

    def product(self) -> Node:
        node = self.power()
        while self.now.is_sign("*", "/", "%") or self.now.is_name("DIV"):
            node = {"op": self.take().value.lower(), "args": [node, self.power()]}
        return node

    def power(self) -> Node:
        node = self.signed()
        if self.now.is_sign("^"):
            self._at += 1
            return {"op": "^", "args": [node, self.signed()]}
        return node

    def signed(self) -> Node:
        minus = False
        while self.now.is_sign("-", "+"):
            minus ^= self.take().value == "-"
        node = self.primary()
        if not minus:
            return node
        if isinstance(node, int | float) and not isinstance(node, bool):
            return -node
        return {"op": "*", "args": [-1, node]}

    def primary(self) -> Node:
        word = self.now
        if word.kind == "number":
            self._at += 1
            return tree.Flag(word.value) if self._ilike and word.value in ("0", "1") else _number(word.value)
        if word.kind == "text":
            self._at += 1
            return word.value
        if word.kind == "quoted":
            self._at += 1
            return {"property": word.value}
        if word.is_sign("("):
            self._at += 1
            return self.parenthesis()
        if word.kind != "name" or word.is_name(*RESERVED):
            raise self.unexpected("a value, a property or a function")
        self._at += 1
        if word.is_name("TRUE"):
            return True
        if word.is_name("FALSE"):
            return False
        kind = _geometry_of(word)
        if kind and (self.now.is_sign("(") or self.now.is_name("Z", "EMPTY")):
            return self.geometry(kind)
        if self.now.is_sign("("):
            self._at += 1
            return self.called(word.value)
        return {"property": word.value}

    def parenthesis(self) -> Node:
        """An expression, or an array when it is empty or a comma follows."""
        if self.now.is_sign(")"):
            self._at += 1
            return []
        first = self.either()
        if self.now.is_sign(","):
            self._at += 1
            return [first, *self.several(self.either)]
        self.sign(")")
        return first

    def called(self, name: str) -> Node:
        """What a name in front of a parenthesis makes of its arguments."""
        match name.upper():
            case "DATE" | "TIMESTAMP" as instant:
                (value,) = self.arguments(name, 1)
                if not isinstance(value, str):
                    raise BadFilter("{name} takes a text such as '2026-01-31'", name=name)
                return {instant.lower(): value}
            case "INTERVAL":
                return {"interval": self.arguments(name, 2)}
            case "BBOX":
                return {"bbox": self.several(self.sum)}
        arguments = self.several(self.argument)
        return {"op": name, "args": arguments}

    def argument(self) -> Node:
        return self.either()

    def arguments(self, name: str, count: int) -> list[Node]:
        found = self.several(self.argument)
        if len(found) != count:
            raise BadFilter(
                "{name} takes {count} arguments, not {found}", name=name[:60], count=count, found=len(found)
            )
        return found

    def geometry(self, kind: str) -> Node:
        """A geometry in WKT, with or without heights."""
        self.found("Z")
        if self.found("EMPTY"):
            return {"type": kind, "geometries" if kind == "GeometryCollection" else "coordinates": []}
        self.sign("(")
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": self.several(self.member)}
        match kind:
            case "Point":
                place = self.place()
                self.sign(")")
                return {"type": kind, "coordinates": place}
            case "MultiPoint":
                return {"type": kind, "coordinates": self.several(self.point)}
            case "LineString":
                return {"type": kind, "coordinates": self.several(self.place)}
            case "MultiLineString" | "Polygon":
                return {"type": kind, "coordinates": self.several(self.line)}
            case _:
                return {"type": kind, "coordinates": self.several(self.area)}

    def member(self) -> Node:
        kind = _geometry_of(self.now) if self.now.kind == "name" else None
        if kind is None:
            raise self.unexpected("a geometry")
        self._at += 1
        return self.geometry(kind)

    def area(self) -> Node:
        self.sign("(")
        return self.several(self.line)

    def line(self) -> Node:
        self.sign("(")
        return self.several(self.place)

    def point(self) -> Node:
        """A place of a MULTIPOINT, in parentheses or, as older WKT has it, without."""
        if self.now.is_sign("("):
            self._at += 1
            place = self.place()
            self.sign(")")
            return place
        return self.place()

    def place(self) -> list[float]:
        """Two or three numbers."""
        numbers = [self.coordinate(), self.coordinate()]
        if self.now.kind == "number" or self.now.is_sign("-", "+"):
            numbers.append(self.coordinate())
        return numbers

    def coordinate(self) -> float:
        minus = False
        while self.now.is_sign("-", "+"):
            minus ^= self.take().value == "-"
        if self.now.kind != "number":
            raise self.unexpected("a coordinate")
        value = float(self.take().value)
        return -value if minus else value


def _geometry_of(word: Word) -> str | None:
    """The type of geometry that a word names: POLYGON, or POLYGONZ, as some write POLYGON Z."""
    name = word.value.upper()
    return _GEOMETRIES.get(name) or _GEOMETRIES.get(name.removesuffix("Z"))


def _not(node: Node) -> Node:
    return {"op": "not", "args": [node]}


def _number(text: str) -> int | float:
    if text.isdigit():
        if len(text) > 300:
            raise BadFilter("a number of more than {limit} digits", limit=300)
        return int(text)
    return float(text)
