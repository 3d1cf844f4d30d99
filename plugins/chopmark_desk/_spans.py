"""Cuts a text where spans of it begin and end, so that a page can show what was found where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from chopmark import Content
from chopmark.hookspecs import Span


class Piece(NamedTuple):
    """A piece of a text, and the numbers of the verdicts that it is in."""

    text: str
    verdicts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text of a call in pieces: that of a message of `role`, or the answer, which has role ""."""

    role: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The texts of a call. `lost` are the numbers of the verdicts on what is in none of them.

    `marked` says that our marks could not be taken off the answer.
    """

    texts: tuple[Shown, ...]
    lost: tuple[int, ...]
    marked: bool


def pieces(text: str, spans: Mapping[int, Span]) -> tuple[Piece, ...]:
    """Return `text` in pieces, in order, each with the numbers of the `spans` that it is in."""
    inside = {n: (max(0, a), min(len(text), b)) for n, (a, b) in spans.items()}
    cuts = sorted({0, len(text), *(at for span in inside.values() for at in span if at >= 0)})
    cuts = [at for at in cuts if at <= len(text)]
    return tuple(
        Piece(text[start:end], tuple(n for n, (a, b) in inside.items() if a <= start and end <= b))
        for start, end in pairwise(cuts)
    )


def opened(content: Content, answer: str | None, verdicts: Sequence[Mapping[str, Any]]) -> Opened:
    """Return the texts of a call with its verdicts in them, numbered from 1.

    Args:
        content: what the log keeps of it.
        answer: that of `content` without our marks, as detectors judged it; None where they cannot
            be taken off, so that no place in it is known.
        verdicts: as the record has them. What was found in an answer behind a replaced place
            stands elsewhere now, and what was found in JSON, in reasoning, or in what was not
            delivered, stands nowhere.
    """
    judged = "" if answer is None else answer
    by_text: dict[int, dict[int, Span]] = {}
    lost = []
    replaced = min(
        (one["start"] for one in verdicts if _is_answer(one) and one["outcome"] == "modify"),
        default=len(judged),
    )
    for number, one in enumerate(verdicts, 1):
        span = (one["start"], one["end"])
        if one["direction"] == "input" and 0 <= one["part"] < len(content.messages):
            by_text.setdefault(one["part"], {})[number] = span
        elif _is_answer(one) and span[1] <= min(replaced, len(judged)):
            by_text.setdefault(-1, {})[number] = span
        else:
            lost.append(number)
    texts = [
        Shown(message.role, pieces(message.text, by_text.get(n, {})))
        for n, message in enumerate(content.messages)
    ]
    shown = content.answer if answer is None else answer
    texts.append(Shown("", pieces(shown, by_text.get(-1, {}))))
    return Opened(tuple(texts), tuple(lost), answer is None)


def _is_answer(verdict: Mapping[str, Any]) -> bool:
    return bool(verdict["direction"] == "output" and verdict["kind"] == "answer")
