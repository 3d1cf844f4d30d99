"""What is measured: which rows are positive for a head, and which stand against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..train.heads import HEADS
from ..train.rows import Row

ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One yes-or-no question to a head (or to the highest of all), and the rows it is asked on."""

    name: str
    head: str
    rows: tuple[int, ...]
    gold: tuple[int, ...]


def labelled(rows: Sequence[Row], head: str) -> Callable[[int], int | None]:
    """Say how a row answers for a head: 1, 0, or None where that is open or doubtful."""

    def answer(number: int) -> int | None:
        labels = rows[number].labels
        if head == ANY:
            if any(mark == 1 for mark in labels.values()):
                return 1
            return 0 if rows[number].benign else None
        mark = labels.get(head)
        return None if mark is None or 0.35 < mark < 0.65 else int(mark > 0.5)

    return answer


# name, head, sources whose rows are asked
ASKED = (
    ("hatecheck-en", "hate", ("hatecheck-en",)),
    ("hatecheck-zh", "hate", ("hatecheck-zh",)),
    ("davidson", "hate", ("davidson",)),
    ("davidson", "toxic", ("davidson",)),
    ("surge", "toxic", ("surge",)),
    ("cold", "toxic", ("cold",)),
    ("swsr", "toxic", ("swsr",)),
    ("short", "toxic", ("short-benign", "short-abuse")),
    ("advbench", "illicit", ("advbench", "self-instruct")),
    ("jade", "illicit", ("jade", "cvalues")),
    ("jailbreak", "injection", ("jailbreak", "self-instruct")),
    ("bastion", "injection", ("bastion",)),
    ("bipia", "injection", ("bipia", "agentdojo")),
    ("pyrit", "sexual", ("pyrit-sexual",)),
    ("pyrit", "violence", ("pyrit-violence",)),
    ("pyrit", "self_harm", ("pyrit-self_harm",)),
    *(
        (f"{name}-{language}", head, (f"{name}-{language}",))
        for name in ("suite", "corpus")
        for language in ("en", "zh")
        for head in (*HEADS, ANY)
    ),
)
HARMLESS = (
    "kdconv",
    "cvalues",
    "self-instruct",
    "agentdojo",
    "short-benign",
    "kdconv-clause",
    "self-instruct-clause",
    "suite-en",
    "suite-zh",
    "corpus-en",
    "corpus-zh",
)


def questions(rows: Sequence[Row]) -> list[Question]:
    """Give every question that has rows on both sides."""
    found = []
    for name, head, sources in ASKED:
        answer = labelled(rows, head)
        pairs = [
            (number, said)
            for number, row in enumerate(rows)
            if row.source in sources and (said := answer(number)) is not None
        ]
        if len({said for _, said in pairs}) == 2:
            numbers, gold = zip(*pairs, strict=True)
            found.append(Question(name=name, head=head, rows=numbers, gold=gold))
    return found
