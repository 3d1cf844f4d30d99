"""A mark does not change what is written, and is found by who has the key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import MarkError
from chopmark_watermark import GreenDrawer, GumbelDrawer, Sampling
from chopmark_watermark._detect import conclude, search
from chopmark_watermark._green import score_green
from chopmark_watermark._gumbel import score_gumbel
from chopmark_watermark._prf import Prf
from chopmark_watermark._sampling import candidates
from chopmark_watermark._scheme import Scheme
from chopmark_watermark._schemes import GREEN, GUMBEL
from chopmark_watermark._unigram import green_list

from .conftest import Logits, answer

KEY, OTHER = b"0123456789abcdef", b"another key 16 b"


def verdict(ids: list[int], key: bytes, scheme: Scheme, alpha: float = 1e-5) -> str:
    found = search(np.array(ids, dtype=np.uint32), [(None, key)], scheme)
    return conclude(found, scheme, 1, alpha).verdict


def test_a_drawn_answer_is_found_under_its_key_and_under_no_other(logits: Logits) -> None:
    ids = answer(GumbelDrawer(KEY, Sampling()), logits, 150)
    assert verdict(ids, KEY, GUMBEL) == "marked"
    assert verdict(ids, OTHER, GUMBEL) == "no_evidence"


def test_a_greedy_answer_is_found_by_its_green_tokens(logits: Logits) -> None:
    ids = answer(GreenDrawer(KEY), logits, 150)
    assert verdict(ids, KEY, GREEN) == "marked"
    assert verdict(ids, OTHER, GREEN) != "marked"


def test_the_numbers_are_aes_of_a_block_of_context_token_and_scheme() -> None:
    """FIPS-197, appendix C.1, whose plaintext is read as the four numbers of a block."""
    encrypted = bytes.fromhex("69c4e0d86a7b0430d8cdb78070b4c55a")
    token = np.array([0xBBAA9988], dtype=np.uint32)
    drawn = Prf(bytes(range(16)), 0xFFEEDDCC).uniforms(0x33221100, 0x77665544, token)
    assert drawn[0] == ((int.from_bytes(encrypted[:8], "little") >> 11) + 0.5) / 2**53


def test_marks_that_were_made_by_earlier_versions_are_found_by_this_one() -> None:
    """What version 0.1 drew: another number here would lose every mark that is out there."""
    ids = np.arange(7, 19, dtype=np.uint32) ** 3
    drawn = [3.6320425950, 0.1037909251, 0.5708568381]
    assert score_gumbel(KEY, ids).values[:3] == pytest.approx(drawn, abs=1e-9)
    assert list(score_green(KEY, ids).values) == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert list(green_list(KEY, ids).green) == [1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0]


def test_common_tokens_count_half_whatever_the_key() -> None:
    ids = np.array([5, 9, 1000, 6, 2000, 4000], dtype=np.uint32)
    for key in (KEY, OTHER):
        scores = score_gumbel(key, ids)
        assert list(scores.weights) == [1, 0.5, 1, 1]
        assert list(scores.counted / scores.values) == pytest.approx([1, 0.5, 1, 1])


@pytest.mark.parametrize("keys", [3_000, pytest.param(8_000, marks=pytest.mark.deep)])
def test_over_all_keys_each_token_is_drawn_with_its_own_probability(keys: int) -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    rng = np.random.default_rng(1)
    drawn = np.zeros(4)
    for _ in range(keys):
        drawn[GumbelDrawer(rng.bytes(16), Sampling()).draw(logits, [7, 9])] += 1
    expected = np.exp(logits) * keys
    # The 99.99 % point of chi-squared with three degrees of freedom.
    assert ((drawn - expected) ** 2 / expected).sum() < 21.1


def test_the_numbers_of_a_key_are_uniform_and_those_of_tokens_independent() -> None:
    ids = np.random.default_rng(2).integers(0, 50000, 200_000).astype(np.uint32)
    scores = score_gumbel(KEY, ids)
    uniform = np.sort(1 - np.exp(-scores.values))
    distance = np.abs(uniform - np.arange(1, len(uniform) + 1) / len(uniform)).max()
    assert distance < 2.0 / len(uniform) ** 0.5  # Kolmogorov-Smirnov, beyond 99.9 %


def test_a_context_that_comes_again_is_drawn_by_chance_and_not_counted(logits: Logits) -> None:
    drawer = GumbelDrawer(KEY, Sampling())
    followers = {drawer.draw(np.zeros(50), [5, 6]) for _ in range(40)}
    assert len(followers) > 10
    scores = score_gumbel(KEY, np.array([5, 6, 1] * 40, dtype=np.uint32))
    assert len(scores.values) == 3
    assert scores.duplicates == 118 - 3


def test_one_token_repeated_is_never_called_marked() -> None:
    for token in range(50):
        assert verdict([token] * 5000, KEY, GUMBEL) == "inconclusive"
        assert verdict([token] * 5000, KEY, GREEN) == "inconclusive"


def test_prompt_tokens_give_the_first_tokens_of_an_answer_their_context(logits: Logits) -> None:
    ids = np.array(answer(GumbelDrawer(KEY, Sampling()), logits, 20, (3, 4)), dtype=np.uint32)
    assert len(score_gumbel(KEY, ids).values) == 18
    whole = score_gumbel(KEY, ids, np.array([3, 4], dtype=np.uint32))
    assert len(whole.values) == 20
    assert list(whole.places) == list(range(20))


@given(
    st.lists(st.floats(-20, 20) | st.just(float("-inf")), min_size=2, max_size=400),
    st.floats(0.1, 3),
    st.integers(1, 300),
    st.floats(0.05, 1),
)
def test_only_candidates_that_the_sampler_allows_are_drawn(
    values: list[float], temperature: float, top_k: int, top_p: float
) -> None:
    logits = np.array(values)
    sampling = Sampling(temperature, top_k, top_p)
    if not np.isfinite(logits).any():
        with pytest.raises(MarkError, match="no logit is finite"):
            candidates(logits, sampling)
        return
    ids, _ = candidates(logits, sampling)
    assert 1 <= len(ids) <= top_k
    assert np.isfinite(logits[ids]).all()
    assert logits[ids].max() == logits.max()
    assert GumbelDrawer(KEY, sampling).draw(logits, [1, 2]) in ids


@pytest.mark.parametrize("wrong", [{"temperature": 0}, {"top_k": 0}, {"top_p": 0}, {"top_p": 1.5}])
def test_a_sampler_that_leaves_no_choice_is_named(wrong: dict[str, float]) -> None:
    with pytest.raises(MarkError, match=next(iter(wrong))):
        Sampling(**wrong)  # type: ignore[arg-type]
