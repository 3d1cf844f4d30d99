"""What a second model saves: how often it is asked, in what time, and whether the verdicts differ.

    python bench/cascade.py [--plain FILE...] [--unsure 0.05 0.2] [--every 4]

The texts are those of the evaluation suite, which are hard on purpose: harmful ones, and harmless
ones made after them. Files of everyday text come on top with --plain: a text a line, or JSON Lines
with `text`, `instruction` or `prompt`. Each text is screened as a message, by the first model
alone, by the two with what guard.json says of `unsure` and with every value given, and by the
second alone; in turns, nothing remembered. Times are of the processor. Limits, for guard.json: on
plain text the two take at most 0.6 of the time of the second alone, and they deny all but 2 % of
what that denies.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
SLOW, MISSED = 0.6, 0.02


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", default="bundled:small")
    parser.add_argument("--second", default="bundled:base")
    parser.add_argument("--threshold", default="balanced", help="a preset of guard.json")
    parser.add_argument("--unsure", type=float, nargs="*", default=[0.05, 0.2], metavar="SCORE")
    parser.add_argument("--texts", type=Path, default=SUITE, help="the folder of the suite")
    parser.add_argument("--plain", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--every", type=int, default=1, help="take one text of so many")
    asked = parser.parse_args()

    def made(model: str, **options: object) -> Chopmark:
        options |= {"model": model, "threshold": asked.threshold, "cache": 0, "warm_up": True}
        return Chopmark(Policy(name="bench", plugins=("onnx",)).with_options("onnx", **options))

    settings: dict[str, dict[str, float]] = {"guard.json": {}}
    settings |= {f"{score:g}": {"unsure": score} for score in asked.unsure}
    both = {
        name: Counted(made(asked.first, second=asked.second, **setting))
        for name, setting in settings.items()
    }
    trial = Trial(made(asked.first), both, made(asked.second))
    print(f"first {asked.first}, second {asked.second}, threshold {asked.threshold}\n")
    print(f"{'':<32}{'unsure':>12}{'asked':>8}{'time':>7}{'same':>8}{'missed':>12}{'added':>7}")
    slow, missed, denied = 0.0, 0, 0
    texts = suite(asked.texts) | {("", file.stem): plain(file) for file in asked.plain}
    for (language, kind), sample in texts.items():
        found = trial.run(sample[:: asked.every])
        print(f"{language:>3} {kind:<20}{found.count:>8}", end="")
        for row, name in enumerate(both):
            print(f"{'' if row == 0 else ' ' * 32}{name:>12}{found.line(name)}")
        print(
            f"{'':<32}{'first alone':>12}{'':>8}{found.took['first'] / found.took['second']:>7.2f}"
        )
        missed += found.missed["guard.json"]
        denied += found.denied
        if not language:
            slow = max(slow, found.took["guard.json"] / found.took["second"])
    share = missed / denied if denied else 0.0
    print(
        "\nasked: share of texts that the second was asked about; time: over that of the second"
        "\nalone; same: share of texts with the categories denied and warned of that the second"
        "\nalone finds; missed: of those that it denies; added: denied against it"
        f"\n\nmissed {share:.1%}, limit {MISSED:.0%}; worst time on plain text "
        f"{slow:.2f}, limit {SLOW}"
    )
    return int(share > MISSED or slow > SLOW)


class Counted:
    """A policy with two models, and how often the second one was asked."""

    def __init__(self, chop: Chopmark) -> None:
        self.chop = chop
        self.asked = 0
        [detector] = chop.detectors
        stage = detector.stages[1]  # type: ignore[attr-defined]
        read = stage.read

        def counting(*given: Any) -> Any:
            self.asked += 1
            return read(*given)

        stage.read = counting


@dataclass
class Found:
    count: int = 0
    denied: int = 0
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    same: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    added: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    took: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def line(self, name: str) -> str:
        missed = f"{self.missed[name]} of {self.denied}"
        return (
            f"{self.asked[name] / self.count:>8.1%}{self.took[name] / self.took['second']:>7.2f}"
            f"{self.same[name] / self.count:>8.1%}{missed:>12}{self.added[name]:>7}"
        )


class Trial:
    """Screens texts in every way, in turns."""

    def __init__(self, first: Chopmark, both: Mapping[str, Counted], second: Chopmark) -> None:
        self.both = both
        self.ways = {"first": first, **{n: c.chop for n, c in both.items()}, "second": second}

    def run(self, texts: Sequence[str]) -> Found:
        found = Found()
        before = {name: counted.asked for name, counted in self.both.items()}
        for text in texts:
            says: dict[str, Screening] = {}
            for way, chop in self.ways.items():
                started = time.thread_time()
                says[way] = chop.screen(text)
                found.took[way] += time.thread_time() - started
            found.count += 1
            alone = says["second"]
            found.denied += alone.action == "block"
            for name in self.both:
                found.same[name] += verdicts(says[name]) == verdicts(alone)
                found.missed[name] += (says[name].action, alone.action) == ("allow", "block")
                found.added[name] += (says[name].action, alone.action) == ("block", "allow")
        for name, counted in self.both.items():
            found.asked[name] = counted.asked - before[name]
        return found


def verdicts(screening: Screening) -> set[tuple[str, str]]:
    return {(verdict.category, verdict.outcome) for verdict in screening.verdicts}


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


def plain(file: Path) -> list[str]:
    """Return the texts of a file with one in each line."""
    text = file.read_text("utf-8")
    if file.suffix == ".jsonl":
        rows = map(json.loads, filter(str.strip, text.split("\n")))  # other ends of lines are text
        return [row.get("text") or row.get("prompt") or row["instruction"] for row in rows]
    return [line for line in text.splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main())
