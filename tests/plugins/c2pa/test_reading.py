"""Whoever only reads needs no address and no key, and finds credentials in media files, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tests.plugins.c2pa.issuing import CLAIM, WHEN, Issued

from chopmark import Chopmark, Mark, Policy, PolicyError
from chopmark_c2pa import Credential, Credentials, Options, read_options, sign_text, write_media

READ = Policy(name="reader", plugins=("c2pa",), settings={"c2pa": {"form": "read"}})
READER = Credentials(Options(form="read"))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "made.png"
    Image.new("RGB", (32, 16), "red").save(path)
    return path


def one(path: Path, reader: Credentials = READER) -> Mark:
    [mark] = reader.detect_file(path)
    return mark


def test_a_reader_finds_what_others_signed(credential: Credential) -> None:
    text = sign_text("大海", CLAIM, credential, WHEN)
    [mark] = READER.detect(text)
    assert (mark.placed, mark.data["state"]) == (True, "valid")


def test_a_reader_puts_nothing_behind_an_answer_and_says_so() -> None:
    @Chopmark(READ).guard
    def answer(prompt: str) -> str:
        return "the sea"

    assert answer("Hello") == "the sea"
    [mark] = READER.open(None).finish()[1]  # type: ignore[arg-type]  # it looks at no request
    assert not mark.placed
    assert "form = 'read'" in mark.reason


@pytest.mark.parametrize("option", ["url", "certificate", "model_name"])
def test_what_only_a_writer_needs_is_refused(option: str) -> None:
    with pytest.raises(PolicyError, match=option):
        read_options(READ.with_options("c2pa", **{option: "https://ai.example/c/"}))


def test_the_manifest_of_a_picture_is_found(
    picture: Path, credential: Credential, issued: Issued
) -> None:
    assert list(READER.detect_file(picture)) == []
    write_media(picture, picture, CLAIM, credential, WHEN)
    mark = one(picture)
    assert (mark.kind, mark.where, mark.placed) == ("manifest", "PNG file", True)
    assert mark.data["source"] == "trainedAlgorithmicMedia"
    options = read_options(READ.with_options("c2pa", anchors=str(issued.root)))
    assert one(picture, Credentials(options)).data["state"] == "trusted"


def test_a_manifest_of_another_picture_is_named_as_transplanted(
    picture: Path, credential: Credential
) -> None:
    write_media(picture, picture, CLAIM, credential, WHEN)
    data = bytearray(picture.read_bytes())
    data[data.index(b"IDAT") + 8] ^= 1
    picture.write_bytes(data)
    mark = one(picture)
    assert (mark.placed, mark.data["fault"]) == (False, "transplanted")


def test_a_broken_picture_is_not_called_a_forged_manifest(picture: Path) -> None:
    picture.write_bytes(picture.read_bytes()[:40])
    mark = one(picture)
    assert (mark.placed, mark.data["problem"]) == (False, "chopmark.unchecked")
    assert "broken" in mark.reason


def test_a_file_of_another_kind_carries_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.xyz"
    path.write_bytes(b"\0")
    assert READER.detect_file(path) is None
