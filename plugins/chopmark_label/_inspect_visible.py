"""The text of a page as its readers see it: HTML and Markdown without mark-up and metadata.

It is for finding labels and marks in, not for showing: what a style hides is still there.
"""

from __future__ import annotations

import html
import re

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
    rf"<!--.*?(?:-->|\Z)|<({_RAW})(?=[\s/>]).*?(?:</\1\s*>|\Z)"
    rf"|</?(?!{_INLINE})([A-Za-z]+)(?![A-Za-z])[^<>]*>"
    r"|<(?:[!?]|/(?![A-Za-z]))[^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>")  # what is left of them is inside a line
_BODY = re.compile(r"""<body(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_LINES = re.compile(r"\n\s+")


def seen_in_html(page: str) -> str:
    """Return the text of an HTML page, a line for each block; takes linear time."""
    marked = _LABEL.sub(_plain_label, page)
    return html.unescape(_LINES.sub("\n", _without_tags(marked))).strip()


def seen_in_markdown(text: str) -> str:
    """Return Markdown without its front matter; what else it writes is seen as it is."""
    return text[Opening("markdown").end(text, complete=True) or 0 :]


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
