"""HTML: the block is `<meta name="AIGC" content='...'>` in the head.

No guide has a place for HTML; this is the practice. The standard library's parser says where tags
stand, and the text is changed there only. Comments `<!-- AIGC: {...} -->`, an older practice, and a
`property` that ends in `:AIGC` are read too.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from chopmark_label._files._boxes import Broken
from chopmark_label._files._errors import FileError
from chopmark_label._files._format import MOST_BLOCKS, Place
from chopmark_label._files._html_encoding import decode_html
from chopmark_label._files._whole import LONGEST_TEXT, read_whole, write_whole

_HEAD = frozenset(
    ("html", "head", "meta", "title", "link", "base", "script", "style", "noscript", "template")
)
_COMMENT = re.compile(r"\s*AIGC(?:_INFO)?\s*[:=]\s*(\{.*\})\s*", re.DOTALL)
_BEGIN = re.compile(
    rb"(?:\s|<!--(?:(?!-->).)*-->|<\?xml[^>]*\?>)*<(?:!doctype\s+html|html|head)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(r"(?:\s|<!--(?:(?!-->).)*-->)*<\?xml\b", re.DOTALL)
_SPACE = re.compile(r"[ \t\n\f\r]*")
_WORD = re.compile("aigc", re.IGNORECASE)
_PLAIN = re.compile(r"<[a-zA-Z][^\"'>]{0,4096}>")
_NAME = re.compile(r"<[a-zA-Z][^\t\n\r\f />\0]*")
_STEP = re.compile(  # as html.parser takes attributes
    r"""([\s/]*)(?:(?<=['"\s/])[^\s/>][^\s/=>]*(?:\s*=+\s*(?:'[^']*'|"[^"]*"|(?!['"])[^>\s]*))?)?"""
)
_MOST = 100_000
"""Attributes and spaces of one tag."""
_ESCAPES = {
    "&": "&amp;", "'": "&#39;", "<": "&lt;", ">": "&gt;", "\t": "&#9;", "\n": "&#10;",
    "\r": "&#13;",
}  # fmt: skip


class _Found(NamedTuple):
    """One block, with the piece of the text that carries it."""

    start: int
    end: int
    text: str
    where: str
    in_head: bool


class Html:
    """HTML and XHTML pages, and fragments of them."""

    name = "HTML"
    suffixes = (".html", ".htm", ".xhtml", ".xht")

    def fits(self, head: bytes) -> bool:
        """Return whether a page begins here, or this may be a piece of one: so may any text.

        UTF-16 without a mark, and UTF-32, are known too, so that they can be refused by name.
        """
        for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
            if head.startswith(mark):
                return mark == b"\xef\xbb\xbf" or b"\0" in head or len(head) == len(mark)
        text = b"\0" not in head and not head.startswith((b"%PDF-", b"PK\x03\x04"))
        return text or bool(_BEGIN.match(head.replace(b"\0", b"")))

    def read(self, path: Path) -> list[Place]:
        """Return the blocks of all `<meta>` and comments, also those outside the head."""
        source = decode_html(path, read_whole(path, LONGEST_TEXT))
        return [Place(found.text, found.where) for found in _parse(path, source.text).found]

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write the `<meta>` at the end of the head, or where one stood in it."""
        page = decode_html(source, read_whole(source, LONGEST_TEXT))
        parsed = _parse(source, page.text)
        tag = _tag(block, xml=parsed.xml)
        kept = next((f for f in parsed.found if f.in_head), None)
        edits = [(f.start, f.end, "") for f in parsed.found if f is not kept]
        if kept:
            edits.append((kept.start, kept.end, tag))
        else:
            newline = "\r\n" if "\r\n" in page.text[:4096] else "\n"
            edits.append((parsed.head_end, parsed.head_end, tag + newline))
        new = page.text
        for start, end, put in sorted(edits, reverse=True):
            new = new[:start] + put + new[end:]
        if [found.text for found in _parse(source, new).found] != [block]:
            raise FileError(
                source,
                f"cannot carry the block {block[:80]!r} in a <meta>; take out what HTML cannot "
                "have in an attribute, or mend the tag that is open at the head",
            )
        write_whole(target, page.encode(new))
        return "HTML head, <meta name=AIGC>"


def _tag(block: str, *, xml: bool) -> str:
    escaped = "".join(_ESCAPES.get(char, char) for char in block)
    tag = f"<meta name=\"AIGC\" content='{escaped}'{' /' if xml else ''}>"
    return tag.encode("ascii", "xmlcharrefreplace").decode("ascii")


class _HeadEnds(Exception):  # noqa: N818  # no error: there is nothing more to look for
    """The head has ended, and no block can be in the rest."""


class _Parser(HTMLParser):
    """Notes blocks, and where the head ends: at its end tag, else at what cannot be in it.

    It is fed once and never closed: what is still open at the end is no tag, and asking the parser
    to guess takes time in the square of the length.
    """

    # What is in these is text. The parser's own list is shorter, and that of older Pythons shorter
    # still; <noscript> is text to whoever runs scripts.
    CDATA_CONTENT_ELEMENTS = (  # type: ignore[misc]  # final for instances, not for parsers
        "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[_Found] = []
        self.xml = _XML.match(text) is not None
        self.head_end = -1
        self._source = text
        self._position = 0
        self._last = max((match.start() for match in _WORD.finditer(text)), default=-1)
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a block, and leave the head at an element that it cannot have."""
        if tag == "html" and any(name == "xmlns" for name, _ in attrs):
            self.xml = True
        self._templates += tag == "template"
        if tag not in _HEAD:
            self._leave(self._at())
        if tag != "meta" or self._templates:
            return
        values = dict(reversed(attrs))  # of two attributes of a name the first holds
        name = (values.get("name") or values.get("property") or "").strip().casefold()
        if name.rpartition(":")[2] == "aigc":
            start = self._at()
            length = len(self.get_starttag_text() or "")
            self._note(start, start + length, values.get("content") or "", "<meta>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take `<head/>` for the start of an element, as HTML does."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Leave the head where it ends (HTML 13.2.6.4.4); end tags of others are ignored in it."""
        self._templates -= tag == "template" and self._templates > 0
        if tag in ("head", "body", "html", "br"):
            self._leave(self._at())

    def handle_data(self, data: str) -> None:
        """Leave the head at text."""
        if self.cdata_elem is None and data.strip(" \t\n\f\r"):
            space = _SPACE.match(self._source, self._at())
            self._leave(space.end() if space else self._at())

    def handle_comment(self, data: str) -> None:
        """Note a block in a comment."""
        match = _COMMENT.fullmatch(data)
        start = self._at()
        whole = f"<!--{data}-->"
        if match and self._source.startswith(whole, start):
            text = html.unescape(match[1]) if "&quot;" in match[1] else match[1]
            self._note(start, start + len(whole), text, "a comment")

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Skip what HTML takes for a comment; the parser of older Pythons raises for some."""
        end = self._source.find(">", i)
        return end + 1 if end >= 0 else -1

    def rest(self) -> int:
        """Return where the parser stopped: at the end, or at a tag that is still open."""
        return max(0, len(self._source) - max(0, len(self.rawdata) - 1))

    def updatepos(self, i: int, j: int) -> int:
        """Keep where the parser is. It counts lines, whose list may be longer than the text."""
        self._position = max(self._position, j)
        return j

    def check_for_whole_start_tag(self, i: int) -> int:
        """Return where the tag at `i` ends; raises Broken where it is too long a list.

        The parser's own expression takes a kilobyte for each thing in it.
        """
        if not _PLAIN.match(self._source, i):
            self._count(i)
        return super().check_for_whole_start_tag(i)

    def _count(self, i: int) -> None:
        things, name = 0, _NAME.match(self._source, i)
        at = name.end() if name else i
        while (step := _STEP.match(self._source, at)) and step.end() > at:
            things += 1 + len(step[1])
            at = step.end()
            if things > _MOST:
                raise Broken(
                    f"has a tag at character {i:,} with more than {_MOST:,} attributes and spaces; "
                    "take it out"
                )

    def _at(self) -> int:
        return self._position

    def _leave(self, at: int) -> None:
        if self.head_end < 0 and not self._templates:
            self.head_end = at
        if self.head_end >= 0 and self._last < at:
            raise _HeadEnds

    def _note(self, start: int, end: int, text: str, carrier: str) -> None:
        in_head = self.head_end < 0
        where = f"HTML {'head' if in_head else 'body'}, {carrier}"
        self.found.append(_Found(start, end, text, where, in_head and carrier == "<meta>"))
        if len(self.found) > MOST_BLOCKS:
            raise _HeadEnds


def _parse(path: Path, text: str) -> _Parser:
    parser = _Parser(text)
    try:
        parser.feed(text + "\n")  # else a text that ends in "&" would wait for more
    except _HeadEnds:
        return parser
    except Broken as error:
        raise FileError(path, str(error)) from error
    if parser.head_end < 0:
        parser.head_end = parser.rest()
    return parser


HTML = Html()
