"""Rows written for this project: sentences with slots, filled in a fixed order of chance."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomllib

from .rows import BENIGN, Row, split

FOLDER = Path(__file__).parent / "authored"
EXAM = Path(__file__).parent / "exam" / "short.toml"
SLOT = re.compile(r"\{(\w+)\}")


def fill(sentence: str, slots: dict[str, list[str]], dice: random.Random) -> str:
    """Put a word into every slot; words may have slots themselves."""
    while SLOT.search(sentence):
        sentence = SLOT.sub(lambda found: dice.choice(slots[found[1]]), sentence)
    return sentence


FAR = frozenset({"self_harm", "illicit", "fraud", "injection"})


def labels(group: Mapping[str, Any]) -> Mapping[str, float]:
    """Give a group's labels; what is neither toxic nor hateful is benign."""
    given = {head: float(group[head]) for head in ("toxic", "hate") if head in group}
    return given if any(given.values()) or len(given) < 2 else BENIGN


def read() -> Iterator[Row]:
    """Read every file; a sentence with slots gives as many different rows as its group says."""
    for path in sorted(FOLDER.glob("*.toml")):
        book = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, group in book["groups"].items():
            for sentence in group["sentences"]:
                dice = random.Random(sentence)
                part = split(sentence, dev=0, calibration=0.1)
                # In calibration a sentence counts once: its copies fire together, and a threshold
                # that rests on a few texts would rest on one sentence.
                many = part == "train" and SLOT.search(sentence)
                copies = group.get("copies", 10) if many else 1
                # A dictionary, for its order: a set would differ from run to run.
                for text in {fill(sentence, book["slots"], dice): None for _ in range(copies)}:
                    yield Row(
                        text=text,
                        labels=labels(group),
                        source="authored",
                        part=part,
                        weight=group.get("weight", 1.0),
                        group=name,
                        hinted=FAR,
                    )
    for name, group in tomllib.loads(EXAM.read_text(encoding="utf-8")).items():
        # Whether a short insult is hate as well is left open.
        given = {"toxic": 1.0} if group["toxic"] else BENIGN
        for text in group["texts"]:
            yield Row(text=text, labels=given, source=name, part="dev")
