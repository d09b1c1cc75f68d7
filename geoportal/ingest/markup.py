"""Foreign XML, read as a stream by expat alone: no document type, no entity, no second file, no network.

Prefixes are kept as they are written and not looked up: files that forget to declare ``gx`` or ``xsi`` are common, and
harmless. Memory is that of one feature.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat

from geoportal.ingest.refusal import refuse, shown

DEPTH = 256
_STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class Start:
    """An element begins: its name as written (prefix and all), its attributes, and how deep it lies (the root: 1)."""

    name: str
    attributes: dict[str, str]
    depth: int


@dataclass(frozen=True, slots=True)
class End:
    """An element ends, with the text directly in it."""

    name: str
    text: str
    depth: int


Event = Start | End | Element
"""What ``walk`` tells: an element that begins or ends, or a whole one as a tree, its tags as written."""


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def walk(path: Path, whole: Callable[[list[str]], bool]) -> Iterator[Event]:
    """The elements of an XML file, in order. ``whole`` is asked with the names from the root down to an element whether
    it is to come as one tree.

    Raises a refusal: source-unsafe (doctype, nesting), source-unreadable (not-xml, truncated, encoding).
    """
    reader = _Reader(whole)
    with path.open("rb") as stream:
        while chunk := stream.read(_STEP):
            reader.feed(chunk, False)
            while reader.events:
                yield reader.events.popleft()
        reader.feed(b"", True)
        yield from reader.events


def inner(element: Element) -> str:
    """The text of an element; where somebody wrote markup into it, that markup as text."""
    if len(element) == 0:
        return element.text or ""
    return (element.text or "") + "".join(tostring(child, encoding="unicode") for child in element)


@dataclass(slots=True)
class _Reader:
    """The handlers of one parser; what they saw waits in ``events``."""

    whole: Callable[[list[str]], bool]
    events: deque[Event] = field(default_factory=deque)
    names: list[str] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    builder: TreeBuilder | None = None
    built_from: int = 0
    parser: expat.XMLParserType = field(default_factory=expat.ParserCreate)

    def __post_init__(self) -> None:
        parser = self.parser
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = _refuse_declaration
        parser.EntityDeclHandler = _refuse_declaration
        parser.UnparsedEntityDeclHandler = _refuse_declaration
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, chunk: bytes, last: bool) -> None:
        try:
            self.parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise _broken(error) from None
        except (LookupError, ValueError) as error:  # an encoding that nobody knows, or of several bytes a letter
            raise refuse("source-unreadable", reason="encoding", near=shown(str(error), 80)) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.names.append(name)
        if len(self.names) > DEPTH:
            raise refuse("source-unsafe", reason="nesting", depth=DEPTH)
        if self.builder is not None:
            self.builder.start(name, attributes)
        elif self.whole(self.names):
            self.builder, self.built_from = TreeBuilder(), len(self.names)
            self.builder.start(name, attributes)
        else:
            self.texts.append([])
            self.events.append(Start(name, attributes, len(self.names)))

    def _end(self, name: str) -> None:
        depth = len(self.names)
        self.names.pop()
        if self.builder is None:
            self.events.append(End(name, "".join(self.texts.pop()), depth))
            return
        self.builder.end(name)
        if depth == self.built_from:
            self.events.append(self.builder.close())
            self.builder = None

    def _data(self, text: str) -> None:
        if self.builder is not None:
            self.builder.data(text)
        elif self.texts:
            self.texts[-1].append(text)


def _refuse_declaration(*_: object) -> None:
    raise refuse("source-unsafe", reason="doctype")


def _broken(error: expat.ExpatError) -> Exception:
    said = expat.ErrorString(error.code)
    cut = {
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    }
    if said == expat.errors.XML_ERROR_NO_MEMORY:
        return MemoryError(said)
    if said in cut:
        return refuse("source-unreadable", reason="truncated", line=error.lineno)
    if said in {expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING}:
        return refuse("source-unreadable", reason="encoding", line=error.lineno)
    return refuse("source-unreadable", reason="not-xml", line=error.lineno, near=shown(said or "", 80))
