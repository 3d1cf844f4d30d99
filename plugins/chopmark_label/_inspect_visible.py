"""The text of a document as its readers see it, where that is to be had without its program.

HTML and Markdown lose their mark-up and metadata; Word and PowerPoint files give their paragraphs
as they stand in the XML. It is for finding labels and marks in, not for showing: what a style hides
is still there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from ._files._errors import FileError, missing
from ._files._package import Package
from ._forms import render
from ._opening import Opening
from ._wording import LANGUAGES, Language, Wording

_RAW = "script|style|template|noscript|textarea|title|xmp|iframe|noembed|noframes|svg|math"
_INLINE = (
    r"(?:a|abbr|b|bdi|bdo|cite|code|em|font|i|img|ins|kbd|mark|q|s|small|span|strong|sub|sup|time|u|"
    r"var|wbr)(?=[\s/>])"
)
_LABEL = re.compile(
    r"""<(p|span|div)(?=[^<>]*class="chopmark-label")[^<>]*?\blang="([^"]*)"[^<>]*>"""
    r"([^<]*(?:</?span[^<>]*>[^<]*){0,16})</\1>"
)
"""A label as this plugin writes it into a page."""
# A tag ends at the first `>` here, even in quotes: looking for its true end may take long.
_BLOCKS = re.compile(
    rf"<!--.*?(?:-->|\Z)|<({_RAW})(?=[\s/>]).*?(?:</\1\s*>|\Z)|</?(?!{_INLINE})([A-Za-z]+)[^<>]*>"
    r"|<(?:[!?]|/(?![A-Za-z]))[^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>")  # what is left of them is inside a line
_BODY = re.compile(r"""<body(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_LINES = re.compile(r"\n\s+")
_PARTS = re.compile(
    r"word/(?:header\d*|document|footer\d*)\.xml|ppt/slides/slide\d+\.xml", re.IGNORECASE
)
MOST = 64 * 2**20
"""Bytes of the XML that is read for the text of one file; a part has 16 MiB at most."""
_ORDER = ("header", "document", "slide", "footer")


def seen_in_html(page: str) -> str:
    """Return the text of an HTML page, a line for each block; takes linear time."""
    marked = _LABEL.sub(_plain_label, page)
    return html.unescape(_LINES.sub("\n", _without_tags(marked))).strip()


def seen_in_markdown(text: str) -> str:
    """Return Markdown without its front matter; what else it writes is seen as it is."""
    return text[Opening("markdown").end(text, complete=True) or 0 :]


def seen_in_office(path: Path) -> str | None:
    """Return the paragraphs of a Word or PowerPoint file, None for another Office file.

    Raises:
        FileError: a part of it cannot be read.
    """
    with Package(path) as package:
        parts = sorted(filter(_PARTS.fullmatch, package.names), key=_place)
        if not parts:
            return None
        lines: list[str] = []
        left = MOST
        for part in parts:
            data = package.part(part) or b""
            left -= len(data)
            if left < 0:
                raise FileError(path, f"has text in more than {MOST:,} bytes of XML")
            lines += _paragraphs(path, data)
        return "\n".join(lines)


def _place(name: str) -> tuple[int, int, str]:
    number = re.search(r"(\d+)\.xml$", name)
    order = next(n for n, kind in enumerate(_ORDER) if kind in name.casefold())
    return order, int(number[1]) if number else 0, name


def _paragraphs(path: Path, data: bytes) -> Iterator[str]:
    try:
        from lxml import etree  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing(path, "lxml") from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileError(path, f"has a part whose text is no XML ({error})") from error
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


def _plain_label(found: re.Match[str]) -> str:
    """Return a label of ours as a line of its own, in the form that is known in plain text."""
    tag = found[2].split("-")[0].lower()
    language: Language = next((known for known in LANGUAGES if known == tag), "en")
    words = html.unescape(_without_tags(found[3])).strip()
    return f"\n{html.escape(render(Wording(language, words), 'plain'))}\n" if words else found[0]


def _without_tags(page: str) -> str:
    """Return `page` with a line break for each block, comment, and element that is not text."""
    return _TAGS.sub("", _BLOCKS.sub("\n", page))


def body_of(page: str) -> tuple[int, int]:
    """Return where the content of an HTML page begins and ends: all of it where it has no body."""
    start, end = 0, len(page)
    for piece in _BLOCKS.finditer(page):
        if (piece[2] or "").lower() == "body":
            if piece[0].startswith("</"):
                end = piece.start()
            elif not start:
                whole = _BODY.match(page, piece.start())
                start = whole.end() if whole else piece.end()
    return start, max(start, end)
