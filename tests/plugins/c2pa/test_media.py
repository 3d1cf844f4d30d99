"""Media files are signed into a copy and read again by c2pa-python."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import pytest
from PIL import Image
from tests.plugins.c2pa.issuing import CLAIM, WHEN

from chopmark import MarkError
from chopmark_c2pa import Credential, read_media, write_media


def make(folder: Path, kind: str) -> Path:
    path = folder / f"made.{kind}"
    if kind == "wav":
        data = io.BytesIO()
        with wave.open(data, "wb") as sound:
            sound.setparams((1, 2, 8000, 80, "NONE", ""))
            sound.writeframes(bytes(160))
        path.write_bytes(data.getvalue())
    else:
        Image.new("RGB", (32, 16), "red").save(path)
    return path


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tiff", "gif", "wav"])
def test_file_is_signed_and_read(
    credential: Credential, anchors: str, tmp_path: Path, kind: str
) -> None:
    source, target = make(tmp_path, kind), tmp_path / f"signed.{kind}"
    before = source.read_bytes()
    assert read_media(source) is None
    write_media(source, target, CLAIM, credential, WHEN)
    reading = read_media(target)
    assert reading is not None
    assert (reading.state, reading.problems, reading.model) == ("valid", (), "a-model")
    assert reading.source == "trainedAlgorithmicMedia"
    trusted = read_media(target, anchors)
    assert trusted is not None
    assert trusted.state == "trusted"
    assert source.read_bytes() == before
    if kind != "wav":
        with Image.open(target) as after, Image.open(source) as first:
            assert after.tobytes() == first.tobytes()


def test_changed_file_is_invalid(credential: Credential, tmp_path: Path) -> None:
    source = make(tmp_path, "wav")
    write_media(source, source, CLAIM, credential, WHEN)
    data = bytearray(source.read_bytes())
    data[60] ^= 1
    source.write_bytes(data)
    reading = read_media(source)
    assert reading is not None
    assert reading.state == "invalid"
    assert "assertion.dataHash.mismatch" in reading.problems


@pytest.mark.parametrize("name", ["a.txt", "a", "none.png", "broken.png"])
def test_file_that_cannot_be_signed_leaves_nothing_behind(
    credential: Credential, tmp_path: Path, name: str
) -> None:
    if name != "none.png":
        (tmp_path / name).write_bytes(b"no picture")
    here = sorted(tmp_path.iterdir())
    with pytest.raises(MarkError, match=name.split(".")[0]):
        write_media(tmp_path / name, tmp_path / ("to-" + name), CLAIM, credential, WHEN)
    assert sorted(tmp_path.iterdir()) == here


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_regular_file_is_not_replaced(credential: Credential, tmp_path: Path) -> None:
    target = tmp_path / "to.png"
    os.mkfifo(target)
    with pytest.raises(MarkError, match="no file that can be replaced"):
        write_media(make(tmp_path, "png"), target, CLAIM, credential, WHEN)
    assert target.is_fifo()


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MarkError, match="no suffix"):
        read_media(tmp_path / "a")
    with pytest.raises(MarkError, match="none"):
        read_media(tmp_path / "none.png")
