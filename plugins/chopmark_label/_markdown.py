"""Follows Markdown line by line, to know whether a new block can begin where the text ends.

CommonMark 0.31: a fenced code block (4.5) and an HTML block of the kinds 1 to 5 (4.6) run on over
blank lines, so a label behind them would become part of them. Everything else ends at a blank
line, and what is inside a list item or a block quote ends at a line that is not. It takes a link
reference definition for a paragraph, and does not look into block quotes.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])( +|$)")
_BREAK = re.compile(r"([-_*])(?: *\1){2,} *$")
_NO_PARAGRAPH = re.compile(r"$|#{1,6}(?: |$)")
_UNDERLINE = re.compile(r"(?:=+|-+) *$")
_SIGNS = frozenset("`~<>#=-+*_0123456789")
"""What a line begins with that may be more than one of a paragraph."""
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
        self._html: tuple[re.Pattern[str], str] | None = None
        self._indent = 0  # where the list item begins that holds the fence or HTML block, else 0
        self._items: list[int] = []  # where the contents of the open list items begin
        self._bare = False  # whether the last item has nothing yet but its marker
        self._paragraph = False  # whether the line before may be one of a paragraph
        self._quoted = False  # whether that paragraph is one of a block quote
        self._goes_on = False  # whether the block before a blank line may go on behind it

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

        Not where it would part a list or indented code in two.
        """
        return not (self._fence or self._html or self._items or self._goes_on)

    def finish(self) -> str:
        """Return what a block put behind the text would fall into, empty where nothing."""
        self._lines("".join(self._parts))
        self._parts = []
        if self._indent:  # a line that is not indented ends the item, and all that is in it
            return ""
        if self._fence:
            return "an open code fence"
        return self._html[1] if self._html else ""

    def _lines(self, line: str) -> None:
        if "\r" not in line and "\t" not in line:
            self._line(line)
            return
        for part in line.removesuffix("\r").split("\r"):
            self._line(part.expandtabs(4))

    def _line(self, line: str) -> None:
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if body and indent < self._indent:  # the item ended, and what it held with it
            self._fence, self._html, self._indent = "", None, 0
        if self._html:
            if self._html[0].search(body):
                self._html, self._indent = None, 0
        elif self._fence:
            self._in_fence(body, indent)
        elif body:
            if indent < 4 and not self._items and body[0] not in _SIGNS:  # most lines
                self._quoted = self._quoted and self._paragraph
                self._paragraph, self._goes_on = True, False
            else:
                self._block(body, indent)
        else:
            self._paragraph = False
            if self._bare:  # an item may begin with one blank line, not with two
                self._items.pop()
                self._bare, self._goes_on = False, True

    def _in_fence(self, body: str, indent: int) -> None:
        shut = body.rstrip(" ")
        if (
            indent - self._indent < 4
            and shut
            and not shut.strip(self._fence[0])
            and len(shut) >= len(self._fence)
        ):
            self._fence, self._indent = "", 0

    def _block(self, body: str, indent: int) -> None:
        """Take a line that is not blank and stands in no fence and no HTML block."""
        lazy, self._paragraph = self._paragraph, False
        quoted, self._quoted = self._quoted, False
        self._goes_on = False
        items = [item for item in self._items if indent >= item]
        # Whether the paragraph of the line before stands in the same items as this line.
        beside = lazy and not quoted and len(items) == len(self._items)
        known = len(items)
        while True:
            inner = indent - (items[-1] if items else 0)
            if inner >= 4:
                break
            if _BREAK.match(body):
                self._items, self._bare = items, False
                return
            marker = _ITEM.match(body)
            if not marker or (beside and len(items) == known and not _interrupts(marker)):
                break
            space = len(marker[2])
            items.append(indent + len(marker[1]) + (space if 1 <= space <= 4 else 1))
            indent, body = indent + marker.end(), body[marker.end() :]
            if not body:
                self._items, self._bare = items, True
                return
        if len(items) > known:
            lazy = beside = False
        self._leaf(body, inner, items, lazy=lazy, beside=beside, quoted=quoted)

    def _leaf(
        self, body: str, indent: int, items: list[int], *, lazy: bool, beside: bool, quoted: bool
    ) -> None:
        """Take what is left of a line behind the markers of its list items."""
        if indent < 4 and body.startswith(">"):
            inside = body.lstrip("> ")
            self._items, self._bare, self._quoted = items, False, True
            self._paragraph = not (
                _NO_PARAGRAPH.match(inside)
                or _FENCE.match(inside)
                or any(start.match(inside) for start, _, _ in _HTML_BLOCKS)
            )
            return
        starts = indent < 4 and (
            self._open_fence(body)
            or (body[0] == "<" and self._open_html(body, lazy))
            or _NO_PARAGRAPH.match(body)
        )
        if starts:
            self._items, self._bare = items, False
            self._indent = items[-1] if items and (self._fence or self._html) else 0
        elif lazy and not beside:  # a lazy line of a paragraph that began in an item or a quote
            self._paragraph, self._quoted = True, quoted
        else:
            self._items, self._bare = items, False
            self._paragraph = not (beside and _UNDERLINE.match(body)) and (lazy or indent < 4)
            self._goes_on = not lazy and indent >= 4

    def _open_fence(self, body: str) -> bool:
        fence = _FENCE.match(body)
        if fence:
            self._fence = fence[1] or fence[2]
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


def _interrupts(marker: re.Match[str]) -> bool:
    """Return whether a list item with this marker may follow a paragraph without a blank line."""
    number = marker[1][:-1]
    return marker.end() < len(marker.string) and (not number or int(number) == 1)
