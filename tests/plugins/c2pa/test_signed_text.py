"""Signed texts hold for two independent readers, `c2patxt` and c2pa-rs, and for ours."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import c2pa_text
import c2patxt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.c2pa.issuing import CLAIM, KEYS, WHEN, issue

from chopmark import MarkError
from chopmark_c2pa import (
    Credential,
    encode_wrapper,
    find_armour,
    find_credentials,
    find_html,
    find_wrappers,
    load_credential,
    put_armour,
    put_link,
    put_script,
    read_detached,
    sign_html,
    sign_linked,
    sign_structured,
    sign_text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MARKDOWN = "# Title\n\nAn answer, 一个回答。\n"
HTML = "<!doctype html><html><head><title>t</title></head><body>一个回答</body></html>"


def state(text: str, anchors: str = "") -> tuple[str, str]:
    [found] = find_credentials(text, anchors)
    return found.problem, found.data["state"]


@settings(max_examples=15)
@given(TEXTS)
def test_c2patxt_validates_every_text_that_we_sign(credential: Credential, text: str) -> None:
    signed = sign_text(text, CLAIM, credential, WHEN)
    verdict = c2patxt.verify(signed)
    assert verdict.state is c2patxt.Provenance.VALID, [s.code for s in verdict.failure]
    visible = unicodedata.normalize("NFC", text)
    assert signed.startswith(visible)
    assert c2patxt.strip(signed) == visible
    assert c2pa_text.extract_manifest(signed)[1] == visible
    assert state(signed) == ("", "valid")


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_of_key_signs(kind: str, tmp_path: Path) -> None:
    issued = issue(tmp_path, KEYS[kind]())
    credential = load_credential(issued.certificate, issued.key)
    assert credential.algorithm == kind
    for n in range(4):  # lengths of hashes and signatures differ by chance
        signed = sign_text(MARKDOWN + str(n), CLAIM, credential, WHEN)
        assert c2patxt.verify(signed).state is c2patxt.Provenance.VALID
    assert state(signed) == ("", "valid")
    assert state(signed, issued.root.read_text()) == ("", "trusted")


def test_manifest_says_what_the_facts_ask_for(credential: Credential) -> None:
    verdict = c2patxt.verify(sign_text("text", CLAIM, credential, WHEN))
    assert verdict.manifest is not None
    claim, assertions = verdict.manifest.claim, verdict.manifest.assertions
    [action] = assertions["c2pa.actions.v2"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert assertions["c2pa.ai-disclosure"] == {
        "modelType": "c2pa.types.model",
        "modelName": "a-model",
    }
    assert claim["claim_generator_info"]["name"] == "chopmark"
    assert claim["claim_generator_info"]["specVersion"] == "2.4.0"
    assert len(claim["created_assertions"]) == 3


def test_signed_text_is_small_and_takes_few_signatures(credential: Credential) -> None:
    calls: list[bytes] = []

    def sign(message: bytes) -> bytes:
        calls.append(message)
        return credential.sign(message)

    signed = sign_text("text", CLAIM, replace(credential, sign=sign), WHEN)
    assert 1 <= len(calls) <= 8  # a salt of c2pa-rs may make a length unreachable
    assert len(signed.encode()) < 9000


def test_text_signed_by_c2patxt_is_read(anchors: str, tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    issued = issue(tmp_path, key)
    leaf = x509.load_pem_x509_certificate(issued.certificate.read_bytes())
    root = issued.root.read_text()
    signer = c2patxt.Signer(private_key=key, certificates=(leaf,))
    disclosure = c2patxt.Disclosure(media_type="text/plain", model_type="c2pa.types.model")
    for text in ("Plain.", "cafe\u0301 一个回答。"):
        marked = c2patxt.embed(text, signer, disclosure)
        assert state(marked) == ("", "valid")
        assert state(marked, root) == ("", "trusted")
        assert state(marked, anchors) == ("", "valid")


def test_text_stored_in_nfd_with_its_own_offsets_is_read(credential: Credential) -> None:
    """C2PA 15.12.1.3.1: what is left is normalised, and offsets are those of the stored text."""
    signed = sign_text("café", CLAIM, credential, WHEN)
    moved = signed.replace("é", "e\u0301")  # one byte more, so the exclusion does not match
    assert state(moved) == ("assertion.dataHash.mismatch", "invalid")
    assert c2patxt.verify(moved).state is c2patxt.Provenance.INVALID


@pytest.mark.parametrize("kind", ["text/markdown", "text/yaml", "text/css", "application/xml"])
def test_structured_text_is_signed_in_a_comment(credential: Credential, kind: str) -> None:
    for text in (
        "a: 1\nb: 一\n",
        "a: 1\r\nb: 2",
        "#!/bin/sh\nx\n",
        "<?xml version='1.0'?><a/>",
        "",
    ):
        signed = sign_structured(text, CLAIM, credential, WHEN, kind)
        assert state(signed) == ("", "valid")
        theirs = c2pa_text.extract_structured(signed)
        ours = find_armour(signed)
        assert ours is not None
        assert theirs.manifest == ours.store
        raw = signed.encode()
        assert raw[: ours.start] + raw[ours.start + ours.length :] == text.encode()
        changed = signed[:2] + " " + signed[2:] if ours.start else signed + "!"
        assert state(changed) == ("assertion.dataHash.mismatch", "invalid")


def test_html_is_signed_in_its_head(credential: Credential) -> None:
    signed = sign_html(HTML, CLAIM, credential, WHEN)
    theirs, ours = c2pa_text.extract_html(signed), find_html(signed)
    assert theirs is not None
    assert ours is not None
    assert theirs.manifest == ours.store
    assert state(signed) == ("", "valid")
    assert state(signed.replace("回答", "回复")) == ("assertion.dataHash.mismatch", "invalid")


def test_linked_manifest_binds_what_it_is_linked_from(credential: Credential) -> None:
    url = "https://ai.example/c/1.c2pa"
    html, store = sign_linked(HTML, url, CLAIM, credential, WHEN, "text/html")
    assert html == c2pa_text.embed_html_reference(HTML, url)
    assert read_detached(html.encode(), store).state == "valid"
    assert read_detached(html.encode() + b" ", store).state == "invalid"
    [found] = find_credentials(html)
    assert (found.problem, found.data) == ("", {"url": url, "state": "pointer"})
    text, store = sign_linked(MARKDOWN, url, CLAIM, credential, WHEN, "text/markdown")
    armour = find_armour(text)
    assert armour is not None
    assert armour.reference == url
    assert c2pa_text.extract_structured(text).reference == url


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary(max_size=80))
def test_carriers_are_byte_for_byte_those_of_c2pa_text(text: str, store: bytes) -> None:
    reference = c2pa_text.encode_data_uri(store)
    if "-----" not in text and not text.startswith(("#!", "<?")):
        end = "\r\n" if "\r\n" in text else "\n"
        for kind in ("text/markdown", "text/yaml", "text/css"):
            theirs = c2pa_text.embed_structured(
                text, reference, *c2pa_text.comment_syntax(kind), newline=end
            )
            ours = put_armour(text, reference, kind)
            assert (ours.text, ours.start, ours.length) == (
                theirs.text,
                theirs.exclusion_start,
                theirs.exclusion_length,
            )
    html = f"<head>{text.replace('<', '')}</head>"
    inline = c2pa_text.embed_html_inline(html, store)
    mine = put_script(html, store)
    assert (mine.text, mine.start, mine.length) == (
        inline.html,
        inline.exclusion_start,
        inline.exclusion_length,
    )
    linked = c2pa_text.embed_html_reference(html, "https://ai.example/1")
    assert put_link(html, "https://ai.example/1") == linked


@pytest.mark.parametrize(
    ("sign", "text", "says"),
    [
        (sign_text, encode_wrapper(b"abc"), "already"),
        (sign_text, "a\ud800", "lone surrogate at character 1"),
        (sign_text, "a" + "\u0301" * 40, "more than 30 marks"),
        (sign_html, "no head", "no </head>"),
        (sign_html, '<head><link rel="c2pa-manifest" href="x"></head>', "already"),
        (lambda *a: sign_structured(*a, "text/plain"), "x", "sign_text"),
        (lambda *a: sign_structured(*a, "text/yaml"), "# -----BEGIN C2PA MANIFEST-----", "already"),
        (lambda t, *a: sign_linked(t, "a --> b", *a, "text/markdown"), "x", "cannot stand"),
    ],
)
def test_what_cannot_be_signed_says_why(
    credential: Credential, sign: object, text: str, says: str
) -> None:
    with pytest.raises(MarkError, match=says):
        sign(text, CLAIM, credential, WHEN)  # type: ignore[operator]


def test_key_that_fails_is_named(credential: Credential) -> None:
    def sign(message: bytes) -> bytes:
        raise ConnectionError("the KMS is away")

    with pytest.raises(MarkError, match="the KMS is away"):
        sign_text("text", CLAIM, replace(credential, sign=sign), WHEN)


def test_wrapper_stands_where_the_signed_exclusion_says(credential: Credential) -> None:
    signed = sign_text("一个回答", CLAIM, credential, WHEN)
    [wrapper] = find_wrappers(signed)
    assert signed[: wrapper.start] == "一个回答"
    assert wrapper.end == len(signed)
