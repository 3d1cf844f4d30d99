"""What is personal data only behind the word that says so: accounts, licences, dates of birth."""

from __future__ import annotations

import datetime
import re
from contextlib import suppress

from ._alphabet import ALNUM
from ._hits import LIKELY, Hit, alone

_CUE_MOST = 28
_ID_MOST = 20
_ID = ALNUM + "_-"
_JOINS = (
    r"(?:号码?|账号|帐号|ID| id| number| no\.?| #)?[\s\"'“「]{0,2}(?:[:：=]|是|为|is)?"
    r"[\s\"'“「]{0,2}\Z"
)
_QQ = r"(?<![A-Za-z])QQ|扣扣"
_WECHAT = r"微信|薇信|威信|V信|加V|(?<![A-Za-z])(?:VX|WX|WeChat)"
_LICENCE = r"档案编|driv(?:er|ing)(?:['’]?s)? licen[cs]e|(?<![A-Za-z])DLN?"
_BIRTH = (
    r"出生(?:日期|年月日?|时间|于|在)?|生日|生于|(?<![A-Za-z])(?:DOB|D\.O\.B\.?|date of birth|"
    r"birth ?date|birth ?day|born)"
)
_cue = re.compile(
    rf"(?:(?P<qq>{_QQ})|(?P<wechat>{_WECHAT})|(?P<licence>{_LICENCE})){_JOINS}", re.IGNORECASE
).search
_joins = re.compile(r"[:：=是为]").search
_birth = re.compile(
    rf"(?:{_BIRTH})[\s\"'“「]{{0,2}}(?:[:：=]|是|为|is|on|was)?(?:公历|阳历|农历|新历)?"
    r"[\s\"'“「]{0,2}\Z",
    re.IGNORECASE,
).search

_WECHAT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}(?![A-Za-z0-9_-])").match
_QQ_ID = re.compile(r"[1-9][0-9]{4,10}(?![0-9A-Za-z]|[.][0-9])").match
_LICENCE_ID = re.compile(r"[A-Za-z]{0,2}[0-9]{5,14}(?![0-9A-Za-z])").match
_COUNTED = frozenset("人个年月日元块万亿多次条名天%")

_YEAR = r"(?:19[1-9]|20[0-4])[0-9]"
_YEAR_FIRST = re.compile(
    rf"(?P<y>{_YEAR})(?:年(?P<m>[0-9]{{1,2}})月(?:(?P<d>[0-9]{{1,2}})[日号]?)?"
    r"|([-./])(?P<m2>[0-9]{1,2})\4(?P<d2>[0-9]{1,2})(?![0-9])"
    r"|(?P<m3>[0-9]{2})(?P<d3>[0-9]{2})(?![0-9]))"
).match
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([-./])([0-9]{{1,2}})\2({_YEAR})(?![0-9])").match

# Before what is looked for here stands one of these; most digits are told by that alone.
_MAY_BE_CUED = frozenset("QqXxVvNnEeDdTtYySs号码是为：:=于期月日间生在信扣历编\"'“「# ")


def cued(text: str, at: int, floor: int) -> Hit | None:
    """Return the account, licence or date of birth that holds the digit at `at`."""
    before = text[max(floor, at - _ID_MOST) : at]
    starts = [at - len(before) + len(before.rstrip(kept)) for kept in (_ID, ALNUM)]
    for start in dict.fromkeys((*starts, at)):
        if text[start - 1] in _MAY_BE_CUED:
            cue = _cue(text, max(0, start - _CUE_MOST), start)
            if cue is not None:
                return _behind(text, start, cue)
    return birth(text, at) if starts[0] == at and text[at - 1] in _MAY_BE_CUED else None


def _behind(text: str, start: int, cue: re.Match[str]) -> Hit | None:
    if cue["qq"] is not None:
        return _account("cn.qq", text, start, _QQ_ID(text, start))
    if cue["wechat"] is not None:
        found = _WECHAT_ID(text, start)
        if found is None and _joins(cue.group()):
            found = _QQ_ID(text, start)
        return _account("cn.wechat", text, start, found)
    found = _LICENCE_ID(text, start)
    return None if found is None else Hit("driver_licence", start, found.end(), LIKELY, "context")


def birth(text: str, at: int) -> Hit | None:
    """Return the date at `at` behind a word for birth, from 1910 on; a year alone is none."""
    if _birth(text, max(0, at - _CUE_MOST), at) is None:
        return None
    found = _YEAR_FIRST(text, at)
    if found is not None:
        year, month = int(found["y"]), found["m"] or found["m2"] or found["m3"]
        day = found["d"] or found["d2"] or found["d3"] or "1"
        if _is_date(year, int(month), int(day)):
            return Hit("birth_date", at, found.end(), LIKELY, "context")
        return None
    found = _YEAR_LAST(text, at)
    if found is None:
        return None
    one, other, year = int(found[1]), int(found[3]), int(found[4])
    if _is_date(year, one, other) or _is_date(year, other, one):
        return Hit("birth_date", at, found.end(), LIKELY, "context")
    return None


def _is_date(year: int, month: int, day: int) -> bool:
    with suppress(ValueError):
        datetime.date(year, month, day)
        return True
    return False


def _account(kind: str, text: str, start: int, found: re.Match[str] | None) -> Hit | None:
    if found is None or text[found.end() : found.end() + 1] in _COUNTED:
        return None
    if not alone(text, start, found.end()):
        return None
    return Hit(kind, start, found.end(), LIKELY, "context")
