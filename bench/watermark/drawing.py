"""How the tokens of each cell are drawn: our schemes by their own drawers, others by contract.

Where our drawers sample plainly, a context that came before, they ask the system for chance; here
that is seeded too, so that a run can be repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import kgw
import numpy as np
import numpy.typing as npt

from chopmark_watermark import GreenDrawer, GumbelDrawer, Sampling
from chopmark_watermark._engines import _synthid, _vllm
from chopmark_watermark._engines._registry import _many_numbers
from chopmark_watermark._sampling import MOST, candidates
from chopmark_watermark._unigram import green_list

Logits = npt.NDArray[np.floating]
Ids = npt.NDArray[np.uint32]


class Draws(Protocol):
    """Draws the tokens of one answer; `answer` are those before, without the prompt."""

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int: ...


@dataclass(frozen=True, slots=True)
class Cell:
    """What is generated: a scheme at a temperature, 0 for greedy. `texts` are wanted."""

    scheme: str
    temperature: float
    texts: int = field(default=200, compare=False)
    words: int = 0

    @property
    def name(self) -> str:
        return f"{self.scheme}{self.words or ''}-{self.temperature:g}"

    @property
    def sampling(self) -> Sampling:
        return Sampling(self.temperature)

    def key(self, seed: int, text: int) -> bytes:
        """Return the 32 bytes of which the mark's key is made: another one for each text."""
        return hashlib.sha256(f"bench|{seed}|{self.name}|{text}".encode()).digest()

    def drawer(self, seed: int, text: int, words: Ids) -> Draws:
        """Return what draws text `text`; `words` are the content words of the tokenizer."""
        key, chance = self.key(seed, text), np.random.default_rng([seed, text])
        if self.scheme == "green":
            return Ours(GreenDrawer(key[:16]))
        if self.scheme == "gumbel":
            drawer = GumbelDrawer(key[:16], self.sampling)
            drawer._chance = chance
            return Ours(drawer)
        if self.scheme == "unigram":
            bias = green_list(key[:16], words[: self.words]).to_logit_bias()
            return Biased(self.sampling, chance, bias)
        if self.scheme == "none":
            return Plain(self.sampling, chance) if self.temperature else Greedy()
        return {"kgw": Kgw, "synthid": SynthId, "vllm-gumbel": VllmGumbel, "vllm-sbw": VllmSbw}[
            self.scheme
        ](self.sampling, chance, key)


CELLS = (
    Cell("none", 1.0), Cell("none", 0.7), Cell("none", 0.3),
    Cell("gumbel", 1.0), Cell("gumbel", 0.7), Cell("gumbel", 0.3),
    Cell("green", 0.0), Cell("none", 0.0),
    Cell("unigram", 0.7, words=300), Cell("unigram", 0.7, words=1000),
    Cell("kgw", 1.0, 100), Cell("kgw", 0.7, 100), Cell("kgw", 0.3, 50),
    Cell("synthid", 1.0, 100), Cell("synthid", 0.7, 100), Cell("synthid", 0.3, 50),
    Cell("unigram", 1.0, 50, words=300), Cell("unigram", 1.0, 50, words=1000),
    Cell("vllm-gumbel", 1.0, 50), Cell("vllm-gumbel", 0.7, 50), Cell("vllm-gumbel", 0.3, 50),
    Cell("vllm-sbw", 1.0, 50), Cell("vllm-sbw", 0.7, 50),
)  # fmt: skip


class Ours:
    """A drawer of the plugin."""

    def __init__(self, drawer: Any) -> None:
        self._drawer = drawer

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        return int(self._drawer.draw(logits, [*prompt[-4:], *answer[-4:]]))


class Greedy:
    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        return int(np.argmax(logits))


class Plain:
    """Sampling without a mark; the noise is drawn instead of keyed."""

    def __init__(self, sampling: Sampling, chance: np.random.Generator, key: Any = None) -> None:
        self.sampling, self.chance, self.key = sampling, chance, key
        self.prepare()

    def prepare(self) -> None:
        """Take out of the key what is needed."""

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        ids, logp = candidates(logits, self.sampling)
        return self.one_of(ids, self.steer(ids, logp, answer))

    def steer(self, ids: Ids, logp: npt.NDArray[np.float64], answer: Sequence[int]) -> Any:
        return logp

    def one_of(self, ids: Ids, logp: npt.NDArray[np.float64]) -> int:
        uniform = np.maximum(self.chance.random(len(ids)), 2.0**-54)
        return int(ids[np.argmax(logp - np.log(-np.log(uniform)))])


class Biased(Plain):
    """Sampling by a server that adds a bias to the logits before the temperature."""

    def prepare(self) -> None:
        self.tokens = np.array([int(token) for token in self.key])
        self.bias = np.array(list(self.key.values()), dtype=np.float64)

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        biased = logits.copy()
        biased[self.tokens] += self.bias
        return super().draw(biased, prompt, answer)


class Kgw(Plain):
    """transformers adds its bias behind the temperature. One public key, as is its default."""

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        ids, logp = candidates(logits, self.sampling)
        green = kgw.green_of(int([*prompt[-1:], *answer][-1]), len(logits))
        return self.one_of(ids, logp + kgw.BIAS * green[ids])


class SynthId(Plain):
    """The tournament of 30 layers in its form without distortion: two leaves."""

    def prepare(self) -> None:
        self.keys = _many_numbers(self.key)
        self.table = _synthid._table(_synthid.TABLE_SIZE, _synthid.TABLE_SEED)
        self.seen: set[tuple[int, ...]] = set()

    def steer(self, ids: Ids, logp: npt.NDArray[np.float64], answer: Sequence[int]) -> Any:
        context = tuple(answer[-4:])
        if len(context) < _synthid.NGRAM - 1 or context in self.seen:
            return logp
        self.seen.add(context)
        hashed = np.uint64(1)
        for token in context:
            hashed = _synthid._step(np.array([hashed]), np.uint64(token))[0]
        each = _synthid._step(np.full(len(ids), hashed), ids.astype(np.uint64))
        share = np.exp(logp - logp.max())
        share /= share.sum()
        for key in self.keys:
            at = _synthid._step(each, np.uint64(key)).astype(np.int64) % _synthid.TABLE_SIZE
            bit = self.table[at]
            share = share * (1 + bit - (bit * share).sum())
        return np.log(np.maximum(share, 1e-300))


class VllmGumbel(Plain):
    """Keyed noise after four tokens of the answer; a context that comes again is drawn plainly."""

    def prepare(self) -> None:
        self.number = int.from_bytes(self.key[:8], "big")
        self.seen: set[tuple[int, ...]] = set()

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        ids, logp = candidates(logits, self.sampling)
        context = tuple(answer[-_vllm.WIDTH :])
        if len(context) < _vllm.WIDTH or context in self.seen:
            return self.one_of(ids, logp)
        self.seen.add(context)
        rows = np.tile(np.array(context, dtype=np.uint32), (len(ids), 1))
        drawn = _vllm.vllm_words(self.number, rows, ids) >> np.uint64(8)
        uniform = (drawn.astype(np.float64) + 1) / (2**24 + 1)
        return int(ids[np.argmax(logp - np.log(-np.log(uniform)))])


class VllmSbw(Plain):
    """`selfhash`: each candidate is green by itself and the tokens before it; bias 2."""

    def prepare(self) -> None:
        self.number = int.from_bytes(self.key[:8], "big") >> 1

    def draw(self, logits: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        if len(answer) >= _vllm.WIDTH:
            ids = candidates(logits, Sampling(1.0, MOST))[0]
            rows = np.tile(np.array(answer[-_vllm.WIDTH :], dtype=np.uint32), (len(ids), 1))
            seeds = _vllm.sbw_seeds(self.number, rows, ids)
            logits = logits.copy()
            logits[ids] += 2.0 * _vllm.sbw_green(seeds, ids, _vllm.GAMMA)
        return super().draw(logits, prompt, answer)
