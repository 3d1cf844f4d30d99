"""From a label for each token to spans: what BIO and its relatives mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_TAGGED = re.compile(r"(?P<part>[BIESLUM])[-_](?P<name>.+)", re.S)
_ENDS, _BEGINS = frozenset("ESLU"), frozenset("BSU")


class Tag(NamedTuple):
    """What a label says of a token. `entity` is empty for a token that is in none."""

    entity: str
    begins: bool = False
    ends: bool = False


class Entity(NamedTuple):
    """One thing that was found: code points of the text, and the mean probability of its tokens."""

    name: str
    start: int
    end: int
    score: float


class Token(NamedTuple):
    """Where a token stands, which label is likeliest, and how likely."""

    start: int
    end: int
    label: int
    score: float


def read_tag(label: str) -> Tag:
    """Return what a label of the schemes BIO, BIOES, BILOU and BMES means, or of none.

    >>> read_tag("B-PER"), read_tag("O"), read_tag("PER")
    (Tag(entity='PER', begins=True, ends=False), Tag(entity='', begins=False, ends=False), \
Tag(entity='PER', begins=False, ends=False))
    """
    if label.upper() in ("O", "OUTSIDE"):
        return Tag("")
    found = _TAGGED.fullmatch(label)
    if found is None:
        return Tag(label)
    return Tag(found["name"], found["part"] in _BEGINS, found["part"] in _ENDS)


def join(tokens: Iterable[Token], tags: Sequence[Tag]) -> list[Entity]:
    """Join neighbouring tokens of one entity; where a label begins one, another begins."""
    found: list[Entity] = []
    group: list[Token] = []
    open_tag = Tag("")
    for token in tokens:
        tag = tags[token.label]
        goes_on = group and tag.entity == open_tag.entity and not tag.begins and not open_tag.ends
        if not goes_on:
            found += _entity(open_tag.entity, group)
            group = []
        open_tag = tag
        if tag.entity:
            group.append(token)
    return found + _entity(open_tag.entity, group)


def _entity(name: str, group: Sequence[Token]) -> list[Entity]:
    if not group:
        return []
    score = sum(token.score for token in group) / len(group)
    return [Entity(name, group[0].start, group[-1].end, score)]
