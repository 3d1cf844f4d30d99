"""How models do on the functional suite: unsafe texts that are caught, benign ones left alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chopmark import ModelError
from chopmark.policy import is_under
from chopmark.shares import wilson

from ._columns import SEXUAL
from ._detector import SEXUAL_MINORS, OnnxDetector
from ._progress import Progress
from ._suite import Family

By = Literal["all", "functionality", "head"]
_Side = Literal["caught", "left_alone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`right` of `texts`, and the bounds of the 95 % score interval (Wilson) for the rate."""

    texts: int
    right: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is counted together: all texts, those of one functionality, or those of one head.

    A text counts as denied for any category, and in the line of a head for that head alone. The
    benign texts of a head are the twins of its unsafe ones.
    """

    by: By
    name: str
    caught: Share
    left_alone: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """An unsafe text that nothing denies, or a benign one that is `denied` for categories."""

    family: str
    functionality: str
    unsafe: bool
    denied: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One model, or two of which one is asked by the other, with what denies from `threshold` on.

    `left_out` is how many unsafe texts are of heads that the model does not have. `wrong` is None
    where nobody asked for the texts.
    """

    model: str
    threshold: float | str
    languages: tuple[str, ...]
    left_out: int
    lines: tuple[Line, ...]
    wrong: tuple[Wrong, ...] | None


def heads(families: Sequence[Family]) -> list[str]:
    """Return the heads that `families` are about, sorted."""
    return sorted(frozenset[str]().union(*(family.labels for family in families)))


class Tally:
    """Counts what one detector says of families.

    Args:
        name: what the model is called.
        detector: judges whole texts.
        families: all that will be counted.

    Raises:
        ModelError: the detector has no head that the families are about.
    """

    def __init__(self, name: str, detector: OnnxDetector, families: Sequence[Family]) -> None:
        known = heads(families)
        self.name = name
        self.left_out = 0
        self.wrong: list[Wrong] = []
        self._detector = detector
        self._judged = frozenset(head for head in known if _fires(head, detector.categories))
        self._said: defaultdict[tuple[By, str], dict[_Side, list[bool]]] = defaultdict(
            lambda: {"caught": [], "left_alone": []}
        )
        if not self._judged:
            raise ModelError(
                f"model {name!r} says {', '.join(detector.categories)}, and the suite is about "
                f"{', '.join(known)}; say what a label is called there: --head LABEL={known[-1]}"
            )

    def take(self, family: Family, step: Callable[[], None]) -> None:
        """Judge the texts of `family`, with a `step` after each.

        Raises:
            ModelError: the model cannot be used.
        """
        labels = family.labels & self._judged
        for text in family.unsafe:
            if labels:
                self._judge(family, labels, "caught", text)
            else:
                self.left_out += 1
            step()
        for text in family.benign:
            self._judge(family, labels, "left_alone", text)
            step()

    def _judge(self, family: Family, labels: frozenset[str], side: _Side, text: str) -> None:
        verdicts, _ = self._detector.judge_within(Progress(None), text)
        denied = frozenset(one.category for one in verdicts if one.outcome == "deny")
        wanted = side == "caught"
        if bool(denied) != wanted:
            self.wrong.append(
                Wrong(
                    family=family.name, functionality=family.tests, unsafe=wanted,
                    denied=tuple(sorted(denied)), text=text,
                )
            )  # fmt: skip
        for place in (("all", ""), ("functionality", family.tests)):
            self._said[place][side].append(bool(denied) == wanted)
        for head in labels:
            self._said["head", head][side].append(_fires(head, denied) == wanted)

    def lines(self) -> Iterator[Line]:
        """Give what was counted: all, the functionalities, the heads."""
        order: Sequence[By] = ("all", "functionality", "head")
        for by, name in sorted(self._said, key=lambda place: (order.index(place[0]), place[1])):
            said = self._said[by, name]
            caught, left_alone = _share(said["caught"]), _share(said["left_alone"])
            yield Line(by=by, name=name, caught=caught, left_alone=left_alone)


def _fires(head: str, categories: Sequence[str] | frozenset[str]) -> bool:
    """Return whether one of `categories` is `head`, a part of it, or made of it by a rule."""
    return any(
        is_under(category, (head,)) or (category == SEXUAL_MINORS and head == SEXUAL)
        for category in categories
    )


def _share(right: Sequence[bool]) -> Share:
    low, high = wilson(sum(right), len(right))
    return Share(texts=len(right), right=sum(right), low=round(low, 4), high=round(high, 4))
