"""Chinese names of persons: a surname, characters that given names are made of, words around.

Every candidate gets points: half units of log odds, so that 0 is as likely as not. They come from
the surname's class, the characters of the given name, common words that it would cut in two, and
what stands before and behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ._gazetteers import HanGazetteer, any_of
from ._han_other_names import OtherNames
from ._hits import Hit
from ._units import HAN

_PRIOR = {"common": -2, "word": -6, "few": -4, "rare": -7, "double": 2}
_ONE = -3  # most given names have two characters
_ABSENT = -9  # a character that no given name has
_LEAST_ODDS = -6  # of one character of a given name
_STATED_POINTS, _TITLED_POINTS, _LISTED = 14, 8, 8

_STATED = (  # 我叫张伟
    "(?:(?:我|他|她|名|名字|就|原名|全名|本名|真名|人)叫|叫做|取名|姓名|名字|大名|我是|我就是|本人|"
    "这位是|这是|那是|亲爱的|敬爱的|尊敬的|抄送|@|致|兹证明)(?:为|是|叫|写的是|上写的是)?[:：\\s]{0,2}"
)
_link = re.compile(
    "(?:[叫和与跟给请找让由及见问替被把对、是同，。]|通知|联系|感谢|转告|认识|听说|告诉|帮|据|昨天|今天|昨晚)\\Z"
).search
_SHORT_TITLES = "总工哥姐叔姨伯婶董导队局处"
_short_title = re.compile(
    rf"[{_SHORT_TITLES}](?![{HAN}])|[{_SHORT_TITLES}](?=家|[的说在把给让问您批签不和跟叫]"
    "|今天|明天|昨天|上午|下午|刚才|刚刚|已经|周[一二三四五六日]|下周|回来|过来)"
).match
_acts = re.compile(
    "[说称住问答让在的是和与把被对向给诉男女昨今上下已未同等签任也都还要去来打发递喝考入反]"
    "|表示|认为|介绍|指出|负责|毕业|出生|明天|这个名字"
).match
# Behind these a surname makes a name of whatever follows: 我叫方圆.
_naming = re.compile(
    r"(?:(?:我|名字|名|全名|本名|真名)叫|姓名|名字|叫做)(?:是|为)?[:：\s]{0,2}\Z"
).search
_whole = re.compile(rf"[{HAN}]{{0,1}}(?![了的过着吗吧呢来去到])[{HAN}](?![{HAN}])").match
_end = re.compile(rf"[^{HAN}]|\Z").match

SURE, LIKELY, WEAK = 18, 10, 3


class HanNames:
    """Finds names. Immutable, shared by threads."""

    def __init__(self, words: HanGazetteer) -> None:
        self._words = words
        self._no_names = frozenset(words.cues["no names"])
        self._others = OtherNames(words)
        self._surname = re.compile(any_of(words.surnames)).search
        roles = any_of(words.cues["roles"])
        self._stated = re.compile(
            rf"(?:{_STATED}|(?:{roles})(?:(?:姓名)?(?:是|为|叫)?[:：]\s?|是|叫))\Z"
        ).search
        self._role = re.compile(rf"(?:{roles})\Z").search
        titles = words.cues["titles"]
        self._title = re.compile(any_of(titles)).match
        self._title_firsts = frozenset(title[0] for title in titles) | frozenset(_SHORT_TITLES)

    def __call__(self, text: str, start: int) -> Iterator[Hit]:
        """Yield the names from `start` on; none overlaps another."""
        found = list(self._others(text, start))
        at, before = start, -1  # `before` is the end of the name before, for lists
        while (surname := self._surname(text, at)) is not None:
            first, behind = surname.span()
            at = first + 1
            if any(hit.start <= first < hit.end for hit in found):
                continue
            listed = first - 1 == before and text[before] in "、和与"
            hit = self._best(text, first, behind, listed=listed)
            if hit is not None:
                found = [other for other in found if other.end <= first or other.start >= hit.end]
                found.append(hit)
                at = before = hit.end
        yield from found

    def _best(self, text: str, first: int, behind: int, *, listed: bool) -> Hit | None:
        given = self._possible(text, first, behind)
        named = _whole(text, behind)
        may_be_titled = text[behind : behind + 1] in self._title_firsts
        if not given and not may_be_titled and named is None:
            return None
        left = self._left(text, first) + (_LISTED if listed else 0)
        last, points = self._given(text, first, behind, left, given)
        if points < SURE and may_be_titled:
            titled = self._titled(text, first, behind, left)
            if titled is not None and (last == behind or self._title(text, behind) is not None):
                return titled
        if last == behind:
            if named is None or _naming(text, max(0, first - 8), first) is None:
                return None
            last, points = named.end(), LIKELY
        score = 0.9 if points >= SURE else 0.75 if points >= LIKELY else 0.5
        return Hit("name", first, last, score, "context")

    def _possible(self, text: str, first: int, behind: int) -> list[tuple[int, int]]:
        """Return the ends of given names that what is around may make one, with their points."""
        words = self._words
        prior = _PRIOR[words.surnames[text[first:behind]]]
        found = []
        for last in (behind + 2, behind + 1):
            odds = [words.given.get(character, _ABSENT) for character in text[behind:last]]
            if last <= len(text) and min(odds) >= _LEAST_ODDS:
                points = prior + sum(odds) + (_ONE if last - behind == 1 else 0)
                if points + _STATED_POINTS + _TITLED_POINTS + _LISTED >= WEAK:
                    found.append((last, points))
        return found

    def _given(
        self, text: str, first: int, behind: int, left: int, given: Sequence[tuple[int, int]]
    ) -> tuple[int, int]:
        """Return the end of the likeliest name and its points; `behind` where there is none."""
        words = self._words.words
        best, most = behind, WEAK - 1
        for last, points in given:
            right = self._right(text, last)
            told = left >= 7 or right >= 8  # then it may well be a word: 文静, 高兴华
            if text[first:last] in self._no_names or (not told and text[first:last] in words):
                continue
            points += left + right
            if points > most:
                conflicts = self._conflicts(text, first, behind, last)
                points += conflicts // 2 if told else conflicts
                if points > most:
                    best, most = last, points
        return best, most

    def _titled(self, text: str, first: int, behind: int, left: int) -> Hit | None:
        """Return the surname alone before a title: 王先生."""
        if left < -3:
            return None
        if self._title(text, behind) is not None:
            score = 0.75
        elif (
            left > 0
            and _short_title(text, behind) is not None
            and text[first : behind + 1] not in self._words.words
        ):
            score = 0.6
        else:
            return None
        return Hit("name", first, behind, score, "context")

    def _left(self, text: str, first: int) -> int:
        """Return the points for what stands before."""
        low = max(0, first - 12)
        if self._stated(text, low, first) is not None:
            return _STATED_POINTS
        points = 0
        role = self._role(text, low, first)
        if role is not None:
            alone = role.start() == 0 or not _is_han(text[role.start() - 1])
            points = 10 if alone else 7
        elif _link(text, low, first) is not None:
            points = 4
        elif first == 0 or not _is_han(text[first - 1]):
            points = 3
        words = self._words.words
        if first and text[first - 1 : first + 1] in words and points < 7:
            points -= 7
        if first > 1 and text[first - 2 : first + 1] in words:
            points -= 7
        return points

    def _conflicts(self, text: str, first: int, behind: int, last: int) -> int:
        """Return the points for common words that the name is, or would cut in two."""
        words = self._words.words
        points = 0
        if text[first : behind + 1] in words:
            points -= 7
        if last - behind == 2 and text[behind:last] in words:
            points -= 3
        if text[first:last] in words or text[first : last + 1] in words:
            points -= 9
        if text[first:last] in self._words.places:
            points -= 9
        if last < len(text) and text[last - 1 : last + 1] in words:
            points -= 5
        if last < len(text) and text[last - 1 : last + 2] in words:
            points -= 5
        return points

    def _right(self, text: str, last: int) -> int:
        """Return the points for what stands behind."""
        if self._title(text, last) is not None:
            return _TITLED_POINTS
        if _end(text, last) is not None:
            return 3
        return 3 if _acts(text, last) is not None else 0


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿"
