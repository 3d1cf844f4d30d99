"""Telephone numbers with the code of a country behind a plus (ITU-T E.164), of every country."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ._alphabet import ALNUM
from ._hits import LIKELY, Hit, alone

_WRITTEN = re.compile(r"[0-9](?:[ .-]?\(?[0-9]\)?){6,14}(?![0-9])").match
_MOBILE = re.compile(r"861[3-9][0-9]{9}").fullmatch
_NO_DIGIT = re.compile(r"[^0-9]")
_END_OF_GROUP = re.compile(r"[0-9]\)?(?=[ .-]|\Z)").finditer
_EXTENSION = re.compile(r"[xX][0-9]{1,6}(?![0-9])").match
_PREFIX_MOST = 3

# Codes of ITU-T E.164.D by the fewest and most digits behind them, of landlines and mobiles.
_LENGTHS = """
10 10: 1 7
8 10: 20 27 31 32 34 41 60 62 66 82 84 90 92 94 98 212 213 216 218 234 254 255 256 971 972
9 10: 33 40 44 52 54 57 58 61 63 81 91 93 95 249 251 880 964 966 977 998
8 12: 55 86
6 11: 30 36 39 43 45 46 47 48 49 51 53 56 64 65
5 9: 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383
5 9: 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595
5 9: 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690
5 9: 691 692 850 852 853 855 856 886 960 961 962 963 965 967 968 970 973 974 975 976 979 992 993
5 9: 994 995 996 220 221 222 223 224 225 226 227 228 229 230 231 232 233 235 236 237 238 239 240
5 9: 241 242 243 244 245 246 247 248 250 252 253 257 258 260 261 262 263 264 265 266 267 268 269
5 9: 290 291 297 298 299
"""


def _read(table: str) -> Mapping[str, tuple[int, int]]:
    found = {}
    for line in table.split("\n"):
        sizes, _, codes = line.partition(":")
        for code in codes.split():
            least, most = sizes.split()
            found[code] = int(least), int(most)
    return found


_COUNTRIES = _read(_LENGTHS)


def abroad(text: str, at: int, floor: int) -> Hit | None:
    """Return the number whose first digit is at `at`, behind a plus; its groups count as written.

    Where more groups follow than a number has, it ends with the last that it can hold. A Chinese
    mobile number is of its own kind.
    """
    start = at - 1
    if start < floor or text[start - 1] in ALNUM:
        return None
    written = _WRITTEN(text, at)
    if written is None:
        return None
    sizes = _sizes(_NO_DIGIT.sub("", written.group()))
    if sizes is None:
        return None
    least, most = sizes
    for group in reversed([*_END_OF_GROUP(written.group())]):
        number = written.group()[: group.end()]
        if number.count("(") < number.count(")"):
            number = number.removesuffix(")")
        digits = _NO_DIGIT.sub("", number)
        if len(digits) < least:
            return None
        if len(digits) > most or number.count("(") != number.count(")"):
            continue
        end = at + len(number)
        extension = _EXTENSION(text, end)
        end = end if extension is None else extension.end()
        if not alone(text, start, end):
            return None
        kind = "cn.mobile" if _MOBILE(digits) else "phone"
        return Hit(kind, start, end, LIKELY, "format")
    return None


def _sizes(digits: str) -> tuple[int, int] | None:
    """Return the fewest and most digits of a number that begins like `digits`, its code included.

    A zero that is only dialled at home may stand behind the code: +44 (0)20 7946 0018.
    """
    for size in range(_PREFIX_MOST, 0, -1):
        found = _COUNTRIES.get(digits[:size])
        if found is not None:
            home = digits[size : size + 1] == "0"
            return size + found[0] + home, size + found[1] + home
    return None
