"""Sets of harmless texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..rows import BENIGN, Row, split


def kdconv(data: Path) -> Iterator[Row]:
    """Chinese dialogue; half of it is kept to measure on."""
    for text in (data / "kdconv-half-zh" / "utterances.txt").read_text("utf-8").split("\n"):
        part = split(text, dev=0.4, calibration=0.2)
        yield Row(text=text, labels=BENIGN, source="kdconv", part=part, weight=0.5)


def instructions(data: Path) -> Iterator[Row]:
    """English instructions; a third is kept to measure on."""
    folder = data / "self-instruct-benign-en"
    for name, field in (
        ("p3_t0_prompts_sample", "prompt"),
        ("seed_tasks", "instruction"),
    ):
        for line in (folder / f"{name}.jsonl").read_text("utf-8").split("\n"):
            if not line:
                continue
            text = json.loads(line)[field][:1500]
            part = split(text, dev=0.3, calibration=0.15)
            # Some P3 prompts quote reviews or comments with abuse in them, hence the low weight.
            # Long ones count for more: a text is judged by its worst window.
            weight = (1.5 if len(text) > 500 else 0.6) if field == "prompt" else 2.0
            yield Row(
                text=text,
                labels=BENIGN,
                source="self-instruct",
                part=part,
                weight=weight,
                group=name,
            )


def presidio(data: Path) -> Iterator[Row]:
    """English sentences full of names and addresses."""
    path = data / "presidio-research-en" / "synth_dataset_v2.json"
    for line in json.loads(path.read_text(encoding="utf-8")):
        yield Row(text=line["full_text"], labels=BENIGN, source="presidio", weight=0.5)


def cvalues(data: Path) -> Iterator[Row]:
    """Sensitive but legitimate Chinese questions: to measure on only."""
    for text in (data / "cvalues-half-zh" / "prompts.txt").read_text("utf-8").split("\n"):
        yield Row(text=text, labels=BENIGN, source="cvalues", part="dev")


READERS = (kdconv, instructions, presidio, cvalues)
