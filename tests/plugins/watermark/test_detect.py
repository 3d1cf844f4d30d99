"""A search says what it found, how sure that is, and never that a person wrote a text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import MarkError
from chopmark_watermark import Detection, FileTokenizer, GumbelDrawer, Ring, Sampling, detect

from .conftest import WORDS, Logits, answer


def write(ring: Ring, tokenizer: FileTokenizer, logits: Logits, n: int, tenant: str = "") -> str:
    _, key = ring.marking("gumbel", tenant, tokenizer.digest, "2026-10")
    return " ".join(f"w{n}" for n in answer(GumbelDrawer(key[:16], Sampling()), logits, n))


def by_chance(n: int, seed: int = 3) -> str:
    return " ".join(f"w{word}" for word in np.random.default_rng(seed).integers(0, WORDS, n))


def test_a_marked_text_is_found_with_its_key(
    ring: Ring, tokenizer: FileTokenizer, logits: Logits
) -> None:
    found = detect(write(ring, tokenizer, logits, 120), ring, tokenizer)
    assert found.verdict == "marked"
    assert found.key is not None
    assert found.key.master == ring.active.id
    assert found.key.epoch == "2026-10"
    assert found.spans[0].start < 30


def test_the_tenant_is_named_among_many(
    ring: Ring, tokenizer: FileTokenizer, logits: Logits
) -> None:
    text = write(ring, tokenizer, logits, 120, "tenant 37")
    found = detect(text, ring, tokenizer, tenants=[f"tenant {n}" for n in range(200)])
    assert found.verdict == "marked"
    assert found.key is not None
    assert found.key.tenant == "tenant 37"
    assert found.log10_p_adjusted > found.log10_p + 2  # 200 tenants were paid for


def test_a_marked_part_of_a_long_text_is_found_in_its_place(
    ring: Ring, tokenizer: FileTokenizer, logits: Logits
) -> None:
    part = write(ring, tokenizer, logits, 80)
    text = f"{by_chance(2000)} {part} {by_chance(2000, 4)}"
    found = detect(text, ring, tokenizer)
    assert found.verdict == "marked"
    (span,) = found.spans
    begins = text.index(part)
    both = min(span.end, begins + len(part)) - max(span.start, begins)
    either = max(span.end, begins + len(part)) - min(span.start, begins)
    assert both / either > 0.8


def test_a_short_text_is_inconclusive_and_says_what_would_be_enough(
    ring: Ring, tokenizer: FileTokenizer
) -> None:
    found = detect(by_chance(10), ring, tokenizer)
    assert found.verdict == "inconclusive"
    assert found.enough[1.6] > 10
    assert "8 tokens can be tested" in found.notes[0]


@pytest.mark.parametrize("text", ["", " ", "\ud800", "w1", "\0" * 50])
def test_a_text_that_says_nothing_is_inconclusive(
    ring: Ring, tokenizer: FileTokenizer, text: str
) -> None:
    assert detect(text, ring, tokenizer).verdict == "inconclusive"


@settings(max_examples=scaled(30))
@given(st.text(max_size=400))
def test_no_text_of_others_is_called_marked(
    ring: Ring, tokenizer: FileTokenizer, text: str
) -> None:
    assert detect(text, ring, tokenizer, alpha=1e-9).verdict != "marked"


def test_a_detection_is_neither_true_nor_false(ring: Ring, tokenizer: FileTokenizer) -> None:
    with pytest.raises(TypeError, match="verdict"):
        bool(detect(by_chance(300), ring, tokenizer))


def test_the_public_is_told_a_verdict_and_a_band_alone(
    ring: Ring, tokenizer: FileTokenizer, logits: Logits
) -> None:
    found = detect(write(ring, tokenizer, logits, 120), ring, tokenizer)
    assert found.to_public() == {"verdict": "marked", "band": "very strong"}


def test_no_key_to_look_for_is_an_error_not_a_verdict(ring: Ring, tokenizer: FileTokenizer) -> None:
    revoked = ring.revoke(ring.active.id, "2026-11")
    with pytest.raises(MarkError, match="no key to look for"):
        detect("w1 w2", revoked, tokenizer)


@pytest.mark.parametrize(
    ("texts", "most"), [(1_000, 20), pytest.param(10_000, 130, marks=pytest.mark.deep)]
)
def test_unmarked_texts_are_called_marked_as_seldom_as_the_level_says(
    texts: int, most: int
) -> None:
    """Zipf's words, a key each: beyond `most` false alarms at 1 % is a chance of 1 in 500 or less.

    Of the longer run it is 1.3 times the level, by a one-sided bound.
    """
    from chopmark_watermark._detect import conclude, search
    from chopmark_watermark._schemes import GUMBEL

    rng = np.random.default_rng(11)
    called = 0
    for _ in range(texts):
        ids = (rng.zipf(1.2, 120) % WORDS).astype(np.uint32)
        finding = search(ids, [(None, rng.bytes(16))], GUMBEL)
        called += conclude(finding, GUMBEL, 1, 1e-2).verdict == "marked"
    assert called <= most


def test_a_detection_can_be_told_to_machines(ring: Ring, tokenizer: FileTokenizer) -> None:
    found = detect(by_chance(300), ring, tokenizer)
    assert isinstance(found, Detection)
    told = found.to_dict()
    assert told["verdict"] == "no_evidence"
    assert told["key"] is None
