"""Reads payloads by the codes that public tools write them in.

A payload without a key says nothing of who wrote it: anybody can copy it, and the same characters
may be read by another code. So the first code that gives readable text is named, and where none
does, the bytes are shown, or nothing.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

LONGEST = 4096
"""Characters of a payload that are read; shown of it are fewer."""
SHOWN = 120

_LEAST = 3  # fewer characters read as text by chance
_BASE_4 = (
    ("base 4 of U+200C, U+200D, U+202C, U+FEFF", "\u200c\u200d\u202c\ufeff"),
    ("base 4 of U+200B, U+200C, U+200D, U+FEFF", "\u200b\u200c\u200d\ufeff"),
    ("base 4 of U+200B, U+200C, U+200D, U+2060", "\u200b\u200c\u200d\u2060"),
)
_STEGCLOAK = frozenset("\u200c\u200d\u2061\u2062\u2063\u2064")
_SPACE_DIGITS = "\u2008\u2009\u202f\u205f"


class Decoded(NamedTuple):
    """What a payload says, by which code; all empty where no code fits."""

    code: str = ""
    text: str = ""
    data: bytes = b""


def read_selectors(run: str) -> Decoded:
    """Return the bytes that variation selectors spell: the n-th stands for n."""
    data = bytes(
        code - 0xFE00 if (code := ord(character)) < 0xFE10 else code - 0xE0100 + 16
        for character in run[:LONGEST]
    )
    if text := _readable(data):
        return Decoded("a byte in each selector", text, data)
    if len(data) > 2 and (text := _readable(data[1:])):  # the first belongs to what it follows
        return Decoded("a byte in each selector", text, data)
    if data and max(data) < 16 and (text := _readable(_packed(data, 16, 2))):
        return Decoded("half a byte in each selector", text, data)
    return Decoded("a byte in each selector", _hexadecimal(data), data)


def read_tags(run: str) -> Decoded:
    """Return the ASCII that tag characters stand for."""
    text = "".join(chr(ord(character) - 0xE0000) for character in run[:LONGEST])
    return Decoded("ASCII in tag characters", _shown("".join(c for c in text if c.isprintable())))


def read_bits(run: str) -> Decoded:
    """Return what zero-width characters spell: bits, digits of base 4, or numbers of characters."""
    run = run[:LONGEST]
    kinds = sorted(set(run))
    for separator in (None, *kinds):
        digits_of = [kind for kind in kinds if kind != separator]
        if len(digits_of) != 2:
            continue
        for zero, one in permutations(digits_of):
            words = _words(run, separator, zero)
            if text := _of_bits(words):
                code = f"bits, U+{ord(zero):04X} for 0 and U+{ord(one):04X} for 1"
                return Decoded(code, text)
    for code, alphabet in _BASE_4:
        if set(kinds) <= set(alphabet) and len(kinds) > 2:
            digits = [alphabet.index(character) for character in run]
            for width in (8, 4):
                if text := _characters(digits, 4, width):
                    return Decoded(code, text)
    if set(kinds) <= _STEGCLOAK and len(kinds) > 4:
        return Decoded("StegCloak (compressed, and encrypted where it has a password)")
    return Decoded()


def read_spaces(run: str) -> Decoded:
    """Return what spaces of several widths spell in the code of Innamark, if it is that."""
    digits = [_SPACE_DIGITS.index(c) for c in run[:LONGEST] if c in _SPACE_DIGITS]
    if 2 * len(digits) < len(run[:LONGEST]):
        return Decoded()
    code = "the spaces of Innamark"
    for order in (-1, 1):
        groups = [digits[n : n + 4][::order] for n in range(0, len(digits) - 3, 4)]
        data = _packed([digit for group in groups for digit in group], 4, 4)
        if text := _readable(data):
            return Decoded(code, text, data)
    return Decoded(code, "")


def _words(run: str, separator: str | None, zero: str) -> list[str]:
    parts = run.split(separator) if separator else [run]
    return ["".join("0" if c == zero else "1" for c in part) for part in parts if part]


def _of_bits(words: list[str]) -> str:
    """Return the text of bits: in groups that are set apart, or of a width that fits all."""
    if len(words) > 1:
        sizes = [len(word) for word in words]
        fits = min(sizes) > 4 and max(sizes) <= 21  # the numbers of characters that can be seen
        return _text([int(word, 2) for word in words]) if fits else ""
    bits = words[0] if words else ""
    for width in (8, 7, 16):
        whole = len(bits) - len(bits) % width
        numbers = [int(bits[n : n + width], 2) for n in range(0, whole, width)]
        if width == 16 and max(numbers, default=0) > 0x7F:
            continue  # of 16 bits most make a character of some script
        text = _readable(bytes(numbers)) if width == 8 else _text(numbers)
        if text:
            return text
    return ""


def _characters(digits: list[int], base: int, width: int) -> str:
    if len(digits) % width:
        return ""
    if width == 4:
        return _readable(_packed(digits, base, width))
    numbers = [_number(digits[n : n + width], base) for n in range(0, len(digits), width)]
    try:
        data = b"".join(number.to_bytes(2, "big") for number in numbers)
        return _printable(data.decode("utf-16-be"))
    except (OverflowError, UnicodeDecodeError):
        return ""


def _packed(digits: list[int] | bytes, base: int, width: int) -> bytes:
    whole = len(digits) - len(digits) % width
    return bytes(_number(digits[n : n + width], base) for n in range(0, whole, width))


def _number(digits: list[int] | bytes, base: int) -> int:
    number = 0
    for digit in digits:
        number = number * base + digit
    return number


def _readable(data: bytes) -> str:
    try:
        return _printable(data.decode("utf-8"))
    except UnicodeDecodeError:
        return ""


def _text(numbers: list[int]) -> str:
    try:
        return _printable("".join(map(chr, numbers)))
    except (ValueError, OverflowError):
        return ""


def _printable(text: str) -> str:
    """Return `text` where it reads as such, else nothing."""
    body = text.strip("\0")
    plain = body.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    return _shown(body) if len(body) >= _LEAST and plain.isprintable() else ""


def _hexadecimal(data: bytes) -> str:
    return _shown(data.hex())


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
