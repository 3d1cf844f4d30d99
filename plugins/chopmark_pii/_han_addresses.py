"""Chinese addresses: a road with a number, or a housing estate with a building, and what is around.

Names of provinces, cities and roads alone are places that everybody talks about, and no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._gazetteers import HanGazetteer, any_of
from ._han import Border
from ._hits import Hit
from ._units import HAN

_REACH = 40  # how far before its road an address may begin
_FEW = "[一二三四五六七八九十]"
_NUMBER = rf"(?:[甲乙丙丁]?[0-9]{{1,5}}|{_FEW[:-1]}百零]{{1,4}})(?:[-之][0-9]{{1,4}})?"
_SIDE = rf"(?:段|[东南西北中]段?|[东南西北]?{_FEW}{{1,2}}[段路街巷条])?"
_HOUSE = rf"{_NUMBER}(?:号院|号楼|号|弄|巷)(?![线码召称令])"
_BLOCK = "(?:号楼|栋|幢|座|单元)"
_BUILDING = (
    rf"(?:[东南西北A-Za-z]|{_FEW}[期区])?区?{_NUMBER}(?:号楼|号院|号馆|栋|幢|座|单元|门)"
    r"|(?:[A-Za-z]区)?[A-Za-z][座栋幢]|[0-9]{1,4}楼(?=[0-9]{1,2}(?:门|单元))"
)
_ROOM = (
    rf"(?:[A-Za-z甲乙丙丁东南西北])?(?:[A-Za-z]?[0-9]{{1,5}}|{_FEW}{{1,3}})"
    r"(?:号楼|号院|号|栋|幢|座|塔|单元|层|楼(?!梯|道)|室|户|房|门|区|期|院)(?![线码])"
    r"|[A-Za-z](?:座|栋|区|幢|楼|塔)"
)
_DOOR = r"[A-Za-z]?[0-9]{3,4}(?![0-9年月日元个%.:：斤米点人次块万千百])"
_NO_BUILDING = "(?!的|有|和|与|旁|对|附近|怎么|多少|需要)"

_worth = re.compile("[号弄巷栋幢座元门村镇乡口处]").search  # every anchor holds one
_is_divided = re.compile("[省市区县州盟旗镇乡]|街道").search
_has_room = re.compile("[室层户房座栋幢]|单元|号楼|[0-9]{3,4}$").search
_SHORT_ROADS = frozenset("一二三四五六七八九十公马大小道铁")  # 马路, 一条: no name of a road


class HanAddresses:
    """Finds addresses. Immutable, shared by threads."""

    def __init__(self, words: HanGazetteer, border: Border) -> None:
        self._places = words.places
        self._border = border
        roads, estates = any_of(words.cues["roads"]), any_of(words.cues["estates"])
        buildings = any_of(words.cues["buildings"])
        self._anchors = re.compile(
            rf"(?P<road>(?:{roads}){_SIDE}(?:{_HOUSE}|{_NUMBER}号?(?=[{HAN}]?{_BLOCK})))"
            rf"|(?P<estate>(?:{estates}|[一-九]{{1,2}}[区里])(?:{_BUILDING}))"
            rf"|(?P<crossing>路[与和][{HAN}]{{1,6}}?路(?:交叉口|交汇处|路口))"
            rf"|(?P<village>[镇乡][{HAN}]{{1,5}}?村(?:{_NUMBER}[号组])?)"
            rf"|(?P<town>[县市区][{HAN}]{{1,5}}?[镇乡](?!村)(?![{HAN}]))"
        ).finditer
        named = rf"{_NO_BUILDING}[{HAN}]{{1,10}}?(?:{buildings}|楼(?=[0-9A-Za-z]))"
        self._more = re.compile(rf"(?:{_ROOM}|{named}|{_DOOR}){{1,8}}").match

    def __call__(self, text: str, start: int) -> Iterator[Hit]:
        """Yield the addresses from `start` on, parts that follow one another as one."""
        whole: Hit | None = None
        for hit in self._parts(text, start):
            if whole is not None and hit.start == whole.end:
                whole = whole._replace(end=hit.end, score=max(hit.score, whole.score))
                continue
            if whole is not None:
                yield whole
            whole = hit
        if whole is not None:
            yield whole

    def _parts(self, text: str, start: int) -> Iterator[Hit]:
        if _worth(text, start) is None:
            return
        done = start
        for found in self._anchors(text, start):
            at, last = found.span()
            if at < done:
                continue
            low = max(done, _behind_bracket(text, done, at))
            first = self._border(text, low, at + 1, _REACH)
            if found.lastgroup in ("village", "town"):
                if not self._placed(text[first : at + 2]):
                    continue
                score = 0.75 if found.lastgroup == "village" else 0.6
            elif at - first < 2 and (at == first or text[first] in _SHORT_ROADS):
                continue
            else:
                more = self._more(text, last)
                last = last if more is None else more.end()
                divided = _is_divided(text, first, at + 1) is not None
                room = _has_room(text, at, last) is not None
                score = 0.95 if divided and room else 0.9 if divided or room else 0.85
            yield Hit("address", first, last, score, "context")
            done = last

    def _placed(self, before: str) -> bool:
        """Return whether a village or town stands behind a place that exists."""
        return any(before[:size] in self._places for size in range(2, min(len(before), 12) + 1))


def _behind_bracket(text: str, low: int, at: int) -> int:
    """Return what is behind the last bracket before `at`: 小店（南京路1号）."""
    return 1 + max(text.rfind("（", low, at), text.rfind("(", low, at))
