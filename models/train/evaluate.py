"""The exam: print the figures of the bundled model beside the floor's, and write figures.json and
the tables of the model card.

    python -m models.train.evaluate --data DATA
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import authored, card, clauses, corpus, measure, overlap
from .build import FOLDER
from .calibrate import bars, is_benign, sigmoid
from .corpus import Row
from .fit import HEADS
from .floor import Floor
from .runtime import Folder

Floats = NDArray[np.float32]
LABELLED = (
    ("cold", "toxic"),
    ("cold", "hate"),
    ("swsr", "toxic"),
    ("davidson", "toxic"),
    ("davidson", "hate"),
    ("surge", "toxic"),
    ("hatecheck-zh", "hate"),
    ("hatecheck-en", "hate"),
    ("short", "toxic"),
)
HARMLESS = (
    "kdconv",
    "cvalues",
    "self-instruct",
    "short-benign",
    "kdconv-clause",
    "cvalues-clause",
    "self-instruct-clause",
)
Thresholds = dict[str, dict[str, float]]
Found = dict[str, tuple[Floats, Thresholds]]


def labelled(rows: Sequence[Row], source: str, head: str, found: Found) -> dict[str, Any]:
    """Measure one head on one labelled set; "short" is short-benign and short-abuse together."""
    names = {"short-benign", "short-abuse"} if source == "short" else {source}
    places = [
        n for n, row in enumerate(rows) if row.source in names and getattr(row, head) is not None
    ]
    gold = np.array([int(getattr(rows[n], head)) for n in places])
    out: dict[str, Any] = {
        "set": source,
        "head": head,
        "rows": len(gold),
        "positive": int(gold.sum()),
    }
    for name, (scores, limits) in found.items():
        column = scores[places, HEADS.index(head)]
        said = (column >= 0.5).astype(int)
        caught = column[gold == 1] >= limits["balanced"][head]
        out[name] = {
            "auc": measure.with_interval(measure.area, gold, column),
            "accuracy": measure.with_interval(measure.accuracy, gold, said),
            "macro_f1": measure.with_interval(measure.macro_f1, gold, said),
            "recall_balanced": round(float(caught.mean()), 4),
            "ece": measure.calibration_error(gold, column),
        }
    return out


def harmless(rows: Sequence[Row], source: str, found: Found) -> dict[str, Any]:
    """Measure how often either head fires on a benign set."""
    places = [number for number, row in enumerate(rows) if row.source == source]
    out: dict[str, Any] = {"set": source, "rows": len(places)}
    for name, (scores, limits) in found.items():
        rates: dict[str, list[float]] = {}
        for preset, by_head in {"0.5": dict.fromkeys(HEADS, 0.5), **limits}.items():
            bar = np.array([by_head[head] for head in HEADS])
            fired = (scores[places] >= bar).any(axis=1).astype(int)
            rates[preset] = measure.with_interval(measure.share, fired, fired)
        out[name] = rates
    return out


def functions(rows: Sequence[Row], source: str, found: Found) -> dict[str, Any]:
    """Measure HateCheck by functionality: share judged rightly by the hate head at 0.5."""
    names = sorted({row.group for row in rows if row.source == source})
    out: dict[str, Any] = {}
    for group in names:
        places = [n for n, row in enumerate(rows) if row.source == source and row.group == group]
        gold = np.array([int(rows[n].hate or 0) for n in places])
        out[group] = {"rows": len(places)}
        for name, (scores, _) in found.items():
            said = (scores[places, HEADS.index("hate")] >= 0.5).astype(int)
            out[group][name] = measure.with_interval(measure.accuracy, gold, said)
    return out


def latency(folder: Folder, size: int, times: int = 300) -> float:
    """Median milliseconds of one text of so many tokens, one thread, without the tokenizer."""
    feed = {
        "input_ids": np.random.default_rng(1).integers(4, 9000, (1, size)),
        "attention_mask": np.ones((1, size), np.int64),
    }
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        folder.session.run(["logits"], feed)
        spent.append(time.perf_counter() - started)
    return round(1000 * float(np.median(spent)), 3)


def latency_with_tokenizer(folder: Folder, texts: Sequence[str]) -> float:
    """Median milliseconds from a text to its score, one text at a time."""
    spent = []
    for text in texts:
        started = time.perf_counter()
        folder.logits([text])
        spent.append(time.perf_counter() - started)
    return round(1000 * float(np.median(spent)), 3)


def show(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""

    def three(value: list[float]) -> str:
        return f"{value[0]:.3f} [{value[1]:.3f} {value[2]:.3f}]"

    print(
        f"{'set':14}{'head':7}{'rows':>6}  {'AUC':20}{'floor AUC':20}{'macro F1':20}"
        f"{'floor F1':20}{'recall*':>8}{'floor':>7}{'ECE':>7}"
    )
    for line in figures["labelled"]:
        model, floor = line["model"], line["floor"]
        print(
            f"{line['set']:14}{line['head']:7}{line['rows']:6}  {three(model['auc']):20}"
            f"{three(floor['auc']):20}{three(model['macro_f1']):20}{three(floor['macro_f1']):20}"
            f"{model['recall_balanced']:8.3f}{floor['recall_balanced']:7.3f}{model['ece']:7.3f}"
        )
    print("\n* at the balanced threshold\n\nfalse positives, either head")
    for line in figures["harmless"]:
        for name in ("model", "floor"):
            rates = "  ".join(f"{preset} {three(rate)}" for preset, rate in line[name].items())
            print(f"{line['set']:14}{line['rows']:6} {name:6} {rates}")
    for language, groups in figures["hatecheck"].items():
        print(f"\nhatecheck {language}, share judged rightly at 0.5")
        for group, line in groups.items():
            both = f"{three(line['model'])}  floor {three(line['floor'])}"
            print(f"  {group:22}{line['rows']:5} {both}")
    print(f"\nsize {figures['bytes']}\nlatency {figures['latency_ms']}")


def main() -> None:
    """Run the exam."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--model", type=Path, default=FOLDER, help="model folder to examine")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    sets = corpus.read(options.data)
    rows, _ = overlap.without_exam([*sets, *clauses.clauses(sets), *authored.read()])
    train, held, exam = (overlap.into(rows, part) for part in ("train", "calibration", "exam"))
    logging.info("%d training, %d calibration, %d exam rows", len(train), len(held), len(exam))

    guard = json.loads((options.model / "guard.json").read_text("utf-8"))
    folder = Folder(options.model)
    divisors = np.array([guard["temperature"][head] for head in HEADS], np.float32)
    scores = sigmoid(folder.logits([row.text for row in exam]) / divisors)
    floor = Floor(train)
    benign = [row for row in held if is_benign(row)]
    quiet = floor.scores([row.text for row in benign])
    found: Found = {
        "model": (scores, guard["thresholds"]),
        "floor": (floor.scores([row.text for row in exam]), bars(quiet, benign)),
    }
    files = sorted(
        path for path in options.model.iterdir() if path.name not in {"figures.json", "README.md"}
    )
    short = [row.text for row in exam if row.source in {"cold", "davidson"}][:1000]
    figures = {
        "model_sha256": guard["sha256"],
        "labelled": [labelled(exam, source, head, found) for source, head in LABELLED],
        "harmless": [harmless(exam, source, found) for source in HARMLESS],
        "hatecheck": {
            language: functions(exam, f"hatecheck-{language}", found) for language in ("zh", "en")
        },
        "bytes": {path.name: path.stat().st_size for path in files},
        "latency_ms": {
            **{f"{size} tokens": latency(folder, size) for size in (16, 40, 128)},
            "short text with tokenizer": latency_with_tokenizer(folder, short),
        },
    }
    text = json.dumps(figures, indent=1)
    (options.model / "figures.json").write_text(text + "\n", encoding="utf-8")
    if (options.model / "README.md").exists():
        card.update(options.model / "README.md", figures)
    show(figures)


if __name__ == "__main__":
    main()
