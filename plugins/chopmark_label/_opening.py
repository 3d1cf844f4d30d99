"""Finds what a label at the start must stand behind: front matter, and the head of an HTML page.

Before front matter a label would hide it from whoever reads the file. Before a page's head it would
put the browser into its quirks mode, and what is meant for the head into the body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ._forms import Format

LONGEST = 16_384
"""How many characters are looked at, and held back, until the opening ends."""

_ATTRIBUTES = r"""(?=[\s/>])(?:[^>"']|"[^"]*"|'[^']*')*>"""
_SPACE = re.compile(r"(?:\s+|\ufeff|<!--.*?-->)*", re.DOTALL)
_PIECE = re.compile(
    rf"""<\?.*?> | <!doctype[^>]*> | </?(?:html|head|meta|link|base){_ATTRIBUTES}
    | <title{_ATTRIBUTES}.*?</title\s*>
    | <(?P<later>style|script|noscript|template){_ATTRIBUTES}.*?</(?P=later)\s*>
    | (?P<body><body{_ATTRIBUTES})""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_BEGUN = re.compile(r"<!(?P<mark>[a-z-]*)|<\?|</?(?P<name>[a-z0-9]*)", re.IGNORECASE)
_FIRST = ("html", "head", "body", "meta", "link", "base", "title")
_LATER = ("style", "script", "noscript", "template")  # a fragment may begin with these, too
_FENCES = ("---", "+++")
_FIRST_LINES = {  # a key: what else begins so may be a list or a heading between two breaks
    "---": re.compile(r"[\"']?[^\W\d][^:\n]{0,100}:(?:\s|$)"),
    "+++": re.compile(r"[\w.\"'-]{1,100}[ \t]{0,9}=|\["),
}
_LATER_LINES = {
    "---": re.compile(rf"[ \t#\]}}]|- |$|{_FIRST_LINES['---'].pattern}"),
    "+++": re.compile(rf"[ \t#\]}}]|[\"']{{3}}|$|{_FIRST_LINES['+++'].pattern}"),
}
_TELLING = 120
"""So many characters of a line tell what it can be."""


class Opening:
    """The opening of one text, which grows. The answer does not depend on how it was cut."""

    def __init__(self, form: Format) -> None:
        self._find: Callable[[str, bool], int | None] | None = None
        if form != "plain":
            self._find = self._front_matter if form == "markdown" else self._head
        self._form = form
        self._at = 0  # how far the opening is known to go, or was looked at
        self._end: int | None = None  # once it is known
        self._lines = 0

    def end(self, text: str, *, complete: bool) -> int | None:
        """Return how many characters of `text` are its opening; None where more text decides.

        Args:
            text: what there is so far, from its start; longer each time.
            complete: whether nothing comes behind it; then the answer is never None.
        """
        if self._end is None:
            self._end = self._look(text, complete)
        return self._end

    def _look(self, text: str, complete: bool) -> int | None:
        if self._find is None:
            return 0
        seen = text[:LONGEST]
        complete = complete and len(text) <= LONGEST
        found = self._find(seen, complete)
        if found is None and len(text) >= LONGEST:  # better a label than a wait
            return self._at if self._form == "html" else 0
        return found

    def _head(self, text: str, complete: bool) -> int | None:
        while True:
            at = _SPACE.match(text, self._at).end()  # type: ignore[union-attr]  # it may be empty
            names = _FIRST + _LATER if self._at else _FIRST
            piece = _PIECE.match(text, at)
            if piece is None:
                undecided = at == len(text) or _may_be_piece(text[at : at + 20], names)
                return None if undecided and not complete else self._at
            if piece["later"] and not self._at:
                return 0
            self._at = piece.end()
            if piece["body"]:
                return self._at

    def _front_matter(self, text: str, complete: bool) -> int | None:
        fence = text[:3]
        if fence not in _FENCES:
            return None if not complete and any(f.startswith(text) for f in _FENCES) else 0
        while (stop := text.find("\n", self._at)) >= 0:
            line = text[self._at : stop].rstrip()
            self._at, number = stop + 1, self._lines
            self._lines += 1
            if number == 0:
                if line != fence:
                    return 0
            elif number > 1 and (line == fence or (fence == "---" and line == "...")):
                return self._at
            elif not (_FIRST_LINES if number == 1 else _LATER_LINES)[fence].match(line):
                return 0
        line = text[self._at :]
        if complete:
            return len(text) if self._lines > 1 and line.rstrip() == fence else 0
        if self._lines == 0:
            return 0 if line.rstrip() != fence else None
        known = _FIRST_LINES if self._lines == 1 else _LATER_LINES
        return 0 if len(line) > _TELLING and not known[fence].match(line) else None


def _may_be_piece(rest: str, names: Sequence[str]) -> bool:
    """Return whether a longer text could begin with a piece of a head."""
    begun = _BEGUN.match(rest)
    if not begun:
        return False
    if begun["mark"] is not None:
        mark = begun["mark"].lower()
        return mark.startswith(("--", "doctype")) or any(
            known.startswith(mark) for known in ("--", "doctype")
        )
    if begun["name"] is None:
        return True
    name, whole = begun["name"].lower(), begun.end() == len(rest)
    return any(known.startswith(name) if whole else known == name for known in names)
