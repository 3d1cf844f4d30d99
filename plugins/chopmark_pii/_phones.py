"""Telephone numbers as they are written at home: in China, North America, Britain, and France.

Landlines of China: the codes of the Ministry's plan (010, 02x, 03xx to 09xx) and 7 or 8 digits,
the first of them from 2 to 8. North America: NANP, neither area nor exchange begins with 0 or 1.
What has no form of its own is one only behind a word such as 电话. Numbers of services (400, 800,
0800, help lines) are nobody's own, and a kind of their own.
"""

from __future__ import annotations

import re

from ._hits import DIGIT, LIKELY, Hit, alone, near
from ._mobile import joined

_AREA = r"(?:10|2[0-57-9]|[3-9][0-9]{2})"
_LOCAL = r"[2-8](?:[0-9]{6,7}|[0-9]{2,3}[ -][0-9]{4})(?![0-9])"
_EXTENSION = r"(?:-[0-9]{1,5}(?![0-9]))?"
_CHINA = rf"(?:0|0086[ -]0?){_AREA}[ -]{_LOCAL}{_EXTENSION}"
_AMERICA = r"(?:(?:001|1)[.-])?[2-9][0-9]{2}([.-])[2-9][0-9]{2}\1[0-9]{4}(?:[xX][0-9]{1,6})?"
_BRITAIN = (
    r"07[0-9]{3} (?:[0-9]{6}|[0-9]{3} [0-9]{3})|02[0-9] [0-9]{4} [0-9]{4}"
    r"|01[0-9]{2} [0-9]{3} [0-9]{4}|01[0-9]{3} [0-9]{5,6}"
)
# Where there are more such groups it is a series: of a lottery, or bytes.
_FRANCE = r"(?<![0-9]{2}[ .-])0[1-9](?:([ .-])[0-9]{2})(?:\2[0-9]{2}){3}(?!\2[0-9]{2}(?![0-9]))"
_KNOWN = re.compile(rf"(?:{_CHINA}|{_AMERICA}|{_BRITAIN}|{_FRANCE})(?![0-9])").match

# The code of the area stands in brackets before: it says where, and stays.
_CHINA_BEHIND = re.compile(rf"{_LOCAL}{_EXTENSION}").match
_CHINA_BEFORE = re.compile(rf"[(（](?:0|\+?86[ -]?){_AREA}[)）] ?\Z").search
_AMERICA_BEHIND = re.compile(r"[2-9][0-9]{2}[ .-][0-9]{4}(?:[xX][0-9]{1,6})?(?![0-9])").match
_AMERICA_BEFORE = re.compile(r"\([2-9][0-9]{2}\) ?\Z").search

_BARE_CHINA = re.compile(rf"0{_AREA}[2-8][0-9]{{6,7}}").fullmatch
_BARE = re.compile(r"1?[2-9][0-9]{2}[2-9][0-9]{6}|07[0-9]{9}|[2-8][0-9]{6,7}").fullmatch
_RUN = re.compile(r"[0-9]{7,12}(?![0-9])").match
_CALLED_FORM = re.compile(
    r"(?!(?:19|20)[0-9]{2}([ -])[0-9]{1,2}\1[0-9]{1,2}(?![0-9]))"  # a date
    r"[0-9]{3,4}(?:[ -][0-9]{2,4}){0,3}[ -][0-9]{2,5}(?:[xX][0-9]{1,6}(?![0-9])|(?![ -]?[0-9]))"
).match
_CALLED = re.compile(
    r"(?:电话|座机|固话|固定电话|总机|分机|传真|電話|座機|傳真|拨打?|致电|(?<![A-Za-z])"
    r"(?:tel|telephone|phone|fax|cell|mobile|call(?: me| us| him| her)?|dial|reach me))"
    r"(?: ?号码?| ?number| ?no\.?)?(?: ?是| ?为| is| at| on| to)?[:：. ]{0,2}\Z",
    re.IGNORECASE,
).search
_CALLED_MOST = 24
_LEAST, _MOST = 7, 12

_SERVICE = re.compile(
    r"(?:[48]00(?:[ -][0-9]{3}[ -][0-9]{4}|[ -][0-9]{4}[ -][0-9]{3}|[ -]?[0-9]{7})"
    r"|(?:1[.-])?8(?:00|33|44|55|66|77|88)([.-])[0-9]{3}\1[0-9]{4}|800 [0-9]{3} [0-9]{4}"
    r"|0(?:800|808)[ -][0-9]{3,4}(?:[ -][0-9]{3,4})?)(?![0-9])"
).match
_SERVES = (
    "热线|熱線|援助|客服|服务电话|hot ?line|help ?line|life ?line|crisis|samaritans|"
    "customer (?:service|support|care)|toll.free"
)
_serves = re.compile(_SERVES, re.IGNORECASE).search


_numbers_a_thing = re.compile(
    r"订单|单号|編號|编号|流水|货号|发票|案号|合同号|型号|order|invoice|isbn|serial|part|model",
    re.IGNORECASE,
).search


def phone(text: str, at: int, floor: int) -> Hit | None:
    """Return the number whose digits begin at `at`."""
    if joined(text, at):
        return None
    service = _SERVICE(text, at)
    if service is not None and alone(text, at, service.end()):
        return Hit("phone.service", at, service.end(), LIKELY, "format")
    found = _KNOWN(text, at) or _behind(text, at)
    if found is not None:
        return _hit(text, at, found.end(), "format")
    run = _RUN(text, at)
    if run is not None:
        digits = run.group()
        spoken = _BARE(digits) is not None and _called(text, at)
        if not spoken and not (_BARE_CHINA(digits) and near("phone", text, at)):
            return None
        return _hit(text, at, run.end(), "context")
    if not _called(text, at):
        return None
    found = _CALLED_FORM(text, at)
    if found is None or not _LEAST <= sum(map(str.isdigit, found.group())) <= _MOST:
        return None
    return _hit(text, at, found.end(), "context")


def _behind(text: str, at: int) -> re.Match[str] | None:
    """Return the number behind the code of its area in brackets."""
    if text[at - 1] not in ")） ":
        return None
    found = _CHINA_BEHIND(text, at)
    if found is not None and _CHINA_BEFORE(text, max(0, at - 10), at) is not None:
        return found
    found = _AMERICA_BEHIND(text, at)
    if found is not None and _AMERICA_BEFORE(text, max(0, at - 6), at) is not None:
        return found
    return None


def _called(text: str, at: int) -> bool:
    return _CALLED(text, max(0, at - _CALLED_MOST), at) is not None


def _hit(text: str, at: int, end: int, ground: str) -> Hit | None:
    if not alone(text, at, end):
        return None
    if text[end : end + 1] == "-" and text[end + 1 : end + 2] in DIGIT:
        return None
    low = max(0, at - _CALLED_MOST)
    if ground == "format" and _numbers_a_thing(text, low, at) and not near("phone", text, at):
        return None
    kind = "phone" if _serves(text, low, at) is None else "phone.service"
    return Hit(kind, at, end, LIKELY, ground)
