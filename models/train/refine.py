"""From the bundled models to better ones, where the corpus has grown: two hours, not five.

    python -m models.train.refine --data DATA --work WORK --new 'quiet_*' 'spam_*' [--mined FILE]

Both networks go on from the weights that ship, one course each, and what n-grams say beside them is
fitted anew. The rows of the corpus' files that `--new` names, and those that `mine` wrote, are in
every epoch, of all others a part, another one each time, so that nothing is forgotten. Every step
keeps what it made in WORK; a run that was stopped goes on from there.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer

from . import calibrate, corpus, restore, student, teacher
from .__main__ import FOLDER, begin, command_line, finish, tell
from .distil import COURSE, distil
from .fit import Course
from .rows import Row
from .wide import SHARES, Joined, fit_wide

BASE = Course(name="refine", epochs=3, rate=8e-5, budget=3072)
SMALL = replace(COURSE, name="refine small", epochs=4, rate=6e-4)
NEW = "new"
# What of the rows that the models know one epoch takes; those that the small one is taught on are
# drawn once.
REST = ("jade", "jade-answer", "surge", "toxigen", "agentdojo", "safetybench")
KNOWN = {**teacher.SHARE_SECOND, **dict.fromkeys(REST, 1.0), "corpus-zh": 0.7, "corpus-en": 0.7}
PARTS = {name: 0.35 * share for name, share in KNOWN.items()}
log = logging.getLogger(__name__)


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_line("models.train.refine", __doc__, ("base", "small"))
    parser.add_argument("--new", nargs="*", default=(), help="patterns of the new files' names")
    parser.add_argument("--models", type=Path, default=FOLDER, help="folder to start from")
    return parser.parse_args(given)


def marked(rows: Sequence[Row], patterns: Sequence[str]) -> list[Row]:
    """Give the rows of the named files a source of their own, of which every epoch has all."""
    new = {
        text
        for family in corpus.families()
        if any(fnmatchcase(family.name.split("/")[0], pattern) for pattern in patterns)
        for text in (*family.unsafe, *family.controversial, *family.benign)
    }
    return [
        replace(row, source=f"corpus-{NEW}")
        if row.source.startswith("corpus") and row.text in new
        else row
        for row in rows
    ]


def main(given: Sequence[str] | None = None) -> None:
    """Run all steps that are not done yet."""
    options = arguments(given)
    started = time.monotonic()
    mix = begin(options)
    mix = replace(mix, train=marked(mix.train, options.new))
    tell(mix)
    tokenizer = Tokenizer.from_file(str(options.models / "base" / "tokenizer.json"))
    base, small = restore.both(options.models)
    teacher.freeze(base)
    wide = fit_wide(mix.train, tokenizer, teacher.LONGEST)
    teacher.teach(
        base,
        tokenizer,
        partial(teacher.sample, mix.train, PARTS),
        course=BASE,
        work=options.work,
        seed=options.seed,
        seconds=options.base_seconds,
    )
    finish(options.out / "base", Joined(base, wide, SHARES["base"]), teacher.LONGEST, tokenizer)
    distil(
        small,
        base,
        tokenizer,
        partial(teacher.sample, mix.train, PARTS),
        work=options.work,
        seed=options.seed,
        seconds=options.small_seconds,
        course=SMALL,
    )
    finish(options.out / "small", Joined(small, wide, SHARES["small"]), student.LONGEST, tokenizer)
    calibrate.calibrate_all(options.out, mix.calibration)
    log.info("refined in %.0f s", time.monotonic() - started)


if __name__ == "__main__":
    main()
