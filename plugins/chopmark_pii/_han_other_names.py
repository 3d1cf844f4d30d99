"""Chinese names without a surname in front: transliterated ones, nicknames, `她姓周`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._gazetteers import HanGazetteer, any_of
from ._hits import Hit
from ._units import HAN

_surnamed = re.compile(rf"(?<=姓)[{HAN}](?=[，。,.；;！!]|\Z)").finditer
_apart = re.compile(rf"(?:[^{HAN}]|\A|[和与给跟找问叫让帮请对是])\Z").search
_acts = re.compile("[，：:、,昨今说和有在来去把给跟是也问让请他她]|的(?!时)|明天|一起|老师").match


class OtherNames:
    """Finds them. Immutable, shared by threads."""

    def __init__(self, words: HanGazetteer) -> None:
        sound = f"[{''.join(words.cues['transliteration'])}]{{1,7}}"
        self._foreign = re.compile(rf"(?<!·){sound}(?:·{sound}|·[A-Z]\.?){{1,3}}").finditer
        self._nicknames = re.compile(any_of(words.cues["nicknames"])).finditer

    def __call__(self, text: str, start: int) -> Iterator[Hit]:
        """Yield the names from `start` on, in no order."""
        if "·" in text:
            for found in self._foreign(text, start):
                at = found.start()
                at += text[max(0, at - 1) : at + 1] == "知道"
                yield Hit("name", at, found.end(), 0.85, "format")
        for found in self._nicknames(text, start):
            at, end = found.span()
            if _apart(text, max(0, at - 2), at) is not None and _acts(text, end) is not None:
                yield Hit("name", at, end, 0.5, "context")
        if "姓" in text:
            for found in _surnamed(text, start):
                yield Hit("name", found.start(), found.end(), 0.6, "context")
