"""One training loop for the teacher and for the student."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from .heads import HEADS
from .rows import Row

SMOOTHING = 0.04
HINT = 0.15  # what an unknown label counts that is most likely 0
Batch = tuple[torch.Tensor, torch.Tensor, NDArray[np.int64]]
Floats = NDArray[np.float32]
log = logging.getLogger(__name__)
Loss = Callable[[torch.Tensor, torch.Tensor, NDArray[np.int64], "Targets"], torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the rows should score: a target and a weight for each row and head."""

    wanted: Floats
    weight: Floats


def targets(rows: Sequence[Row], soft: Floats | None = None, share: float = 0.6) -> Targets:
    """Turn labels into targets; with a teacher's soft labels, mix `share` of them in.

    What no label says is then learned from the teacher alone.
    """
    known = np.array([[head in row.labels for head in HEADS] for row in rows])
    hard = np.array([[row.labels.get(head, 0.0) for head in HEADS] for row in rows])
    hard = hard * (1 - SMOOTHING) + SMOOTHING / 2
    hints = np.array([[HINT * (head in row.hinted) for head in HEADS] for row in rows])
    weight = np.where(known, 1.0, hints) * np.array([[row.weight] for row in rows])
    if soft is not None:
        hard = np.where(known, share * soft + (1 - share) * hard, soft)
        weight = np.where(known, weight, 0.5)
    return Targets(wanted=hard.astype(np.float32), weight=weight.astype(np.float32))


def tokens(tokenizer: Tokenizer, texts: Sequence[str], limit: int) -> list[list[int]]:
    """Encode texts, cut to `limit` tokens with the sign of the end kept."""
    every = (encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts)))
    return [ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]] for ids in every]


def batches(
    ids: Sequence[list[int]], budget: int, random: np.random.Generator | None = None
) -> Iterator[Batch]:
    """Yield batches of texts of like length, at most `budget` tokens each, padding included."""
    noise = random.random(len(ids)) * 6 if random else np.zeros(len(ids))
    order = np.argsort(np.array([len(one) for one in ids]) + noise, kind="stable")
    groups: list[list[int]] = [[]]
    longest = 0
    for place in order:
        longest = max(longest, len(ids[place]))
        if groups[-1] and longest * (len(groups[-1]) + 1) > budget:
            groups.append([])
            longest = len(ids[place])
        groups[-1].append(int(place))
    if random:
        random.shuffle(groups)
    for group in groups:
        width = max(len(ids[place]) for place in group)
        block = np.full((len(group), width), 1, dtype=np.int64)
        mask = np.zeros((len(group), width), dtype=np.int64)
        for line, place in enumerate(group):
            block[line, : len(ids[place])] = ids[place]
            mask[line, : len(ids[place])] = 1
        yield torch.from_numpy(block), torch.from_numpy(mask), np.array(group)


def half_is_faster(size: int = 512, times: int = 8) -> bool:
    """Say whether this processor multiplies half-precision numbers faster than full ones.

    Measured, since those that cannot do it themselves take a hundred times as long.
    """
    took = []
    for kind in (torch.float32, torch.bfloat16):
        one = torch.ones(size, size, dtype=kind)
        one @ one
        started = time.perf_counter()
        for _ in range(times):
            one @ one
        took.append(time.perf_counter() - started)
    return took[1] < took[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long and how fast a model is trained. `budget` is the tokens in a batch, padding too."""

    name: str
    epochs: int
    rate: float
    budget: int


def fit(
    model: nn.Module,
    epoch_of: Callable[[int], tuple[list[list[int]], Targets]],
    *,
    course: Course,
    keep: Path,
    seed: int,
    half: bool = False,
    seconds: float = math.inf,
    loss_of: Loss | None = None,
) -> None:
    """Train in place. `epoch_of` gives the (perhaps freshly roughened) rows of an epoch, and
    `loss_of` what is to fall: by default the loss over the labels that are known.

    After every epoch the state is kept in `keep`, and a later run goes on from there. The learning
    rate falls with the steps done or, where that is sooner, with the `seconds` used; when they are
    up, training ends.
    """
    loss_of = loss_of or (lambda block, mask, group, goal: masked(model(block, mask), goal, group))
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=course.rate, weight_decay=0.01, fused=True)
    first, before = 0, 0.0
    if keep.exists():
        state = torch.load(keep, weights_only=True)
        model.load_state_dict(state["model"], strict=False)
        if state["epoch"] < course.epochs:
            optimizer.load_state_dict(state["optimizer"])
        first, before = state["epoch"], state["seconds"]
        log.info("%s course: %d epochs were done", course.name, first)
    started = time.monotonic() - before
    model.train()
    for epoch in range(first, course.epochs):
        random = np.random.default_rng(seed + epoch)
        ids, goal = epoch_of(epoch)
        every = list(batches(ids, course.budget, random))
        losses: list[float] = []
        for number, (block, mask, group) in enumerate(
            tqdm(every, desc=f"{course.name} {epoch + 1}", mininterval=10)
        ):
            done = (epoch + number / len(every)) / course.epochs
            used = max(done, (time.monotonic() - started) / seconds)
            if used >= 1:
                break
            warm = min(1.0, (epoch * len(every) + number + 1) / 100)
            for settings in optimizer.param_groups:
                settings["lr"] = course.rate * warm * (1 - used)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = loss_of(block, mask, group, goal)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            losses.append(loss.item())
        if losses:  # none where the seconds were up before
            log.info("epoch %d: loss %.4f over %d steps", epoch + 1, np.mean(losses), len(losses))
        state = {
            # Frozen weights are those of the start.
            "model": {n: w.detach() for n, w in model.named_parameters() if w.requires_grad},
            "optimizer": optimizer.state_dict(),
            "epoch": epoch + 1,
            "seconds": time.monotonic() - started,
        }
        half_written = keep.with_suffix(".part")
        torch.save(state, half_written)
        half_written.replace(keep)
    model.eval()


def masked(logits: torch.Tensor, goal: Targets, group: NDArray[np.int64]) -> torch.Tensor:
    """Give the mean weighted loss over the labels that are known."""
    wanted = torch.from_numpy(goal.wanted[group])
    weight = torch.from_numpy(goal.weight[group])
    each = functional.binary_cross_entropy_with_logits(
        logits.float(), wanted, weight, reduction="sum"
    )
    return each / weight.sum().clamp(min=1)
