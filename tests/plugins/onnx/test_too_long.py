"""Who sends a text that is too long is told so, and one said over and over is no attack."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, Policy, PolicyBlocked, calling
from chopmark.testing import MemoryLog, plugin
from chopmark_onnx._repeats import KEPT, LONGEST, WHOLE, once, shorten

LONG = "今天天气很好。我们你们都好。abcdefgh " * 40


def refusal(folder: Path, prompt: str, locale: str = "") -> tuple[str, set[str]]:
    """Ask a guarded function; return what the caller is told, and the categories of the record."""
    policy = Policy(name="p", plugins=("onnx",)).with_options(
        "onnx", model=str(folder), max_windows=2
    )
    chop = Chopmark(policy, plugins=[plugin(log=MemoryLog())])

    @chop.guard
    def answer(prompt: str) -> str:
        return "never"

    with calling(locale=locale), pytest.raises(PolicyBlocked) as blocked:
        answer(prompt)
    return str(blocked.value), {v.category for v in blocked.value.response.verdicts}


@pytest.mark.parametrize(
    ("prompt", "locale", "said"),
    [
        (LONG, "", "过长"),
        ("a bc def ghi " * 60, "", "too long"),
        (LONG, "en-GB", "too long"),
        (LONG, "zh_TW", "过长"),
        (LONG, "fr", "too long"),
    ],
)
def test_a_text_that_is_too_long_is_refused_as_that(
    plain: Path, prompt: str, locale: str, said: str
) -> None:
    told, categories = refusal(plain, prompt, locale)
    assert said in told
    assert categories == {"unjudged"}


def test_what_breaks_the_rules_is_refused_as_that_however_long(plain: Path) -> None:
    told, categories = refusal(plain, "毒" + LONG)
    assert told == Policy(name="p").refusal("zh")
    assert {"toxic", "unjudged"} <= categories


@given(ids=st.lists(st.integers(0, 3), max_size=200))
def test_what_is_said_over_and_over_is_said_less_often_and_nothing_is_added(
    ids: list[int],
) -> None:
    short = shorten(ids)
    assert {*short} == {*ids}
    rest = iter(ids)
    assert all(one in rest for one in short)  # in the same order


@given(
    group=st.lists(st.integers(0, 99), min_size=1, max_size=LONGEST, unique=True),
    times=st.integers(3 * KEPT, 200),
)
def test_a_group_of_tokens_is_kept_a_few_times(group: list[int], times: int) -> None:
    assert shorten([1000, *group * times, 1001]) == [1000, *group * KEPT, 1001]


@given(
    unit=st.text("ab毒 ", min_size=1, max_size=WHOLE),
    length=st.integers(0, 20 * WHOLE),
    end=st.text("ab毒", max_size=3),
)
def test_a_text_of_one_thing_alone_is_read_once_and_no_other_is_cut(
    unit: str, length: int, end: str
) -> None:
    whole = unit * (length // len(unit) + 1)
    text = whole[:length] + end
    periods = [n for n in range(1, WHOLE + 1) if text == (text[:n] * len(text))[: len(text)]]
    if len(text) > 2 * WHOLE and periods:
        assert once(text) == text[: max(WHOLE, 2 * periods[0])]
    else:
        assert once(text) == text


@given(said=st.text("abcd毒 ", min_size=1, max_size=WHOLE), turn=st.integers(0, WHOLE))
def test_what_is_said_again_and_again_is_whole_wherever_the_text_begins(
    said: str, turn: int
) -> None:
    turn %= len(said)
    assert said in once((said[turn:] + said[:turn]) * (3 * WHOLE))


@given(ids=st.lists(st.integers(0, 9999), max_size=200, unique=True))
def test_an_ordinary_text_stays_as_it_is(ids: list[int]) -> None:
    assert shorten(ids * 2) == ids * 2


@pytest.fixture(scope="module")
def bundled() -> Chopmark:
    return Chopmark(Policy(name="p", plugins=("onnx",)))


@pytest.mark.parametrize("text", ["a", "的", "1", "哈", "x", "啊", "6", "0", "ab", "na "])
def test_the_bundled_models_find_nothing_in_one_sign_again_and_again(
    bundled: Chopmark, text: str
) -> None:
    found = bundled.screen(text * 3000)
    assert [v.category for v in found.verdicts if v.outcome == "deny"] == []
