"""What a second model saves: how often it is asked, in what time, and whether the verdicts differ.

    python bench/cascade.py [--first bundled:small] [--second bundled:base] [--unsure 0.2]

The texts are those of the evaluation suite, by what they are: harmful, of two minds, harmless.
Each is screened clause by clause, as a policy does it, by the first model alone, by both, and by
the second alone; in turns, nothing remembered. Limit: on harmless text the two take at most 0.6 of
the time of the second alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chopmark import Chopmark, Policy, Screening

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUITE = Path(__file__).parent.parent / "models" / "evaluate" / "suite"
KINDS = ("unsafe", "controversial", "benign")
LIMIT = 0.6


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", default="bundled:small")
    parser.add_argument("--second", default="bundled:base")
    parser.add_argument("--unsure", type=float, help="in the place of what guard.json says")
    parser.add_argument("--texts", type=Path, default=SUITE, help="the folder of the suite")
    parser.add_argument("--every", type=int, default=1, help="take one text of so many")
    asked = parser.parse_args()
    unsure = {} if asked.unsure is None else {"unsure": asked.unsure}
    ways = {
        "first": made(asked.first),
        "both": made(asked.first, second=asked.second, **unsure),
        "second": made(asked.second),
    }
    counted = Counted(ways["both"])
    print(f"first {asked.first}, second {asked.second}\n")
    print(
        f"{'':>4} {'texts':<14}{'count':>6}{'clauses':>9}{'asked':>8}{'time':>7}{'same':>8}"
        f"{'missed':>8}{'added':>7}"
    )
    worst = 0.0
    for (language, kind), texts in suite(asked.texts).items():
        found = compare(ways, counted, texts[:: asked.every])
        print(f"{language:>4} {kind:<14}{found}")
        if kind == "benign":
            worst = max(worst, found.took["both"] / found.took["second"])
    print(
        "\nasked: share of clauses that the second was asked about; time: of both, over the second"
        "\nalone; same: share of texts with the same categories denied and warned of as the second"
        "\nalone; missed, added: texts that the second alone would have denied, or would not have"
        f"\n\nworst time on harmless text {worst:.2f}, limit {LIMIT}"
    )
    return int(worst > LIMIT)


def made(model: str, **options: object) -> Chopmark:
    policy = Policy(name="bench", plugins=("onnx",))
    return Chopmark(policy.with_options("onnx", model=model, cache=0, warm_up=True, **options))


class Counted:
    """Counts what the two models of a policy are asked."""

    def __init__(self, chop: Chopmark) -> None:
        self.times = [0, 0]
        [detector] = chop.detectors
        for number, stage in enumerate(detector.stages):  # type: ignore[attr-defined]
            stage.read = self._counting(number, stage.read)

    def _counting(self, number: int, read: Any) -> Any:
        def counting(*given: Any) -> Any:
            self.times[number] += 1
            return read(*given)

        return counting


@dataclass
class Found:
    count: int = 0
    clauses: int = 0
    asked: int = 0
    same: int = 0
    missed: int = 0
    added: int = 0
    took: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __str__(self) -> str:
        return (
            f"{self.count:>6}{self.clauses:>9}{self.asked / self.clauses:>8.1%}"
            f"{self.took['both'] / self.took['second']:>7.2f}{self.same / self.count:>8.1%}"
            f"{self.missed:>8}{self.added:>7}"
        )


def compare(ways: dict[str, Chopmark], counted: Counted, texts: list[str]) -> Found:
    found = Found()
    counted.times[:] = [0, 0]
    for text in texts:
        says: dict[str, Screening] = {}
        for way, chop in ways.items():
            started = time.perf_counter()
            says[way] = chop.screen(text)
            found.took[way] += time.perf_counter() - started
        both, second = (
            {(v.category, v.outcome) for v in says[way].verdicts} for way in ("both", "second")
        )
        denied = [says[way].action == "block" for way in ("both", "second")]
        found.count += 1
        found.same += both == second
        found.missed += denied == [False, True]
        found.added += denied == [True, False]
    found.clauses, found.asked = counted.times
    return found


def suite(folder: Path) -> dict[tuple[str, str], list[str]]:
    """Return the texts of the suite by language and kind."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in sorted(folder.glob("*/exam_*.toml")):
        for family in tomllib.loads(file.read_text("utf-8")).get("family", []):
            for kind in KINDS:
                found[file.parent.name, kind] += family.get(kind, [])
    if not found:
        raise SystemExit(f"{folder} has no */exam_*.toml; give the folder of the suite, --texts")
    return {key: texts for key, texts in found.items() if texts}


if __name__ == "__main__":
    sys.exit(main())
