"""The rows written for this project: families of unsafe texts and their benign twins.

A family is wholly on one side of the split, so that no twin crosses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import tomllib

from .heads import HEADS
from .rows import BENIGN, Row, split

FOLDER = Path(__file__).parents[1] / "corpus"
SUITE = Path(__file__).parents[1] / "evaluate" / "suite"
DEV, CALIBRATION = 0.15, 0.1
TESTS = frozenset(
    {
        "plain", "negation", "counter_speech", "quotation", "reclaimed", "homonym", "idiom", "news",
        "medicine", "law", "fiction", "code", "help_seeking", "security_work", "education",
        "history", "identity_mention", "game", "commerce", "everyday", "dialogue", "answer",
        "refusal", "disguised", "indirect", "mixed", "long",
    }
)  # fmt: skip
# Heads on which a family that is positive elsewhere is not judged: the border runs through it.
NEAR: Mapping[str, frozenset[str]] = {
    "toxic": frozenset({"hate", "violence"}),
    "hate": frozenset({"toxic", "violence"}),
    "sexual": frozenset({"toxic"}),
    "violence": frozenset({"toxic", "illicit"}),
    "self_harm": frozenset({"toxic", "violence"}),
    "illicit": frozenset({"fraud", "violence"}),
    "fraud": frozenset({"illicit"}),
    "injection": frozenset({"illicit"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Texts about one thing: those that are unsafe, those that could be, and those that are not."""

    name: str
    language: str
    tests: str
    labels: tuple[str, ...]
    unsafe: tuple[str, ...]
    controversial: tuple[str, ...]
    benign: tuple[str, ...]


def families(folder: Path = FOLDER) -> Iterator[Family]:
    """Read every file.

    Raises:
        ValueError: a file is not as the datasheet says; names the file and the family.
    """
    for path in sorted(folder.glob("*/*.toml")):
        seen: set[str] = set()
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["family"]:
            family = Family(
                name=f"{path.stem}/{entry['name']}",
                language=path.parent.name,
                tests=entry["tests"],
                labels=tuple(entry.get("labels", ())),
                unsafe=tuple(entry.get("unsafe", ())),
                controversial=tuple(entry.get("controversial", ())),
                benign=tuple(entry.get("benign", ())),
            )
            strange = {*family.labels} - {*HEADS}
            if strange or family.tests not in TESTS or family.name in seen:
                raise ValueError(
                    f"{path}: {entry['name']!r} has an unknown head or test, or is twice"
                )
            if (family.unsafe or family.controversial) and not family.labels:
                raise ValueError(f"{path}: family {entry['name']!r} has no labels")
            seen.add(family.name)
            yield family


def labels(family: Family, mark: float) -> dict[str, float]:
    """Label what a family says is unsafe: its heads, and 0 on those that are far from them."""
    heads = {*family.labels} | ({"toxic"} if "hate" in family.labels else set())
    near = frozenset().union(*(NEAR[head] for head in heads)) - heads
    return {head: mark if head in heads else 0.0 for head in HEADS if head not in near}


def read() -> Iterator[Row]:
    """Give the rows of every family, and of the suite, which is only measured on."""
    for family in families(FOLDER):
        part = split(family.name, dev=DEV, calibration=CALIBRATION)
        yield from rows(family, f"corpus-{family.language}", part)
    for family in families(SUITE):
        yield from rows(family, f"suite-{family.language}", "dev")


def rows(family: Family, source: str, part: str) -> Iterator[Row]:
    """Give the rows of one family."""
    sides = (
        (family.unsafe, labels(family, 1.0) if family.unsafe else BENIGN),
        (family.controversial, labels(family, 0.5) if family.controversial else BENIGN),
        (family.benign, BENIGN),
    )
    for texts, marks in sides:
        for text in texts:
            yield Row(
                text=text, labels=marks, source=source, part=part, weight=1.5, group=family.tests
            )
