"""Counts how often the entries of word lists are found in texts that are harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chopmark import Context

from ._lint import Finding
from ._lists import Entry, Folding, WordList
from ._matcher import Matcher
from ._whole import open_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Commonness:
    """How often entries were found. `found` has the number of texts by list and entry."""

    texts: int
    hit: int
    found: Mapping[tuple[str, int], int]


def commonness(
    lists: Sequence[WordList],
    texts: Iterable[str],
    today: date,
    foldings: Mapping[str, Folding],
) -> Commonness:
    """Return in how many of `texts` each entry that is active on `today` is found."""
    matcher = Matcher(lists, today, foldings=foldings)
    found: Counter[tuple[str, int]] = Counter()
    hit = total = 0
    for text in texts:
        scanner = open_text(matcher, Context(direction="output"))
        verdicts = [*scanner.feed(text), *scanner.finish()]
        places = {verdict.detail.partition("/")[0].rpartition("#") for verdict in verdicts}
        found.update((name, int(number)) for name, _, number in places)
        hit += bool(verdicts)
        total += 1
    return Commonness(texts=total, hit=hit, found=found)


def too_common(lists: Sequence[WordList], counted: Commonness, at_most: float) -> Iterable[Finding]:
    """Return a finding for each entry found in more than the share `at_most` of the texts."""
    for words in lists:
        for entry in words.entries:
            count = counted.found.get((words.name, entry.number), 0)
            if count > at_most * counted.texts:
                yield _finding(words, entry, count, counted.texts)


def _finding(words: WordList, entry: Entry, count: int, texts: int) -> Finding:
    what = (
        f"found in {count} of {texts} benign texts; make the term longer, add exceptions, or set "
        "`folding` lower"
    )
    return Finding(grade="problem", source=words.source, where=entry.where, what=what)
