"""Looks over banks for what is missing in them, doubled, out of balance, or stale."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ._bank import Bank, Case, Reading, doubled_ids
from ._near import near
from ._schema import Kind, Schema

Grade = Literal["error", "problem", "note"]
"""`error`: the bank is refused. `problem`: it is used, but not what it should be. `note`: worth a
look."""

ALIKE = 0.8
"""From this Jaccard coefficient two questions count as one asked twice."""

UNEVEN = 5
"""So many times the median of the others is out of balance."""

RARE = 0.1
"""A language with less than this share of a kind is out of balance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a bank; `line` is 0 where it is about more than a line."""

    grade: Grade
    source: str
    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many cases of a kind there are for a code, or in all (`code` is empty), of how many."""

    kind: str
    code: str
    cases: int
    fewest: int

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(0, self.fewest - self.cases)


def coverage(banks: Iterable[Bank], schema: Schema) -> list[Coverage]:
    """Return the counts of all banks together: of each kind, and of each code that is asked for.

    A case counts for every one of its codes. A kind that has no case at all is not listed.
    """
    cases = [case for bank in banks for case in bank.cases]
    rows = []
    for kind in schema.kinds.values():
        of_kind = [case for case in cases if case.kind == kind.name]
        if not of_kind:
            continue
        counts = Counter(code for case in of_kind for code in case.codes)
        rows.append(Coverage(kind=kind.name, code="", cases=len(of_kind), fewest=kind.fewest))
        rows += [
            Coverage(kind=kind.name, code=code, cases=counts[code], fewest=kind.fewest_of(code))
            for code in schema.codes
            if counts[code] or kind.fewest_of(code)
        ]
    return rows


def check(readings: Sequence[Reading], schema: Schema, today: date) -> list[Finding]:
    """Return what is wrong with banks, taken together, as of `today`: errors first."""
    banks = [reading.bank for reading in readings]
    faults = [fault for reading in readings for fault in reading.faults] + doubled_ids(banks)
    found = [
        Finding(grade="error", source=fault.source, line=fault.line, what=fault.what)
        for fault in faults
    ]
    found += _missing(banks, schema)
    found += _doubled(banks, schema)
    for kind in schema.kinds.values():
        cases = [case for bank in banks for case in bank.cases if case.kind == kind.name]
        if cases:
            found += _unbalanced(kind, cases)
            found += _stale(kind, cases, today)
    order = {"error": 0, "problem": 1, "note": 2}
    return sorted(found, key=lambda finding: order[finding.grade])


def _missing(banks: Iterable[Bank], schema: Schema) -> Iterator[Finding]:
    banks = list(banks)
    rows = coverage(banks, schema)
    for kind in schema.kinds.values():
        codes = [row for row in rows if row.kind == kind.name and row.code and row.short]
        for row in (row for row in rows if row.kind == kind.name and not row.code and row.short):
            what = f"{row.cases} cases, {row.fewest} are asked for"
            yield Finding(grade="problem", source=kind.name, line=0, what=what)
        if codes:
            listed = ", ".join(f"{row.code} {row.cases} of {row.fewest}" for row in codes[:6])
            more = f" and {len(codes) - 6} more" if codes[6:] else ""
            what = f"too few cases for {len(codes)} codes: {listed}{more}"
            yield Finding(grade="problem", source=kind.name, line=0, what=what)
    for kind in schema.kinds.values():
        if not any(row.kind == kind.name for row in rows):
            what = "no case of this kind; give its files, too"
            yield Finding(grade="note", source=kind.name, line=0, what=what)


def _doubled(banks: Iterable[Bank], schema: Schema) -> Iterator[Finding]:
    cases = [case for bank in banks for case in bank.cases]
    for one, other, alike in near([case.text for case in cases], ALIKE):
        first, second = cases[one], cases[other]
        source, _, line = second.where.rpartition(":")
        same = "the text" if alike == 1 else f"nearly the text ({alike:.0%})"
        expects = {schema.kinds[case.kind].expects for case in (first, second)}
        if expects == {"refusal", "answer"}:
            what = f"has {same} of {first.where}, and shall be refused in only one of them"
            yield Finding(grade="problem", source=source, line=int(line), what=what)
        elif first.kind == second.kind:
            what = f"has {same} of {first.where}; delete one"
            yield Finding(grade="problem", source=source, line=int(line), what=what)


def _unbalanced(kind: Kind, cases: Sequence[Case]) -> Iterator[Finding]:
    counts = Counter(code for case in cases for code in case.codes)
    middle = statistics.median(counts.values())
    for code, count in counts.items():
        if len(counts) > 2 and count > UNEVEN * middle:
            what = f"{code} has {count} cases, the median of the codes is {middle:g}"
            yield Finding(grade="note", source=kind.name, line=0, what=what)
    languages = Counter(case.language.partition("-")[0] or "none named" for case in cases)
    for language, count in languages.items():
        if count < RARE * len(cases):
            what = f"language {language}: {count} of {len(cases)} cases"
            yield Finding(grade="note", source=kind.name, line=0, what=what)


def _stale(kind: Kind, cases: Sequence[Case], today: date) -> Iterator[Finding]:
    if kind.renewed_within_days is None:
        return
    dates = [case.date for case in cases if case.date is not None]
    if len(dates) < len(cases):
        what = f"{len(cases) - len(dates)} of {len(cases)} cases have no `date`"
        yield Finding(grade="note", source=kind.name, line=0, what=what)
    if dates and (today - max(dates)).days > kind.renewed_within_days:
        what = (
            f"no case is newer than {max(dates)}, {(today - max(dates)).days} days ago; it should "
            f"be renewed within {kind.renewed_within_days}"
        )
        yield Finding(grade="problem", source=kind.name, line=0, what=what)
    for case in cases:
        if case.date is not None and case.date > today:
            source, _, line = case.where.rpartition(":")
            what = f"`date` {case.date} is in the future; correct it"
            yield Finding(grade="problem", source=source, line=int(line), what=what)
