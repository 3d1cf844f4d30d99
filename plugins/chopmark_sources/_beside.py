"""The sources in the metadata of an answer, and in its record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chopmark import Mark, Request
from chopmark.hookspecs import Marking
from chopmark.sources import KEY, Source, sources_of


class SourcesBeside:
    """Puts ids, titles and digests of the sources beside an answer. Immutable, shared by threads.

    Of the n-th source: `n.id`, `n.title` where it has one, `n.sha256` of its text in UTF-8 where
    that is known.
    """

    name = KEY
    version = "1"
    kind = "metadata"
    beside = True

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer; raise `RequestError` for what is no source."""
        return _Beside(sources_of(request))

    def detect(self, text: str) -> Sequence[Mark]:
        """Return nothing: these marks are not in the text."""
        return ()


class _Beside:
    done = True

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def feed(self, text: str) -> str:
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        if not self._sources:
            return "", ()
        data = {}
        for number, source in enumerate(self._sources, 1):
            data[f"{number}.id"] = source.id
            if source.title:
                data[f"{number}.title"] = source.title
            if source.text:
                text = source.text.encode("utf-8", "surrogatepass")
                data[f"{number}.sha256"] = hashlib.sha256(text).hexdigest()
        return "", [Mark(marker=KEY, kind="metadata", where=KEY, data=data)]
