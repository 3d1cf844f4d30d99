"""PDF: the block is the entry AIGC of the document information (TC260-PG-20258A 6.3).

Copies in the document's XMP are read too, in whatever namespace: programs mirror own entries there.
The file stays as it is, byte for byte, with an update behind it, so that it keeps its older
revisions; a linearized one, which has none and would not be linearized then, is written anew.
One that would lose something is refused: encrypted, signed or damaged.
"""

from __future__ import annotations

import mmap
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chopmark_label._files._errors import FileError, missing, within_memory
from chopmark_label._files._format import Place
from chopmark_label._files._pdf_update import append_update, stream_bytes
from chopmark_label._files._pdf_xmp import clean_xmp, damaged, xmp, xmp_labels
from chopmark_label._files._rewrite import rewrite_file
from chopmark_label._files._whole import nothing_left, unreadable

if TYPE_CHECKING:
    from pikepdf import Pdf

_KEY = "/AIGC"
_WHERE = "PDF document information, AIGC"
_LONGEST_MENDED = 64 * 2**20
"""Bytes of the longest file that is searched for what its table has lost: half a second."""
_MOST_UNPACKED = 64 * 2**20
"""Bytes of the largest stream that is unpacked where qpdf can bound that."""
_MOST_HELD, _MOST_WARNINGS = 1_000_000, 1_000
"""Things in one array or dictionary, and complaints of qpdf, after which it gives a file up."""

CONFUSED = (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError,
            RecursionError, OverflowError, NotImplementedError)  # fmt: skip
"""What pikepdf raises beside its own error where objects are not what they should be."""


class PdfFiles:
    """PDF documents."""

    name = "PDF"
    suffixes = (".pdf",)

    def fits(self, head: bytes) -> bool:
        """Return whether the header is there: readers look for it in the first 1,024 bytes."""
        return b"%PDF-" in head[:1029]

    def read(self, path: Path) -> list[Place]:
        """Return the blocks in the document information and in XMP.

        A damaged file that is not too long is mended in memory, and what is found then is
        returned; where nothing is found, it may be what is lost. Bounds the process: `bound_pdf`.
        """
        _need(path)
        bound_pdf()
        with within_memory(path):
            try:
                return _read(path, mend=False)
            except FileError as error:
                with suppress(FileError, OSError):
                    if path.stat().st_size <= _LONGEST_MENDED and (found := _read(path, mend=True)):
                        return found
                raise error

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write the entry, and take copies out of XMP, by an update behind the file.

        A block that gives way stays in the older revision, where a PDF keeps what it was. A
        linearized file is written anew, without what nothing refers to; its streams but XMP stay
        packed as they are. A file that has this block already is copied.
        """
        pikepdf = _need(source)
        try:
            with _open(source, mend=False) as pdf:
                if pdf.is_encrypted:
                    raise FileError(
                        source,
                        "is encrypted, so a label would be locked in with it; label it first, "
                        "then encrypt",
                    )
                if _is_signed(source, pdf):
                    raise FileError(
                        source,
                        "is digitally signed, and a label would be a change behind the signature; "
                        "label it first, then sign",
                    )
                if _places(source, pdf) == [Place(block, _WHERE)]:
                    rewrite_file(source, target, [])
                    return _WHERE
                changed = [_label(source, pdf, block), *clean_xmp(source, pdf)]
                if pdf.is_linearized:
                    _write_anew(pdf, target)
                else:
                    append_update(source, target, pdf, dict(map(_spelt, changed)))
        except (pikepdf.PdfError, *CONFUSED) as error:
            raise damaged(source, error) from error
        return _WHERE


@cache
def bound_pdf() -> None:
    """Have this process unpack and hold no more of a PDF at a time than an honest one needs.

    Whatever reads a PDF here calls it; only the first call does something. The bounds are of the
    process, also for others in it that use qpdf: a program that needs wider ones calls this when it
    starts, and then `pikepdf.settings.set_qpdf_limits`. Before qpdf 12.3 there are none.
    """
    with suppress(ImportError, AttributeError):
        from pikepdf import settings

        settings.set_qpdf_limits(
            flate_max_memory=_MOST_UNPACKED, run_length_max_memory=_MOST_UNPACKED,
            png_max_memory=_MOST_UNPACKED, tiff_max_memory=_MOST_UNPACKED,
            dct_max_memory=_MOST_UNPACKED,
            parser_max_container_size=_MOST_HELD, doc_max_warnings=_MOST_WARNINGS,
        )  # fmt: skip


def _label(path: Path, pdf: Pdf, block: str) -> Any:
    """Return the document information with the block."""
    from pikepdf import String

    info = pdf.docinfo
    for key in _labels(info):
        del info[key]
    info[_KEY] = String(block)
    if str(info[_KEY]) != block:
        raise FileError(path, f"cannot carry the block {block[:80]!r} as a PDF string; use ASCII")
    return info


def _spelt(thing: Any) -> tuple[tuple[int, int], bytes]:
    from pikepdf import Stream

    if isinstance(thing, Stream):
        return thing.objgen, stream_bytes(thing, thing.read_raw_bytes())
    return thing.objgen, thing.unparse(resolved=True)


def _write_anew(pdf: Pdf, target: Path) -> None:
    from pikepdf import ObjectStreamMode, StreamDecodeLevel

    with nothing_left(target):
        pdf.save(
            target,
            fix_metadata_version=False,
            compress_streams=False,
            stream_decode_level=StreamDecodeLevel.none,
            object_stream_mode=ObjectStreamMode.preserve,
            linearize=True,
        )


def _read(path: Path, *, mend: bool) -> list[Place]:
    pikepdf = _need(path)
    try:
        with _open(path, mend=mend) as pdf:
            return _places(path, pdf)
    except (pikepdf.PdfError, *CONFUSED) as error:
        raise damaged(path, error) from error


def _places(path: Path, pdf: Pdf) -> list[Place]:
    from pikepdf import Dictionary, String

    found = []
    info = pdf.trailer.get("/Info")
    if isinstance(info, Dictionary):
        for key in _labels(info):
            value = info[key]
            text = str(value) if isinstance(value, String) else _source(value)
            found.append(Place(text, f"PDF document information, {key[1:]}"))
    for text, _ in xmp_labels(path, xmp(path, pdf)):
        found.append(Place(text, "XMP of the PDF document"))
    return found


def _open(path: Path, *, mend: bool) -> Pdf:
    pikepdf = _need(path)
    try:
        pdf: Pdf = pikepdf.open(path, attempt_recovery=mend)
    except pikepdf.PasswordError as error:
        raise FileError(
            path, "is encrypted with a password; take it off with the program that set it"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return pdf


def _labels(info: Any) -> list[str]:
    return [key for key in info.keys() if key[1:].casefold() == "aigc"]  # noqa: SIM118


def _source(value: Any) -> str:
    """Return a value that is no string as PDF writes it."""
    return bytes(value.unparse(resolved=True)).decode("latin-1")


def _is_signed(path: Path, pdf: Pdf) -> bool:
    """Return whether the file carries a signature, a time stamp or usage rights.

    They are values of a form's fields, or permissions. Each has a `ByteRange` (ISO 32000-2,
    12.8.1), and its dictionary cannot stand in a stream, for the range leaves its contents out. So
    the bytes are asked next: objects are slow to walk.
    """
    import pikepdf

    if "/AcroForm" not in pdf.Root and "/Perms" not in pdf.Root:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b"/ByteRange") < 0:
            return False
    return any(
        isinstance(thing, pikepdf.Dictionary) and "/ByteRange" in thing for thing in pdf.objects
    )


def _need(path: Path) -> Any:
    try:
        import pikepdf
    except ImportError as error:
        raise missing(path, "pikepdf") from error
    return pikepdf


PDF = PdfFiles()
