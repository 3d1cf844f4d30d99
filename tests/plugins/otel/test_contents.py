"""No text of a call is emitted; where it is asked for, only what the detectors left of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Policy, PolicyBlocked, PolicyError, Verdict, calling
from chopmark.testing import BrokenDetector, SuffixMarker, WordDetector
from chopmark_otel._masked import masked


def messages(telemetry: Any) -> tuple[Any, Any]:
    """Return the texts of the last call: what was asked, and what was answered."""
    said = [s for s in telemetry.spans() if s.name.startswith("chat")][-1].attributes
    return tuple(
        [part["content"] for message in json.loads(said[f"gen_ai.{way}.messages"])
         for part in message["parts"]]
        for way in ("input", "output")
    )  # type: ignore[return-value]  # fmt: skip


@pytest.mark.parametrize("settings", [{}, {"events": "span"}, {"span": "guard"}])
def test_no_text_leaves_by_default(telemetry: Any, make: Any, settings: dict[str, Any]) -> None:
    chop = make(settings, markers=[SuffixMarker(suffix="[made by a machine]")])

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        if "fail" in prompt:
            raise ValueError(f"cannot answer {prompt}")
        yield "an odd answer with a secret, "
        yield "zanzibar, bad"

    for prompt in ("zanzibar", "zanzibar, bad", "zanzibar, fail"):
        with (
            calling(user="zanzibar-7", metadata={"note": "zanzibar"}),
            pytest.raises((PolicyBlocked, ValueError)),
        ):
            list(answer(prompt))
    telemetry.flush()
    sent = b"".join(telemetry.receiver.bodies)
    assert b"chopmark.call.id" in sent
    for text in (b"zanzibar", b"secret", b"***", b"made by", b"cannot answer"):
        assert text not in sent


def test_masked_texts_have_categories_where_something_was_found(telemetry: Any, make: Any) -> None:
    chop = make({"content": "masked"}, markers=[SuffixMarker(suffix="!")])

    @chop.guard
    def answer(prompt: list[dict[str, str]]) -> Iterator[str]:
        yield from ("an od", "d, sec", "ret answer")

    asked = [
        {"role": "system", "content": "be odd"},
        {"role": "user", "content": "my secret is odd"},
    ]
    assert "".join(answer(asked)) == "an odd, *** answer!"
    assert messages(telemetry) == (
        ["[withheld]", "my [word.modify] is [word.warn]"],
        ["an [word.warn], [word.modify] answer"],
    )


def test_what_was_denied_and_what_came_behind_it_is_not_there(telemetry: Any, make: Any) -> None:
    chop = make({"content": "masked"})

    @chop.guard(on_block="refuse")
    def answer(prompt: str) -> Iterator[str]:
        yield "begun, then bad, and so on"

    list(answer("hello"))
    assert messages(telemetry) == (["hello"], ["begun, then [word.deny]"])
    list(answer("a bad one, odd"))
    assert messages(telemetry) == (["a [word.deny]"], [])


def test_what_nobody_judged_to_the_end_is_withheld(telemetry: Any, make: Any) -> None:
    chop = make({"content": "masked"})

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield "a secret that is long"
        yield "and goes on"

    stream = answer("hello")
    next(stream)
    stream.close()
    assert messages(telemetry) == (["hello"], ["[withheld]"])
    broken = make(
        {"content": "masked"}, detectors=[BrokenDetector(), WordDetector({"odd": "warn"})]
    )

    @broken.guard(on_block="refuse")
    def never(prompt: str) -> str:
        return "never"

    never("hello")
    assert messages(telemetry) == (["[withheld]"], [])


def test_texts_are_not_emitted_where_nothing_could_mask_them(make: Any) -> None:
    with pytest.raises(PolicyError, match="detector to mask by"):
        make({"content": "masked"}, detectors=[])


WORDS = st.lists(st.sampled_from(["one ", "bad ", "odd ", "two ", "secret "]), max_size=12)


@settings(max_examples=scaled(50))
@given(WORDS, st.sets(st.sampled_from(["bad", "odd", "secret"]), min_size=1))
def test_masking_leaves_nothing_that_was_found(words: Sequence[str], found: set[str]) -> None:
    text = "".join(words)
    verdicts = []
    for word in found:
        at = text.find(word)
        while at >= 0:
            outcome: Any = "deny" if word == "bad" else "warn"
            verdicts.append(Verdict(category="c", start=at, end=at + len(word), outcome=outcome))
            at = text.find(word, at + 1)
    left = masked(text, verdicts)
    assert not any(word in left for word in found)
    until = text.find("bad") if "bad" in found and "bad" in text else len(text)
    kept = [w for w in text[:until].split() if w not in found]
    assert [w for w in left.split() if w != "[c]"] == kept


def test_a_wrong_option_names_its_cure(make: Any) -> None:
    with pytest.raises(PolicyError, match="none, masked"):
        make({"content": "all"})
    with pytest.raises(PolicyError, match="did you mean 'events'"):
        make({"event": "log"})


def test_the_policy_is_checked_without_an_sdk() -> None:
    from chopmark import Chopmark

    with pytest.raises(PolicyError, match="true or false"):
        Chopmark(Policy(name="p", plugins=("otel",), settings={"otel": {"detectors": 1}}))
