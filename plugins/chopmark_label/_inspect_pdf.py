"""The text of a PDF as its pages show it, for finding labels and marks in.

PDFium lays it out. Text that a page draws invisibly, as a scanned page has it, counts too; text
that is a picture does not.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from ._files._errors import FileError, missing
from ._files._pdf import CONFUSED

EDGE = 200
"""Pages at either end of a longer document that are read: a label stands at its start or end."""
MOST_ON_PAGE, MOST_IN_FILE = 16 * 2**20, 64 * 2**20
"""Bytes of instructions that a page, and all that are read, may have: PDFium takes some thirty
times as much memory to lay a page out.
"""
_LINES = ("\r\n", "\r")
_ALONE = Lock()
"""PDFium is not to be called by two threads at once."""


def seen_in_pdf(path: Path) -> tuple[str, str]:
    """Return the text, a blank line between pages, and what of it was left out, empty for nothing.

    Raises:
        FileError: pypdfium2 is missing, or cannot read it.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise missing(path, "pypdfium2") from error
    with _ALONE:
        try:
            with pypdfium2.PdfDocument(path) as document:
                count = len(document)
                numbers = list(range(count))
                if count > 2 * EDGE:
                    numbers[EDGE : count - EDGE] = []
                _check_contents(path, numbers)
                pages = [_page(document, number) for number in numbers]
        except pypdfium2.PdfiumError as error:
            raise FileError(path, f"has pages that cannot be read ({error})") from error
    left = count - len(numbers)
    note = f"its first and last {EDGE} pages were looked into, {left} between were not"
    return "\n\n".join(pages), note if left else ""


def _check_contents(path: Path, numbers: Iterable[int]) -> None:
    """Raise `FileError` where pages unfold to more than can honestly be on them.

    What a page draws by other streams, such as forms, is not counted.
    """
    try:
        import pikepdf
    except ImportError as error:
        raise missing(path, "pikepdf") from error
    in_file = 0
    try:
        with pikepdf.open(path) as pdf:
            for number in numbers:
                on_page = 0
                for stream in _contents(pdf.pages[number].obj.get("/Contents")):
                    on_page += _unpacked(stream, MOST_ON_PAGE)
                in_file += on_page
                if on_page > MOST_ON_PAGE or in_file > MOST_IN_FILE:
                    raise FileError(
                        path,
                        f"unfolds page {number + 1} to more than it can honestly have: this is a "
                        f"bomb, or a drawing; {MOST_ON_PAGE:,} bytes may be on a page, and "
                        f"{MOST_IN_FILE:,} on all",
                    )
    except (pikepdf.PdfError, *CONFUSED) as error:
        raise FileError(path, f"has pages that cannot be read ({error})") from error


def _contents(found: Any) -> Iterator[Any]:
    from pikepdf import Array, Stream

    for one in found if isinstance(found, Array) else [found]:
        if isinstance(one, Stream):
            yield one


def _unpacked(stream: Any, most: int) -> int:
    """Return how many bytes a stream has once it is unpacked, `most` and more alike."""
    raw, name = stream.read_raw_bytes(), stream.get("/Filter")
    if name is None:
        return len(raw)
    if str(name) != "/FlateDecode" or "/DecodeParms" in stream:
        return len(stream.read_bytes())
    size, opened = 0, zlib.decompressobj()
    try:
        while raw and size <= most and not opened.eof:
            size += len(opened.decompress(raw, 2**20))
            raw = opened.unconsumed_tail
    except zlib.error:  # readers show what came before
        pass
    return size


def _page(document: Any, number: int) -> str:
    page = document[number]
    try:
        layout = page.get_textpage()
        try:
            text: str = layout.get_text_bounded()
        finally:
            layout.close()
    finally:
        page.close()
    for end in _LINES:
        text = text.replace(end, "\n")
    return text.strip()
