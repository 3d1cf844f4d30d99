"""The transformer layer of both models, written in plain matrix products.

That is the form that exports cleanly and that int8 dynamic quantisation makes small and fast.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

SHUT = -1e4  # added to what padding would be paid; a half-precision number holds it


class Attention(nn.Module):
    """Self-attention in `parts` parts over states of `width`."""

    def __init__(self, width: int, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, states: torch.Tensor, shut: torch.Tensor) -> torch.Tensor:
        """Mix the tokens of [batch, tokens, width]; `shut` [batch, 1, 1, tokens] hides padding."""
        batch, tokens, width = states.shape
        part = width // self.parts
        mixed = self.query_key_value(states).view(batch, tokens, 3, self.parts, part)
        query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        paid = query @ key.transpose(2, 3) / math.sqrt(part) + shut
        found = (paid.softmax(-1) @ value).transpose(1, 2).reshape(batch, tokens, width)
        out: torch.Tensor = self.out(found)
        return out


class Layer(nn.Module):
    """One layer, normalised after each of its two parts."""

    def __init__(
        self, width: int, inner: int, parts: int, *, dropout: float = 0.0, epsilon: float = 1e-5
    ) -> None:
        super().__init__()
        self.attention = Attention(width, parts)
        self.norm = nn.LayerNorm(width, epsilon)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.last = nn.LayerNorm(width, epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor, shut: torch.Tensor) -> torch.Tensor:
        """Run the layer."""
        states = self.norm(states + self.dropout(self.attention(states, shut)))
        wide = functional.gelu(self.inner(states))
        out: torch.Tensor = self.last(states + self.dropout(self.outer(wide)))
        return out


def shut(mask: torch.Tensor) -> torch.Tensor:
    """Turn a mask [batch, tokens] into what is added to the attention."""
    return (1 - mask[:, None, None, :].to(torch.float32)) * SHUT


def mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Average states over the tokens that are there."""
    kept = mask.unsqueeze(-1).to(states.dtype)
    return (states * kept).sum(1) / kept.sum(1)


def top(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Take the highest of every state over the tokens that are there.

    A single abusive word must not drown in a long benign text, as it does in the mean.
    """
    return (states + SHUT * (1 - mask.unsqueeze(-1).to(states.dtype))).amax(1)
