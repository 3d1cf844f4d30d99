"""Follows Markdown line by line, to know whether a new block can begin where the text ends.

CommonMark 0.31: a fenced code block (4.5) and an HTML block of the kinds 1 to 5 (4.6) run on over
blank lines, so a label behind them would become part of them. Everything else ends at a blank
line, and what is inside a list item or a block quote ends at a line that is not. It takes a link
reference definition for a paragraph, and does not look for HTML blocks inside list items.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])( +|$)")
_BREAK = re.compile(r"([-_*])(?: *\1){2,} *$")
_NO_PARAGRAPH = re.compile(r"$|#{1,6}(?: |$)")
_UNDERLINE = re.compile(r"(?:=+|-+) *$")
_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|"
    "dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|"
    "hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|"
    "search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
_ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
_BLANK = re.compile(r"^$")
_HTML_BLOCKS = (
    (re.compile(r"<(?:pre|script|style|textarea)(?:\s|>|$)", re.IGNORECASE),
     re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE), "an open HTML block"),
    (re.compile(r"<!--"), re.compile(r"-->"), "an open HTML comment"),
    (re.compile(r"<\?"), re.compile(r"\?>"), "an open processing instruction"),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>"), "an open CDATA section"),
    (re.compile(r"<![A-Za-z]"), re.compile(r">"), "an open declaration"),
    (re.compile(rf"</?(?:{_NAMES})(?:\s|/?>|$)", re.IGNORECASE), _BLANK, ""),
)  # fmt: skip
_ONE_TAG = re.compile(
    rf"<(?:[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?|/[A-Za-z][A-Za-z0-9-]*\s*)>\s*$"
)


class MarkdownBlocks:
    """One Markdown text in progress, fed in pieces."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._fence = ""
        self._fence_indent = 0  # where the list item begins that holds the fence, else 0
        self._html: tuple[re.Pattern[str], str] | None = None
        self._item: int | None = None
        self._paragraph = False  # whether the line before may be one of a paragraph

    def feed(self, text: str) -> None:
        """Take the next piece."""
        if "\n" not in text:
            self._parts.append(text)
            return
        first, *rest = text.split("\n")
        self._lines("".join((*self._parts, first)))
        for line in rest[:-1]:
            self._lines(line)
        self._parts = [rest[-1]]

    def between(self) -> bool:
        """Return whether a paragraph put behind the text, which ends a line, stands by itself.

        Not where it would part a list in two.
        """
        return not self._fence and self._html is None and self._item is None

    def finish(self) -> str:
        """Return what a block put behind the text would fall into, empty where nothing."""
        self._lines("".join(self._parts))
        self._parts = []
        if self._fence and not self._fence_indent:
            return "an open code fence"
        return self._html[1] if self._html else ""

    def _lines(self, line: str) -> None:
        for part in line.removesuffix("\r").split("\r"):
            self._line(part.expandtabs(4))

    def _line(self, line: str) -> None:
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if self._html:
            if self._html[0].search(body):
                self._html = None
        elif self._fence:
            self._in_fence(body, indent)
        elif not body:
            self._paragraph = False
        else:
            self._block(body, indent)

    def _in_fence(self, body: str, indent: int) -> None:
        if body and indent < self._fence_indent:  # the list item ended, and the fence with it
            self._fence, self._fence_indent, self._item = "", 0, None
            self._block(body, indent)
            return
        shut = body.rstrip(" ")
        if (
            indent - self._fence_indent < 4
            and shut
            and not shut.strip(self._fence[0])
            and len(shut) >= len(self._fence)
        ):
            self._fence, self._fence_indent = "", 0

    def _block(self, body: str, indent: int) -> None:
        """Take a line that is not blank and stands in no fence and no HTML block."""
        lazy, self._paragraph = self._paragraph, False
        item = 0  # where the list item begins that holds this line, else 0
        if self._item is not None and indent >= self._item:
            item = self._item
            indent -= item
        elif _BREAK.match(body) and indent < 4:
            self._item = None
            return
        elif (marker := _ITEM.match(body)) and indent < 4:
            width = len(marker[1]) + (len(marker[2]) if 1 <= len(marker[2]) <= 4 else 1)
            item = self._item = indent + width
            body, indent = body[marker.end() :], 0
        if body.startswith(">") and indent < 4:
            quoted = body.lstrip("> ")
            self._item = self._item if item else None
            self._paragraph = not (_NO_PARAGRAPH.match(quoted) or _FENCE.match(quoted))
            return
        starts = self._open_fence(body, indent, item) or (
            not item and indent < 4 and self._open_html(body, lazy)
        )
        interrupts = starts or (indent < 4 and bool(_NO_PARAGRAPH.match(body)))
        if not item and (interrupts or not lazy):  # else a lazy line of the item's paragraph
            self._item = None
        underlines = lazy and (item or self._item is None) and _UNDERLINE.match(body)
        self._paragraph = not interrupts and not underlines and (lazy or indent < 4)

    def _open_fence(self, body: str, indent: int, item: int) -> bool:
        fence = _FENCE.match(body) if indent < 4 else None
        if fence:
            self._fence, self._fence_indent = fence[1] or fence[2], item
        return bool(fence)

    def _open_html(self, body: str, lazy: bool) -> bool:
        for start, end, name in _HTML_BLOCKS:
            if start.match(body):
                self._html = None if end.search(body) else (end, name)
                return True
        if _ONE_TAG.match(body) and not lazy:
            self._html = (_BLANK, "")
            return True
        return False
