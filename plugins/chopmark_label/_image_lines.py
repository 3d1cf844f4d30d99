"""Breaks the text of a label into lines that fit a width, where a reader expects it.

Between the parts of a label first, then at spaces. Only where that is not enough do words break
between Chinese or Japanese characters, as Unicode Annex 14 allows, and behind hyphens. The
elements that GB 45438-2025 asks for are never broken, or neither a reader nor a verifier would
find them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, get_args

_Where = Literal["parts", "spaces", "anywhere"]
_ELEMENT = re.compile(r"人工智能|AI(?:GC)?|生成|合成", re.IGNORECASE)
_WIDE = re.compile(r"[\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF]")
_NOT_FIRST = frozenset(
    "、。，：；！？）】」》”’％…·—ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々.,:;!?)]}%"
)
_NOT_LAST = frozenset("（【「《“‘([{")
_PARTS = "·|/・"
"""What stands between two parts of a label, and goes where a line ends between them."""
_BETWEEN = f" {_PARTS}"


def break_text(
    text: str, width: Callable[[str], float], limit: float
) -> tuple[tuple[str, ...], ...]:
    """Return ways to write `text` in lines of at most `limit`, best first; none where none fits.

    Each is one that breaks less gently than the one before it, and has fewer lines. They are made
    about equally long.

    Args:
        text: one line.
        width: measures a line.
        limit: how wide a line may be, in the unit of `width`.
    """
    found: list[tuple[str, ...]] = []
    for where in get_args(_Where):
        breaks = tuple(_breaks(text, where))
        lines = _fill(text, breaks, width, limit)
        if lines is not None and (not found or len(lines) < len(found[-1])):
            found.append(_even(text, breaks, width, lines))
    return tuple(found)


def _breaks(text: str, where: _Where) -> Iterator[int]:
    """Return where a line may begin."""
    kept = {at for m in _ELEMENT.finditer(text) for at in range(m.start() + 1, m.end())}
    for at in range(1, len(text)):
        before, after = text[at - 1], text[at]
        if at in kept or after in _NOT_FIRST or after == " " or before in _NOT_LAST:
            continue
        is_parts = before == " " and text[:at].rstrip()[-1:] in _PARTS
        is_wide = _WIDE.match(before) or _WIDE.match(after)
        is_hyphen = before == "-" and after.isalpha()
        if (
            is_parts
            or (before == " " and where != "parts")
            or (where == "anywhere" and (is_wide or is_hyphen))
        ):
            yield at


def _fill(
    text: str, breaks: Sequence[int], width: Callable[[str], float], limit: float
) -> tuple[str, ...] | None:
    """Return as few lines as fit, each as full as can be, or None."""
    lines: list[str] = []
    start = 0
    stops = [*breaks, len(text)]
    while start < len(text):
        fitting = [
            stop for stop in stops if stop > start and width(_line(text, start, stop)) <= limit
        ]
        if not fitting:
            return None
        lines.append(_line(text, start, fitting[-1]))
        start = fitting[-1]
    return tuple(lines)


def _even(
    text: str, breaks: Sequence[int], width: Callable[[str], float], lines: tuple[str, ...]
) -> tuple[str, ...]:
    """Return as many lines as `lines`, of which the longest is as short as can be."""
    while len(lines) > 1:
        narrower = _fill(text, breaks, width, max(map(width, lines)) - 0.5)
        if narrower is None or len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def _line(text: str, start: int, stop: int) -> str:
    line = text[start:stop]
    if start:
        line = line.lstrip(_BETWEEN)
    return line.rstrip(_BETWEEN) if stop < len(text) else line
