"""A provider code is right or the reason is told; none is made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label._block import BlockError
from chopmark_label._provider_code import ProviderCode, code_fault, looks_like_code

# Found in public files that Chinese services wrote (facts/regulation.md 2.1).
PUBLIC = {
    "001191110102MAD55U9H0F10002": ("generation", "0002"),
    "001191440300708461136T1XGW3": ("generation", "XGW3"),
    "001191440300708461136T1308L": ("generation", "308L"),
    "001191310104MACE0YX63918020": ("generation", "8020"),
    "001191110102MACQD9K64010000": ("generation", "0000"),
    "001191320118MAK93FC72D10001": ("generation", "0001"),
}
CODE = "001191110102MAD55U9H0F10002"
PERSON = "002111010519491231002X00000"  # the example of GB 11643


@pytest.mark.parametrize("text", PUBLIC)
def test_public_codes_are_right_and_come_apart(text: str) -> None:
    code = ProviderCode.parse(text)
    assert (code.service, code.model) == PUBLIC[text]
    assert code.subject_type == "organisation"
    assert code.subject == text[4:22]
    assert code.subject_code == text[2:22]
    assert str(code) == text
    assert looks_like_code(text)


@given(st.sampled_from(sorted(PUBLIC)), st.integers(4, 21), st.sampled_from("0123456789ABCDEFGHJK"))
def test_any_one_position_of_a_subject_mistyped_is_noticed(text: str, at: int, char: str) -> None:
    mistyped = text[:at] + char + text[at + 1 :]
    assert bool(code_fault(mistyped)) == (mistyped != text)


@given(st.text(max_size=40))
def test_no_text_makes_the_check_fail(text: str) -> None:
    assert code_fault(text) or ProviderCode.parse(text).text == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it has 0 positions, a code has 27"),
        (CODE[:-1], "it has 26 positions"),
        (CODE + "0", "it has 28 positions"),
        (CODE.lower(), "position 13 is 'm'; a code has digits and uppercase letters"),
        (CODE[:-1] + "２", "position 27 is '２'"),
        ("01" + CODE[2:], "positions 1-2 are '01'"),
        ("003" + CODE[3:], "position 3 is '3'; 1 is an organisation, 2 an individual"),
        ("0012" + CODE[4:], "position 4 is '2'; the only way of binding is 1"),
        (CODE[:12] + "I" + CODE[13:], "position 13 is 'I'; a unified social credit code has no"),
        (CODE[:8] + "A" + CODE[9:], "positions 7-12 are '11A102'"),
        (CODE[:21] + "G" + CODE[22:], "the check character of GB 32100 does not fit"),
        ("001191110000000000000010001", "mistyped or the code is invented"),
        (CODE[:22] + "30002", "positions 23-27 are '30002'; they begin with 1 (generation)"),
        (CODE[:22] + "00001", "positions 23-27 are '00001'"),
        ("0021110105194912310021" + "00000", "the check character of GB 11643 (position 22)"),
        ("0021110105194913310021" + "00000", "positions 5-18 are no region and date of birth"),
        ("00211101051949123100ZZ" + "00000", "no resident identity number"),
    ],
)
def test_the_reason_is_told_with_the_position(text: str, says: str) -> None:
    assert says in code_fault(text)
    with pytest.raises(BlockError, match=re.escape(says)) as error:
        ProviderCode.parse(text, "ContentPropagator")
    assert str(error.value).startswith("ContentPropagator is ")
    assert "never make one up" in str(error.value)


def test_extension_may_be_unused_or_that_of_a_propagator() -> None:
    assert ProviderCode.parse(CODE[:22] + "00000").service == "unused"
    assert ProviderCode.parse(CODE[:22] + "2ABC9").service == "propagation"


def test_registrars_with_letters_are_organisations_too() -> None:
    # GB 32100 has the registrar N (agriculture), which stdnum's own validate refuses.
    from stdnum.cn import uscc

    subject = "N2110102MAD55U9H0"
    subject += uscc.calc_check_digit(subject)
    assert code_fault(f"0011{subject}00000") == ""


def test_a_person_is_not_shown_in_errors_or_repr() -> None:
    code = ProviderCode.parse(PERSON)
    assert (code.subject_type, code.subject) == ("individual", "11010519491231002X")
    assert "19491231" not in repr(code)
    with pytest.raises(BlockError) as error:
        ProviderCode.parse(PERSON[:21] + "1" + PERSON[22:])
    assert "19491231" not in str(error.value)
    assert "110105" in str(error.value)


@pytest.mark.parametrize("value", [None, 27, b"0011"])
def test_only_a_string_is_a_code(value: object) -> None:
    with pytest.raises(BlockError, match="a code is a string"):
        ProviderCode.parse(value)  # type: ignore[arg-type]


def test_a_name_does_not_look_like_a_code() -> None:
    assert not looks_like_code("MiniMax")
    assert not looks_like_code("0" * 26)
