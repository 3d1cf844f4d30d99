"""A server that takes a `logit_bias` and nothing else can be made to leave a mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from chopmark import MarkError
from chopmark_watermark import FileTokenizer, Ring, Watermark
from chopmark_watermark._unigram import content_words, green_list

from .conftest import Logits


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FileTokenizer:
    """A tokenizer of the listed words, each with the space before it, and others beside them."""
    import chopmark_watermark

    listed = (Path(chopmark_watermark.__file__).parent / "words.txt").read_text("utf-8").split()
    names = [f" {word}" for word in listed if word.isascii()] + [f" x{n}" for n in range(400)]
    whole = Tokenizer(WordLevel({name: n for n, name in enumerate(names)}, unk_token=" x0"))
    whole.pre_tokenizer = Split(" ", "merged_with_next")
    path = tmp_path_factory.mktemp("reader") / "tokenizer.json"
    whole.save(str(path))
    return FileTokenizer(path)


def sampled(bias: dict[str, int], n: int, vocabulary: int) -> list[int]:
    """Draw `n` tokens of a flat model, as a server does that adds `bias` to its logits."""
    rng = np.random.default_rng(5)
    logits = np.zeros(vocabulary)
    for token, value in bias.items():
        logits[int(token)] += value
    return list(rng.choice(vocabulary, size=n, p=np.exp(logits) / np.exp(logits).sum()))


def test_an_answer_under_the_bias_is_found_and_one_without_is_not(
    ring: Ring, reader: FileTokenizer
) -> None:
    mark = Watermark(ring=ring, tokenizer=reader, scheme="unigram", clock=lambda: "2026-10")
    texts = dict(reader.vocabulary())
    bias = dict(mark.logit_bias())
    assert len(bias) == 300
    assert set(bias.values()) == {-2, 2}
    written = "".join(texts[token] for token in sampled(bias, 400, len(texts)))
    assert mark.detect(written).verdict == "marked"
    unmarked = "".join(texts[token] for token in sampled({}, 3000, len(texts)))
    assert mark.detect(unmarked).verdict == "no_evidence"


def test_each_word_counts_once_however_often_it_comes(ring: Ring, reader: FileTokenizer) -> None:
    mark = Watermark(ring=ring, tokenizer=reader, scheme="unigram", clock=lambda: "2026-10")
    texts = dict(reader.vocabulary())
    green = [texts[int(token)] for token, value in mark.logit_bias().items() if value > 0]
    assert mark.detect("".join(green[:4] * 200)).verdict == "inconclusive"
    assert mark.detect("".join(green)).verdict == "marked"


def test_half_of_the_list_is_green_and_another_half_under_another_key(
    reader: FileTokenizer,
) -> None:
    words = content_words(reader, 1000)
    one, other = (green_list(key * 16, words).green for key in (b"a", b"b"))
    assert 420 < one.sum() < 580
    assert 420 < (one == other).sum() < 580


def test_a_tokenizer_without_such_words_is_named(ring: Ring, tokenizer: FileTokenizer) -> None:
    with pytest.raises(MarkError, match="0 content words"):
        Watermark(ring=ring, tokenizer=tokenizer, scheme="unigram")


def test_each_scheme_says_which_way_it_goes_to_the_model(
    ring: Ring, reader: FileTokenizer, logits: Logits
) -> None:
    unigram = Watermark(ring=ring, tokenizer=reader, scheme="unigram", clock=lambda: "2026-10")
    with pytest.raises(MarkError, match="logit_bias"):
        unigram.drawer()
    gumbel = Watermark(ring=ring, tokenizer=reader, clock=lambda: "2026-10")
    with pytest.raises(MarkError, match="hook"):
        gumbel.logit_bias()
    with pytest.raises(MarkError, match="there are gumbel"):
        Watermark(ring=ring, tokenizer=reader, scheme="kgw")


@pytest.mark.parametrize("text", ["", " x1 x2 x3" * 50])
def test_a_text_without_any_listed_word_is_inconclusive(
    ring: Ring, reader: FileTokenizer, text: str
) -> None:
    mark = Watermark(ring=ring, tokenizer=reader, scheme="unigram", clock=lambda: "2026-10")
    found = mark.detect(text)
    assert (found.verdict, found.scored) == ("inconclusive", 0)
