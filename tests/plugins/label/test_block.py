"""A block that constructs keeps Annex E; whatever breaks it is refused with key, value, cure."""

import json
from dataclasses import FrozenInstanceError, asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import MarkError
from chopmark_label._block import KEYS, Aigc, BlockError, from_fields
from chopmark_label._read_block import read_block

CHARS = st.sampled_from([chr(c) for c in range(0x21, 0x7F) if c != 0x5C])
FILLED = st.text(CHARS, min_size=1, max_size=40)
ANY = st.text(CHARS, max_size=40)
BLOCKS = st.builds(
    Aigc,
    label=st.sampled_from(["1", "2", "3"]),
    content_producer=FILLED,
    produce_id=FILLED,
    reserved_code1=ANY,
    content_propagator=ANY,
    propagate_id=ANY,
    reserved_code2=ANY,
)
GOOD = {"label": "1", "content_producer": "Example-Co", "produce_id": "7"}


@given(BLOCKS, st.booleans())
def test_every_block_that_constructs_is_read_back_as_itself_and_conforms(
    block: Aigc, wrapped: bool
) -> None:
    reading = read_block(block.to_wrapped() if wrapped else block.to_bare())
    assert reading.shape == ("wrapped" if wrapped else "bare")
    assert reading.conforms
    assert not [d for d in reading.defects if d.rule != "provider-code"]
    assert reading.to_aigc() == block


@given(BLOCKS)
def test_json_has_the_seven_keys_in_order_and_no_white_space(block: Aigc) -> None:
    bare = block.to_bare()
    assert tuple(json.loads(bare)) == KEYS
    assert json.loads(bare) == dict(block.fields())
    assert not any(c.isspace() for c in bare)
    assert bare.isascii()
    assert json.loads(block.to_wrapped()) == {"AIGC": dict(block.fields())}
    assert from_fields(json.loads(bare)) == block


def test_the_string_is_that_of_annex_e() -> None:
    block = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="a-1")
    assert block.to_bare() == (
        '{"Label":"1","ContentProducer":"001191110102MAD55U9H0F10002","ProduceID":"a-1",'
        '"ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}'
    )


def test_a_quote_is_the_one_escape() -> None:
    block = Aigc(label="1", content_producer='A"B', produce_id="7")
    assert r'"ContentProducer":"A\"B"' in block.to_bare()


@pytest.mark.parametrize("field", list(asdict(Aigc(**GOOD))))  # type: ignore[arg-type]
@pytest.mark.parametrize("value", [None, 1, True, b"x", ["x"]])
def test_nothing_is_turned_into_a_string(field: str, value: object) -> None:
    with pytest.raises(BlockError, match=r"asks for a string, not \w+; write"):
        Aigc(**{**GOOD, field: value})  # type: ignore[arg-type]


@given(st.characters().filter(lambda c: not ("!" <= c <= "~") or c == "\\"))
def test_a_character_outside_the_rule_is_named_with_its_number(char: str) -> None:
    with pytest.raises(BlockError) as error:
        Aigc(label="1", content_producer=f"a{char}b", produce_id="7")
    assert f"U+{ord(char):04X}" in str(error.value)
    assert error.value.key == "ContentProducer"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"label": "4"}, "Label is '4': no value of Annex E c); write \"1\" (is)"),
        ({"label": "AIGC"}, "Label is 'AIGC'"),
        ({"label": ""}, "Label is ''"),
        ({"content_producer": ""}, "ContentProducer is ''"),
        ({"produce_id": ""}, "ProduceID is ''"),
        ({"content_producer": "某公司"}, "27-position code, or its name in ASCII letters"),
        ({"reserved_code1": "a b"}, "U+0020"),
    ],
)
def test_an_error_names_key_value_and_cure(change: dict[str, str], says: str) -> None:
    with pytest.raises(BlockError) as error:
        Aigc(**{**GOOD, **change})  # type: ignore[arg-type]
    assert says in str(error.value)
    assert isinstance(error.value, MarkError)


@pytest.mark.parametrize("label", ["2", "3"])
def test_a_platform_that_knows_no_producer_may_leave_it_empty(label: str) -> None:
    empty = {"label": label, "content_producer": "", "produce_id": ""}
    block = Aigc(**empty, content_propagator="P", propagate_id="9")  # type: ignore[arg-type]
    assert read_block(block.to_bare()).conforms
    with pytest.raises(BlockError, match="ContentProducer is ''"):
        Aigc(**empty, content_propagator="P")  # type: ignore[arg-type]
    with pytest.raises(BlockError, match="ContentProducer is ''"):
        Aigc(
            label="1", content_producer="", produce_id="", content_propagator="P", propagate_id="9"
        )


def test_a_propagator_fills_its_own_fields_only() -> None:
    block = Aigc(**GOOD)  # type: ignore[arg-type]
    assert block.with_propagator("P", "9", "r") == Aigc(
        **GOOD,  # type: ignore[arg-type]
        content_propagator="P",
        propagate_id="9",
        reserved_code2="r",
    )
    with pytest.raises(BlockError, match="PropagateID is ''"):
        block.with_propagator("P", "")


def test_a_block_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Aigc(**GOOD).label = "2"  # type: ignore[arg-type,misc]


def test_fields_that_are_missing_or_unknown_are_refused() -> None:
    fields = dict(Aigc(**GOOD).fields())  # type: ignore[arg-type]
    with pytest.raises(BlockError, match="Extra is 'x': Annex E has no such key"):
        from_fields({**fields, "Extra": "x"})
    del fields["PropagateID"]
    with pytest.raises(BlockError, match="PropagateID is None: Annex E asks for all seven keys"):
        from_fields(fields)
