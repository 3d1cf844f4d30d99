"""Texts in nested content: found, cut, and put back."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from chopmark_langchain._strings import at, replaced, share, strings

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
NESTED = st.recursive(
    TEXT | st.none() | st.integers() | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "type", "value", "id", "data"]), inner)
    ),
    max_leaves=12,
)


@given(NESTED)
def test_a_text_is_found_where_its_path_leads(value):
    for path, text in strings(value):
        assert at(value, path) == text
        assert text


@given(NESTED, TEXT)
def test_replacing_changes_one_place_and_not_what_was_given(value, new):
    before = copy.deepcopy(value)
    for path, _ in strings(value):
        changed = replaced(value, path, new)
        assert at(changed, path) == new
        assert replaced(changed, path, at(value, path)) == value
    assert value == before


@given(st.lists(TEXT, min_size=1, max_size=5), TEXT)
def test_shared_pieces_are_the_text(parts, text):
    assert "".join(share(parts, text)) == text
    assert len(share(parts, text)) == len(parts)
    assert share(parts, "".join(parts)) == parts


def test_borders_survive_replacements_and_marks():
    parts = ["My number is 123. ", "It is secret. ", "Keep it."]
    assert share(parts, "[AI] My number is ***. It is secret. Keep it.") == [
        "[AI] My number is ***. ",
        "It is secret. ",
        "Keep it.",
    ]
    assert share(parts, "") == ["", "", ""]


def test_names_addresses_and_bytes_are_no_text():
    block = {"type": "image", "url": "u", "base64": "b", "title": "a caption", "id": "i"}
    assert [text for _, text in strings([block, {"type": "text", "text": "t", "id": "x"}])] == [
        "a caption",
        "t",
    ]
    described = {"type": "image", "url": "u", "alt": "a", "extras": {"alt_text": "b"}, "more": "x"}
    assert [text for _, text in strings(described)] == ["a", "b"]
    document = {"type": "document", "source": {"type": "text", "data": "plain"}}
    assert [text for _, text in strings(document)] == ["plain"]
    scan = {"type": "document", "source": {"type": "base64", "data": "AAAA"}}
    assert [text for _, text in strings(scan)] == []
