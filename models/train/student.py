"""The small model: a short transformer that imitates the larger one, its states too."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import Layer, mean, shut, top

WIDTH, INNER, LAYERS, PARTS, LONGEST = 256, 768, 3, 4, 128


class Student(nn.Module):
    """Scores a batch of token ids: logits, one a head."""

    def __init__(self, vocabulary: int, heads: int, taught: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, WIDTH)
        self.position = nn.Parameter(0.02 * torch.randn(LONGEST, WIDTH))
        self.norm = nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(dropout)
        layers = (Layer(WIDTH, INNER, PARTS, dropout=dropout) for _ in range(LAYERS))
        self.blocks = nn.ModuleList(layers)
        self.hidden = nn.Linear(2 * WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, heads)
        self.likeness = nn.Linear(WIDTH, taught)  # for training alone

    def states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Give the pooled state of every text, [batch, width]."""
        states = self.norm(self.word(ids) + self.position[: ids.shape[1]])
        states = self.dropout(states)
        hidden = shut(mask)
        for layer in self.blocks:
            states = layer(states, hidden)
        pooled = torch.cat([mean(states, mask), top(states, mask)], dim=1)
        return functional.gelu(self.hidden(pooled))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Score a batch."""
        logits: torch.Tensor = self.head(self.states(input_ids, attention_mask))
        return logits
