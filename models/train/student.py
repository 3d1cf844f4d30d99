"""The shipped network: an embedding, a few dilated convolutions, two ways of pooling, the heads.

A convolution is written as one matrix product over a token and its two neighbours: that is the
form that int8 dynamic quantisation makes small and fast.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

DILATIONS = (1, 2, 4)


class Convolution(nn.Module):
    """A residual layer that sees the token `dilation` to the left and to the right."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.mix = nn.Linear(3 * width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        """Mix every token with its neighbours; padding stays zero."""
        step = self.dilation
        left = functional.pad(states, (0, 0, step, 0))[:, :-step]
        right = functional.pad(states, (0, 0, 0, step))[:, step:]
        mixed = functional.gelu(self.mix(torch.cat([left, states, right], dim=2)))
        normal: torch.Tensor = self.norm(states + self.dropout(mixed))
        return normal * kept


class Student(nn.Module):
    """Scores a batch of token ids: logits, one a head."""

    def __init__(
        self, vocabulary: int, embedding: int, width: int, heads: int, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, embedding)
        self.widen = nn.Linear(embedding, width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Convolution(width, step, dropout) for step in DILATIONS)
        self.hidden = nn.Linear(2 * width, width)
        self.head = nn.Linear(width, heads)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Score a batch."""
        kept = attention_mask.unsqueeze(-1).to(torch.float32)
        states = self.dropout(self.widen(self.word(input_ids))) * kept
        for layer in self.layers:
            states = layer(states, kept)
        mean = states.sum(1) / kept.sum(1)
        # A single abusive word must not drown in a long benign text, hence the maximum as well.
        top = (states - 1e4 * (1 - kept)).amax(1)
        hidden = functional.gelu(self.hidden(torch.cat([mean, top], dim=1)))
        logits: torch.Tensor = self.head(self.dropout(hidden))
        return logits
