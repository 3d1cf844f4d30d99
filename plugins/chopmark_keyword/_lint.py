"""Looks over word lists for what is wrong with them, and for what a reviewer should know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from ._evidence import ENOUGH
from ._letters import is_han
from ._lists import Entry, Folding, WordList
from ._matcher import folding_of
from ._read import read_file
from ._scripts import joint
from ._tables import RARE, simplified, weights
from ._words import FEWEST

Grade = Literal["error", "problem", "note"]
"""`error`: the list is refused. `problem`: it is used, but not as somebody meant. `note`: worth
a look."""

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a list; `what` names the key and the cure, never the term."""

    grade: Grade
    source: str
    where: str
    what: str


def lint(
    paths: Iterable[Path], today: date, foldings: Mapping[str, Folding] = MappingProxyType({})
) -> tuple[list[Finding], list[WordList]]:
    """Return the findings about the list files at `paths` as of `today`, in order, and the lists.

    `foldings` is how far the policy lets entries see that do not say it themselves.
    """
    findings: list[Finding] = []
    lists: list[WordList] = []
    names: dict[str, str] = {}
    elsewhere: dict[str, str] = {}
    for path in paths:
        reading = read_file(path)
        faults = reading.faults
        findings += [_finding("error", reading.source, f.where, f.what) for f in faults]
        if reading.words is None:
            continue
        words = reading.words
        if words.name in names:
            what = f"`name` {words.name!r} is also that of {names[words.name]}; give it another"
            findings.append(_finding("error", words.source, "", what))
        names.setdefault(words.name, words.source)
        findings += problems(words, today, foldings)
        for entry in words.entries:
            other = elsewhere.setdefault(entry.folded, words.name)
            if other != words.name:
                what = f"`term` is also in list {other!r}; both are reported"
                findings.append(_finding("note", words.source, entry.where, what))
        lists.append(words)
    return findings, lists


def problems(
    words: WordList, today: date, foldings: Mapping[str, Folding] = MappingProxyType({})
) -> list[Finding]:
    """Return the findings about a list that could be read, in the order of its entries."""
    findings: list[Finding] = []
    first: dict[str, Entry] = {}
    seen: dict[str, Entry] = {}
    if not words.entries:
        what = "no entry; the list does nothing"
        findings.append(_finding("problem", words.source, "", what))
    for entry in words.entries:
        twin = first.setdefault(entry.folded, entry)
        remarks: Sequence[tuple[Grade, str]] = [
            *_about_term(entry, twin),
            *_about_expiry(entry, today),
        ]
        if folding_of(entry, foldings) in ("disguise", "decode"):
            remarks = [*remarks, *_about_disguise(entry, seen)]
        findings += [_finding(grade, words.source, entry.where, what) for grade, what in remarks]
    return findings


def _about_term(entry: Entry, twin: Entry) -> Iterable[tuple[Grade, str]]:
    folded = entry.folded
    if twin is not entry:
        yield "problem", f"`term` is that of {twin.where}; delete one, both are reported"
    if len(folded) == 1 and entry.level != "allow":
        yield "note", "`term` is a single character, also of harmless words"
    elif len(folded) == 2 and joint(folded[0]) == joint(folded[1]) == "letter":
        yield "note", "`term` has two letters, which stand for many things"


def _about_disguise(entry: Entry, seen: dict[str, Entry]) -> Iterable[tuple[Grade, str]]:
    """Say what the level `disguise` cannot do for the term, or does already for another one."""
    chars = [simplified().get(char, char) for char in entry.folded if char.isalnum()]
    twin = seen.setdefault("".join(chars), entry)
    if twin is not entry and twin.folded != entry.folded:
        yield "note", f"`term` is seen as another form of that of {twin.where}; delete one"
    han = [char for char in chars if is_han(char)]
    if not han and sum(map(str.isalpha, chars)) < FEWEST:
        yield "note", "`term` has too few letters to be seen through a disguise"
    elif len(han) == 1 and len(chars) == 1:
        yield "note", "`term` has too few characters to be seen through a disguise"
    elif han and sum(weights().get(char, RARE) for char in han) < ENOUGH and len(han) == len(chars):
        yield "note", "`term` is of characters so common that hardly a disguise is seen through"


def _about_expiry(entry: Entry, today: date) -> Iterable[tuple[Grade, str]]:
    if entry.expires is None:
        yield "note", "no `expires`, so nobody will be asked to review it again"
    elif entry.expires < today:
        yield "problem", f"expired on {entry.expires}, does nothing; set a new `expires`, or delete"
    elif entry.expires <= today + SOON:
        yield "note", f"expires on {entry.expires}; review it"


def _finding(grade: Grade, source: str, where: str, what: str) -> Finding:
    return Finding(grade=grade, source=source, where=where, what=what)
