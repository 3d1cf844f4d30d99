"""The word lists of a policy as a filing wants them: counted and owned, and no term shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from chopmark import Policy, PolicyError
from chopmark.hookspecs import Evidence
from chopmark.policy import ACTIONS
from chopmark.showing import Sought, cell, figures, handled, page, table, writing

from ._coverage import coverage
from ._detector import KeywordDetector
from ._due import due
from ._lists import Entry, WordList
from ._options import Options, read_options
from ._read import bundled_bytes, load_file, read_bundled
from ._risks import GROUNDS

_ABOUT = (
    "LIST", "VERSION", "LANGUAGE", "FROM", "ENTRIES", "IN FORCE", "NEXT EXPIRY", "SHA-256",
)  # fmt: skip
_SOON = timedelta(days=30)
_TERMS = (
    "The terms are not in this pack: it goes through many hands, and who knows a list gets around "
    "it. Where an authority asks for the terms, hand in the files of the lists themselves; each "
    "has the SHA-256 below."
)


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the lists in force and the reviews that are due; raise `PolicyError`."""
    options = read_options(policy)
    yield Evidence(
        path="lists.md",
        title="The word lists in force, counted by category, risk and reviewer, without the terms",
        write=writing(lambda: _lists(policy)),
        shows=("gbt45654.keywords", "measures.4"),
    )
    yield Evidence(
        path="due.md",
        title="The entries of the word lists that are to be reviewed, by reviewer",
        write=writing(lambda: _due(options)),
        shows=("gbt45654.keywords",),
    )
    yield figures("keywords.md", ("measures.19",))


def _lists(policy: Policy) -> str:
    detector, today = KeywordDetector.from_policy(policy), _today()
    lists = detector.lists
    return page(
        "Word lists",
        f"As of {today} (UTC). All lists together have the version `{detector.version}`, which "
        "stands in every record of a call.",
        _TERMS,
        table(
            (
                "LIST",
                "VERSION",
                "LANGUAGE",
                "FROM",
                "ENTRIES",
                "IN FORCE",
                "NEXT EXPIRY",
                "SHA-256",
            ),
            [_list(words, today) for words in lists],
        ),
        "## By category",
        table(
            ("LIST", "CATEGORY", "LEVEL", "IN FORCE", "REVIEWERS", "FIRST AND LAST EXPIRY"),
            [row for words in lists for row in _groups(words, today)],
        ),
        "## What is done with them",
        handled(policy, _sought(lists, today)),
        f"## By risk of {GROUNDS}",
        "Different terms in all lists together that name the risk. `ASKED FOR` is the number of "
        "TC260-003 (2024), on which the standard rests, and empty where it gives none.",
        table(("RISK", "ABOUT", "IN FORCE", "ASKED FOR", "MISSING"), _risks(lists, today)),
    )


def _list(words: WordList, today: date) -> list[str]:
    active = words.active(today)
    days = [entry.expires for entry in active if entry.expires is not None]
    return [
        cell(words.name),
        cell(words.version),
        cell(words.language),
        cell(words.source),
        str(len(words.entries)),
        str(len(active)),
        str(min(days, default="never")),
        f"`{_digest(words)}`",
    ]


def _digest(words: WordList) -> str:
    """Return the SHA-256 of the file that the list stands in."""
    name = words.source.removeprefix("bundled:")
    bundled = name != words.source
    try:
        data = bundled_bytes(name) if bundled else Path(words.source).read_bytes()
    except OSError as error:
        raise PolicyError(f"list {words.source} cannot be read: {error.strerror}") from error
    return hashlib.sha256(data).hexdigest()


def _groups(words: WordList, today: date) -> Iterable[list[str]]:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in words.active(today):
        groups.setdefault((entry.category, entry.level), []).append(entry)
    for (category, level), entries in sorted(groups.items()):
        days = {str(entry.expires or "never") for entry in entries}
        reviewers = sorted({entry.reviewer for entry in entries})
        yield [
            cell(words.name),
            f"`{category}`",
            level,
            str(len(entries)),
            cell(", ".join(reviewers)),
            " to ".join(sorted({min(days), max(days)})),
        ]


def _sought(lists: Sequence[WordList], today: date) -> Iterable[Sought]:
    levels: dict[str, set[str]] = {}
    for words in lists:
        for entry in words.active(today):
            if entry.level != "allow":  # an exception is no category that is found
                levels.setdefault(entry.category, set()).add(entry.level)
    for category, found in sorted(levels.items()):
        advice = " or ".join(sorted(found, key=list(ACTIONS).index, reverse=True))
        yield Sought(category=category, what="terms of the lists", advice=advice)


def _risks(lists: Sequence[WordList], today: date) -> list[list[str]]:
    return [
        [one.code, cell(one.name), str(one.terms), str(one.fewest or ""), str(one.short or "")]
        for one in coverage(lists, today)
    ]


def _due(options: Options) -> str:
    today = _today()
    lists = [*map(load_file, options.lists), *map(read_bundled, options.bundled)]
    found = due(lists, today, _SOON)
    rows = [
        [cell(one.reviewer), "never" if one.expires is None else str(one.expires),
         "yes" if one.expired else "", cell(one.source), cell(one.where)]
        for one in found
    ]  # fmt: skip
    return page(
        "Reviews of word lists that are due",
        f"As of {today} (UTC): entries that expired, expire within {_SOON.days} days, or have no "
        f"day of expiry. {len(found)} in all, {sum(one.expired for one in found)} of them expired "
        "and out of force.",
        table(("REVIEWER", "EXPIRES", "EXPIRED", "LIST", "ENTRY"), rows) if rows else "",
    )


def _today() -> date:
    return datetime.now(timezone.utc).date()
