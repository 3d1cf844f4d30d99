"""Follows one text in progress, and finds the characters in it that nobody sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chopmark import Verdict

from ._characters import joins, legitimate, only_bidi, override, runs, selector, selectors, tag
from ._manifest import HEAD, manifest

Kind = Literal["tags", "selectors", "bidi", "zero_width", "spread"]

SCORES: dict[Kind, float] = {
    "tags": 1.0,
    "selectors": 0.9,
    "bidi": 0.9,
    "zero_width": 0.8,
    "spread": 0.4,
}
BLOCK = 64
"""The most characters of a run that are held; a longer one is reported in blocks of so many."""

LONG = 4
"""From how many characters on a run says something, whatever they are."""

TOLERATED = 8
"""How many single characters inside words a text may have: they come along in copied text."""

_SOFT_HYPHEN, _BYTE_ORDER_MARK = "\xad", "\ufeff"


class HiddenScanner:
    """One text in progress; not shared by threads.

    A run of hidden characters is judged on itself, the character before and the one behind; only
    such characters are ever held back.

    Args:
        detail: what every verdict says of the text.
        manifests: whether the first C2PA manifest is left alone.
    """

    __slots__ = (
        "_base", "_decided", "_detail", "_end", "_kind", "_manifest", "_manifests", "_run",
        "_strays", "settled",
    )  # fmt: skip

    def __init__(self, detail: str, *, manifests: bool) -> None:
        self.settled = 0
        self._detail = detail
        self._manifests = manifests
        self._end = 0  # how much of the text was fed
        self._base = ""  # the last character that can be seen
        self._run = ""  # hidden characters from `settled` on
        self._decided = False  # whether the start of the run was looked at
        self._kind: Kind | None = None  # what the run is, once it is reported
        self._manifest = 0  # how many selectors of a manifest are to come
        self._strays = 0

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        if not text:
            return ()
        start = self._end
        self._end = end = start + len(text)
        hidden = None if text.isascii() else runs.search(text)
        if hidden is None and not self._open:
            self._base = text[-1]
            self.settled = end
            return ()
        found: list[Verdict] = []
        at = 0
        while at < len(text):
            if hidden is None or hidden.start() > at:
                if self._open:
                    self._close(text[at], found)
                at = len(text) if hidden is None else hidden.start()
                self._base = text[at - 1]
                self.settled = start + at
            if hidden is not None:
                self._run += hidden.group()
                self._drain("", found, last=False)
                at = hidden.end()
                hidden = runs.search(text, at)
        return found

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is held is judged as it stands."""
        found: list[Verdict] = []
        if self._open:
            self._close("", found)
        return found

    @property
    def _open(self) -> bool:
        return bool(self._run) or self._decided

    def _close(self, after: str, found: list[Verdict]) -> None:
        self._drain(after, found, last=True)
        self._decided, self._kind, self._manifest = False, None, 0

    def _drain(self, after: str, found: list[Verdict], *, last: bool) -> None:
        """Judge what is certain of the run; all of it where `after` follows or nothing does."""
        if not self._decided and (last or len(self._run) >= BLOCK):
            self._decided = True
            self._pass(self._belonging())
        if self._manifest:
            self._pass_manifest()
        at, end = 0, len(self._run)
        while self._decided and (end - at >= BLOCK or (last and at < end)):
            block = self._run[at : at + BLOCK]
            if self._kind is None:
                self._kind = self._judge(block, after)
            if self._kind is not None:
                found.append(self._verdict(self._kind, self.settled + at, len(block)))
            at += len(block)
        self._pass(at)

    def _belonging(self) -> int:
        """Return how many characters at the start of the run are where they belong."""
        head = manifest(self._run) if self._manifests else 0
        if not head:
            if self.settled == 0 and self._run[0] == _BYTE_ORDER_MARK:
                return 1
            return legitimate(self._run, self._base)
        self._manifests = False  # a text has one
        self._manifest = head - HEAD
        return HEAD

    def _pass_manifest(self) -> None:
        spelled = selectors(self._run, 0, self._manifest)
        count = 0 if spelled is None else spelled.end()
        whole = count == len(self._run)  # else something else follows, and the manifest is cut
        self._manifest = self._manifest - count if whole else 0
        self._pass(count)

    def _pass(self, count: int) -> None:
        if count:
            self._run = self._run[count:]
            self.settled += count

    def _judge(self, run: str, after: str) -> Kind | None:
        if tag(run):
            return "tags"
        if override(run):
            return "bidi"
        selected = selector(run) is not None
        if selected and len(run) > 1:
            return "selectors"
        if len(run) >= LONG:
            return None if only_bidi(run) and len(run) == LONG else "zero_width"
        inside = _in_word(self._base) and _in_word(after) and run != _SOFT_HYPHEN
        if selected or inside:
            self._strays += 1
            if self._strays > TOLERATED:
                return "spread"
        return None

    def _verdict(self, kind: Kind, start: int, length: int) -> Verdict:
        return Verdict(
            category=f"injection.invisible.{kind}",
            start=start,
            end=start + length,
            score=SCORES[kind],
            outcome="modify",
            replacement="",
            detail=self._detail,
        )


def _in_word(character: str) -> bool:
    return character.isalnum() and not joins(character)
