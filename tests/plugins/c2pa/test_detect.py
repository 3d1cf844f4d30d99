"""Forged, cut, doubled and transplanted credentials are named, and nothing is believed."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.c2pa.issuing import CLAIM, WHEN

from chopmark_c2pa import (
    Credential,
    encode_wrapper,
    find_armour,
    find_credentials,
    find_html,
    find_wrappers,
    make_pointer,
    read_detached,
    read_store,
    sign_html,
    sign_structured,
    sign_text,
)
from chopmark_c2pa._fit import Store

BEGIN, END = "-----BEGIN C2PA MANIFEST-----", "-----END C2PA MANIFEST-----"
TEXT = "一个回答。 An answer."


@pytest.fixture(scope="module")
def signed(credential: Credential) -> str:
    return sign_text(TEXT, CLAIM, credential, WHEN)


@pytest.fixture(scope="module")
def store(signed: str) -> bytes:
    [wrapper] = find_wrappers(signed)
    return wrapper.content


def faults(text: str) -> list[tuple[str, str]]:
    return [(f.problem, f.data.get("fault", "")) for f in find_credentials(text)]


def test_whole_one_says_who_made_it(signed: str) -> None:
    [found] = find_credentials(signed)
    assert (found.form, found.where, found.problem) == ("wrapper", "end", "")
    assert found.data["signer"] == "Operator"
    assert found.data["generator"] == "chopmark"
    assert found.data["source"] == "trainedAlgorithmicMedia"
    assert found.data["model"] == "a-model"


def test_changed_and_transplanted_text_is_named(signed: str) -> None:
    wrapper = signed[len(TEXT) :]
    mismatch = [("assertion.dataHash.mismatch", "transplanted")]
    assert faults(signed.replace("answer", "answes")) == mismatch
    assert faults("Another text" + wrapper) == mismatch
    assert faults(signed + " and more") == mismatch
    assert faults(wrapper + TEXT) == mismatch
    assert faults(TEXT.replace("。", "。\n")[: len(TEXT)] + wrapper) == mismatch


def test_doubled_one_is_not_trusted(signed: str) -> None:
    several = ("manifest.text.multipleWrappers", "duplicated")
    assert faults(signed + signed[len(TEXT) :]) == [several, several]
    assert faults(signed + signed) == [several, several]


def test_cut_one_is_named_and_a_forged_length_told_from_it(signed: str, store: bytes) -> None:
    corrupt = "manifest.text.corruptedWrapper"
    assert faults(signed[:-1]) == [(corrupt, "truncated")]
    assert faults(signed[: len(TEXT) + 40]) == [(corrupt, "truncated")]
    assert faults(signed[: len(TEXT) + 5]) == []  # less than the magic may be anything
    for length in (len(store) - 1, len(store) + 1, 5, 0, 2**21, 2**32 - 1):
        forged = encode_wrapper(b"")[:10] + encode_wrapper(length.to_bytes(4, "big"))[14:]
        [(problem, fault)] = faults(TEXT + forged + encode_wrapper(store)[14:])
        assert problem == corrupt
        assert fault == ("no_store" if length in (0, 5) else "forged_length")


def test_broken_decoy_does_not_hide_the_real_one(signed: str) -> None:
    decoy = encode_wrapper(b"abc")[:-1]
    assert faults(decoy + signed)[0] == ("manifest.text.corruptedWrapper", "truncated")


def test_wrapper_without_a_manifest_is_named() -> None:
    assert faults(TEXT + encode_wrapper(b"https://ai.example")) == [
        ("manifest.text.corruptedWrapper", "no_store")
    ]


@settings(max_examples=scaled(25), suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_no_changed_byte_of_a_manifest_goes_unseen(store: bytes, at: int, byte: int) -> None:
    """Save in what is signed by nobody: the padding, and the label that names the manifest."""
    at %= len(store)
    changed = bytearray(store)
    changed[at] = byte
    [found] = find_credentials(TEXT + encode_wrapper(bytes(changed)))
    if bytes(changed) != store and not found.problem:
        again = Store(bytes(changed)).padded(0)
        assert again == Store(store).padded(0) or found.data["signer"] == "Operator"
        assert read_store(bytes(changed)).hash == read_store(store).hash


@settings(max_examples=scaled(25), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=300), where=st.data())
def test_any_bytes_can_be_read_as_a_manifest(
    store: bytes, data: bytes, where: st.DataObject
) -> None:
    at = where.draw(st.integers(0, len(store)))
    for made in (data, store[:at], store[:at] + data, store[:at] + data + store[at:]):
        if made:
            assert read_store(made).state in ("valid", "invalid")
            assert read_detached(b"text", made).state == "invalid"
            assert len(find_credentials(TEXT + encode_wrapper(made))) == 1


PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([BEGIN, END, "data:application/c2pa;base64,", "\r\n", "\n"]),
    st.sampled_from(["<head>", "</head>", "</script>", "<!--", '">']),
    st.sampled_from(['<script type="application/c2pa">', '<link rel="c2pa-manifest" href="']),
    st.sampled_from([encode_wrapper(b"abc"), encode_wrapper(b"")[:9]]),
    st.just(make_pointer(bytes(32), "http://a/").encode()),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_can_be_looked_at(text: str) -> None:
    for found in find_credentials(text):
        assert bool(found.problem) == bool(found.reason)
        assert found.problem or found.data["state"] == "pointer"


@pytest.mark.parametrize(
    "piece",
    [
        encode_wrapper(b"abc"),
        encode_wrapper(b"")[:9],
        make_pointer(bytes(32), "https://ai.example/").encode(),
        '<script type="application/c2pa">',
        '<link rel="c2pa-manifest" a="',
        f"# {BEGIN} x {END}\n",
        "<!--",
        "a\u0301\u0323",
    ],
)
def test_long_texts_of_nothing_but_marks_are_read_in_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    assert len(find_credentials(text)) <= 210


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{BEGIN} u {END} {BEGIN} u {END}", "multipleReferences"),
        (f"{BEGIN} u", "noManifest"),
        (f"{END} u {BEGIN}", "noManifest"),
        (f"{BEGIN}  {END}", "emptyReference"),
    ],
)
def test_block_that_says_nothing_has_the_code_of_the_specification(text: str, code: str) -> None:
    found = find_armour(text)
    assert found is not None
    assert found.problem == f"manifest.structuredText.{code}"
    assert faults(text)[0][0] == f"manifest.structuredText.{code}"


def test_two_manifests_of_html_have_the_code_of_the_specification() -> None:
    link = '<link rel="c2pa-manifest" href="https://ai.example/1">'
    found = find_html(f"<head>{link}<LINK REL='c2pa-manifest' HREF=x></head>")
    assert found is not None
    assert found.problem == "manifest.html.multipleManifests"
    assert find_html(f"<head><!-- {link} --><script>'{link}'</script></head>") is None


def test_transplanted_structured_text_and_html_are_named(credential: Credential) -> None:
    yaml = sign_structured("a: 1\n", CLAIM, credential, WHEN, "text/yaml")
    html = sign_html("<head></head>a", CLAIM, credential, WHEN)
    for text in (yaml.replace("a: 1", "a: 2"), "\n" + yaml, html + "b", "b" + html):
        assert faults(text) == [("assertion.dataHash.mismatch", "transplanted")]


def test_pointer_holds_for_its_text_only() -> None:
    pointer = make_pointer(hashlib.sha256(TEXT.encode()).digest(), "https://ai.example/c/")
    [found] = find_credentials(TEXT + pointer.encode())
    assert found.data["url"] == pointer.url
    assert found.data["state"] == "pointer"
    assert faults("x" + TEXT + pointer.encode()) == [
        ("assertion.dataHash.mismatch", "transplanted")
    ]
    assert faults(TEXT + pointer.encode()[:-1]) == [("manifest.text.corruptedWrapper", "truncated")]
