"""Tokens are those that the model wrote, and stand where they stand in the text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

import chopmark_watermark
from chopmark_watermark import FileTokenizer


@pytest.fixture(scope="module")
def bytewise(tmp_path_factory: pytest.TempPathFactory) -> FileTokenizer:
    """A tokenizer of bytes and their merges, as most models have one."""
    words = (Path(chopmark_watermark.__file__).parent / "words.txt").read_text("utf-8").split()
    whole = Tokenizer(BPE())
    whole.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trainer = BpeTrainer(
        vocab_size=600,
        special_tokens=["<|end|>"],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    whole.train_from_iterator([" ".join(words[:600])], trainer)
    path = tmp_path_factory.mktemp("bytewise") / "tokenizer.json"
    whole.save(str(path))
    return FileTokenizer(path)


@given(st.text(max_size=200) | st.text(alphabet="the and<|>\n end\ud800\u4f60\u00e9", max_size=200))
def test_tokens_are_the_same_whether_their_places_are_asked_for_or_not(
    bytewise: FileTokenizer, text: str
) -> None:
    tokens = bytewise.encode(text)
    assert np.array_equal(bytewise.ids(text), tokens.ids)
    assert bytewise.ids(text).dtype == tokens.ids.dtype


@given(st.text(max_size=200))
def test_places_are_within_the_text_and_leave_nothing_out(
    bytewise: FileTokenizer, text: str
) -> None:
    tokens = bytewise.encode(text)
    covered = np.zeros(len(text), dtype=bool)
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        assert 0 <= start < end <= len(text)
        covered[start:end] = True
    assert covered.all()
