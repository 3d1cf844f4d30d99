"""The tests of each cell: of tokens and the key's 32 bytes, log10 of a p-value.

`whole` is one test of the whole text under the one right key. `detect` is what chopmark's own
search says, which also looks at parts of the text and pays for that. KGW has three tests: as
transformers makes it, every pair of tokens counted and a normal tail; with each pair once; and
exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import kgw
import numpy as np
from drawing import Cell, Ids
from model import find_file

from chopmark_watermark import FileTokenizer
from chopmark_watermark._detect import search
from chopmark_watermark._engines import ENGINES
from chopmark_watermark._scan import whole
from chopmark_watermark._scheme import Scheme
from chopmark_watermark._schemes import GREEN, GUMBEL, scheme_of
from chopmark_watermark._scores import Scores
from chopmark_watermark._tails import log10_binomial_tail

VOCABULARY = 49_152
Test = Callable[[Ids, bytes], float]


@lru_cache(maxsize=1)
def tokenizer() -> FileTokenizer:
    return FileTokenizer(find_file())


@lru_cache(maxsize=8)
def scheme_for(cell: Cell) -> Scheme:
    if cell.scheme in ("gumbel", "none"):
        return GUMBEL
    return GREEN if cell.scheme == "green" else scheme_of(cell.scheme, tokenizer(), cell.words)


def scores_of(cell: Cell, ids: Ids, key: bytes) -> Scores:
    """Return the scores of `ids` under the cell's key; an engine's reader gets its own form."""
    scheme = scheme_for(cell)
    return scheme.score(scheme.keys(key)[0], ids, None)


def tests_of(cell: Cell) -> Mapping[str, Test]:
    """Return the tests of a cell by name."""
    if cell.scheme == "kgw":
        return {
            "transformers": lambda ids, key: log10_normal(kgw_z(ids, dedup=False)),
            "z, dedup": lambda ids, key: log10_normal(kgw_z(ids, dedup=True)),
            "exact, dedup": lambda ids, key: kgw_exact(ids),
        }
    scheme = scheme_for(cell)

    def alone(ids: Ids, key: bytes) -> float:
        return whole(scores_of(cell, ids, key), scheme.null)

    def detect(ids: Ids, key: bytes) -> float:
        found = search(ids, [(None, scheme.keys(key)[0])], scheme)
        return min(0.0, found.log10_p + math.log10(found.tests))

    if cell.scheme in ENGINES:
        return {"whole": alone}
    return {"whole": alone, "detect": detect}


def kgw_z(ids: Ids, *, dedup: bool) -> float:
    return kgw.z_score(*kgw.greens(ids, VOCABULARY, dedup=dedup))


def kgw_exact(ids: Ids) -> float:
    green, scored = kgw.greens(ids, VOCABULARY, dedup=True)
    return log10_binomial_tail(scored, green, kgw.SHARE)


def log10_normal(z: float) -> float:
    """Return log10 of the normal tail above z."""
    p = 0.5 * math.erfc(z / math.sqrt(2))
    if p > 1e-300:
        return math.log10(p)
    return -(z * z / 2 + math.log(z * math.sqrt(2 * math.pi))) / math.log(10)


def keys_of(cell: Cell, seed: int, n: int) -> list[bytes]:
    return [cell.key(seed, text) for text in range(n)]


def median(values: object) -> float:
    return round(float(np.median(np.asarray(values, dtype=np.float64))), 3)
