"""The codes in which a text may stand, each with what finds it and what it says there."""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_plus

_SHORT = 24
_SURE = 6  # of so few characters, chance makes some that are letters of other scripts
_HAN = re.compile("[\u4e00-\u9fff]+").fullmatch
# Where a text has none of these it has no code but ROT13: letters and figures are mixed in codes.
_HINT = re.compile(
    r"[A-Z0-9](?<=[a-z].)|[0-9](?=[A-Za-z])|%(?=[0-9A-Fa-f])|\\(?=[ux])|&(?=\#)"
).search
_ANY = re.compile(r"[A-Za-z0-9%&\\]").search
_WORDS_APART = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}").finditer


class Found(NamedTuple):
    start: int
    end: int
    said: str
    turned: bool = False


def ways_into(text: str) -> list[Callable[[str], Iterator[Found]]]:
    """Return what may find a code in `text`: each yields codes that say something, in order."""
    if not text.isascii() and _ANY(text) is None:
        return []
    ways: list[Callable[[str], Iterator[Found]]] = []
    if _HINT(text):
        ways += (_in_base64, _in_hex, _escaped)
    if _may_be_turned(text):
        ways.append(_turned)
    return ways


def _may_be_turned(text: str) -> bool:
    if text.isascii():
        return not _TURNED_BYTES.isdisjoint(text.encode().lower().split())
    return _LATIN(text) is not None and not _TURNED.isdisjoint(_WORDS(text.lower()))


def _says(text: str) -> bool:
    """Return whether somebody wrote `text`: letters and spaces, hardly anything else."""
    letters = sum(map(str.isalpha, text))
    least = 0.8 if len(text) < _SHORT else 0.5
    if letters < 2 or letters + text.count(" ") < least * len(text):
        return False
    if len(text) < _SURE:
        return letters == len(text) and (text.isascii() or _HAN(text) is not None)
    return text.isprintable() or sum(map(_is_strange, text)) * 10 <= len(text)


def _is_strange(char: str) -> bool:
    return char == "\ufffd" or not (char.isprintable() or char.isspace())


# Line by line, as mail has it, or in one piece, in either alphabet.
_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{8,}(?:\r?\n[A-Za-z0-9+/_-]{4,}){0,9999}={0,2}|[A-Za-z0-9+/_-]{6,7}={1,2}"
).finditer


_ONE_CODE = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}").fullmatch


def _in_base64(text: str) -> Iterator[Found]:
    for match in _BASE64(text):
        code = match[0]
        said = _of_base64(code)
        if said:
            yield Found(match.start(), match.end(), said)
            continue
        if code.isalnum():
            continue
        for part in _WORDS_APART(code):  # a path, or a word before a hyphen
            said = _of_base64(part[0])
            if said:
                yield Found(match.start() + part.start(), match.start() + part.end(), said)


def _of_base64(code: str) -> str:
    kept = code.rstrip("=")
    if kept[1:].islower() or kept.isdigit():  # a word, or a number
        return ""
    kept = "".join(kept.split()).replace("-", "+").replace("_", "/")
    if len(kept) % 4 == 1:
        return ""
    # The first characters tell nearly always: of a picture no more is looked at.
    if len(kept) > 2 * _SHORT and not _starts(_text_of(base64.b64decode(kept[: 2 * _SHORT]))):
        return ""
    said = _text_of(base64.b64decode(kept + "=" * (-len(kept) % 4)))
    return said if _says(said) or _is_code(said) else ""


def _starts(said: str) -> bool:
    return _says(said) or _ONE_CODE(said) is not None


def _is_code(said: str) -> bool:
    """Return whether all that was said is base64 again."""
    return _ONE_CODE(said) is not None and bool(_of_base64(said))


def _text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:\\x|0x)?[0-9A-Fa-f]{2}(?:[ ,:;]\s?|-)?){4,}(?![0-9A-Za-z])"
).finditer
_DIGITS = re.compile(r"(?:\\x|0x)?([0-9A-Fa-f]{2})").findall


def _in_hex(text: str) -> Iterator[Found]:
    for match in _HEX(text):
        code = match[0]
        digits = "".join(_DIGITS(code)) if "x" in code or not code.isalnum() else code
        if digits.isdigit():  # a number, a date, a telephone
            continue
        if len(digits) > 4 * _SHORT and not _starts(_text_of(bytes.fromhex(digits[: 4 * _SHORT]))):
            continue
        said = _text_of(bytes.fromhex(digits))
        if _says(said) or _is_code(said):
            end = match.start() + len(code.rstrip(" ,:;-\n"))
            yield Found(match.start(), end, said)


_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}[A-Za-z0-9_.~+*'()-]{0,64}){2,}").finditer
_POINT = re.compile(
    r"(?:\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{2,6}\}|\\x[0-9A-Fa-f]{2}"
    r"|&\#[0-9]{2,7};|&\#[xX][0-9A-Fa-f]{2,6};|[uU]\+[0-9A-Fa-f]{4,6}[ ,]?)+"
).finditer
_UNIT = re.compile(
    r"\\u\{?([0-9A-Fa-f]+)|(\\x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*)|&\#([0-9]+)|&\#[xX]([0-9A-Fa-f]+)"
    r"|[uU]\+([0-9A-Fa-f]+)"
).finditer


def _escaped(text: str) -> Iterator[Found]:
    if "%" in text:
        for match in _PERCENT(text):
            said = unquote_plus(match[0], errors="replace")
            if _says(said):
                yield Found(match.start(), match.end(), said)
    if "\\" in text or "&#" in text or "+" in text:
        for match in _POINT(text):
            said = "".join(map(_point, _UNIT(match[0])))
            said = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if said.isprintable() and any(map(str.isalpha, said)):
                yield Found(match.start(), match.start() + len(match[0].rstrip(" ,")), said)


def _point(match: re.Match[str]) -> str:
    wide, data, decimal, hexadecimal, named = match.groups()
    if data:
        return _text_of(bytes.fromhex(data.replace("\\x", "")))
    number = int(decimal) if decimal else int(wide or hexadecimal or named, 16)
    return chr(number) if number <= 0x10FFFF else "\ufffd"


# What common words become, where that is no word, name or abbreviation itself.
_COMMON = (
    "how", "the", "and", "you", "your", "make", "what", "with", "from", "that", "this", "write",
    "give", "tell", "please", "show", "where", "without", "somebody", "someone", "people", "bomb",
    "kill", "some", "for", "which", "when", "into", "about", "there", "should", "could", "would",
)  # fmt: skip
_TURNED = frozenset(codecs.encode(word, "rot13") for word in _COMMON)
_TURNED_BYTES = frozenset(word.encode() for word in _TURNED)
_LATIN = re.compile(r"[A-Za-z]{3}").search
_WORDS = re.compile(r"[a-z]+").findall
_CLAUSE = re.compile(r"[^\n:;\"“”「」：；。！？]{8,}").finditer
_PLAIN = re.compile(
    r"\b(?:the|and|to|of|how|you|your|make|what|with|from|that|this|for|is|in|me|it|a|decode)\b",
    re.IGNORECASE,
).finditer


def _turned(text: str) -> Iterator[Found]:
    """Find ROT13: words of it that are none otherwise, up to the next that are."""
    for clause in _CLAUSE(text):
        start = clause.start()
        borders = [(start, start), *(m.span() for m in _PLAIN(text, start, clause.end()))]
        for (_, low), (high, _) in zip(borders, [*borders[1:], (clause.end(),) * 2], strict=True):
            part = text[low:high]
            if len(part) >= 8 and not _TURNED.isdisjoint(_WORDS(part.lower())):
                yield Found(low, high, codecs.encode(part, "rot13"), turned=True)
