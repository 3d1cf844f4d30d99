"""An image file that is labelled keeps everything else that it is and says."""

from __future__ import annotations

import os
import stat
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from tests.depth import scaled
from tests.plugins.label.image_labels import (
    animation,
    durations,
    file,
    frames,
    opened,
    photo,
    same_outside,
    srgb,
    viewed,
)

from chopmark import MarkError
from chopmark_label import Aigc, label_file, read_labels
from chopmark_label._files._errors import FileError
from chopmark_label._image import draw_label, label_image, label_image_bytes

BLOCK = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="a-1")
SUFFIXES = {
    "BMP": ".bmp", "GIF": ".gif", "JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp",
}  # fmt: skip
CARRIERS = ("GIF", "JPEG", "PNG", "TIFF", "WEBP")
MODES = {
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("1", "L", "P"),
    "JPEG": ("L", "RGB", "CMYK"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"),
    "WEBP": ("RGB", "RGBA"),
}
LOSSLESS = {"WEBP": {"lossless": True}}
KINDS = [(form, mode) for form, modes in MODES.items() for mode in modes]


def in_mode(mode: str) -> Image.Image:
    grey = photo().convert("L")
    if mode == "I;16":
        return grey.convert("I").point(lambda value: value * 257).convert("I;16")
    image = grey.convert(mode) if mode == "LA" else photo().convert(mode)
    if "A" in mode:
        image.putalpha(grey)
    return image


def exif(orientation: int = 1, thumbnail: bool = False) -> bytes:
    """Return EXIF with a description, a comment, and perhaps a thumbnail in IFD1."""
    entries = [(0x010E, 2, 6, b"cat 1\0"), (0x0112, 3, 1, struct.pack("<HH", orientation, 0))]
    count = len(entries)
    at = 8 + 2 + 12 * count + 4
    rows, rest = b"", b""
    for tag, kind, number, value in entries:
        inline = value if len(value) <= 4 else struct.pack("<I", at + len(rest))
        rest += b"" if len(value) <= 4 else value
        rows += struct.pack("<HHI", tag, kind, number) + inline
    link = at + len(rest) if thumbnail else 0
    small = file(Image.new("RGB", (16, 12), "red"), "JPEG")
    second = b""
    if thumbnail:
        start = link + 2 + 24 + 4
        second = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, start)
        second += struct.pack("<HHII", 0x0202, 4, 1, len(small)) + struct.pack("<I", 0) + small
    head = b"II*\0" + struct.pack("<IH", 8, count) + rows + struct.pack("<I", link)
    return b"Exif\0\0" + head + rest + second


def rich(form: str, orientation: int = 1) -> bytes:
    """Return a file that says as much as its format can."""
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"exif": exif(orientation), "icc_profile": srgb(), "dpi": (300, 300),
                 "comment": b"made today", "quality": 83, "subsampling": 1, "progressive": True},
        "PNG": {"exif": exif(orientation), "icc_profile": srgb(), "dpi": (300, 300)},
        "WEBP": {"exif": exif(orientation), "icc_profile": srgb(), "lossless": True},
        "TIFF": {"icc_profile": srgb(), "dpi": (300, 300), "description": "cat", "artist": "me",
                 "compression": "tiff_lzw"},
        "GIF": {"comment": b"made today"},
    }  # fmt: skip
    return file(photo(), form, **options[form])


def said(data: bytes) -> dict[str, object]:
    """Return what Pillow reads beside the pixels, without what says where it stands."""
    info = {str(key): value for key, value in opened(data).info.items()}
    if "extension" in info:
        info["extension"] = info["extension"][0]
    return info


@pytest.mark.parametrize(("form", "mode"), KINDS)
def test_format_mode_and_size_stay_and_the_label_is_there(form: str, mode: str) -> None:
    data = file(in_mode(mode), form, **LOSSLESS.get(form, {}))
    made, label = label_image_bytes(data)
    before, after = opened(data), opened(made)
    assert (after.format, after.mode, after.size) == (before.format, before.mode, before.size)
    assert label.format == form
    assert not label.already
    if form != "JPEG":
        assert same_outside(before, after, label.box)
    assert not same_outside(before, after, (0, 0, 1, 1), most=60)


@pytest.mark.parametrize(("form", "mode"), KINDS)
def test_labelling_twice_is_labelling_once(form: str, mode: str) -> None:
    made, _ = label_image_bytes(file(in_mode(mode), form))
    again, label = label_image_bytes(made)
    assert again == made
    assert label.already


@pytest.mark.parametrize("form", CARRIERS)
def test_what_a_file_says_stays(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"cat{SUFFIXES[form]}"
    path.write_bytes(rich(form))
    label_file(path, path, BLOCK)
    data = path.read_bytes()
    label_image(path)
    assert path.read_bytes() != data
    assert said(path.read_bytes()) == said(data)
    _, blocks = read_labels(path)
    assert [block.reading.fields["ProduceID"] for block in blocks] == ["a-1"]


@pytest.mark.parametrize("form", CARRIERS)
def test_the_implicit_label_may_come_after_the_visible_one(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"cat{SUFFIXES[form]}"
    path.write_bytes(rich(form))
    label_image(path)
    label_file(path, path, BLOCK)
    assert label_image(path).already
    assert len(read_labels(path)[1]) == 1


def test_jpeg_keeps_its_tables_its_subsampling_and_segments_that_nobody_asks_for() -> None:
    data = rich("JPEG")
    strange = b"\xff\xed" + struct.pack(">H", 2 + 14) + b"Photoshop 3.0\0"
    data = data[:2] + strange + data[2:]
    made, label = label_image_bytes(data)
    before, after = opened(data), opened(made)
    assert after.quantization == before.quantization  # type: ignore[attr-defined]
    assert after.layer == before.layer  # type: ignore[attr-defined]
    assert strange in made
    left, top, right, bottom = label.box
    near = (left - 16, top - 16, right + 16, bottom + 16)  # blocks that the label is in
    assert same_outside(before, after, near, most=8)


@pytest.mark.parametrize(
    ("form", "turn"),
    [
        *(("JPEG", turn) for turn in range(1, 9)),
        *(
            pytest.param(form, turn, marks=[] if turn == 6 else pytest.mark.deep)
            for form in ("PNG", "WEBP")
            for turn in range(1, 9)
        ),
    ],
)
def test_the_label_is_upright_for_the_viewer(form: str, turn: int) -> None:
    data = file(photo(), form, exif=exif(turn), **LOSSLESS.get(form, {}))
    made, label = label_image_bytes(data, language="en", place="top-left")
    assert opened(made).getexif()[0x0112] == turn
    wanted = draw_label(viewed(data), language="en", place="top-left")
    assert same_outside(viewed(made), wanted, (0, 0, 0, 0), most=120 if form == "JPEG" else 0)
    assert label.box[:2] == (9, 9)
    assert label_image_bytes(made, language="en", place="top-left")[1].already


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_tiff_is_stored_upright(turn: int) -> None:
    data = file(photo(), "TIFF", tiffinfo={0x0112: turn})
    made, _ = label_image_bytes(data)
    wanted = draw_label(opened(data))
    assert same_outside(opened(made), wanted, (0, 0, 0, 0))
    assert 0x0112 not in opened(made).getexif()


def test_a_thumbnail_without_the_label_is_unlinked() -> None:
    for form in ("JPEG", "PNG", "WEBP"):
        data = file(photo(), form, exif=exif(thumbnail=True))
        assert opened(data).getexif().get_ifd(ExifTags.IFD.IFD1)
        made, _ = label_image_bytes(data)
        assert not opened(made).getexif().get_ifd(ExifTags.IFD.IFD1)
        assert opened(made).getexif()[0x010E] == "cat 1"


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_every_frame_of_an_animation_is_labelled_and_lasts_as_long(form: str) -> None:
    data = animation(form, loop=3)
    made, label = label_image_bytes(data, language="en")
    assert label.frames == 4
    assert durations(made) == durations(data)
    assert opened(made).info["loop"] == 3
    for before, after in zip(frames(data), frames(made), strict=True):
        assert draw_label(after, language="en").tobytes() == after.tobytes()
        if form == "PNG":
            assert same_outside(before, after, label.box)
        if form == "GIF":
            assert same_outside(before, after, label.box, most=40)
    assert label_image_bytes(made, language="en")[1].already


def test_an_animation_with_clear_parts_keeps_them() -> None:
    parts = []
    for at in range(3):
        frame = Image.new("RGBA", (300, 200))
        frame.paste((200, 30, 40, 255), (20 + 40 * at, 20, 60 + 40 * at, 60))
        parts.append(frame)
    data = animation("GIF", parts, disposal=2, duration=100)
    made, label = label_image_bytes(data)
    assert label.frames == 3
    for before, after in zip(frames(data), frames(made), strict=True):
        assert same_outside(before, after, label.box)


def test_a_still_picture_before_an_animation_is_labelled_too() -> None:
    data = animation("PNG", default_image=True, duration=[100, 150, 200])
    made, label = label_image_bytes(data)
    assert opened(made).info["default_image"]
    assert label.frames == 4
    assert len(frames(made)) == 4


def test_lossless_webp_stays_so_with_the_colours_of_clear_pixels() -> None:
    image = photo().convert("RGBA")
    image.putalpha(0)
    made, label = label_image_bytes(file(image, "WEBP", lossless=True, exact=True))
    assert b"VP8L" in made
    assert same_outside(opened(made), image, label.box)


def test_quality_is_that_of_the_call_where_it_says_one() -> None:
    small, _ = label_image_bytes(rich("JPEG"), quality=30)
    large, _ = label_image_bytes(rich("JPEG"), quality=95)
    assert len(small) < len(large) / 2
    with pytest.raises(MarkError, match="1 to 100"):
        label_image_bytes(rich("JPEG"), quality=0)


@pytest.mark.parametrize("quality", [1, 3, 10, 40, 95])
def test_a_jpeg_of_any_quality_shows_the_label(quality: int) -> None:
    made, _ = label_image_bytes(file(photo(), "JPEG", quality=quality), language="en")
    assert label_image_bytes(made, language="en")[1].already


def test_a_label_is_known_again_after_a_platform_coded_the_image_anew() -> None:
    made, _ = label_image_bytes(file(photo(), "PNG"))
    for quality in (20, 60, 90):
        assert label_image_bytes(file(opened(made), "JPEG", quality=quality))[1].already


def cut(form: str) -> bytes:
    data = rich(form)
    return data[: len(data) // 2]


def deep_png(colour: int, samples: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = zlib.compress((b"\0" + bytes(200 * samples * 2)) * 200)
    head = struct.pack(">IIBBBBB", 200, 200, 16, colour, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def signed() -> bytes:
    data = file(photo(), "PNG")
    body = b"\0\0\0\x10jumbjumdc2pa"
    chunk = struct.pack(">I", len(body)) + b"caBX" + body
    return data[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[33:]


REFUSED = {
    "empty": (b"", "no picture of a format"),
    "text": (b"a cat", "no picture of a format that can be labelled: BMP, GIF, JPEG"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture of a format"),
    "icon": (file(photo((64, 64)), "ICO"), "no picture of a format"),
    "cut jpeg": (cut("JPEG"), "cut off"),
    "cut png": (cut("PNG"), "cut off|damaged"),
    "cut gif": (cut("GIF"), "cut off|damaged"),
    "cut webp": (cut("WEBP"), "cut off|damaged|no picture"),
    "cut tiff": (cut("TIFF"), "cut off|damaged"),
    "deep rgb": (deep_png(2, 3), "16 bits for each colour"),
    "deep rgba": (deep_png(6, 4), "16 bits for each colour"),
    "deep grey with alpha": (deep_png(4, 2), "16 bits for each colour"),
    "pages": (animation("TIFF"), "4 pages"),
    "several": (file(photo(), "MPO", save_all=True, append_images=[photo()]), "MPO"),
    "float": (file(Image.new("F", (200, 200)), "TIFF"), "convert it to RGB"),
    "signed": (signed(), "C2PA.*first and sign afterwards"),
    "small": (file(photo((12, 12)), "PNG"), "does not fit"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_labelled_is_named_and_stays_as_it_is(why: str, tmp_path: Path) -> None:
    data, match = REFUSED[why]
    path, out = tmp_path / "cat.img", tmp_path / "out.img"
    path.write_bytes(data)
    out.write_bytes(b"older")
    with pytest.raises(MarkError, match=match):
        label_image_bytes(data)
    with pytest.raises(MarkError, match=match) as caught:
        label_image(path, out=out)
    if why != "small":
        assert isinstance(caught.value, FileError)
        assert str(path) in str(caught.value)
    assert out.read_bytes() == b"older"
    assert path.read_bytes() == data
    assert sorted(tmp_path.iterdir()) == [path, out]


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data, moving = file(photo(), "PNG"), animation("GIF")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)
    with pytest.raises(MarkError, match="MAX_IMAGE_PIXELS if you trust it"):
        label_image_bytes(data)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000)  # one frame would pass
    with pytest.raises(MarkError, match="4 frames of 200 x 150"):
        label_image_bytes(moving)


@pytest.mark.filterwarnings("default")
@given(data=st.data(), form=st.sampled_from(CARRIERS))
@settings(max_examples=scaled(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_broken_file_raises_nothing_but_our_error(data: st.DataObject, form: str) -> None:
    broken = bytearray(file(photo((160, 120)), form))
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    whole = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    for candidate in (whole, bytes(broken)):
        try:
            made, _ = label_image_bytes(candidate)
        except MarkError as error:
            assert str(error).startswith(("the image", "'AI生成'"))  # noqa: PT017
        else:
            assert label_image_bytes(made)[1].already


def test_the_file_goes_where_it_is_wanted_and_keeps_its_permissions(tmp_path: Path) -> None:
    path, out = tmp_path / "猫.png", tmp_path / "labelled 猫.PNG"
    path.write_bytes(file(photo(), "PNG"))
    path.chmod(0o640)
    before = path.read_bytes()
    label_image(path, out=out)
    assert path.read_bytes() == before
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert draw_label(opened(out.read_bytes())).tobytes() == opened(out.read_bytes()).tobytes()
    assert label_image(out, out=path).already
    assert path.read_bytes() == out.read_bytes()


def test_an_image_is_not_written_under_the_name_of_another_format(tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(file(photo(), "JPEG"))
    with pytest.raises(FileError, match=r"end it with \.jpg"):
        label_image(path, out=tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == [path]
    label_image(path, out=tmp_path / "cat.jpeg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    path, out = tmp_path / "cat.png", tmp_path / "out.png"
    path.write_bytes(file(photo(), "PNG"))
    os.mkfifo(out)
    with pytest.raises(FileError, match="no file that can be replaced"):
        label_image(path, out=out)
    assert out.is_fifo()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(file(photo(), "PNG"))
    with pytest.raises(FileError, match=r"cannot be written.*check the folder"):
        label_image(path, out=tmp_path / "none" / "cat.png")
    with pytest.raises(FileError, match="cannot be read"):
        label_image(tmp_path / "dog.png")


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MarkError, match=r"pip install 'chopmark\[files\]'"):
        label_image_bytes(b"")
