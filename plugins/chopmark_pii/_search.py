"""Finds personal data in a plain text, from left to right, no two hits over one another.

One regular expression finds the places worth a look (anchors); what stands there is decided by
the matchers, in order of strength. Each anchor is decided on its surroundings alone, which is why
a stream can be decided piece by piece: see `_edge`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ._abroad import abroad
from ._alphabet import PROVINCES, WIDE_HOT
from ._cued import cued
from ._email import email, email_around
from ._glance import make_glance, make_spelled, make_wary
from ._hits import Hit, Match
from ._iban import iban
from ._network import ipv4, ipv6, mac
from ._numbers import grouped, number, number_15
from ._papers import plate
from ._phones import phone
from ._placeholder import CONSONANTS, TAG_LENGTH, literal
from ._vin import vin

# What follows the first digit of a run: groups of a social security number or a mobile number,
# of a card, of a resident's number.
_GROUPS = (
    r"[0-9]{2}[ .-](?:[0-9]{2}[ -][0-9]{4}|[0-9]{4}[ .-]?[0-9]{4})"
    r"|[0-9]{3}[ -](?:[0-9]{4}[ -][0-9]{4}|[0-9]{6}[ -])"
    r"|[0-9]{5,6}[ -][0-9]{4}"
)
# Of a telephone number, a MAC address.
_CALLS = r"[0-9]{0,4}[ .-](?:[0-9]{4,8}|[0-9]{2,4}[ .-][0-9]{2,8})"
_HEX = "[0-9A-Fa-f]"
_STATION = rf"{_HEX}?-{_HEX}{{2}}-{_HEX}{{2}}-|{_HEX}{{0,3}}\.{_HEX}{{4}}\.{_HEX}{{4}}"
# Of what a word before it says: a date, an account, a vehicle.
_CUED = r"[0-9]{3}|[0-9]?[./-][0-9]{1,2}[./-]|[A-Za-z0-9]{16}"
_ANCHOR = (
    rf"[0-9:@{PROVINCES}%s](?:"
    r"(?<=@)(?=[A-Za-z0-9])()"
    rf"|(?<=[{PROVINCES}])(?=[A-Za-z][·A-Za-z0-9 -])()"
    r"|(?<=:)(?<!::)(?=[0-9A-Fa-f]{0,4}:)()"
    r"|(?<=[0-9])(?<![0-9]{2})(?:"
    r"(?<=\+[0-9])()"
    r"|(?<=[A-Za-z]{2}[0-9])(?=[0-9] ?[A-Za-z0-9]{4})()"
    r"|(?=[0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9])()"
    rf"|(?={_GROUPS})()"
    r"|(?=[0-9]{6})()"
    rf"|(?={_CALLS})()"
    rf"|(?={_STATION})()"
    rf"|(?:(?={_CUED})|(?<=[A-Za-z_-][0-9]))())%s)"
)


class Search:
    """What to look for. Immutable, shared by threads.

    `hot` finds a character without which a text holds nothing that is looked for; `glance` tells
    whether there is one (`_glance`).

    Args:
        old: also look for resident's numbers of 15 digits.
        placeholders: also look for what has the form of the vault's placeholders.
    """

    def __init__(self, *, old: bool = False, placeholders: bool = False) -> None:
        more = ("_", rf"|(?<=_)(?=[{CONSONANTS}]{{{TAG_LENGTH}}})()") if placeholders else ("", "")
        self._anchor = re.compile(_ANCHOR % more).search
        hot = f"0-9@{WIDE_HOT}{'_＿' if placeholders else ''}"
        self.hot = re.compile(f"[{hot}]").search
        self.glance, self.wary = make_glance(hot), make_wary(hot)
        self.spelled = make_spelled(self.hot)
        digits = number_15 if old else number
        bare: dict[int, tuple[Match, ...]] = {
            1: (email,),
            2: (plate,),
            3: (mac, ipv6),
            4: (abroad, grouped, digits, phone),
            5: (iban, grouped, digits, vin, phone, cued),
            6: (ipv4, grouped, phone, cued),
            7: (grouped, digits, phone, cued),
            8: (digits, vin, phone, cued),
            9: (phone, mac, cued),
            10: (mac,),
            11: (vin, cued),
            12: (literal,),
        }
        self._bare: Mapping[int, Sequence[Match]] = bare
        self._by_email: Mapping[int, Sequence[Match]] = {
            n: matches if n < 4 else (email_around, *matches) for n, matches in bare.items()
        }

    def hits(self, text: str, start: int, until: int, floor: int) -> list[Hit]:
        """Return the hits of the anchors from `start` to before `until`.

        None of them begins before `floor`, the end of the hit before.
        """
        table = self._by_email if "@" in text else self._bare
        found: list[Hit] = []
        while (anchor := self._anchor(text, start)) is not None:
            at = anchor.start()
            if at >= until:
                break
            start = at + 1
            for match in table[anchor.lastindex or 0]:
                hit = match(text, at, floor)
                if hit is not None:
                    found.append(hit)
                    start = floor = hit.end
                    break
        return found
