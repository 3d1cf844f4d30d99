"""The larger model: e5 fine-tuned in two courses. Its opinions teach the small one.

The first course is on the sets of other makers, the second on the families written for this
project beside a part of those sets. The embedding and the lowest blocks stay as they are: what
they know of words outside the training texts is what the model generalises by.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from .e5 import Encoder, Weights, encoder
from .fit import Course, Targets, fit, half_is_faster, targets, tokens
from .heads import HEADS
from .rough import rough
from .rows import Row, fraction
from .vocabulary import Cut

LONGEST = 256
# Eight of e5's twelve layers: the time that a request may take allows no more, and the upper ones
# serve the comparison of texts.
DEPTH, FROZEN = 8, 2
FIRST = Course(name="first", epochs=2, rate=8e-5, budget=3072)
SECOND = Course(name="second", epochs=5, rate=6e-5, budget=3072)
# What of the large sets one epoch of a course takes; another part each time.
SHARE_FIRST = {"cold": 0.5, "diasafety": 0.4, "presidio": 0.4, "kdconv": 0.5, "davidson": 0.8}
SHARE_SECOND = {
    "cold": 0.22,
    "swsr": 0.4,
    "davidson": 0.35,
    "diasafety": 0.2,
    "presidio": 0.3,
    "kdconv": 0.3,
    "self-instruct": 0.6,
    "authored": 0.4,
    "kdconv-clause": 0.2,
    "self-instruct-clause": 0.3,
    "presidio-clause": 0.1,
}
log = logging.getLogger(__name__)


def open_teacher(weights: Weights, cut: Cut) -> Encoder:
    """Make the encoder, with what is not trained frozen."""
    return freeze(encoder(weights, cut.rows, len(HEADS), DEPTH))


def freeze(model: Encoder) -> Encoder:
    """Freeze what none of the courses trains."""
    for frozen in (model.norm, *list(model.blocks)[:FROZEN]):
        frozen.requires_grad_(False)
    return model


def teach(
    model: Encoder,
    tokenizer: Tokenizer,
    pick: Callable[[int], Sequence[Row]],
    *,
    course: Course,
    work: Path,
    seed: int,
    seconds: float,
) -> None:
    """Train in place over one course, or take its result from `work`, where it is finished.

    `pick` gives the rows of an epoch.
    """

    def epoch_of(epoch: int) -> tuple[list[list[int]], Targets]:
        part = pick(epoch)
        log.info("%s course, epoch %d: %d rows", course.name, epoch + 1, len(part))
        changed = rough(part, seed=seed + epoch)
        ids = tokens(tokenizer, [row.text for row in changed], LONGEST)
        return ids, targets(changed)

    fit(
        model,
        epoch_of,
        course=course,
        keep=work / f"teacher-{course.name}.pt",
        seed=seed,
        seconds=seconds,
        half=half_is_faster(),
    )


def sample(rows: Sequence[Row], shares: Mapping[str, float], epoch: int) -> list[Row]:
    """Pick the rows of an epoch: all of the rare sets, a part of the large ones."""
    return [row for row in rows if fraction(f"{epoch} {row.text}") < shares.get(row.source, 1.0)]
