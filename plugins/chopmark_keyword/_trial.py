"""Tries texts against lists as they are, or would be, before anybody puts them in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from chopmark import Context

from ._library import Library
from ._lists import Folding, WordList
from ._whole import open_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an entry finds in a text: characters `start` to `end`, and the `way` it was seen.

    `list` and `number` are of the entry; `way` is empty where it stands there plainly.
    """

    start: int
    end: int
    list: str
    number: int
    way: str


class Trial:
    """Lists that belong together, ready for texts. Shared by threads.

    Args:
        lists: all that would be in force, each with a name of its own.
        today: the day for `expires`.
        holdback: the most characters that the policy lets a detector hold back.
        foldings: how far to see by category, as `Options` has it.
        request_foldings: how far at the least in a request, which each text is taken for.

    Raises:
        PolicyError: a service would refuse them: two have one name, or a term is too long.
    """

    def __init__(
        self,
        lists: Sequence[WordList],
        today: date,
        holdback: int,
        foldings: Mapping[str, Folding],
        request_foldings: Mapping[str, Folding] = MappingProxyType({}),
    ) -> None:
        self._matcher = Library(lists, (), holdback, foldings, request_foldings).matcher(today)

    def places(self, text: str) -> list[Place]:
        """Return what is found in `text`, in order; exceptions of the lists hold."""
        scanner = open_text(self._matcher, Context(direction="input"))
        found = []
        for verdict in (*scanner.feed(text), *scanner.finish()):
            entry, _, way = verdict.detail.partition("/")
            name, _, number = entry.rpartition("#")
            found.append(
                Place(start=verdict.start, end=verdict.end, list=name, number=int(number), way=way)
            )
        return found
