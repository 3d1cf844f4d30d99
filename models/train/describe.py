"""Check the corpus and count it: `python -m models.train.describe`.

Exits with 1 where a file is not as the datasheet says, or where a text stands on two sides.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from .corpus import FOLDER, SUITE, Family, families
from .heads import HEADS
from .overlap import plain


def sides(family: Family) -> Iterator[tuple[str, str]]:
    """Give every text with the side that it is on."""
    for side in ("unsafe", "controversial", "benign"):
        for text in getattr(family, side):
            yield side, text


def contradictions(every: list[Family]) -> list[str]:
    """Name the texts that are unsafe in one place and benign in another."""
    seen: dict[str, tuple[str, str]] = {}
    found = []
    for family in every:
        for side, text in sides(family):
            name, other = seen.setdefault(plain(text), (family.name, side))
            if {side, other} == {"unsafe", "benign"}:
                found.append(f"{name} and {family.name}: {text!r}")
    return found


def main() -> int:
    """Print what there is."""
    every = [*families(FOLDER), *families(SUITE)]
    print(f"{'':14}{'zh':>8}{'en':>8}")
    for name, count in (
        ("families", lambda family: 1),
        *(
            (side, lambda family, side=side: len(getattr(family, side)))
            for side in ("unsafe", "controversial", "benign")
        ),
        *(
            (head, lambda family, head=head: len(family.unsafe) * (head in family.labels))
            for head in HEADS
        ),
    ):
        totals: Counter[str] = Counter()
        for family in every:
            totals[family.language] += count(family)
        print(f"{name:14}{totals['zh']:8,}{totals['en']:8,}")
    wrong = contradictions(every)
    for line in wrong:
        print(f"on two sides: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
