"""Recognises labels that chopmark wrote, at the start and at the end of a text.

Only whole lines of known wording count, so that an answer which merely begins by speaking of
AI生成 is not taken for a labelled one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ._forms import Format, render
from ._wording import DEFAULTS, Wording

_LINE_ENDS = ("\n", "\r")
_FORMATS: tuple[Format, ...] = ("plain", "markdown", "html")
TRAILING_SPACE = 64
"""How much white space may follow a label at the end of a text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A label as it stands in a text. `data` is what a `Mark` says of it."""

    text: str
    wording: Wording
    format: Format
    data: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", {**self.wording.data(), "format": self.format})

    @property
    def needs_line(self) -> bool:
        """Whether it is a label only on a line of its own."""
        return self.format != "html"


class KnownLabels:
    """The labels of given wordings, and of the default ones, in every format. Immutable."""

    def __init__(self, wordings: Iterable[Wording]) -> None:
        defaults = (Wording(la, t) for by in DEFAULTS.values() for la, t in by.items())
        lines: dict[str, Line] = {}
        for wording in (*wordings, *defaults):
            for form in _FORMATS:
                text = render(wording, form)
                lines.setdefault(text, Line(text, wording, form))
        self._lines = sorted(lines.values(), key=lambda line: -len(line.text))
        self._firsts = frozenset(line.text[0] for line in self._lines)
        self.longest = len(self._lines[0].text)
        whole = "|".join(re.escape(line.text) for line in self._lines if line.needs_line)
        self._whole_line = re.compile(rf"\n[ \t]*({whole})(?=[ \t]*\r?\n)")
        self._by_text = {line.text: line for line in self._lines}

    @property
    def lines(self) -> Sequence[Line]:
        """All of them, the longest first."""
        return self._lines

    def at_start(self, text: str) -> Line | None:
        """Return the label that `text`, with nothing to come, begins with after white space."""
        head = text.lstrip()
        if head[:1] not in self._firsts:
            return None
        for line in self._lines:
            if head.startswith(line.text):
                rest = head[len(line.text) :]
                if not line.needs_line or not rest or rest.startswith(_LINE_ENDS):
                    return line
        return None

    def undecided(self, text: str) -> bool:
        """Return whether more text decides if `text` begins with a label."""
        head = text.lstrip()
        if head and head[0] not in self._firsts:
            return False
        return any(
            line.text.startswith(head) and (line.needs_line or line.text != head)
            for line in self._lines
        )

    def in_middle(self, text: str) -> list[Line]:
        """Return the labels that stand on lines of their own inside `text`; takes linear time."""
        return [self._by_text[found] for found in self._whole_line.findall(text)]

    def at_end(self, text: str) -> Line | None:
        """Return the label that `text` ends with, up to `TRAILING_SPACE` white space aside."""
        body = text.rstrip()
        if len(text) - len(body) > TRAILING_SPACE:
            return None
        for line in self._lines:
            if body.endswith(line.text):
                before = body[: -len(line.text)]
                if not line.needs_line or not before or before.endswith(_LINE_ENDS):
                    return line
        return None
