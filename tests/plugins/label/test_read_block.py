"""The reader takes every text, says what is there, and names what breaks a rule."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label._block import KEYS
from chopmark_label._read_block import conforming, read_block

GOOD = {
    "Label": "1",
    "ContentProducer": "001191110102MAD55U9H0F10002",
    "ProduceID": "3df2222e-f9bb-45ff-8685-c5655ff7d1af",
    "ReservedCode1": "",
    "ContentPropagator": "",
    "PropagateID": "",
    "ReservedCode2": "",
}
BARE = json.dumps(GOOD, separators=(",", ":"))
YAML = "AIGC:\n" + "".join(f"  {key}: '{value}'\n" for key, value in GOOD.items())


def rules(text: str) -> set[str]:
    return {defect.rule for defect in read_block(text).defects}


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (BARE, "bare"),
        (f'{{"AIGC":{BARE}}}', "wrapped"),
        (json.dumps({"AIGC": GOOD}, indent=2), "wrapped"),
        (f"\ufeff {BARE}\n\0", "bare"),
        (YAML, "yaml"),
        (YAML.replace("  ", "    ").replace("'", '"'), "yaml"),
        (f"---\n{YAML}---\n\n# Title\n", "yaml"),
        (f"title: x\n{YAML}", "yaml"),
        (YAML.replace("AIGC:\n", "").replace("  ", ""), "yaml"),
    ],
)
def test_every_shape_of_a_right_block_conforms(text: str, shape: str) -> None:
    reading = read_block(text)
    assert (reading.shape, reading.conforms, reading.defects) == (shape, True, ())
    assert dict(reading.fields) == GOOD
    assert reading.label == "1"


@pytest.mark.parametrize(
    ("text", "rule", "says"),
    [
        (BARE.replace('"1"', "1"), "type", "Label is '1', a number where Annex E asks"),
        (BARE.replace('"1"', "true"), "type", "true or false where"),
        (BARE.replace('"1"', "null"), "type", "null where"),
        (BARE.replace('"1"', '["1"]'), "type", "a list where"),
        (BARE.replace('"1"', '{"a":"1"}'), "type", "an object where"),
        (BARE.replace('"1"', '"AIGC"'), "label", "Label is 'AIGC'; Annex E c) has"),
        (BARE.replace('"1"', '""'), "empty", "Label is empty"),
        (BARE.replace('"Label":"1",', ""), "missing", "Label is missing"),
        (BARE.replace('{"', '{"Label":"2","'), "duplicate", "Label stands twice, with '2' and '1'"),
        (BARE.replace('{"', '{"Extra":"x","'), "unknown", "the key 'Extra' with 'x' is none"),
        (BARE.replace('"Label"', '"label"'), "unknown", "the key 'label' is spelt Label"),
        (BARE.replace("ReservedCode1", "ReserveCode1"), "unknown", "is spelt ReservedCode1"),
        (BARE.replace('"PropagateID":""', '"PropagateID":"a b"'), "charset", "(U+0020)"),
        (BARE.replace('"PropagateID":""', '"PropagateID":"某"'), "charset", "(U+67D0)"),
        (BARE.replace('"PropagateID":""', r'"PropagateID":"a\\b"'), "charset", "(U+005C)"),
        (BARE.replace('"PropagateID":""', r'"PropagateID":"\u0041"'), "escape", r"\u is written"),
        (BARE[:-30], "form", "breaks off or is wrong at character"),
        (f"AIGC={BARE}", "form", "before the JSON stands 'AIGC='"),
        (f"{BARE};", "form", "behind the JSON stands ';'"),
        (json.dumps(BARE), "form", "JSON in a string of JSON"),
        (json.dumps({"AIGC": BARE}), "form", "the value of AIGC is a string"),
        (f'{{"AIGC":{BARE},"x":1}}', "wrapper", "the key 'x' stands beside AIGC"),
        (f'{{"AIGC":{BARE},"AIGC":{BARE}}}', "wrapper", "AIGC stands 2 times"),
        (f'{{"Aigc":{BARE}}}', "wrapper", "the key 'Aigc' is spelt AIGC"),
        (YAML.replace("'1'", "1"), "type", "Label is '1', a number"),
        (YAML + "  Label: '2'\n", "duplicate", "Label stands twice, with '1' and '2'"),
    ],
)
def test_each_breach_is_named_and_what_is_there_is_still_read(
    text: str, rule: str, says: str
) -> None:
    reading = read_block(text)
    assert reading.found
    assert not reading.conforms
    assert says in "\n".join(str(d) for d in reading.defects if d.rule == rule)
    assert reading.fields["ContentProducer"] == GOOD["ContentProducer"]


def test_alphabetical_order_is_named_and_forbidden_by_no_clause() -> None:
    text = json.dumps(GOOD, sort_keys=True)
    assert rules(text) == {"order"}
    assert read_block(text).conforms
    assert tuple(read_block(text).fields) == KEYS


def test_an_invented_code_is_named_though_annex_e_takes_any_name() -> None:
    reading = read_block(BARE.replace("MAD55U9H0F", "MAD55U9H0G"))
    assert [d.rule for d in reading.defects] == ["provider-code"]
    assert "looks like a provider code, but" in str(reading.defects[0])
    assert reading.conforms


def test_a_nested_object_of_security_data_is_kept_as_text() -> None:
    text = BARE.replace('"ReservedCode1":""', '"ReservedCode1":{"SecurityData":{"Type":"T"}}')
    assert read_block(text).fields["ReservedCode1"] == '{"SecurityData":{"Type":"T"}}'


@pytest.mark.parametrize("text", ["", " ", "hello", "{}", '{"a":1}', "[1]", "1", '"x"', "a: b"])
def test_what_is_no_block_is_said_to_be_none(text: str) -> None:
    reading = read_block(text)
    assert not reading.found
    assert not reading.conforms
    assert reading.label is None
    assert [d.rule for d in reading.defects] == ["form"]


def test_a_file_has_exactly_one_block() -> None:
    one = read_block(BARE)
    assert conforming([one])
    assert not conforming([])
    assert not conforming([one, one])


PIECES = st.sampled_from(
    ['"Label"', ":", '"1"', "{", "}", "[", "]", ",", "\\", '"', "AIGC", "'", "\n", "  ", "&a", "*a",
     "---", "Label: ", "1e9", "null", "\ud800", "\0", "ContentProducer", "!!", "|", ">", "#"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join)))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    reading = read_block(text)
    assert reading.found or reading.defects
    if reading.conforms:
        assert read_block(reading.to_aigc().to_bare()).fields == reading.fields


@given(st.integers(0, len(BARE) - 1), st.characters())
def test_a_block_with_one_character_changed_is_another_right_one_or_named(
    at: int, char: str
) -> None:
    reading = read_block(BARE[:at] + char + BARE[at + 1 :])
    if reading.conforms:
        assert read_block(reading.to_aigc().to_bare()).conforms
    else:
        assert [d for d in reading.defects if d.breaks]


LONG = 100_000


@pytest.mark.parametrize(
    "piece",
    ["[", '{"a":', '{"AIGC":', '"Label":"', '"Label":"\\', '"Label"  ', "\\", '"', "1", " ", "{",
     "Label: [", "AIGC:\n", "- ", "&a ", "? "],
)  # fmt: skip
def test_long_texts_that_go_nowhere_are_read_to_their_end(piece: str) -> None:
    assert not read_block(piece * (LONG // len(piece))).conforms


def test_a_long_value_or_number_is_read_whole() -> None:
    assert read_block(BARE.replace("3df2222e", "3" * LONG)).conforms
    reading = read_block(BARE.replace('"1"', "1" * LONG))
    assert len(reading.fields["Label"]) == LONG
    assert max(len(str(d)) for d in reading.defects) < 400
