"""The text of a PDF as its pages show it, for finding labels and marks in.

PDFium lays it out. Text that a page draws invisibly, as a scanned page has it, counts too; text
that is a picture does not.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from chopmark.forking import WHOLE

from ._files._errors import FileError, missing, within_memory
from ._inspect_pdf_size import check_pages

EDGE = 200
"""Pages at either end of a longer document that are read: a label stands at its start or end."""
_LINES = ("\r\n", "\r")
_ALONE = threading.Lock()
"""PDFium is not to be called by two threads at once, nor copied into a child amid a call."""


def seen_in_pdf(path: Path) -> tuple[str, str]:
    """Return the text, a blank line between pages, and what of it was left out, empty for nothing.

    Raises:
        FileError: pypdfium2 is missing, or cannot read it.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise missing(path, "pypdfium2") from error
    with WHOLE.lock, _ALONE, within_memory(path):
        try:
            with pypdfium2.PdfDocument(path) as document:
                count = len(document)
                most = 2 * EDGE
                numbers = (
                    range(count) if count <= most else (*range(EDGE), *range(count - EDGE, count))
                )
                check_pages(path, count, numbers)
                pages = [_page(document, number) for number in numbers]
        except pypdfium2.PdfiumError as error:
            raise FileError(path, f"has pages that cannot be read ({error})") from error
    left = count - len(numbers)
    note = f"its first and last {EDGE} pages were looked into, {left} between were not"
    return "\n\n".join(pages), note if left else ""


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
