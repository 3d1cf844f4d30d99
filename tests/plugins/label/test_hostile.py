"""Files that ask for far more than they are long are refused by name, whatever they are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.label.hostile import MAKERS
from tests.plugins.label.hostile._pdf import page_with_form

from chopmark import MarkError
from chopmark_label import inspect_file
from chopmark_label._files._boxes import Broken
from chopmark_label._files._html import HTML
from chopmark_label._image_open import open_picture
from chopmark_label._inspect_office import seen_in_office
from chopmark_label._inspect_pdf import seen_in_pdf
from chopmark_label._wire import find_blocks

FILES = "chopmark_label._files."
# For each file: its size, the constant that is made smaller for it, and what is said.
REFUSED: dict[str, tuple[int, dict[str, int], str]] = {
    "docx-properties": (16 << 10, {}, "blocks or more, and 100 are read at most"),
    "docx-entries": (9000, {"_package.LARGEST_DIRECTORY": 4000}, "directory of .* ZIP bomb"),
    "pdf-objects": (9000, {"_pdf_objects.MOST_IN_STREAM": 500}, "821 objects in one .* 500 are"),
    "pdf-xmp-elements": (9000, {"_pdf_xmp.MOST_NODES": 1000}, "more XMP than is read"),
    "png-xmp-elements": (9000, {"_xmp.MOST_NODES": 1000}, "more XMP than is read"),
    "png-xmp-blocks": (9000, {}, "blocks or more, and 100 are read"),
    "png-xmp-nested": (9, {}, "a block within a block"),
    "png-texts": (60 << 20, {}, "longer than 16,777,216 bytes"),
    "png-long-text": (9000, {"_png._LARGEST": 5000}, "longer than 5,000 bytes"),
    "png-chunks": (9000, {"_png.MOST": 500}, "more than 500 chunks"),
    "gif-frames": (9000, {"_gif._MOST_BLOCKS": 500}, "more than 500 blocks"),
    "gif-pieces": (9000, {"_gif._MOST": 500}, "more than 500 pieces"),
    "tiff-pages": (9000, {"_ifd.MOST_FIELDS": 5000}, "more than 5,000 fields"),
    "tiff-packets": (9000, {}, "lie over each other"),
    "jpeg-filled": (9000, {}, "more than 4,096 bytes in a row"),
    "jpeg-segments": (9000, {"_jpeg.MOST": 500}, "more than 500 segments"),
    "jpeg-packets": (90000, {"_xmp.LARGEST": 5000}, "more XMP than is read"),
    "webp-chunks": (9000, {"_webp.MOST": 500}, "more than 500 chunks"),
    "mp4-boxes": (9000, {"_mp4_tags._MOST": 500}, "more than 500 boxes"),
    "mp4-outside": (9000, {"_boxes._MOST": 500}, "more than 500 boxes"),
    "mp4-absurd": (900, {}, "ends inside its 'moov' box"),
    "mp4-items": (90000, {}, "blocks or more, and 100 are read"),
    "mp4-keys": (9000, {"_mp4_tags._MOST": 500}, "more than 500 boxes"),
    "mp4-xmp": (9000, {"_xmp.MOST_NODES": 1000}, "more XMP than is read"),
    "mp3-frames": (9000, {"_id3_frames._MOST": 500}, "more than 500 frames"),
    "mp3-texts": (9000, {}, "blocks or more, and 100 are read"),
    "mp3-bombs": (1, {"_id3._MOST_PACKED": 4000}, "packed texts in its ID3v2 tag"),
    "mp3-tags": (8 << 20, {"_mp3.LARGEST": 4 << 20}, "more than 4,194,304 bytes"),
    "flac-blocks": (9000, {"_flac._MOST": 500}, "more metadata than is read"),
    "flac-comments": (9000, {"_vorbis_comment._MOST": 500}, "2,250 comments, and 500 are read"),
    "ogg-pages": (9000, {"_ogg._MOST_PAGES": 100}, "more than 100 pages of Ogg"),
    "ogg-pieces": (9000, {}, "comments end in none of them"),
    "wav-chunks": (9000, {"_riff._MOST": 500}, "more than 500 chunks"),
    "wav-list": (9000, {"_wav._LARGEST": 5000}, "bytes of metadata, and 5,000 are read"),
    "html-one-tag": (9000, {"_html._MOST": 500}, "more than 500 attributes and spaces"),
    "html-metas": (9000, {}, "blocks or more, and 100 are read"),
}


def made(folder: Path, name: str, size: int) -> Path:
    suffix, make, _ = MAKERS[name]
    path = folder / f"hostile{suffix}"
    path.write_bytes(make(size))
    return path


def lowered(patch: pytest.MonkeyPatch, limits: dict[str, int]) -> None:
    for name, most in limits.items():
        patch.setattr(f"{FILES}{name}", most)


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    size, limits, told = REFUSED[name]
    lowered(monkeypatch, limits)
    path = made(tmp_path, name, size)
    with pytest.raises(MarkError, match=told) as raised:
        inspect_file(path, ())
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "size", "limits", "told"),
    [
        ("docx-elements", 9000, {"_package.MOST_NODES": 1000}, "more in its parts"),
        ("docx-attributes", 9000, {"_package.MOST_NODES": 1000}, "more in its parts"),
        ("docx-deep", 9000, {}, "no XML"),
        ("docx-entities", 9000, {}, "no XML"),
        ("pptx-elements", 9000, {"_package.MOST_NODES": 1500}, "more in its parts"),
        ("xlsx-strings", 9000, {"_package.MOST_NODES": 1000}, "more in its parts"),
    ],
)
def test_parts_that_are_not_read_are_noted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    size: int,
    limits: dict[str, int],
    told: str,
) -> None:
    lowered(monkeypatch, limits)
    [note] = inspect_file(made(tmp_path, name, size), ()).notes
    assert "not looked into" in note
    assert told in note


def test_a_string_that_a_sheet_says_over_and_over_is_not_written_out(tmp_path: Path) -> None:
    with pytest.raises(MarkError, match="over and over"):
        seen_in_office(made(tmp_path, "xlsx-one-string", 8 << 10))


def test_rows_within_rows_are_read_once(tmp_path: Path) -> None:
    assert (seen_in_office(made(tmp_path, "xlsx-nested-rows", 900)) or "").count("1") <= 60


@pytest.mark.parametrize(
    ("name", "size", "limits", "told"),
    [
        ("pdf-nested-forms", 20 << 20, {}, "page 1 .*bomb"),
        ("pdf-own-form", 60, {}, "page 1 .*bomb"),
        ("pdf-form-bomb", 9000, {"MOST_ON_PAGE": 5000}, "page 1 .*bomb"),
        ("pdf-font-bomb", 9000, {"MOST_IN_FONTS": 5000}, "unfolds its fonts"),
        ("pdf-one-page-often", 5000, {"MOST_PAGES": 500}, "pages, or a tree"),
    ],
)
def test_pages_of_a_pdf_are_counted_as_they_come_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    size: int,
    limits: dict[str, int],
    told: str,
) -> None:
    for limit, most in limits.items():
        monkeypatch.setattr(f"chopmark_label._inspect_pdf_size.{limit}", most)
    with pytest.raises(MarkError, match=told):
        seen_in_pdf(made(tmp_path, name, size))


@pytest.mark.parametrize(
    "draw", [b"/F Do", b"/#46 Do", b"/F%\nDo", b"q\n/F\r\nDo Q", b"BT(/F Do)Tj ET/F Do"]
)
def test_a_form_is_counted_however_it_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw: bytes
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(page_with_form(draw, b"q Q " * 100))
    assert seen_in_pdf(path) == ("", "")
    monkeypatch.setattr("chopmark_label._inspect_pdf_size.MOST_ON_PAGE", 300)
    with pytest.raises(MarkError, match="bomb"):
        seen_in_pdf(path)


def test_a_form_that_is_not_drawn_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(page_with_form(b"BT (/F) Tj ET", b"q Q " * 100))
    monkeypatch.setattr("chopmark_label._inspect_pdf_size.MOST_ON_PAGE", 300)
    assert seen_in_pdf(path) == ("", "")


def test_a_picture_of_very_many_frames_is_not_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chopmark_label._image_open.MOST_FRAMES", 50)
    with pytest.raises(Broken, match="frames, and 50 are drawn on"):
        open_picture(MAKERS["gif-frames"][1](1000))


def test_a_path_in_json_is_written_for_what_is_found_only() -> None:
    small, large = (peak(find_blocks, MAKERS["json-paths"][1](n).decode()) for n in (2**11, 2**14))
    assert large < 20 * small, (small, large)


def test_of_very_many_blocks_in_json_the_first_are_read() -> None:
    assert len(find_blocks(MAKERS["json-blocks"][1](9000).decode())) == 100


def test_a_block_of_very_many_keys_is_none_that_can_be_read(tmp_path: Path) -> None:
    path = made(tmp_path, "json-fields", 20_000)
    assert not find_blocks(path.read_text())


def test_json_that_is_too_long_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chopmark_label._wire.LONGEST", 1000)
    notes = inspect_file(made(tmp_path, "json-lists", 9000), ()).notes
    assert any("no block was looked for in its JSON" in note for note in notes)


def test_lines_are_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><head></head><body>" + "\n" * 100_000 + "AIGC")
    assert peak(HTML.read, path) < 8 * path.stat().st_size


def peak(call: Callable[..., object], *given: object) -> int:
    """Return the most bytes that a call holds at a time."""
    call(*given)  # what is loaded once is not counted
    tracemalloc.start()
    try:
        call(*given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
