"""Measure the bundled models beside the floor and what else installs offline.

    python -m models.evaluate --data DATA [--json]

Prints tables, and writes each model's figures.json, the tables of its card and its plots.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..train.mix import read
from ..train.rows import Row
from ..train.scores import Calibrated
from . import card, measure, plots, speed
from .judges import Judge, bundled, cascade, floor
from .peers import peers
from .questions import HARMLESS, Question, questions

FOLDER = Path(__file__).parents[1] / "chopmark_models"
MODELS = ("small", "base")


def answered(question: Question, judge: Judge) -> dict[str, Any] | None:
    """Measure a judge on one question."""
    gold = np.array(question.gold)
    scores = judge.said(question.head)[list(question.rows)]
    if np.isnan(scores).any():
        return None
    out: dict[str, Any] = {
        "auc": measure.with_interval(measure.area, gold, scores),
        "ap": measure.with_interval(measure.precision, gold, scores),
    }
    hit = judge.fires("balanced", question.head)[list(question.rows)].astype(int)
    for name, side in (("recall", hit[gold == 1]), ("fired", hit[gold == 0])):
        out[name] = measure.with_interval(measure.share, side, side)
    if question.head != "any":  # the highest score of several heads is no probability
        out["ece"] = measure.calibration_error(gold, scores)
    return out


def fires(rows: Sequence[Row], source: str, judge: Judge) -> dict[str, list[float]]:
    """Measure how often any head fires on a benign set, by preset."""
    places = [n for n, row in enumerate(rows) if row.source == source and row.benign]
    found = {}
    for preset in judge.thresholds:
        hit = judge.fires(preset)[places].astype(int)
        found[preset] = measure.with_interval(measure.share, hit, hit)
    return found


def functional(rows: Sequence[Row], judge: Judge) -> dict[str, dict[str, list[float]]]:
    """Measure the functional suite by what a family tests: caught, and left alone."""
    hit = judge.fires("balanced")
    found: dict[str, dict[str, list[float]]] = {}
    own = [n for n, row in enumerate(rows) if row.source.startswith("suite")]
    for tests in sorted({rows[n].group for n in own}):
        line: dict[str, list[float]] = {}
        for side in ("unsafe", "benign"):
            places = [
                n
                for n in own
                if rows[n].group == tests
                and (rows[n].benign if side == "benign" else 1.0 in rows[n].labels.values())
            ]
            if places:
                right = (~hit if side == "benign" else hit)[places].astype(int)
                line[side] = [len(places), *measure.with_interval(measure.share, right, right)]
        found[tests] = line
    return found


def main(given: Sequence[str] | None = None) -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser("models.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--models", type=Path, default=FOLDER, help="folder of the model folders")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    mix = read(options.data)
    rows = mix.dev
    texts = [row.text for row in rows]
    models = {name: Calibrated(options.models / name) for name in MODELS}
    judges = [bundled(model, name, texts) for name, model in models.items()]
    judges.append(cascade(judges[0], judges[1], models["small"].unsure))
    judges.append(floor(mix.train, mix.calibration, texts))
    judges += peers(texts)
    asked = questions(rows)
    figures: dict[str, Any] = {
        "sha256": {name: card.digest(options.models / name / "model.onnx") for name in MODELS},
        "questions": [
            {
                "set": question.name,
                "head": question.head,
                "rows": len(question.rows),
                "positive": sum(question.gold),
                "judges": {
                    judge.name: found for judge in judges if (found := answered(question, judge))
                },
            }
            for question in asked
        ],
        "harmless": {
            source: {
                "rows": sum(row.source == source and row.benign for row in rows),
                "judges": {judge.name: fires(rows, source, judge) for judge in judges},
            }
            for source in HARMLESS
        },
        "functional": {judge.name: functional(rows, judge) for judge in judges[:3]},
        "speed": {name: speed.speed(options.models / name) for name in MODELS},
    }
    for number, name in enumerate(MODELS):
        folder = options.models / name
        (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        plots.reliability(judges[number], rows, folder / "reliability.svg")
        card.update(folder / "README.md", figures, name)
    print(json.dumps(figures, indent=1) if options.json else card.text(figures))


if __name__ == "__main__":
    main()
