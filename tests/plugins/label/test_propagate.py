"""Article 6: the strongest evidence decides, and the platform's fields are written."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label import check_wording
from chopmark_label._block import Aigc, BlockError
from chopmark_label._propagate import PROMPTS, REMINDER, Platform, propagate
from chopmark_label._read_block import read_block
from chopmark_label._wording import LONGEST

PLATFORM = Platform(name="Spreader", number="p-1")
MADE = Aigc(label="1", content_producer="Maker", produce_id="7", reserved_code1="sig")


def block(label: str) -> Aigc:
    return Aigc(label=label, content_producer="Maker", produce_id="7")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "declared", "suspected", "state", "article", "label"),
    [
        ("1", False, False, "confirmed", "6 (1)", "1"),
        ("1", True, True, "confirmed", "6 (1)", "1"),
        (None, True, False, "possible", "6 (2)", "2"),
        (None, True, True, "possible", "6 (2)", "2"),
        (None, False, True, "suspected", "6 (3)", "3"),
        (None, False, False, "none", "6 (4)", None),
        ("2", False, False, "possible", "6 (2)", "2"),
        ("2", False, True, "possible", "6 (2)", "2"),
        ("3", False, False, "suspected", "6 (3)", "3"),
        ("3", True, False, "possible", "6 (2)", "2"),
    ],
)
def test_the_strongest_evidence_decides(
    found: str | None, declared: bool, suspected: bool, state: str, article: str, label: str | None
) -> None:
    given_block = block(found) if found else None
    result = propagate(given_block, declared=declared, suspected=suspected, platform=PLATFORM)
    assert (result.state, result.article, result.label) == (state, article, label)
    assert result.prompts == PROMPTS[result.state]
    if label is None:
        assert result.block is None
    else:
        assert result.block is not None
        assert result.block.label == label
        assert result.block.content_propagator == "Spreader"
        assert result.block.propagate_id == "p-1"


def test_a_producers_name_number_and_security_data_stay() -> None:
    result = propagate(MADE, declared=False, suspected=False, platform=PLATFORM)
    assert result.block == MADE.with_propagator("Spreader", "p-1")
    assert result.notes == ()


def test_a_block_with_no_valid_label_is_a_trace_and_not_a_statement() -> None:
    reading = read_block("AIGC:\n  Label: AIGC\n")
    result = propagate(reading, declared=False, suspected=False, platform=PLATFORM)
    assert result.state == "suspected"
    assert "Label is none of 1, 2 and 3" in result.notes[0]


def test_a_block_that_breaks_annex_e_counts_and_is_not_overwritten() -> None:
    reading = read_block('{"Label":1,"ContentProducer":"某公司"}')
    result = propagate(reading, declared=False, suspected=False, platform=PLATFORM)
    assert result.state == "confirmed"
    assert result.block is None
    assert "nothing is written over it" in result.notes[0]


def test_what_is_no_block_counts_as_none() -> None:
    reading = read_block("hello")
    result = propagate(reading, declared=False, suspected=False, platform=PLATFORM)
    assert result.state == "none"


def test_an_earlier_propagator_is_kept_by_default_and_the_note_says_so() -> None:
    found = MADE.with_propagator("First", "f-1", "first-sig")
    result = propagate(found, declared=False, suspected=False, platform=PLATFORM)
    assert result.block == found
    assert result.replaced == {}
    assert "'First'" in result.notes[0]
    assert "unsettled" in result.notes[0]


def test_an_earlier_propagator_that_is_replaced_is_handed_back() -> None:
    found = MADE.with_propagator("First", "f-1", "first-sig")
    result = propagate(found, declared=False, suspected=False, platform=PLATFORM, earlier="replace")
    assert result.block == MADE.with_propagator("Spreader", "p-1")
    assert result.replaced == {
        "ContentPropagator": "First",
        "PropagateID": "f-1",
        "ReservedCode2": "first-sig",
    }


def test_the_same_platform_twice_changes_nothing() -> None:
    once = propagate(MADE, declared=False, suspected=False, platform=PLATFORM)
    assert once.block is not None
    again = propagate(once.block, declared=False, suspected=False, platform=PLATFORM)
    assert again == once


def test_a_label_that_changes_under_security_data_is_told() -> None:
    found = Aigc(label="3", content_producer="Maker", produce_id="7", reserved_code1="sig")
    result = propagate(found, declared=True, suspected=False, platform=PLATFORM)
    assert "Label goes from 3 to 2" in result.notes[0]


@pytest.mark.parametrize(
    ("platform", "key"),
    [
        (Platform(name="", number="1"), "ContentPropagator"),
        (Platform(name="平台", number="1"), "ContentPropagator"),
        (Platform(name="P", number=""), "PropagateID"),
        (Platform(name="P", number="1", reserved="a b"), "ReservedCode2"),
    ],
)
def test_a_platform_that_no_block_takes_is_refused_before_anything(
    platform: Platform, key: str
) -> None:
    with pytest.raises(BlockError, match=key):
        propagate(None, declared=False, suspected=False, platform=platform)


@given(st.sampled_from([None, *map(block, "123")]), st.booleans(), st.booleans(), st.booleans())
def test_what_is_written_back_is_found_as_the_same_by_the_next_platform(
    found: Aigc | None, declared: bool, suspected: bool, replaced: bool
) -> None:
    first = propagate(found, declared=declared, suspected=suspected, platform=PLATFORM)
    if first.block is None:
        return
    reading = read_block(first.block.to_wrapped())
    assert reading.conforms
    second = propagate(
        reading,
        declared=False,
        suspected=False,
        platform=Platform(name="Second", number="s-1"),
        earlier="replace" if replaced else "keep",
    )
    assert second.state == first.state


@pytest.mark.parametrize(
    ("state", "language"), list(product(("confirmed", "possible", "suspected"), ("zh", "en")))
)
def test_every_prompt_has_both_elements_of_the_standard(state: str, language: str) -> None:
    words = PROMPTS[state][language]  # type: ignore[index]
    assert check_wording(words) == ()
    assert len(words) <= LONGEST


def test_prompts_say_how_sure_they_are() -> None:
    assert "可能" in PROMPTS["possible"]["zh"]
    assert "疑似" in PROMPTS["suspected"]["zh"]
    assert not any(word in PROMPTS["confirmed"]["zh"] for word in ("可能", "疑似"))
    assert PROMPTS["none"] == {}
    assert set(REMINDER) == {"zh", "en"}
