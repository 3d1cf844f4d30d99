"""The text of an Office file as its readers see it: paragraphs, slides, and the cells of sheets.

It is taken from the XML as it stands, for finding labels and marks in: what a style, a format or a
hidden row makes of it is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ._files._errors import FileError, missing
from ._files._package import Package

LONGEST = 32 * 2**20
"""Characters of the text of one file: cells may say one shared string over and over."""

_PARTS = re.compile(
    r"word/(?:header\d*|document|footer\d*)\.xml|ppt/slides/slide\d+\.xml"
    r"|xl/worksheets/sheet\d+\.xml",
    re.IGNORECASE,
)
_ORDER = ("header", "document", "slide", "footer", "sheet")
_STRINGS = "xl/sharedStrings.xml"
_DIGITS = 10  # more than a file can have strings
_HEADERS = ("firstHeader", "evenHeader", "oddHeader")
_FOOTERS = ("firstFooter", "evenFooter", "oddFooter")
_CODE = re.compile(r'&(?:"[^"]*"|K(?:[0-9A-F]{6}|\d\d[+-]\d{3})|\d+|[A-Z])', re.IGNORECASE)
"""How a header says where its text stands and what it looks like (ECMA-376 part 1, 18.3.1.46)."""


def seen_in_office(path: Path) -> str | None:
    """Return the paragraphs or the rows of an Office file, None where it has neither.

    Raises:
        FileError: a part of it cannot be read.
    """
    with Package(path) as package:
        parts = sorted(filter(_PARTS.fullmatch, package.names), key=_place)
        if not parts:
            return None
        office = _Office(package)
        lines: list[str] = []
        for part in parts:
            root = office.root(part)
            lines += office.rows(root) if part.lower().startswith("xl/") else _paragraphs(root)
        return "\n".join(lines)


class _Office:
    """The parts of one package, as XML.

    Of a sheet only what stands where it belongs is read, so that nothing in it is read twice.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._left = LONGEST
        self._strings: Sequence[str] | None = None

    def root(self, part: str) -> Any:
        """Return the root of a part."""
        path, data = self._package.path, self._package.part(part) or b""
        try:
            from lxml import etree  # type: ignore[import-untyped]
        except ImportError as error:
            raise missing(path, "lxml") from error
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        try:
            return etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise FileError(path, f"has a part whose text is no XML ({error})") from error

    def rows(self, sheet: Any) -> Iterator[str]:
        """Yield the header of a sheet, its rows, their cells parted by tabs, and its footer."""
        yield from _margins(sheet, _HEADERS)
        for row in sheet.iterfind("{*}sheetData/{*}row"):
            if line := "\t".join(filter(None, map(self._cell, row.iterfind("{*}c")))):
                yield line
        yield from _margins(sheet, _FOOTERS)

    def _cell(self, cell: Any) -> str:
        text = self._said(cell)
        self._left -= len(text)
        if self._left < 0:
            raise FileError(
                self._package.path,
                f"has cells that say more than {LONGEST:,} characters, by saying the same over "
                "and over; split it",
            )
        return text

    def _said(self, cell: Any) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            return "".join(map(_text, cell.iterfind("{*}is")))
        value: str = cell.findtext("{*}v") or ""
        if kind != "s":
            return value
        strings = self._shared()
        is_number = value.isdecimal() and len(value) < _DIGITS
        return strings[int(value)] if is_number and int(value) < len(strings) else ""

    def _shared(self) -> Sequence[str]:
        if self._strings is None:
            there = self._package.name(_STRINGS)
            found = self.root(there).iterfind("{*}si") if there else ()
            self._strings = list(map(_text, found))
        return self._strings


def _place(name: str) -> tuple[int, int, str]:
    number = re.search(r"(?<!\d)(\d{1,9})\.xml$", name)
    order = next(n for n, kind in enumerate(_ORDER) if kind in name.casefold())
    return order, int(number[1]) if number else 0, name


def _paragraphs(root: Any) -> Iterator[str]:
    from lxml import etree

    line: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if event == "start":
            if name == "t" and element.text:
                line.append(element.text)
            elif name in ("tab", "br", "cr"):
                line.append("\t" if name == "tab" else "\n")
        elif name == "p":
            yield "".join(line)
            line.clear()
    if line:
        yield "".join(line)


def _margins(sheet: Any, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        for element in sheet.iter(f"{{*}}{name}"):
            yield _CODE.sub("\n", element.text or "").strip()


def _text(element: Any) -> str:
    """Return the text of a string and of its runs, without how its characters are pronounced."""
    found = (
        piece
        for child in element
        for piece in ((child,) if _is(child, "t") else child if _is(child, "r") else ())
    )
    return "".join(piece.text or "" for piece in found if _is(piece, "t"))


def _is(element: Any, name: str) -> bool:
    return isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name
