"""The wide part of both models: what pairs and triples of tokens say, beside what a network reads.

A logistic regression over hashed n-grams of the same tokens (Cheng et al., Wide & Deep Learning,
2016). It knows less than the network, but it errs elsewhere, so that a weighted mean of the two is
better than each, and it costs one look-up a token. Both are one graph: who loads the model folder
sees logits as before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from tokenizers import Tokenizer
from torch import nn

from .fit import tokens
from .heads import HEADS
from .linear import regressions
from .rows import Row

BUCKETS = 2**18
# Odd numbers that spread pairs and triples of ids over the buckets.
FACTORS = (998_244_353, 1_000_003, 7_919)
# What the regression says counts so much of the whole. Of groups, those who hate and those who
# oppose them say the same words, which only the order of a sentence tells apart.
SHARES = {"base": 0.4, "small": 0.5}
DEEP_ALONE = ("hate",)
# A sign again and again is the same n-gram again and again: no text says more than this.
LOUDEST = 8.0
# No n-gram weighs more: int8 has one scale for all of them, and most are small.
HEAVIEST = 6.0
STRENGTH = 12.0  # the inverse of the regularisation
log = logging.getLogger(__name__)


def grams(ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the buckets of the tokens, pairs and triples of [batch, tokens], and which are there.

    Padding stands behind a text.
    """
    first, middle, last = (ids * factor for factor in FACTORS)
    two = middle[:, :-1] + last[:, 1:] + 1
    three = first[:, :-2] + middle[:, 1:-1] + last[:, 2:] + 2
    found = torch.cat([ids, two, three], dim=1) % BUCKETS
    return found, torch.cat([mask, mask[:, 1:], mask[:, 2:]], dim=1)


class Wide(nn.Module):
    """Scores a batch of token ids: the sum of the weights over the root of the n-grams' number."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.table = nn.Embedding(BUCKETS, heads)
        self.bias = nn.Parameter(torch.zeros(heads))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score a batch: logits, one a head."""
        found, there = grams(ids, mask)
        kept = there.to(torch.float32)
        summed = (kept.unsqueeze(1) @ self.table(found)).squeeze(1)
        logits = summed / kept.sum(1, keepdim=True).sqrt() + self.bias
        return logits.clamp(-LOUDEST, LOUDEST)


class Joined(nn.Module):
    """A network and the wide part: the weighted mean of their logits, which is what ships."""

    def __init__(self, deep: nn.Module, wide: Wide, share: float) -> None:
        super().__init__()
        self.deep, self.wide = deep, wide
        shares = [0.0 if head in DEEP_ALONE else share for head in HEADS]
        self.share = nn.Parameter(torch.tensor(shares))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Score a batch: logits, one a head."""
        deep = self.deep(input_ids, attention_mask)
        logits: torch.Tensor = deep + self.share * (self.wide(input_ids, attention_mask) - deep)
        return logits


def features(ids: Sequence[Sequence[int]]) -> sparse.csr_matrix:
    """Give the features of texts as `Wide` sees them, [texts, BUCKETS]."""
    lines = (torch.tensor([one]) for one in ids)
    found = [grams(line, torch.ones_like(line))[0][0].numpy() for line in lines]
    ends = np.cumsum([0, *(len(one) for one in found)])
    marks = np.concatenate([np.full(len(one), len(one) ** -0.5, np.float32) for one in found])
    matrix = sparse.csr_matrix((marks, np.concatenate(found), ends), shape=(len(ids), BUCKETS))
    matrix.sum_duplicates()
    return matrix


def fit_wide(rows: Sequence[Row], tokenizer: Tokenizer, longest: int) -> Wide:
    """Fit the regression to labelled rows, of which the first `longest` tokens count."""
    wide = Wide(len(HEADS))
    seen = features(tokens(tokenizer, [row.text for row in rows], longest))
    with torch.no_grad():
        for number, model in enumerate(regressions(seen, rows, STRENGTH)):
            weights = np.clip(model.coef_[0], -HEAVIEST, HEAVIEST).astype(np.float32)
            wide.table.weight[:, number] = torch.from_numpy(weights)
            wide.bias[number] = float(model.intercept_[0])
            log.info("n-grams for %s are fitted", HEADS[number])
    return wide
