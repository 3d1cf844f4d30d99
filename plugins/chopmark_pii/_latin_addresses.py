"""Addresses in Latin script: a number and a street, in the order of English or of Europe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._gazetteers import LatinGazetteer, any_of
from ._hits import Hit

_UP = "A-ZÀ-ÖØ-ÞĀ-Ž"
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ"
_WORD = rf"[{_UP}][{_LETTER}'’.-]{{0,24}}"
_SMALL = (
    r"(?:of|the|de|la|le|les|du|des|del|della|delle|di|da|do|das|dos|van|von|der|den|et|el|y|and)"
)
_NAME = rf"{_WORD}(?: (?:{_SMALL} ){{0,2}}{_WORD}){{0,3}}"

_HOUSE = r"[0-9]{1,5}(?:[-/][0-9]{1,5})?[A-Za-z]?"
_UNIT = (
    r"(?:(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|Flat|Bldg|Building|"
    r"apt|suite|unit|room|flat)"
    r"\.? ?#? ?[A-Za-z]?[0-9]{1,5}[A-Za-z]?\b|# ?[0-9]{1,5})"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DC|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|"
    "NJ|NM|NY|NC|ND|OH|OK|OR|PA|PR|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|AA|AE|AP"
)
_ZIP = (
    rf"(?:(?:{_STATES})\.?,? [0-9]{{5}}(?:-[0-9]{{4}})?|"
    r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}\b|[0-9]{5}(?:-[0-9]{4})?(?![0-9]))"
)
_GAP = r"(?:, ?|,?\n ?| )"
_PLACES = rf"(?:{_GAP}{_NAME}(?: \([{_LETTER}]{{1,12}}\))?){{0,3}}"
_LINES = rf"(?:\n ?{_NAME}(?=[\n.,?!]|\Z)){{1,3}}"

_REST = (
    rf"(?:{_GAP}{_UNIT}){{0,2}}"
    rf"(?:{_PLACES}{_GAP}(?:{_ZIP}|(?:{_STATES})\b)|{_LINES})?(?:{_GAP}USA\b)?"
)
_FRONT = r"(?:(?<![0-9A-Za-z.#-])[0-9]{2,6},? )?"
_APART = rf"(?<![{_LETTER}])"
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_NO_ORDINAL = r"(?![0-9.,:%]|st\b|nd\b|rd\b|th\b)"
_NO_AMOUNT = r"(?<![0-9A-Za-z.#$€£-])"
_worth = re.compile(r"[0-9]|[Cc]orner of").search


class LatinAddresses:
    """Finds addresses. Immutable, shared by threads."""

    def __init__(self, names: LatinGazetteer) -> None:
        cues = names.cues
        street, before = any_of(cues["streets"]), any_of(cues["streets before"])
        grown = any_of(cues["street endings"])
        corner = rf"(?:[0-9]{{1,5}} )?{_NAME}(?: [0-9]{{1,4}})?"
        box = r"(?:[Pp]\.? ?[Oo]\.? ?[Bb]ox|Postbox|Postboks|Postfach) [0-9]{1,6}\b"
        # 12 N Main St, Apt 4, Springfield, IL 62704
        english = rf"{_HOUSE} (?:[NSEW]\.? )?(?:{_WORD} ){{1,4}}?(?:{street})\b\.?(?: [NSEW]\b)?"
        # 12 rue de la Paix; Via Roma 5; Hammarvägen 15
        french = rf"[0-9]{{1,5}},? (?:{before}) (?:{_SMALL} ){{0,2}}{_NAME}(?: {_HOUSE})?"
        italian = rf"(?:{before}) (?:{_SMALL} ){{0,2}}{_NAME},? {_HOUSE}(?![0-9])"
        german = rf"(?:{_WORD} ){{0,2}}[{_UP}][{_LETTER}]{{2,20}}?(?:{grown}) {_HOUSE}(?![0-9])"
        any_road = rf"[0-9]{{2,5}} (?!{_MONTH})(?:{_WORD} ){{1,4}}[0-9]{{1,4}}{_NO_ORDINAL}"
        military = rf"(?:USS|USNS|USNV|USCGC|PSC) {_WORD},?\s(?:APO|FPO|DPO),? A[AEP] [0-9]{{5}}"
        patterns = (
            (0.9, f"{_FRONT}{_NO_AMOUNT}{english}{_REST}"),
            (0.9, f"{_NO_AMOUNT}{french}{_REST}"),
            (0.9, f"{_FRONT}{_APART}{italian}{_REST}"),
            (0.85, f"{_FRONT}{_APART}{german}{_REST}"),
            (0.9, f"{_FRONT}{_APART}{box}{_REST}"),
            (0.9, f"{_APART}(?:PSC|Unit|CMR) [0-9]{{1,5}},? Box [0-9]{{1,5}}{_REST}"),
            (0.9, f"{_APART}{military}"),
            (0.75, rf"(?:[Tt]he )?[Cc]orner of {corner}\.? (?:and|&) {corner}"),
            (0.6, f"{_NO_AMOUNT}{any_road}{_REST}"),
            (0.6, f"{_APART}{_UNIT}{_PLACES}{_GAP}{_ZIP}"),
            (0.5, rf"{_APART}(?:Apt|Apartment|Suite)\.? #?[A-Za-z]?[0-9]{{1,5}}[A-Za-z]?\b"),
        )
        self._searches = tuple((score, re.compile(regex).finditer) for score, regex in patterns)

    def __call__(self, text: str, start: int) -> Iterator[Hit]:
        """Yield the addresses from `start` on; of two that overlap the surer one."""
        if _worth(text, start) is None:
            return
        found: list[Hit] = []
        for score, search in self._searches:
            for match in search(text, start):
                first, last = match.span()
                if all(last <= hit.start or first >= hit.end for hit in found):
                    found.append(Hit("address", first, last, score, "format"))
        yield from found
