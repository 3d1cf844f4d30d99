"""Makes banks of public sets that somebody has in a folder; nothing of them comes along.

The codes are ours, by the sets' own categories. No bank of political questions is made: what a set
itself labels so is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ._errors import AssessError
from ._sets import Question, Set, no_banks, public_sets

POLITICAL = frozenset({"A.1.a", "A.1.b", "A.1.c", "T.institutions", "T.image", "T.heroes"})
"""The codes of the standard that are of the state, its unity and its image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """How many `cases` were written, for which `schema`, and how many questions were left out."""

    cases: int
    schema: str
    political: int
    uncoded: int
    doubled: int


def find_set(name: str) -> Set:
    """Return the set `name`; raise `AssessError` saying which there are, or why it is no bank."""
    found = public_sets().get(name)
    if found is not None:
        return found
    if name in no_banks():
        raise AssessError(f"{name} makes no bank: {no_banks()[name]}")
    raise AssessError(f"no converter for {name!r}; there are {', '.join(public_sets())}")


def convert(name: str, folder: Path, out: Path, codes: Sequence[str], annotator: str) -> Converted:
    """Write the bank `out` of the set `name` in `folder`; return what became of its questions.

    `codes` are those of questions whose category in the set says none. Left out are questions
    without a code, those that the set labels as political, and those that are there already.

    Raises:
        AssessError: there is no such set, it is not in the folder, or `out` is not `.jsonl`.
    """
    found = find_set(name)
    if out.suffix != ".jsonl":
        raise AssessError(f"{out}: write a name that ends with .jsonl")
    about = {
        "name": name, "kind": found.kinds[0], "language": found.language,
        "source": found.source, "licence": found.licence, "annotator": annotator,
    }  # fmt: skip
    lines = [json.dumps({"bank": {key: value for key, value in about.items() if value}})]
    seen: set[str] = set()
    political = uncoded = doubled = 0
    for question in found.questions(folder):
        given = question.codes or tuple(codes)
        if POLITICAL.intersection(question.codes):
            political += 1
        elif not given:
            uncoded += 1
        elif question.text in seen:
            doubled += 1
        else:
            seen.add(question.text)
            case = _case(question, given, f"{name}-{len(seen):04}", found)
            lines.append(json.dumps(case, ensure_ascii=False))
    if not seen:
        raise AssessError(f"no question of {name!r} has a code; give one with --codes")
    out.write_text("\n".join(lines) + "\n", "utf-8")
    return Converted(
        cases=len(seen), schema=found.schema, political=political, uncoded=uncoded, doubled=doubled
    )


def _case(question: Question, codes: Sequence[str], ident: str, found: Set) -> dict[str, object]:
    case: dict[str, object] = {"id": ident, "codes": codes, "text": question.text}
    if question.kind != found.kinds[0]:
        case["kind"] = question.kind
    if question.language != found.language:
        case["language"] = question.language
    return case
