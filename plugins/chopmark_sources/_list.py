"""The list of sources that people see behind an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chopmark import Mark, Request
from chopmark.hookspecs import Marking, Span
from chopmark.policy import language_asked
from chopmark.sources import Source, sources_of

_HEADS = {"zh": "来源：", "en": "Sources:"}
_LIST = re.compile(rf"\n\n(?:{'|'.join(_HEADS.values())})(?:\n\d+\. [^\n]*)+\s*\Z")
_BREAKS = re.compile(r"\s+")


class SourceList:
    """Writes the titles of the sources behind an answer. Immutable, shared by threads."""

    name = "source_list"
    version = "1"
    kind = "visible"

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer."""
        return _Listing(sources_of(request), "zh" if language_asked(request) == "zh" else "en")

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the list that `text` ends with."""
        return [Mark(marker=self.name, kind=self.kind, where="end") for _ in self.own(text)]

    def own(self, text: str) -> Sequence[Span]:
        """Return where the list stands."""
        found = _LIST.search(text)
        return [found.span()] if found else []


def without_list(text: str) -> str:
    """Return an answer without the list behind it."""
    return _LIST.sub("", text)


class _Listing:
    """Lets an answer pass, and ends it with the list where it has any text."""

    done = False

    def __init__(self, sources: Sequence[Source], language: str) -> None:
        self._sources, self._language = sources, language
        self._said = False

    def feed(self, text: str) -> str:
        self._said = self.done = True
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        if not self._sources or not self._said:
            return "", ()
        lines = [
            f"{number}. {_BREAKS.sub(' ', source.title or source.id)}"
            for number, source in enumerate(self._sources, 1)
        ]
        mark = Mark(marker=SourceList.name, kind=SourceList.kind, where="end")
        return "\n\n" + "\n".join([_HEADS[self._language], *lines]), [mark]
