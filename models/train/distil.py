"""Teaching the small model: it learns the larger one's states and opinions, and the labels."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from .e5 import Encoder
from .fit import Course, Targets, batches, fit, half_is_faster, masked, targets, tokens
from .heads import HEADS
from .rough import rough
from .rows import Row
from .student import LONGEST, WIDTH, Student

COURSE = Course(name="small", epochs=8, rate=1.2e-3, budget=3072)
# So often other rows are drawn, roughened and judged by the teacher: it takes as long as training.
POOLS = 1
ALIKE = 4.0  # what the likeness of the states counts beside the labels
Floats = NDArray[np.float32]
log = logging.getLogger(__name__)


def compress(table: Floats, width: int) -> torch.Tensor:
    """Project the embedding on its main directions, scaled to what a fresh layer expects."""
    centred = torch.from_numpy(table - table.mean(0))
    _, values = torch.linalg.eigh(centred.T @ centred)
    projected: torch.Tensor = centred @ values[:, -width:]
    return projected / float(projected.std())


@torch.inference_mode()
def opinions(teacher: Encoder, ids: Sequence[list[int]]) -> tuple[Floats, NDArray[np.float16]]:
    """Give the teacher's probabilities and its states of length 1 for texts."""
    teacher.eval()
    half = half_is_faster()
    soft = np.zeros((len(ids), len(HEADS)), np.float32)
    states = np.zeros((len(ids), teacher.head.in_features), np.float16)
    for block, mask, group in batches(ids, 4096):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            seen = teacher.states(block, mask).float()
        soft[group] = torch.sigmoid(teacher.head(seen)).numpy()
        states[group] = functional.normalize(seen, dim=1).numpy()
    return soft, states


def open_student(teacher: Encoder, table: Floats) -> Student:
    """Make a small model that has learned nothing yet but the words of an embedding."""
    model = Student(len(table), len(HEADS), teacher.head.in_features)
    with torch.no_grad():
        model.word.weight.copy_(compress(table, WIDTH) * 0.5)
    return model


def distil(
    model: Student,
    teacher: Encoder,
    tokenizer: Tokenizer,
    pick: Callable[[int], Sequence[Row]],
    *,
    work: Path,
    seed: int,
    seconds: float = math.inf,
    course: Course = COURSE,
) -> None:
    """Train the small model in place; finished epochs are kept in `work`.

    `pick` gives the rows of an epoch, of which as many are drawn as there are pools.
    What an epoch's rows become by roughening, the teacher judges anew: a disguise must not make
    the small model learn an opinion about another text.
    """
    states: NDArray[np.float16] = np.zeros((0, 0), np.float16)

    def epoch_of(epoch: int) -> tuple[list[list[int]], Targets]:
        nonlocal states
        pool = epoch % POOLS
        keep = work / f"opinions-{pool}.npz"
        changed = rough(pick(pool), seed=seed + pool)
        ids = tokens(tokenizer, [row.text for row in changed], LONGEST)
        if keep.exists() and len(np.load(keep)["soft"]) == len(ids):
            found = np.load(keep)
            soft, states = found["soft"], found["states"]
        else:
            log.info("the teacher judges %d texts", len(ids))
            soft, states = opinions(teacher, ids)
            np.savez(keep, soft=soft, states=states)
        return ids, targets(changed, soft)

    def loss_of(
        block: torch.Tensor, mask: torch.Tensor, group: NDArray[np.int64], goal: Targets
    ) -> torch.Tensor:
        seen = model.states(block, mask)
        wanted = torch.from_numpy(states[group].astype(np.float32))
        alike = functional.cosine_similarity(model.likeness(seen).float(), wanted)
        return masked(model.head(seen), goal, group) + ALIKE * (1 - alike).mean()

    fit(
        model,
        epoch_of,
        course=course,
        keep=work / "small.pt",
        seed=seed,
        seconds=seconds,
        half=half_is_faster(),
        loss_of=loss_of,
    )
