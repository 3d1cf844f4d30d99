"""What security data prove is said, and no more: a key from the file never means origin."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import MarkError
from chopmark_label._block import KEYS, Aigc, BlockError
from chopmark_label._read_block import read_block
from chopmark_label._security import check_integrity, seal, seal_hash
from chopmark_label._sm2 import Sm2Signer
from chopmark_label._sm2_keys import KeyPair, fingerprint

# The key of the example in GB/T 32918.5-2017, Annex A.2: known to everybody.
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
PINS = {fingerprint(PUBLIC): "Maker"}
BLOCK = Aigc(label="1", content_producer="Maker", produce_id="7")

# Labels in two public Markdown files of one producer: data, found by searching for ReservedCode1.
FOUND_KEY = (
    "3059301306072A8648CE3D020106082A811CCF5501822D034200045728F08C58D9C72150A705693EF7337859F8"
    "FF216E802630041AFAE5C036F0A67CB1FDF8C57F5F8B623284AE09E4E545464B7140B26BBDA51BAE965F854C57AA"
)
FOUND = {
    "142569260085903360": (
        "3046022100AE6B84B3342128AE301A597596FCD9EECF3EA0FC2DB6C250BAF234E167298E9002210097223ABB"
        "647B786A90D0A1B93CB9382EA879563B2C7F025FA006BE16AE926C14"
    ),
    "147392816552226816": (
        "3045022100E816A5872275AE5414E7E0FD3D9B2C30F7B7FD68609D6486A38DF7CFAA1417B902201A510FBBE5"
        "0819BAFF1FCC7B8527FF23CD40447D41A6776E6BCF1F773AE0DBBC"
    ),
}


@pytest.fixture(scope="module")
def signer() -> Sm2Signer:
    return Sm2Signer(KeyPair(SECRET, PUBLIC), "maker")


@pytest.fixture(scope="module")
def sealed(signer: Sm2Signer) -> Aigc:
    return seal(BLOCK, signer)


def found_block(number: str) -> Aigc:
    security = {
        "SecurityData": {
            "Type": "TC260PG",
            "Version": 1,
            "PubSD": [
                {
                    "Type": "DS",
                    "AlgID": "1.2.156.10197.1.501",
                    "TBSData": {"Type": "LabelMataData"},
                    "Signature": FOUND[number],
                },
                {"Type": "PubKey", "AlgID": "1.2.156.10197.1.501", "KeyValue": FOUND_KEY},
            ],
        }
    }
    return Aigc(
        label="1",
        content_producer="001191310104MACE0YX63918020",
        produce_id=number,
        reserved_code1=json.dumps(security, separators=(",", ":")),
    )


def respelt(block: Aigc, **words: str) -> Aigc:
    text = block.reserved_code1
    for old, new in words.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return replace(block, reserved_code1=text)


@pytest.mark.parametrize("number", FOUND)
def test_signatures_found_in_public_files_verify_over_the_hashed_text(number: str) -> None:
    block = found_block(number)
    result = check_integrity(block, {})
    assert result.verdict == "unknown key"
    assert result.matched == "the label text of A.1, hashed with SM3 first"
    assert check_integrity(block, {result.key.upper(): "Step"}).signer == "Step"
    assert check_integrity(replace(block, produce_id=f"{number[:-1]}1"), {}).verdict == "broken"


def test_a_sealed_block_keeps_annex_e_and_is_read_back(sealed: Aigc) -> None:
    reading = read_block(sealed.to_wrapped())
    assert reading.conforms
    assert reading.to_aigc() == sealed
    result = check_integrity(reading, PINS)
    assert (result.verdict, result.signer) == ("intact", "Maker")
    assert result.matched == "the label text of A.1, as it is"


def test_a_key_from_the_block_alone_never_means_origin(sealed: Aigc) -> None:
    for pins in ({}, {"00" * 32: "Maker"}):
        result = check_integrity(sealed, pins)
        assert result.verdict == "unknown key"
        assert result.signer == ""
        assert "does not say who signed" in result.notes[0]


def test_a_forger_who_signs_anew_is_an_unknown_key(signer: Sm2Signer) -> None:
    forged = seal(replace(BLOCK, content_producer="Victim"), signer)
    assert check_integrity(forged, {"11" * 32: "Victim"}).verdict == "unknown key"


@pytest.mark.parametrize(
    "change", [{"label": "2"}, {"content_producer": "Other"}, {"produce_id": "8"}]
)
def test_a_change_to_what_is_signed_breaks_it(sealed: Aigc, change: dict[str, str]) -> None:
    changed = replace(sealed, **change)  # type: ignore[arg-type]
    assert check_integrity(changed, PINS).verdict == "broken"


def test_a_propagator_does_not_break_it(sealed: Aigc) -> None:
    assert check_integrity(sealed.with_propagator("P", "9", "r"), PINS).verdict == "intact"


def test_both_spellings_of_the_fields_are_read(sealed: Aigc) -> None:
    for block in (
        respelt(sealed, Md="LabelMataData"),
        respelt(sealed, PubSD="PubSd"),
        respelt(sealed, Md="LabelMataData", PubSD="PubSd"),
    ):
        assert block != sealed
        assert check_integrity(block, PINS).verdict == "intact"


@pytest.mark.parametrize("form", ["point", "coordinates", "x", "zero and x", "lower case"])
def test_every_way_to_write_the_key_is_read(sealed: Aigc, form: str) -> None:
    data = json.loads(sealed.reserved_code1)
    entry = data["SecurityData"]["PubSD"][1]
    entry["KeyValue"] = {
        "point": PUBLIC.hex(),
        "coordinates": PUBLIC[1:].hex(),
        "x": PUBLIC[1:33].hex(),
        "zero and x": "00" + PUBLIC[1:33].hex(),
        "lower case": entry["KeyValue"].lower(),
    }[form]
    block = replace(sealed, reserved_code1=json.dumps(data, separators=(",", ":")))
    assert check_integrity(block, PINS).verdict == "intact"


@pytest.mark.parametrize(
    "value",
    [
        "5fc9a976-18e2-4457-91e5-8c50f9ae8bcd", "L-abc", "{}", "[]", '{"SecurityData":1}',
        '{"SecurityData":{"Type":"Other"}}', '{"SecurityData":{"Type":"TC260PG"}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[],"PubSd":[]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","AlgID":"1.2.840.113549.1.1.11"}]}}',
        '{"a":1,"a":2}', "[" * 5000, "0" * 40, "f" * 32,
    ],
)  # fmt: skip
def test_forms_of_other_writers_are_unknown_and_not_broken(value: str) -> None:
    result = check_integrity(replace(BLOCK, reserved_code1=value), PINS)
    assert result.verdict == "unknown form"
    assert result.notes


def test_a_signature_without_a_key_cannot_be_checked(sealed: Aigc) -> None:
    data = json.loads(sealed.reserved_code1)
    del data["SecurityData"]["PubSD"][1]
    block = replace(sealed, reserved_code1=json.dumps(data, separators=(",", ":")))
    assert check_integrity(block, PINS).verdict == "unknown form"


def test_one_broken_signature_among_two_is_broken(sealed: Aigc) -> None:
    data = json.loads(sealed.reserved_code1)
    first = data["SecurityData"]["PubSD"][0]
    data["SecurityData"]["PubSD"].append({**first, "Signature": FOUND["142569260085903360"]})
    block = replace(sealed, reserved_code1=json.dumps(data, separators=(",", ":")))
    assert check_integrity(block, PINS).verdict == "broken"


def test_too_many_signatures_are_not_tried(sealed: Aigc) -> None:
    data = json.loads(sealed.reserved_code1)
    data["SecurityData"]["PubSD"] *= 50
    block = replace(sealed, reserved_code1=json.dumps(data, separators=(",", ":")))
    result = check_integrity(block, PINS)
    assert result.verdict == "unknown form"
    assert "too many signatures" in result.notes[0]


def test_what_a_propagator_signs_is_never_called_broken(sealed: Aigc) -> None:
    block = sealed.with_propagator("P", "9", sealed.reserved_code1)
    assert check_integrity(block, PINS, "ReservedCode2").verdict == "unknown form"


def test_an_empty_field_proves_nothing() -> None:
    assert check_integrity(BLOCK, PINS).verdict == "none"
    assert check_integrity(BLOCK, PINS, "ReservedCode2").verdict == "none"


def test_a_hash_has_the_form_of_the_example_in_the_standard() -> None:
    block = seal_hash(BLOCK)
    assert len(block.reserved_code1) == 40
    assert read_block(block.to_bare()).conforms
    result = check_integrity(block, PINS)
    assert (result.verdict, result.form, result.signer) == ("intact", "hash", "")
    assert "anybody who changes the block can make it anew" in result.notes[0]
    assert check_integrity(block.with_propagator("P", "9"), {}).verdict == "intact"
    assert check_integrity(replace(block, produce_id="8"), {}).verdict == "unknown form"


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sm3"])
def test_hashes_of_others_over_the_block_are_found_by_trying(name: str) -> None:
    import hashlib

    value = hashlib.new(name, BLOCK.to_wrapped().encode()).hexdigest().upper()
    result = check_integrity(replace(BLOCK, reserved_code1=value), {})
    assert result.verdict == "intact"
    assert f"wrapped, by {name}" in result.matched


def test_sealing_loses_no_security_data(sealed: Aigc, signer: Sm2Signer) -> None:
    with pytest.raises(BlockError, match="there are security data already"):
        seal(sealed, signer)
    with pytest.raises(BlockError, match="there are security data already"):
        seal_hash(sealed)


def test_a_signer_whose_signature_does_not_fit_is_refused() -> None:
    class Wrong:
        name = "wrong"
        key_id = "k"
        public_key = PUBLIC

        def sign(self, message: bytes) -> bytes:
            return bytes.fromhex(FOUND["142569260085903360"])

    with pytest.raises(MarkError, match="the signature of 'wrong' does not fit its public key"):
        seal(BLOCK, Wrong())


@settings(max_examples=scaled(50))
@given(st.sampled_from(["ReservedCode1", "ReservedCode2"]), st.text(max_size=60), st.booleans())
def test_no_value_makes_checking_fail(field: str, value: str, surrogate: bool) -> None:
    fields = dict.fromkeys(KEYS, value + "\ud800" * surrogate)
    reading = read_block(json.dumps(fields))
    assert check_integrity(reading, PINS, field).verdict in ("unknown form", "none")  # type: ignore[arg-type]
