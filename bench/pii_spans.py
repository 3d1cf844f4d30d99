"""Compares found spans of names, addresses and organisations with labelled ones.

Exact: kind, start and end are the same. Partial: the kind is the same and at least one character
is shared. Intervals are bootstrapped over the texts (95 %, percentiles).
"""

from __future__ import annotations

import importlib.util
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chopmark import Context
from chopmark.hookspecs import Detector

INPUT = Context(direction="input")
OUTPUT = Context(direction="output")
KINDS = ("name", "address", "organisation")
SCORES = (0.5, 0.7)
ROUNDS = 300
HAND = Path(__file__).parents[1] / "tests" / "plugins" / "pii" / "data"
PRESIDIO = {"PERSON": "name", "STREET_ADDRESS": "address", "ORGANIZATION": "organisation"}

Span = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """A text with the spans that are in it."""

    text: str
    spans: frozenset[Span]


def hand(part: str) -> list[Row]:
    """Return the Chinese sentences written by hand, those of `part` only."""
    lines = (HAND / "zh_hand.jsonl").read_text("utf-8").splitlines()
    return [_row(row) for row in map(json.loads, lines) if row["part"] == part]


def pasted(part: str) -> list[Row]:
    """Return texts in both languages with numbers and secrets, those of `part` only."""
    lines = (HAND / "pasted_hand.jsonl").read_text("utf-8").splitlines()
    return [_row(row) for row in map(json.loads, lines) if row["part"] == part]


def made(count: int, seed: int) -> list[Row]:
    """Return Chinese sentences made from templates."""
    spec = importlib.util.spec_from_file_location("generate", HAND / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [_row(row) for row in module.rows(count, seed)]


def presidio(file: Path, held: bool) -> list[Row]:
    """Return presidio-research's sentences: of templates with odd numbers where `held`."""
    return [
        Row(
            row["full_text"],
            frozenset(
                (PRESIDIO[s["entity_type"]], s["start_position"], s["end_position"])
                for s in row["spans"]
                if s["entity_type"] in PRESIDIO
            ),
        )
        for row in json.loads(file.read_text("utf-8"))
        if row["template_id"] % 2 == held
    ]


def benign(folder: Path) -> dict[str, list[str]]:
    """Return texts that hold no personal data of private persons, by set."""
    found: dict[str, list[str]] = {}
    for name, file in (("KdConv", "utterances.txt"), ("CValues", "prompts.txt")):
        for path in folder.rglob(f"{name.lower()}*/{file}"):
            found[name] = lines_of(path)
    for path in folder.rglob("seed_tasks.jsonl"):
        rows = map(json.loads, lines_of(path))
        found["self-instruct seeds"] = [row["instruction"] for row in rows]
    for path in folder.rglob("p3_t0_prompts_sample.jsonl"):
        rows = map(json.loads, lines_of(path))
        found["self-instruct P3"] = [row["prompt"] for row in rows]
    return found


def lines_of(path: Path) -> list[str]:
    """Return the lines; U+2028 does not end one."""
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def _row(row: Mapping[str, object]) -> Row:
    spans = row["spans"]
    assert isinstance(spans, list)
    return Row(str(row["text"]), frozenset((s["kind"], s["start"], s["end"]) for s in spans))


def found_in(detector: Detector, text: str) -> dict[Span, float]:
    """Return the spans that `detector` finds, with their scores."""
    verdicts = detector.judge(text, OUTPUT)
    spans = {(v.category.removeprefix("pii."), v.start, v.end): v.score for v in verdicts}
    return {span: score for span, score in spans.items() if span[0] in KINDS}


def by_kind(title: str, detectors: Sequence[Detector], rows: Sequence[Row]) -> list[str]:
    """Return a Markdown table of what `detectors` find of every kind in requests, exactly."""
    labelled: Counter[str] = Counter()
    said: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for row in rows:
        found = {
            (v.category.removeprefix("pii."), v.start, v.end)
            for detector in detectors
            for v in detector.judge(row.text, INPUT)
        }
        labelled.update(kind for kind, _, _ in row.spans)
        said.update(kind for kind, _, _ in found)
        right.update(kind for kind, _, _ in found & row.spans)
    lines = [f"{title}, {len(rows)} texts:", ""]
    lines += ["| kind | labelled | P | R | F1 |", "|---|---|---|---|---|"]
    for kind in sorted(labelled):
        p, r, f = _scores([(labelled[kind], said[kind], right[kind], right[kind])])
        lines.append(f"| {kind} | {labelled[kind]} | {p:.2f} | {r:.2f} | {f:.2f} |")
    return [*lines, ""]


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one kind in one text: labelled, said, and right, exactly and in part."""

    labelled: int
    said: int
    exact: int
    touched: int  # labelled spans that one said touches
    touching: int  # said spans that touch a labelled one


def count(kind: str, labelled: Iterable[Span], said: Iterable[Span]) -> Counts:
    """Return the counts of `kind`."""
    want = [span for span in labelled if span[0] == kind]
    have = [span for span in said if span[0] == kind]
    return Counts(
        len(want),
        len(have),
        len(set(want) & set(have)),
        sum(any(_touch(w, h) for h in have) for w in want),
        sum(any(_touch(w, h) for w in want) for h in have),
    )


def _touch(one: Span, other: Span) -> bool:
    return one[1] < other[2] and other[1] < one[2]


def table(title: str, detector: Detector, rows: Sequence[Row]) -> list[str]:
    """Return the lines of a Markdown table of one set."""
    lines = [
        f"{title}, {len(rows)} texts:",
        "",
        "| kind | score from | labelled | P | R | F1 (95 %) | F1, partial (95 %) |",
        "|---|---|---|---|---|---|---|",
    ]
    said = [found_in(detector, row.text) for row in rows]
    for kind in KINDS:
        for least in SCORES:
            counts = [
                count(kind, row.spans, (s for s, score in spans.items() if score >= least))
                for row, spans in zip(rows, said, strict=True)
            ]
            labelled = sum(c.labelled for c in counts)
            if not labelled:
                continue
            p, r, f, low, high = _measure([(c.labelled, c.said, c.exact, c.exact) for c in counts])
            *_, g, under, over = _measure(
                [(c.labelled, c.said, c.touched, c.touching) for c in counts]
            )
            lines.append(
                f"| {kind} | {least} | {labelled} | {p:.2f} | {r:.2f} "
                f"| {f:.2f} ({low:.2f}-{high:.2f}) | {g:.2f} ({under:.2f}-{over:.2f}) |"
            )
    return [*lines, ""]


def _measure(counts: Sequence[tuple[int, int, int, int]]) -> tuple[float, ...]:
    """Return precision, recall, F1, and the interval of F1."""
    chance = random.Random(0)
    rounds = sorted(_scores(chance.choices(counts, k=len(counts)))[2] for _ in range(ROUNDS))
    return (*_scores(counts), rounds[int(ROUNDS * 0.025)], rounds[int(ROUNDS * 0.975) - 1])


def _scores(counts: Iterable[tuple[int, int, int, int]]) -> tuple[float, float, float]:
    labelled, said, recalled, right = (sum(column) for column in zip(*counts, strict=True))
    precision = right / said if said else 0.0
    recall = recalled / labelled if labelled else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def alarms(detector: Detector, sets: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a table of how many spans are found in texts of benign sets."""
    lines = [
        "Spans found in 1,000 texts of benign sets:",
        "",
        "| set | texts | score from | " + " | ".join(KINDS) + " | texts with any |",
        "|---|---|---|" + "---|" * (len(KINDS) + 1),
    ]
    for name, texts in sets.items():
        said = [found_in(detector, text) for text in texts]
        for least in SCORES:
            kinds: Counter[str] = Counter()
            touched = 0
            for spans in said:
                hits = [span[0] for span, score in spans.items() if score >= least]
                kinds.update(hits)
                touched += bool(hits)
            per = [f"{1000 * kinds[kind] / len(texts):.1f}" for kind in KINDS]
            share = f"{100 * touched / len(texts):.1f} %"
            lines.append(f"| {name} | {len(texts)} | {least} | {' | '.join(per)} | {share} |")
    return [*lines, ""]
