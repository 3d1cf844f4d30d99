"""Labels are found where readers see them: on the pages of a PDF, in sheets, in sounds."""

from __future__ import annotations

import random
import zlib
from contextlib import suppress
from pathlib import Path

import openpyxl
import pikepdf
import pytest
from PIL import Image
from tests.plugins.label.files.media_files import make_sound, make_video
from tests.plugins.label.inspected import findings, report, run

from chopmark_label import label_sound
from chopmark_label._files._errors import FileError
from chopmark_label._inspect_pdf import EDGE, seen_in_pdf
from chopmark_label._inspect_pdf_size import MOST_IN_FILE, MOST_ON_PAGE
from chopmark_label._inspect_sound import LONGEST

LABEL = "（AI生成）"


def pdf(path: Path, *pages: str, **options: object) -> Path:
    """Write a page for each text, in a font of which only the code points are known."""
    points = sorted({character for page in pages for character in page} - {"\n"})
    to_unicode = "\n".join(f"<{n:04x}> <{ord(p):04x}>" for n, p in enumerate(points, 1))
    with pikepdf.new() as made:
        font = made.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type0,
                BaseFont=pikepdf.Name.Song,
                Encoding=pikepdf.Name("/Identity-H"),
                DescendantFonts=[
                    pikepdf.Dictionary(
                        Type=pikepdf.Name.Font,
                        Subtype=pikepdf.Name.CIDFontType2,
                        BaseFont=pikepdf.Name.Song,
                        CIDSystemInfo=pikepdf.Dictionary(
                            Registry="Adobe", Ordering="Identity", Supplement=0
                        ),
                        DW=1000,
                    )
                ],
                ToUnicode=made.make_stream(
                    f"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange "
                    f"{len(points)} beginbfchar\n{to_unicode}\nendbfchar endcmap".encode()
                ),
            )
        )
        for text in pages:
            lines = "".join(
                f"<{''.join(f'{points.index(c) + 1:04x}' for c in line)}> Tj 0 -20 Td\n"
                for line in text.split("\n")
            )
            page = made.add_blank_page(page_size=(600, 800))
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            page.Contents = made.make_stream(f"BT /F 12 Tf 50 700 Td {lines}ET".encode())
        made.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("pages", "where"),
    [
        ((f"{LABEL}\n西湖在杭州。", "第二页。"), "start"),
        (("西湖在杭州。" * 8, "第二页。" * 9 + f"\n{LABEL}"), "end"),
    ],
)
def test_a_label_on_the_pages_of_a_pdf_is_found(
    tmp_path: Path, pages: tuple[str, ...], where: str
) -> None:
    found = report(pdf(tmp_path / "a.pdf", *pages))
    [label] = findings(found, "label")
    assert (label["where"], label["says"]) == (where, "is")
    assert "AI生成" in label["said"]["wording"]
    assert found["notes"] == []
    assert "label" in found["looked"]


def test_a_pdf_that_says_nothing_of_it_has_no_label(tmp_path: Path) -> None:
    found = report(pdf(tmp_path / "a.pdf", "西湖在杭州。"), status=1)
    assert found["findings"] == []
    assert seen_in_pdf(tmp_path / "a.pdf") == ("西湖在杭州。", "")


def test_a_pdf_that_opens_without_its_password_is_read(tmp_path: Path) -> None:
    closed = pikepdf.Encryption(owner="o", user="")
    path = pdf(tmp_path / "a.pdf", f"{LABEL}\n西湖。", encryption=closed)
    assert [label["where"] for label in findings(report(path), "label")] == ["start"]


def test_the_middle_of_a_long_pdf_is_said_to_be_left_out(tmp_path: Path) -> None:
    numbers = [f"{n}" for n in range(2 * EDGE + 3)]
    text, note = seen_in_pdf(pdf(tmp_path / "a.pdf", *numbers))
    assert text.split("\n\n") == [*numbers[:EDGE], *numbers[-EDGE:]]
    assert note == f"its first and last {EDGE} pages were looked into, 3 between were not"
    assert note in report(tmp_path / "a.pdf", status=1)["notes"]


@pytest.mark.parametrize("pages", [1, 5])
def test_pages_that_unfold_to_too_much_are_not_laid_out(tmp_path: Path, pages: int) -> None:
    most = MOST_ON_PAGE if pages == 1 else MOST_IN_FILE // 4
    path = tmp_path / "bomb.pdf"
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page()
        content = made.make_stream(b"")
        content.write(zlib.compress(b" " * (most + 1)), filter=pikepdf.Name.FlateDecode)
        for page in made.pages:
            page.obj.Contents = content if pages == 1 else pikepdf.Array([content])
        made.save(path)
    assert path.stat().st_size < 2**17
    with pytest.raises(FileError, match="page 1 .*bomb" if pages == 1 else "bomb"):
        seen_in_pdf(path)
    [note] = report(path, status=1)["notes"]
    assert "not looked into" in note


def test_broken_pdfs_are_read_or_named(tmp_path: Path) -> None:
    whole, random_ = pdf(tmp_path / "a.pdf", LABEL, "西湖").read_bytes(), random.Random(1)
    path = tmp_path / "broken.pdf"
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(random_.randint(1, 8)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        path.write_bytes(data[: random_.randint(20, len(data))])
        with suppress(FileError):  # anything else is no error for the command to show
            seen_in_pdf(path)


def test_a_label_in_a_sheet_is_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first, last = book.active, book.create_sheet()
    first.append([LABEL])
    first.append(["西湖", 3, "=1+1", None, "杭州"])
    last.append(["end"])
    last.oddFooter.center.text = "Page &P, AI生成"
    book.save(tmp_path / "a.xlsx")
    found = report(tmp_path / "a.xlsx")
    assert [label["where"] for label in findings(found, "label")] == ["start", "end"]
    assert "hidden characters" in found["looked"]


def test_rich_and_inline_strings_are_read_without_their_pronunciation(tmp_path: Path) -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    from chopmark_label._inspect_office import seen_in_office

    book = openpyxl.Workbook()
    book.active.append(["a", CellRichText("AI", TextBlock(InlineFont(b=True), "生成"))])
    book.save(tmp_path / "a.xlsx")
    assert seen_in_office(tmp_path / "a.xlsx") == "a\tAI生成"


@pytest.mark.parametrize("place", ["start", "end"])
def test_the_rhythm_in_a_sound_is_heard(tmp_path: Path, place: str) -> None:
    path = make_sound(tmp_path / "a.flac", "flac", seconds=2.0)
    label_sound(path, place=place)  # type: ignore[arg-type]
    found = report(path)
    [label] = findings(found, "label")
    assert label["where"].startswith("second ")
    assert (label["says"], label["said"]["match"]) == ("is", "rhythm")
    assert found["notes"] == []
    table = run("inspect", path).output
    assert "1  audible label" in table
    assert "looked for: AIGC block, audible label" in table
    assert "anybody can put it there" in table


def test_what_cannot_be_recognised_is_said(tmp_path: Path) -> None:
    Image.new("RGB", (99, 99)).save(tmp_path / "a.png")
    make_sound(tmp_path / "a.flac", "flac")
    make_video(tmp_path / "a.mp4")
    heard = "of labels that are heard only the rhythm is recognised, in the first 10 minutes"
    for name, notes in {
        "a.png": ["on a picture only labels that chopmark draws are recognised; look at it"],
        "a.flac": [heard],
        "a.mp4": ["the pictures of a video are not looked at; watch its beginning", heard],
    }.items():
        assert report(tmp_path / name, status=1)["notes"] == notes


def test_a_long_sound_is_listened_to_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_sound(tmp_path / "a.flac", "flac", seconds=4.0)
    label_sound(path, place="end")
    monkeypatch.setattr("chopmark_label._inspect_sound.LONGEST", 3)
    assert LONGEST == 600
    assert report(path, status=1)["findings"] == []
