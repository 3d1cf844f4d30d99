"""The marks of vLLM, SGLang and SynthID-Text are read bit for bit as their own code reads them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import MarkError
from chopmark_watermark import FileTokenizer, Ring, Watermark
from chopmark_watermark._detect import conclude, search
from chopmark_watermark._engines import ENGINES
from chopmark_watermark._engines._philox import philox
from chopmark_watermark._engines._sglang import (
    hash_contexts,
    hash_tokens,
    score_sglang,
    score_sglang_dual,
)
from chopmark_watermark._engines._synthid import score_synthid
from chopmark_watermark._engines._vllm import (
    dual_keys,
    sbw_green,
    sbw_seeds,
    score_vllm_gumbel,
    score_vllm_synthid,
    vllm_words,
)
from chopmark_watermark._schemes import scheme_of
from chopmark_watermark._tails import log10_gamma_tail

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "watermark_engines.json").read_text("utf-8")
)
IDS = np.array(VECTORS["ids"], dtype=np.uint32)


def first_rows(rows: list[Any], width: int) -> list[Any]:
    """Return the rows of contexts that are met for the first time, of one row a token."""
    seen: set[tuple[int, ...]] = set()
    kept = []
    for row, at in zip(rows, range(width, len(IDS)), strict=True):
        context = tuple(IDS[at - width : at].tolist())
        if context not in seen:
            kept.append(row)
        seen.add(context)
    return kept


@pytest.mark.parametrize("vector", VECTORS["philox"])
def test_philox_gives_the_known_answers(vector: dict[str, list[str]]) -> None:
    counter, key = (
        tuple(np.array([int(word, 16)], dtype=np.uint64) for word in vector[name])
        for name in ("counter", "key")
    )
    assert [f"{int(word[0]):08x}" for word in philox(counter, key)] == vector["out"]  # type: ignore[arg-type]


@pytest.mark.parametrize("vector", VECTORS["vllm_gumbel"])
def test_scores_of_vllm_s_gumbel_mark_are_its_own(vector: dict[str, Any]) -> None:
    found = score_vllm_gumbel(int(vector["key"], 16), IDS, width=vector["width"])
    assert found.values == pytest.approx(vector["scores"], abs=1e-11)


def test_the_words_behind_vllm_s_marks_are_its_own() -> None:
    vector = VECTORS["vllm_words"]
    key, width = int(vector["key"], 16), vector["width"]
    contexts = np.lib.stride_tricks.sliding_window_view(IDS, width)[:-1]
    rows = [f"{int(word):08x}" for word in vllm_words(key, contexts, IDS[width:])]
    assert first_rows(rows, width) == vector["words"]
    ones = score_vllm_synthid(key, IDS, width=width, depth=30).values
    assert list(ones) == [(int(word, 16) & (2**30 - 1)).bit_count() for word in vector["words"]]


@pytest.mark.parametrize("vector", VECTORS["vllm_dual"])
def test_both_keys_of_a_dual_mark_are_derived_as_vllm_does(vector: dict[str, str]) -> None:
    keys = dual_keys(int(vector["key"], 16))
    assert [f"{key:016x}" for key in keys] == [vector["a"], vector["b"]]


@pytest.mark.parametrize("vector", VECTORS["vllm_sbw"])
def test_green_tokens_of_sbw_are_its_own(vector: dict[str, Any]) -> None:
    width = vector["width"]
    contexts = np.lib.stride_tricks.sliding_window_view(IDS, width)[:-1]
    seeds = sbw_seeds(int(vector["key"], 16), contexts, IDS[width:])
    green = sbw_green(seeds, IDS[width:], vector["gamma"])
    assert list(green) == vector["green"]


@pytest.mark.parametrize("vector", VECTORS["sglang_context"])
def test_hashes_of_contexts_are_sglang_s(vector: dict[str, Any]) -> None:
    found = hash_contexts(np.array([vector["ids"]], dtype=np.uint32))
    assert f"{int(found[0]):08x}" == vector["hash"]


@pytest.mark.parametrize("vector", VECTORS["sglang_token"])
def test_hashes_of_tokens_are_sglang_s(vector: dict[str, Any]) -> None:
    context = hash_contexts(np.array([[1, 2, 3, 4]], dtype=np.uint32))
    tokens = np.array([vector["token"]], dtype=np.uint32)
    found = hash_tokens(0x0123456789ABCDEF, context, tokens)
    assert f"{int(found[0]):08x}" == vector["hash"]


@pytest.mark.parametrize("vector", VECTORS["sglang"])
def test_scores_of_sglang_s_marks_are_its_own(vector: dict[str, Any]) -> None:
    key, width = int(vector["key"], 16), vector["width"]
    prompt = np.array(vector["prompt"], dtype=np.uint32) if vector["prompt"] else None
    if vector["key_b"] is None:
        found = score_sglang(key, IDS, prompt, width)
    else:
        keys = (key, int(vector["key_b"], 16))
        found = score_sglang_dual(keys, IDS, prompt, width, vector["mixing"])
    assert len(found.values) == vector["contexts"]
    assert found.duplicates == vector["repeated"]
    assert found.values.sum() == pytest.approx(vector["score"], abs=1e-9)
    tail = log10_gamma_tail(len(found.values), float(found.values.sum()))
    assert tail * math.log(10) == pytest.approx(vector["log_p"], abs=1e-9)


@pytest.mark.parametrize("vector", VECTORS["synthid"])
def test_bits_of_synthid_are_its_own(vector: dict[str, Any]) -> None:
    found = score_synthid(vector["keys"], IDS, None, vector["ngram"], table_seed=vector["seed"])
    assert list(found.values) == vector["ones"]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=12), st.integers(0, 2**63 - 1))
def test_no_text_is_too_short_to_be_scored(ids: list[int], key: int) -> None:
    tokens = np.array(ids, dtype=np.uint32)
    for found in (
        score_vllm_gumbel(key, tokens),
        score_vllm_synthid(key, tokens),
        score_sglang(key, tokens),
        score_sglang_dual((key, 1), tokens),
        score_synthid([key], tokens),
    ):
        assert len(found.values) == len(found.places) <= max(0, len(ids) - 4)
        assert np.isfinite(found.values).all()


MANY = pytest.param(1_500, 31, marks=pytest.mark.deep)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("texts", "most"), [(200, 9), MANY])
def test_a_search_for_an_engine_s_mark_errs_as_seldom_as_it_says(
    name: str, texts: int, most: int
) -> None:
    """Zipf's words, a key each: beyond `most` false alarms at 1 % is a chance of 1 in 10,000."""
    scheme = scheme_of(name, None)  # type: ignore[arg-type]  # no engine looks at the tokenizer
    rng = np.random.default_rng(5)
    called = 0
    for _ in range(texts):
        ids = (rng.zipf(1.15, 300) % 49152).astype(np.uint32)
        keys = [(None, key) for key in scheme.keys(rng.bytes(32))]
        found = conclude(search(ids, keys, scheme), scheme, len(keys), 1e-2)
        called += found.verdict == "marked"
    assert called <= most


@pytest.mark.parametrize("name", ENGINES)
def test_the_server_is_told_the_key_that_is_looked_for(
    ring: Ring, tokenizer: FileTokenizer, name: str
) -> None:
    mark = Watermark(ring=ring, tokenizer=tokenizer, scheme=name, clock=lambda: "2026-10")
    told = json.loads(json.dumps(dict(mark.config("acme"))))
    _, derived = ring.marking(name, "acme", tokenizer.digest, "2026-10")
    engine = ENGINES[name]
    assert told == json.loads(json.dumps(dict(engine.config(engine.secret(derived)))))
    assert told != dict(mark.config("other"))
    with pytest.raises(MarkError, match="config"):
        mark.drawer()
