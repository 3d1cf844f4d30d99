"""Follows HTML, to know whether an element can begin where the text ends.

Lexical only, after the tokenizer of the HTML standard: it knows comments, tags with quoted values
and elements whose content is raw text. It does not know which elements are hidden.
"""

from __future__ import annotations

import re

_OPENING = re.compile(r"<[A-Za-z/!?]")
_RAW_NAME = re.compile(
    r"<(script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])", re.IGNORECASE
)
_QUOTE_OR_END = re.compile(r"[>\"']")
_WAIT = 16
"""Characters kept while a piece of mark-up of up to that length may be cut in two."""


class HtmlText:
    """One HTML text in progress, fed in pieces."""

    def __init__(self) -> None:
        self._inside = ""  # "", "comment", "tag", or the name of an element of raw text
        self._element = ""  # the element of raw text that the tag in progress opens
        self._quote = ""
        self._text = ""
        self._at = 0

    def feed(self, text: str) -> None:
        """Take the next piece."""
        self._text, self._at = self._text[self._at :] + text, 0
        while self._step(complete=False):
            pass

    def between(self) -> bool:
        """Return whether an element put behind the text stands by itself."""
        return not self._inside

    def finish(self) -> str:
        """Return what an element put behind the text would fall into, empty where nothing."""
        while self._step(complete=True):
            pass
        if self._inside in ("", "comment", "tag"):
            return f"an open {self._inside}" if self._inside else ""
        return f"an open <{self._inside}>"

    def _step(self, *, complete: bool) -> bool:
        """Pass over one piece of mark-up; return False where the rest has to wait."""
        if self._inside == "":
            return self._open(complete)
        if self._inside == "comment":
            return self._leave("-->", "")
        if self._inside == "tag":
            return self._follow_tag()
        return self._leave(f"</{self._inside}", "tag")

    def _open(self, complete: bool) -> bool:
        text = self._text
        found = _OPENING.search(text, self._at)
        if found is None:
            self._at = len(text) - text.endswith("<", self._at)
            return False
        start = self._at = found.start()
        if text.startswith("<!--", start):
            self._inside, self._at = "comment", start + 2  # "<!-->" is a whole comment
            return True
        if not complete and len(text) - start < _WAIT and text.find(">", start) < 0:
            return False  # the name of the tag may not be whole yet
        name = _RAW_NAME.match(text, start)
        self._inside, self._element, self._quote = "tag", name[1].lower() if name else "", ""
        self._at = start + 1
        return True

    def _leave(self, end: str, inside: str) -> bool:
        found = re.compile(re.escape(end), re.IGNORECASE).search(self._text, self._at)
        if found is None:
            self._at = max(self._at, len(self._text) - _WAIT)
            return False
        self._inside, self._element, self._quote = inside, "", ""
        self._at = found.end()
        return True

    def _follow_tag(self) -> bool:
        if self._quote:
            where = self._text.find(self._quote, self._at)
            self._at = where + 1 if where >= 0 else len(self._text)
            self._quote = "" if where >= 0 else self._quote
            return where >= 0
        found = _QUOTE_OR_END.search(self._text, self._at)
        if found is None:
            self._at = len(self._text)
            return False
        self._at = found.end()
        if found[0] == ">":
            self._inside, self._element = self._element, ""
        else:
            self._quote = found[0]
        return True
