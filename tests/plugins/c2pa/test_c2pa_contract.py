"""The marker keeps its contract in both forms, and signs a stream as it would sign the whole."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import c2patxt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.c2pa.issuing import CLAIM, KEYS, WHEN, Issued, issue

from chopmark import Mark, MarkError, Policy, PolicyError, Request
from chopmark.hookspecs import Marker
from chopmark.testing import MarkerContract, cuts
from chopmark_c2pa import (
    Claim,
    Credential,
    Credentials,
    Options,
    chopmark_markers,
    encode_wrapper,
    find_wrappers,
    load_credential,
    read_detached,
    read_options,
    sign_text,
)

URL = "https://ai.example/c/"
ANSWERS = (
    "一个普通的回答。",
    "A plain answer",
    "cafe\u0301 \u1112\u1161\u11ab",
    "\ufeffwith a mark\ufe0f",
    encode_wrapper(b"abc"),
    "e" + "\u0301" * 40,
)


def issued_here() -> Credential:
    with tempfile.TemporaryDirectory() as folder:
        issued = issue(Path(folder), KEYS["ed25519"]())
        return load_credential(issued.certificate, issued.key)


class Contract(MarkerContract):
    answers: ClassVar = ANSWERS[:-2] + ANSWERS[-1:]

    def settled(self, text: str) -> str:
        """An answer goes out in NFC."""
        return unicodedata.normalize("NFC", text)


class TestPointer(Contract):
    def make(self) -> Credentials:
        return Credentials(Options(url=URL), lambda: WHEN)


class TestManifest(Contract):
    examples: ClassVar = 12

    def make(self) -> Credentials:
        return Credentials(Options(form="manifest", credential=issued_here()), lambda: WHEN)

    def _mark(self, marker: Marker, pieces: Sequence[str]) -> tuple[str, list[Mark]]:
        """c2pa-rs salts what it signs, so of a valid manifest only the place is compared."""
        text, marks = super()._mark(marker, pieces)
        wrappers = find_wrappers(text)
        if [m for m in marks if m.placed]:
            assert c2patxt.verify(text).state is c2patxt.Provenance.VALID
            text = text[: wrappers[0].start] + "<manifest>" + text[wrappers[0].end :]
        return text, marks


def marked(marker: Credentials, pieces: list[str], model: str = "a-model") -> tuple[str, object]:
    marking = marker.open(Request(model=model))
    out = "".join(marking.feed(piece) for piece in pieces)
    tail, [mark] = marking.finish()
    return out + tail, mark


@settings(max_examples=12)
@given(data=st.data())
def test_stream_is_signed_as_the_whole_is(credential: Credential, data: st.DataObject) -> None:
    marker = Credentials(Options(form="manifest", credential=credential), lambda: WHEN)
    text = data.draw(st.sampled_from(ANSWERS[:4]))
    out, mark = marked(marker, data.draw(cuts(text)))
    whole = sign_text(text, CLAIM, credential, WHEN)
    assert out[: out.rindex("\ufeff")] == whole[: whole.rindex("\ufeff")]
    assert c2patxt.verify(out).state is c2patxt.Provenance.VALID
    [found] = marker.detect(out)
    assert found.placed
    assert mark.placed
    assert found.where == mark.where == "end"


def test_pointer_is_small_and_its_manifest_is_kept_and_holds(
    credential: Credential, tmp_path: Path
) -> None:
    options = Options(url=URL, credential=credential, store=tmp_path / "new" / "manifests")
    marker = Credentials(options, lambda: WHEN)
    out, mark = marked(marker, ["一个", "回答"])
    assert len(out) - 4 < 1 + 13 + 64
    [file] = (tmp_path / "new" / "manifests").iterdir()
    assert mark.data["url"] == URL + file.name
    reading = read_detached(out.encode(), file.read_bytes())
    assert (reading.state, reading.model) == ("valid", "a-model")
    assert read_detached(out.encode()[1:], file.read_bytes()).state == "invalid"
    [found] = marker.detect(out)
    assert found.placed
    assert found.data["url"] == mark.data["url"]
    before = file.read_bytes()
    marked(marker, ["一个回答"], "another")
    assert file.read_bytes() == before


def test_c2pa_readers_pass_over_a_pointer() -> None:
    out, _ = marked(Credentials(Options(url=URL)), ["text"])
    assert c2patxt.verify(out).state is c2patxt.Provenance.UNMARKED


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\ud800", "surrogate"),
        ("a" + "\u0301" * 40 + "b", "more than 30 marks"),
        ("a" + encode_wrapper(b"x") + "b", "already"),
    ],
)
def test_answer_that_cannot_be_marked_goes_out_as_it_is(text: str, says: str) -> None:
    for pieces in ([text], list(text)):
        out, mark = marked(Credentials(Options(url=URL)), pieces)
        assert out == text
        assert not mark.placed
        assert says in mark.reason


@given(st.text(max_size=20))
def test_any_name_of_a_model_can_be_signed(credential: Credential, name: str) -> None:
    _out, mark = marked(Credentials(Options(form="manifest", credential=credential)), ["a"], name)
    assert mark.placed


def test_manifest_that_cannot_be_kept_is_an_error(credential: Credential, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    options = Options(url=URL, credential=credential, store=tmp_path / "file")
    with pytest.raises(MarkError, match="cannot be written"):
        marked(Credentials(options), ["a"])


def test_finished_marking_refuses(credential: Credential) -> None:
    marking = Credentials(Options(url=URL)).open(Request())
    marking.finish()
    with pytest.raises(MarkError, match="finished"):
        marking.finish()


def policy(folder: Path, **options: object) -> Policy:
    return Policy(name="p", settings={"c2pa": options}, folder=str(folder))


def test_options_are_read_relative_to_the_policy(issued: Issued) -> None:
    folder = issued.key.parent
    options = read_options(
        policy(
            folder,
            form="manifest",
            certificate="chain.pem",
            key="key.pem",
            anchors="root.pem",
            oversight="prompt_guided",
            model_type="c2pa.types.model.onnx",
        )
    )
    assert options.credential is not None
    assert options.credential.algorithm == "ed25519"
    assert options.claim == Claim(oversight="prompt_guided", model_type="c2pa.types.model.onnx")
    kept = read_options(policy(folder, url=URL, certificate="chain.pem", key="key.pem", store="m"))
    assert kept.store == folder / "m"
    [marker] = chopmark_markers(policy(folder, url=URL))
    assert marker.name == "c2pa"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "https://ai.example/c/"),
        ({"url": "http://no-slash.example"}, "slash at its end"),
        ({"url": 7}, "text in quotes"),
        ({"urls": URL}, "did you mean 'url'"),
        ({"url": URL, "form": "small"}, "pointer, manifest"),
        ({"form": "manifest"}, "give `certificate` and `key`"),
        ({"form": "manifest", "certificate": "chain.pem"}, "belong together"),
        ({"form": "manifest", "certificate": "chain.pem", "key": "key.pem", "url": URL}, "leave"),
        ({"url": URL, "store": "m"}, "belong together"),
        ({"url": URL, "certificate": "chain.pem", "key": "key.pem"}, "belong together"),
        ({"url": URL, "store": "m", "certificate": "no.pem", "key": "key.pem"}, "no.pem"),
        ({"url": URL, "store": "m", "certificate": "key.pem", "key": "key.pem"}, "no certificate"),
        ({"url": URL, "store": "m", "certificate": "chain.pem", "key": "root.pem"}, "private key"),
        (
            {"url": URL, "store": "m", "certificate": "root.pem", "key": "key.pem"},
            "begins with a CA",
        ),
        ({"url": URL, "anchors": "key.pem"}, "no certificate in PEM"),
        ({"url": URL, "anchors": "none.pem"}, "none.pem"),
        ({"url": URL, "oversight": "much"}, "human_validated"),
        ({"url": URL, "source": "digitalCreation"}, "trainedAlgorithmicMedia"),
        ({"url": URL, "model_type": "gpt"}, "c2pa.types.model.onnx"),
    ],
)
def test_wrong_option_names_itself_and_the_cure(
    issued: Issued, options: dict[str, object], says: str
) -> None:
    with pytest.raises(PolicyError) as error:
        read_options(policy(issued.key.parent, **options))
    assert says in str(error.value)


def test_key_of_another_certificate_is_refused(issued: Issued, tmp_path: Path) -> None:
    other = issue(tmp_path, KEYS["ed25519"]())
    with pytest.raises(PolicyError, match="does not belong"):
        load_credential(issued.certificate, other.key)
    without = issue(tmp_path, KEYS["es256"](), extended=False)
    with pytest.raises(PolicyError, match="extended key usage"):
        load_credential(without.certificate, without.key)
