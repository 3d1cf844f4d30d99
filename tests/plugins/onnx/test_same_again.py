"""A text that says the same again and again costs what is new in it: work is counted, not time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Policy, Rules
from chopmark_onnx._encoder import Encoder
from chopmark_onnx._progress import Growth
from chopmark_onnx._repeats import shorten

LONG = 60_000
SIGNS = ("a", "哈", "1", " ", "。", "ab", "好的我", "a。", "毒")


@pytest.fixture(scope="module")
def names(toy: Any) -> Path:
    path: Path = toy(
        problem=None, every_token=True, config={"architectures": ["BertForTokenClassification"]}
    )
    return path


class Work:
    """How often the tokenizer, the shortening of a window and the network were asked."""

    encoded = shortened = ran = 0


def chop(folder: Path, **options: Any) -> Chopmark:
    policy = Policy(name="p", plugins=("onnx",), holdback=100, rules=Rules(both={"toxic": "warn"}))
    return Chopmark(policy.with_options("onnx", model=str(folder), cache=0, **options))


@contextmanager
def counted(chop: Chopmark, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    detector: Any = chop.detectors[0]
    shared = detector.shared if hasattr(detector, "shared") else detector.stages[0].shared
    network, encoder, work = shared.load().network, shared.load().encoder, Work()

    def counting(name: str, call: Any) -> Any:
        def asked(*given: Any) -> Any:
            setattr(work, name, getattr(work, name) + 1)
            return call(*given)

        return asked

    with monkeypatch.context() as patch:
        patch.setattr(network, "run", counting("ran", network.run))
        patch.setattr(network, "run_tokens", counting("ran", network.run_tokens))
        patch.setattr(encoder, "_encode", counting("encoded", encoder._encode))
        patch.setattr("chopmark_onnx._scorer.shorten", counting("shortened", shorten))
        yield work


@pytest.mark.parametrize("direction", ["input", "output"])
@pytest.mark.parametrize("sign", SIGNS)
def test_of_what_comes_again_one_window_is_judged(
    plain: Path, sign: str, direction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = chop(plain, max_windows=1_000_000)
    with counted(judging, monkeypatch) as work:
        found = judging.screen(sign * (LONG // len(sign)), direction=direction)
    assert found.action == "allow"
    assert work.ran <= 60
    assert work.shortened <= 60
    assert work.encoded <= 60


def test_windows_of_tokens_too(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = chop(names, granularity="whole")
    with counted(judging, monkeypatch) as work:
        judging.screen("好" * 10_000)
    assert work.ran <= 3


@settings(deadline=None, max_examples=scaled(40))
@given(
    st.text("a毒恨怨x 。", min_size=1, max_size=9), st.integers(1, 60), st.text("毒a。", max_size=9)
)
def test_nothing_is_lost_where_something_comes_again(
    plain: Path, part: str, times: int, end: str
) -> None:
    # The toy's score is that of its worst character, however often and wherever that stands.
    text = part * times + end
    worst = {sign: chop(plain).screen(sign).verdicts for sign in "毒恨怨x"}
    for direction in ("input", "output"):
        found = {v.category for v in chop(plain).screen(text, direction=direction).verdicts}
        expected = {v.category for sign in worst if sign in text for v in worst[sign]}
        assert found == expected


@settings(deadline=None, max_examples=scaled(20))
@given(st.text("a毒恨 。", min_size=1, max_size=5), st.integers(0, 4000))
def test_a_text_is_encoded_as_its_pieces_are(plain: Path, part: str, length: int) -> None:
    text = (part * (9000 // len(part)))[: 5000 + length]
    encoder = Encoder(plain / "tokenizer.json", "")
    pieces = [
        encoder._encode(text[max(0, at - 128) : at + 2048]) for at in range(0, len(text), 2048)
    ]
    assert encoder.encode_until(text, float("inf"), Growth())[0] == [*chain(*pieces)]


class Copied(str):
    """A text that counts how many of its characters are copied."""

    copied = 0

    def __getitem__(self, at: Any) -> str:
        part = super().__getitem__(at)
        self.copied += len(part)
        return part


def test_a_long_text_is_copied_a_few_times_not_for_each_piece(plain: Path) -> None:
    text = Copied("a" * 1_000_000)
    ids, encoded = Encoder(plain / "tokenizer.json", "").encode_until(text, float("inf"), Growth())
    assert encoded
    assert len(ids) >= len(text)
    assert text.copied < 3 * len(text)
