"""Numbers placeholders within a call: `<NAME_1>` for `<NAME_BCDFGHJKLM>`.

The detector sees one text and knows no call, so it writes codes; they are numbered where the whole
request is at hand, in the order in which they stand in it. The same conversation sent again gets
the same numbers. What is new in an answer gets the next ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Generator, Mapping
from dataclasses import replace

from chopmark import Request, Response

from ._placeholder import CONSONANTS, CORE, TAG_LENGTH

_BRACKETED = re.compile(rf"<?({CORE.pattern})>?")
_MOST = 2 + 8 + TAG_LENGTH
_open = re.compile(rf"(?:<?[A-Z]{{1,8}}(?:_[{CONSONANTS}]{{0,{TAG_LENGTH - 1}}})?|<)\Z").search


class Numbering:
    """The numbers of one call; not shared by threads.

    Args:
        request: the messages, as they were screened.
        roles: the roles of those that were.
    """

    def __init__(self, request: Request, roles: Collection[str]) -> None:
        self._numbers: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        for message in request.messages:
            if message.role in roles:
                for core in CORE.findall(message.text):
                    self.number(core)

    @property
    def numbers(self) -> Mapping[str, str]:
        """The numbered form of every code, both without brackets."""
        return self._numbers

    def number(self, core: str) -> str:
        """Return `NAME_1` for a code without its brackets."""
        found = self._numbers.get(core)
        if found is None:
            tag = core[: -TAG_LENGTH - 1]
            self._counts[tag] += 1
            found = self._numbers[core] = f"{tag}_{self._counts[tag]}"
        return found

    def rename(self, text: str) -> str:
        """Return `text` with the codes in it numbered."""
        return _BRACKETED.sub(self._form, text)

    def _form(self, match: re.Match[str]) -> str:
        return f"<{self.number(match[1])}>"


class Renamer:
    """Numbers the codes in an answer in progress, wherever it was cut."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece and return what is certain."""
        text = self._held + text
        hold = _certain(text)
        self._held = text[hold:]
        return self._numbering.rename(text[:hold])

    def finish(self) -> str:
        """End the answer and return the rest of it."""
        rest, self._held = self._held, ""
        return self._numbering.rename(rest)


def _certain(text: str) -> int:
    """Return where the end of `text` begins that may still become a code, or be closed by `>`."""
    done = 0
    for found in _BRACKETED.finditer(text):
        if found.end() == len(text) and not found.group().endswith(">"):
            return found.start()
        done = found.end()
    partial = _open(text, max(done, len(text) - _MOST))
    return len(text) if partial is None else partial.start()


class Numbered:
    """A wrapper that numbers the placeholders in a request before it is sent."""

    screened = True

    def __init__(self, roles: Collection[str]) -> None:
        self._roles = frozenset(roles)

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Yield the request as it is sent, and return the response as it is."""
        numbering = Numbering(request, self._roles)
        messages = tuple(
            replace(message, text=numbering.rename(message.text))
            if message.role in self._roles
            else message
            for message in request.messages
        )
        return (yield replace(request, messages=messages))
