"""A small language to write in: a tokenizer of words, and a source of logits with some chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from chopmark_watermark import Drawer, FileTokenizer, Ring
from chopmark_watermark._ring import Master, name_of

WORDS = 2000
Logits = Callable[[], np.ndarray]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> FileTokenizer:
    """A tokenizer of 2,000 words, `w0` to `w1999`."""
    path: Path = tmp_path_factory.mktemp("words") / "tokenizer.json"
    vocabulary = {f"w{n}": n for n in range(WORDS)} | {"?": WORDS}
    whole = Tokenizer(WordLevel(vocabulary, unk_token="?"))
    whole.pre_tokenizer = Whitespace()
    whole.save(str(path))
    return FileTokenizer(path)


@pytest.fixture
def logits() -> Logits:
    """Logits that leave some three bits of chance a token."""
    rng = np.random.default_rng(7)
    common = rng.normal(size=WORDS) * 2
    return lambda: common + rng.normal(size=WORDS) * 2


def known_ring(seed: int = 0) -> Ring:
    """Return a ring of one key that is the same in every run, as what it finds then is."""
    secret = np.random.default_rng(seed).bytes(32)
    return Ring((Master(id=name_of(secret), secret=secret, state="active", since="2026-10"),))


@pytest.fixture(scope="session")
def ring() -> Ring:
    return known_ring()


def answer(drawer: Drawer, logits: Logits, n: int, prompt: Sequence[int] = (1, 2)) -> list[int]:
    """Return `n` tokens that `drawer` drew behind `prompt`."""
    ids = list(prompt)
    for _ in range(n):
        ids.append(drawer.draw(logits(), ids))
    return ids[len(prompt) :]
