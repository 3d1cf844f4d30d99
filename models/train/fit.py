"""One training loop for the teacher and for the student."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from .corpus import Row

HEADS = ("toxic", "hate")
SMOOTHING = 0.05
Batch = tuple[torch.Tensor, torch.Tensor, NDArray[np.int64]]
Floats = NDArray[np.float32]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the rows should score: a target and a weight for each row and head."""

    wanted: Floats
    weight: Floats


def targets(rows: Sequence[Row], soft: Floats | None = None) -> Targets:
    """Turn labels into targets; with a teacher's soft labels, mix them in."""
    labels = [[row.toxic, row.hate] for row in rows]
    known = np.array([[label is not None for label in pair] for pair in labels])
    hard = np.array([[0.0 if label is None else label for label in pair] for pair in labels])
    hard = hard * (1 - SMOOTHING) + SMOOTHING / 2
    weight = np.array([[row.weight] * len(HEADS) for row in rows]) * known
    if soft is not None:
        # Rows written for this project have no doubtful labels, so the teacher counts for less.
        share = np.array([[0.2 if row.source == "authored" else 0.6] for row in rows])
        taught = ~np.isnan(soft)
        soft = np.where(taught, soft, hard)
        hard = np.where(known, share * soft + (1 - share) * hard, soft)
        weight = np.where(~known & taught, 0.3, weight)
    return Targets(wanted=hard.astype(np.float32), weight=weight.astype(np.float32))


def tokens(tokenizer: Tokenizer, texts: Sequence[str], limit: int) -> list[list[int]]:
    """Encode texts, cut to the first `limit` tokens."""
    return [encoding.ids[:limit] for encoding in tokenizer.encode_batch_fast(list(texts))]


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


def fit(
    model: nn.Module,
    epoch_of: Callable[[int], tuple[list[list[int]], Targets]],
    *,
    epochs: int,
    rate: float,
    budget: int,
    seed: int,
    half: bool = False,
    seconds: float = math.inf,
) -> None:
    """Train in place. `epoch_of` gives the (perhaps freshly roughened) rows of an epoch.

    With `seconds`, the learning rate falls with the time used and training ends when it is up.
    """
    random = np.random.default_rng(seed)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.01, fused=True)
    started, done = time.monotonic(), 0
    model.train()
    for epoch in range(epochs):
        ids, goal = epoch_of(epoch)
        every = list(batches(ids, budget, random))
        total = epochs * len(every)
        losses: list[float] = []
        for block, mask, group in tqdm(every, desc=f"epoch {epoch + 1}", mininterval=10):
            used = max(done / total, (time.monotonic() - started) / seconds)
            if used >= 1:
                break
            warm = min(1.0, (done + 1) / (0.05 * total))
            for settings in optimizer.param_groups:
                settings["lr"] = rate * warm * (1 - used)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits = model(block, mask)
            loss = masked(logits.float(), goal, group)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            losses.append(loss.item())
            done += 1
        log.info("epoch %d: loss %.4f over %d steps", epoch + 1, np.mean(losses), len(losses))
    model.eval()


def masked(logits: torch.Tensor, goal: Targets, group: NDArray[np.int64]) -> torch.Tensor:
    """Give the mean weighted loss over the labels that are known."""
    wanted = torch.from_numpy(goal.wanted[group])
    weight = torch.from_numpy(goal.weight[group])
    each = functional.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum")
    return each / weight.sum().clamp(min=1)


@torch.inference_mode()
def score(model: nn.Module, ids: Sequence[list[int]], *, half: bool = False) -> Floats:
    """Give the probabilities of all rows."""
    found = np.zeros((len(ids), len(HEADS)), dtype=np.float32)
    for block, mask, group in tqdm(list(batches(ids, 4096)), desc="score", mininterval=10):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = model(block, mask)
        found[group] = torch.sigmoid(logits.float()).numpy()
    return found
