"""The A.8 wrapper is byte for byte that of `c2pa-text` and `c2patxt`, and is read defensively."""

import c2pa_text
import c2patxt
import pytest
from c2patxt._locate import find_wrappers as theirs
from c2patxt._selectors import build_wrapper
from hypothesis import given
from hypothesis import strategies as st

from chopmark import MarkError
from chopmark_c2pa import decode_wrapper, encode_wrapper, find_wrappers
from chopmark_c2pa._wrapper import LONGEST, wrapper_length

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SELECTORS = st.text(st.sampled_from("\ufeff\ufe00\ufe01\ufe0f\U000e0100\U000e0133\U000e01efa"))
HEAD = encode_wrapper(b"")[:9]


def test_head_is_the_one_of_the_specification() -> None:
    codes = "FEFF E0133 E0122 E0140 E0131 E0144 E0148 E0144 FE00 FE01"
    assert encode_wrapper(b"")[:10] == "".join(chr(int(c, 16)) for c in codes.split())


@given(st.binary(max_size=400))
def test_what_was_encoded_is_decoded(data: bytes) -> None:
    wrapper = encode_wrapper(data)
    assert decode_wrapper(wrapper) == data
    assert decode_wrapper("text\ufe0f" + wrapper + "\ufe0f more") == data
    assert len(wrapper.encode()) == wrapper_length(data)


@given(st.binary(max_size=400))
def test_both_packages_write_the_same_bytes(data: bytes) -> None:
    assert encode_wrapper(data) == c2pa_text.encode_wrapper(data) == build_wrapper(data)


@given(st.binary(max_size=200), TEXTS)
def test_each_package_reads_what_chopmark_writes(data: bytes, text: str) -> None:
    marked = text + encode_wrapper(data)
    if not find_wrappers(text):
        assert c2pa_text.extract_manifest(marked)[0] == data
        [match] = theirs(marked)
        assert match.payload == data
        assert match.span.utf8_start == len(text.encode())


@given(st.binary(max_size=200), TEXTS)
def test_chopmark_reads_what_each_package_writes(data: bytes, text: str) -> None:
    for marked in (c2pa_text.embed_manifest(text, data), text + build_wrapper(data)):
        if not find_wrappers(text):
            assert decode_wrapper(marked) == data


@given(st.binary(max_size=60), st.integers(0, 200))
def test_padding_of_c2pa_text_behind_the_store_is_no_part_of_it(data: bytes, more: int) -> None:
    target = c2pa_text.worst_case_wrapper_byte_length(len(data)) + 12 + more
    assert decode_wrapper(c2pa_text.encode_wrapper_padded(data, target)) == data


@given(st.lists(st.one_of(SELECTORS, st.just(HEAD), st.just(encode_wrapper(b"abc")))))
def test_same_wrappers_are_found_as_c2patxt_finds(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        expected = [m.payload for m in theirs(text)]
    except c2patxt.MarkCorruptError:
        expected = []
    assert [w.content for w in find_wrappers(text) if not w.problem] == expected


@given(st.lists(st.one_of(st.text(), SELECTORS, st.just(HEAD))))
def test_any_text_can_be_searched(parts: list[str]) -> None:
    text = "".join(parts)
    ends = 0
    for wrapper in find_wrappers(text):
        assert ends <= wrapper.start < wrapper.end <= len(text)
        assert bool(wrapper.problem) == bool(wrapper.reason)
        ends = wrapper.end


@pytest.mark.parametrize(
    "text", ["", "\ufeffa text", "\ufeff\ufe0f", "❤️", "葛\U000e0100", HEAD[1:8]]
)
def test_byte_order_mark_and_an_authors_selectors_are_no_wrapper(text: str) -> None:
    assert find_wrappers(text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (encode_wrapper(b"abcdef")[:-1], "truncated"),
        (encode_wrapper(b"abcdef")[:11], "truncated"),
        (encode_wrapper(b"abcdef")[:11] + "." + encode_wrapper(b"abcdef")[11:], "truncated"),
        (encode_wrapper(b"abcdef")[1:], "no_marker"),
        (encode_wrapper(b"").replace("\ufe01", "\ufe02", 1), "version"),
        (HEAD + "\ufe01" + "\U000e01ef" * 4, "forged_length"),
    ],
)
def test_broken_wrapper_is_named(text: str, problem: str) -> None:
    [wrapper] = find_wrappers(f"before {text}")
    assert wrapper.problem == problem
    with pytest.raises(MarkError, match="broken"):
        decode_wrapper(text)


def test_length_of_4_gib_takes_no_memory() -> None:
    [wrapper] = find_wrappers(HEAD + "\ufe01" + "\U000e01ef" * 4 + "\ufe00" * 10)
    assert (wrapper.declared, len(wrapper.content)) == (2**32 - 1, 10)


def test_none_and_several_are_no_one() -> None:
    with pytest.raises(MarkError, match="0 wrappers"):
        decode_wrapper("text")
    with pytest.raises(MarkError, match="2 wrappers"):
        decode_wrapper(encode_wrapper(b"a") * 2)


def test_store_that_no_reader_takes_is_not_written() -> None:
    with pytest.raises(MarkError, match="too long"):
        encode_wrapper(bytes(LONGEST + 1))
