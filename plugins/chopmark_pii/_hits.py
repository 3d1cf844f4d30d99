"""What a matcher returns, and the words before a number that say what it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Hit(NamedTuple):
    """A span of the text, and why it is believed: `check digit`, `format` or `context`.

    Of a value that has several spans all but the last have `more`.
    """

    kind: str
    start: int
    end: int
    score: float
    ground: str
    more: bool = False


CONTINUED = "continued"
"""The ground of a span that goes on where one of its kind ended: together they are one value."""

Match = Callable[[str, int, int], Hit | None]
"""`match(text, anchor, floor)`: `text` is plain, `anchor` is where `_search` saw something, and
the hit must not start before `floor`. It looks no further back than `LOOK_BACK` before the
anchor and no further ahead than `LOOK_AHEAD`, but for e-mail addresses."""

CERTAIN = 1.0
LIKELY = 0.9
WEAK = 0.6

LOOK_BACK = 64
"""The most characters before an anchor that a matcher looks at."""

LOOK_AHEAD = 64
"""The most characters from an anchor on that a matcher looks at."""

_NEAR = 24

_WORDS = {
    "card": r"[银銀]行卡|[储儲]蓄卡|信用卡|[借贷]记卡|卡[号號]|[账帐賬帳][号號户戶]|card|account",
    "passport": r"护照|護照|passport",
    "plate": r"车牌|車牌|号牌|车号|牌照|plate",
    "hk_macau": r"回[乡鄉][证證]|港澳|来往内地|來往內地|通行[证證]|home\s?return|permit",
    "taiwan": r"[台臺]胞[证證]|[台臺][湾灣]|来往大陆|來往大陸|通行[证證]|mtp|taiwan|permit",
    "ssn": r"ssn|social\s?security|社会安全|社會安全|社安",
    "phone": r"电话|電話|座机|固话|传真|致电|拨打|tel|phone|fax|call",
    "birth": r"出生|生日|生于|dob|d\.o\.b|birth|born",
    "vin": r"车架|車架|车辆识别|車輛識別|底盘号|(?<![A-Za-z])vin|vehicle\s?id|chassis",
}
_SEARCH = {name: re.compile(words, re.IGNORECASE).search for name, words in _WORDS.items()}
_DATE = re.compile(r"日期|有效期|签发|簽發|出生|生日|到期|date|issued|expir", re.IGNORECASE).search


def near(name: str, text: str, at: int) -> bool:
    """Return whether words of the list `name` stand in the 24 characters before `at`."""
    return _SEARCH[name](text, max(0, at - _NEAR), at) is not None


def named(name: str, text: str, at: int) -> bool:
    """Return whether the words are near and no word for a date stands between."""
    behind, start = -1, max(0, at - _NEAR)
    while (word := _SEARCH[name](text, start, at)) is not None:
        behind = start = word.end()
    return behind >= 0 and _DATE(text, behind, at) is None


DIGIT = frozenset("0123456789")
_HASH_BEFORE = re.compile(r"[0-9][A-Za-z]{1,8}\Z").search
_HASH_AFTER = re.compile(r"[A-Za-z]{1,8}[0-9]").match


def alone(text: str, start: int, end: int) -> bool:
    """Return whether `text[start:end]` is no part of a longer number, code, or decimal.

    Letters may stand on either side (`tel13800138000`), but not more digits behind them: that
    is what hashes and serial numbers look like.
    """
    after = text[end : end + 1]
    if after in DIGIT or (after == "." and text[end + 1 : end + 2] in DIGIT):
        return False
    if _HASH_AFTER(text, end) is not None:
        return False
    before = text[max(0, start - 9) : start]
    if before[-1:] in DIGIT or (before[-1:] == "." and before[-2:-1] in DIGIT):
        return False
    return _HASH_BEFORE(before) is None
