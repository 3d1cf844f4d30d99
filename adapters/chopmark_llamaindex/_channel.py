"""Follows one text through a stream whose pieces repeat it: what is new, and what may be shown.

LlamaIndex says that a piece holds a delta and the text so far. Integrations differ: some give
only the delta, some only the text so far, some repeat the whole answer in the last piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from chopmark import Kind

Form = Literal["absent", "whole", "piece", "behind", "other"]
"""How a piece repeats a text: not at all, all of it so far, the new part alone, all of it as it
was before, or as something that is neither."""


class Channel:
    """One text of an answer. `seen` is what the model said so far, `out` what may be shown."""

    __slots__ = ("form", "index", "kind", "level", "new", "out", "released", "seen")

    def __init__(self, kind: Kind, index: int = 0) -> None:
        self.kind = kind
        self.index = index
        self.seen = self.out = self.new = self.released = ""
        self.level = True  # `out` is `seen`
        self.form: Form = "absent"

    @property
    def settled(self) -> bool:
        """Whether a piece may go out as it is, as far as this text is concerned."""
        return self.level and self.form != "other"

    def take(self, text: str | None, delta: str | None = None) -> str:
        """Take what a piece says of this text, and return what is new.

        Where the two do not agree the delta counts: it is what callers put together.
        """
        seen = self.seen
        if delta:
            new = delta
        elif text is None:
            new = ""
        elif text.startswith(seen):
            new = text[len(seen) :]
        elif seen.startswith(text):
            new = ""
        else:
            new = text
        if new:
            self.seen = seen + new
        self.new, self.released = new, ""
        if text is None:
            self.form = "absent"
        elif text == self.seen:
            self.form = "whole"
        elif text == new:
            self.form = "piece"
        elif self.seen.startswith(text):
            self.form = "behind"
        else:
            self.form = "other"
        return new

    def give(self, text: str) -> None:
        """Add what is released to what may be shown."""
        self.released += text
        if self.level and text == self.new:
            self.out = self.seen  # the same object: comparing the two is then free
        else:
            self.out += text
            self.level = self.out == self.seen

    def rest(self) -> None:
        """Forget the last piece: nothing new came, and nothing was released yet."""
        self.new = self.released = ""

    def show(self, texts: Sequence[str], *, all_of_it: bool = False) -> list[str]:
        """Return what stands in the place of `texts`, the blocks of a piece that repeat this."""
        piece = self.form == "piece" and not all_of_it
        return spread(texts, self.released if piece else self.out)


def spread(texts: Sequence[str], out: str) -> list[str]:
    """Return `out` divided like `texts`: at the same words as far as these are still there."""
    if len(texts) < 2:
        return [out] * len(texts)
    cuts = [0]
    for before, behind in pairwise(texts):
        at = cuts[-1]
        if before and (found := out.find(before, at)) >= 0:
            cuts.append(found + len(before))
        elif behind and (found := out.find(behind, at)) >= 0:
            cuts.append(found)
        else:
            cuts.append(len(out) if before else at)
    return [out[a:b] for a, b in pairwise([*cuts, len(out)])]
