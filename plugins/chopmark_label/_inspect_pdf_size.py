"""What the pages of a PDF unfold to, counted before PDFium lays them out, which has no bounds.

A page draws forms, which draw forms: few bytes can stand for years of work. Fonts have maps and
glyphs that are packed, too.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ._files._errors import FileError, missing
from ._files._pdf import CONFUSED

MOST_PAGES = 100_000
"""Pages of the longest document that is looked into: all are listed to find the last ones."""
MOST_ON_PAGE, MOST_IN_FILE = 16 * 2**20, 64 * 2**20
"""Bytes of instructions that a page, and all that are read, may have, a form as often as it is
drawn: PDFium takes some thirty times as much memory to lay a page out.
"""
MOST_IN_FONTS = 128 * 2**20
"""Bytes of all the streams of the fonts."""
MOST_UNPACKED = 256 * 2**20
"""Bytes of instructions that are unpacked to be counted."""
_SMALL = 256 * 2**10
"""Packed bytes that may be unpacked by a filter whose output cannot be bounded."""

_DRAWS = re.compile(rb"(?:/([^\s\0()<>\[\]{}/%]*)[\s\0]+|(?<![^\s\0)\]>}]))Do(?![^\s\0(<\[/{%])")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")


def check_pages(path: Path, count: int, numbers: Sequence[int]) -> None:
    """Raise `FileError` where pages unfold to more than can honestly be on them.

    Args:
        path: the document.
        count: how many pages the program has that lays them out.
        numbers: of those that it is to lay out. Where it counts otherwise all pages are checked.
    """
    try:
        import pikepdf
    except ImportError as error:
        raise missing(path, "pikepdf") from error
    try:
        with pikepdf.open(path) as pdf:
            pages = list(_pages(path, pdf.Root.Pages))
            if len(pages) != count:
                numbers = range(len(pages))
            unfolded = _Unfolded(path)
            for number in numbers:
                unfolded.page(number, pages[number])
    except (pikepdf.PdfError, *CONFUSED) as error:
        raise FileError(path, f"has pages that cannot be read ({error})") from error


def _pages(path: Path, root: Any) -> Iterator[Any]:
    """Yield the pages of a tree, which are not kept as qpdf does: one may stand there often."""
    from pikepdf import Array, Dictionary

    left, seen = MOST_PAGES, set()
    waiting = [iter([root])]
    while waiting:
        for node in waiting[-1]:
            kids = node.get("/Kids") if isinstance(node, Dictionary) else None
            if isinstance(kids, Array):
                left -= len(kids)
                if node.objgen in seen or left < 0:
                    raise FileError(
                        path,
                        f"has more than {MOST_PAGES:,} pages, or a tree of them that leads in a "
                        "circle; split it",
                    )
                seen.add(node.objgen)
                waiting.append(iter(kids))
                break
            if isinstance(node, Dictionary):
                yield node
        else:
            waiting.pop()


class _Unfolded:
    """The pages of one file, as what they draw comes out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left, self._fonts_left, self._work = MOST_IN_FILE, MOST_IN_FONTS, MOST_UNPACKED
        self._sizes: dict[tuple[object, object], int] = {}
        self._named: dict[object, dict[str, Any]] = {}
        self._fonts: set[object] = set()

    def page(self, number: int, page: Any) -> None:
        """Count a page; raises FileError where it, or all so far, have too much."""
        streams = _streams(page.get("/Contents"))
        size = self._drawn(streams, _inherited(page, "/Resources"), number)
        self._left -= size
        if size > MOST_ON_PAGE or self._left < 0 or self._work < 0:
            raise FileError(
                self._path,
                f"unfolds page {number + 1} to more than it can honestly have: this is a "
                f"bomb, or a drawing; {MOST_ON_PAGE:,} bytes may be on a page, and "
                f"{MOST_IN_FILE:,} on all",
            )

    def _drawn(self, streams: Iterator[Any], resources: Any, holder: object) -> int:
        """Return how many bytes of instructions these come to, more than on a page alike.

        `holder` is whose the resources are: names mean something else to another.
        """
        pieces, size = [], 0
        for stream in streams:
            pieces.append(_unpacked(stream, MOST_ON_PAGE - size))
            size += len(pieces[-1])
            self._work -= len(pieces[-1])
            if size > MOST_ON_PAGE or self._work < 0:
                return MOST_ON_PAGE + 1
        self._read_fonts(resources, holder)
        names = Counter(found[1] for found in _DRAWS.finditer(b" ".join(pieces)))
        forms = self._held(resources, "/XObject", _is_form)
        if not names or not forms:
            return size
        unknown = 0  # what is drawn by a name that is not read here may be any of them
        for name, times in names.items():
            called = "" if name is None else "/" + _HEX.sub(_byte, name).decode("utf-8", "replace")
            if called in forms:
                size += times * self._form(forms[called], resources, holder)
            else:
                unknown += times
            if size > MOST_ON_PAGE:
                return size
        if unknown:
            size += unknown * max(self._form(form, resources, holder) for form in forms.values())
        return size

    def _form(self, form: Any, resources: Any, holder: object) -> int:
        """Return what a form, or a glyph, comes to; one that draws itself has no end."""
        own = form.get("/Resources")
        if own is not None:
            resources, holder = own, form.objgen
        key = (form.objgen, holder)
        if key not in self._sizes:
            self._sizes[key] = MOST_ON_PAGE + 1  # while it is looked into
            self._sizes[key] = self._drawn(iter([form]), resources, holder)
        return self._sizes[key]

    def _read_fonts(self, resources: Any, holder: object) -> None:
        """Count the streams of fonts; raises FileError where all so far have too much."""
        for font in self._held(resources, "/Font", _is_dictionary).values():
            for stream in _streams_of_font(font):
                if stream.objgen in self._fonts:
                    continue
                self._fonts.add(stream.objgen)
                self._fonts_left -= len(_unpacked(stream, self._fonts_left))
                self._check_fonts()
            for glyph in _values(font.get("/CharProcs")).values():
                if _is_form(glyph) and glyph.objgen not in self._fonts:
                    self._fonts.add(glyph.objgen)
                    own = font.get("/Resources")
                    whose = (resources, holder) if own is None else (own, glyph.objgen)
                    self._fonts_left -= self._form(glyph, *whose)
                    self._check_fonts()

    def _check_fonts(self) -> None:
        if self._fonts_left < 0:
            raise FileError(
                self._path,
                f"unfolds its fonts to more than {MOST_IN_FONTS:,} bytes: this is a bomb; write it "
                "anew with the fonts reduced to what is used",
            )

    def _held(self, resources: Any, kind: str, wanted: Callable[[Any], bool]) -> dict[str, Any]:
        """Return the resources of a kind; many may share one dictionary of them."""
        named = resources.get(kind) if _is_dictionary(resources) else None
        shared = next((d for d in (named, resources) if d is not None and d.is_indirect), None)
        key = None if shared is None else (kind, shared.objgen)
        if key is None or key not in self._named:
            held = {name: value for name, value in _values(named).items() if wanted(value)}
            if key is None:
                return held
            self._named[key] = held
        return self._named[key]


def _is_form(value: Any) -> bool:
    from pikepdf import Stream

    return isinstance(value, Stream) and value.get("/Subtype") != "/Image"


def _is_dictionary(value: Any) -> bool:
    from pikepdf import Dictionary

    return isinstance(value, Dictionary)


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())


def _inherited(page: Any, name: str) -> Any:
    """Return an entry of a page, or that of the nearest node above it that has one."""
    for _ in range(100):
        found = page.get(name)
        above = page.get("/Parent")
        if found is not None or above is None:
            return found
        page = above
    return None


def _values(named: Any) -> dict[str, Any]:
    from pikepdf import Dictionary

    return dict(named.items()) if isinstance(named, Dictionary) else {}


def _streams_of_font(font: Any) -> Iterator[Any]:
    """Yield the maps and the programs of a font, and of what it is made of."""
    from pikepdf import Array, Dictionary, Stream

    below = font.get("/DescendantFonts")
    for one in (font, *(below if isinstance(below, Array) else ())):
        if not isinstance(one, Dictionary):
            continue
        held = [one.get(name) for name in ("/ToUnicode", "/Encoding", "/CIDToGIDMap")]
        described = one.get("/FontDescriptor")
        if isinstance(described, Dictionary):
            held += [described.get(name) for name in ("/FontFile", "/FontFile2", "/FontFile3")]
        yield from (stream for stream in held if isinstance(stream, Stream))


def _streams(found: Any) -> Iterator[Any]:
    from pikepdf import Array, Stream

    for one in found if isinstance(found, Array) else [found]:
        if isinstance(one, Stream):
            yield one


def _unpacked(stream: Any, most: int) -> bytes:
    """Return the bytes of a stream, or more than `most` where it has more."""
    raw, filters = stream.read_raw_bytes(), stream.get("/Filter")
    if filters is None:
        return bytes(raw)
    if filters != "/FlateDecode" or "/DecodeParms" in stream:
        if len(raw) > _SMALL and "LZW" in str(filters):
            return bytes(most + 1)
        return bytes(stream.read_bytes())
    opened = zlib.decompressobj()
    pieces, left = [], most
    try:
        while raw and left >= 0 and not opened.eof:
            pieces.append(opened.decompress(raw, 2**20))
            left -= len(pieces[-1])
            raw = opened.unconsumed_tail
    except zlib.error:  # readers show what came before
        pass
    return b"".join(pieces)
