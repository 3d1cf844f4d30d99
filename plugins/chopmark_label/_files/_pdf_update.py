"""An incremental update of a PDF (ISO 32000-2, 7.5.6): the file as it is, and changes behind it.

pikepdf reads and spells the objects, but can only write a file anew, which drops older revisions.
What can append takes 12 to 30 times as long as pikepdf to load and save, or brings a web client.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chopmark_label._files._errors import FileError
from chopmark_label._files._rewrite import Edit, opened, rewrite_file

if TYPE_CHECKING:
    from pikepdf import Object, Pdf

_START = re.compile(rb"startxref\s+(\d{1,20})")
_STREAM = re.compile(rb"\s*\d+\s+\d+\s+obj\b")
_TAIL = 1054  # how far from the end qpdf looks for `startxref`
_HEAD = 1024  # how far from the beginning the header may be
_FARTHEST = 10**10  # an offset in a table has ten digits
_OF_A_SECTION = frozenset(
    ("/Prev", "/XRefStm", "/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms", "/DL")
)


class _Ending(NamedTuple):
    """The end of the file that is appended to."""

    size: int
    header: int
    """Where the header is, from which offsets count."""
    section: int
    """The offset of the newest cross-reference section."""
    is_stream: bool
    """Whether that section is a stream; one must not follow a table, nor a table a stream."""
    newline: bytes
    """What separates the update from the file."""


def append_update(
    source: Path, target: Path, pdf: Pdf, changed: Mapping[tuple[int, int], bytes]
) -> None:
    """Write `source` with an update to `target`: what each object of `changed` is now, as spelt.

    `pdf` is `source`, opened; its trailer, as it is in memory, becomes that of the update.

    Raises:
        FileError: the file has no end to append to, or cannot be written.
    """
    end = _ending(source)
    out = bytearray(end.newline)
    at: dict[tuple[int, int], int] = {}
    for (number, generation), spelt in sorted(changed.items()):
        at[number, generation] = end.size + len(out) - end.header
        out += b"%d %d obj\n%b\nendobj\n" % (number, generation, spelt)
    section = end.size + len(out) - end.header
    if end.is_stream:
        own = _free(pdf, at)
        at[own, 0] = section
        out += b"%d 0 obj\n%b\nendobj\n" % (own, _stream(_trailer(pdf, end, at, out), at))
    elif section >= _FARTHEST:
        raise FileError(source, "is too long for its table of objects; split it")
    else:
        trailer = _trailer(pdf, end, at, out)
        out += b"xref\n%btrailer\n%b\n" % (b"".join(_table(at)), trailer.unparse())
    out += b"startxref\n%d\n%%%%EOF\n" % section
    rewrite_file(source, target, [Edit(end.size, end.size, bytes(out))])


def stream_bytes(stream: Object, data: bytes) -> bytes:
    """Return how a stream with this content, unpacked, is spelt."""
    from pikepdf import Dictionary

    names: Any = Dictionary(
        {k: v for k, v in stream.items() if k not in ("/Length", "/Filter", "/DecodeParms")}
    )
    names["/Length"] = len(data)
    return b"%b\nstream\n%b\nendstream" % (names.unparse(), data)


def _ending(path: Path) -> _Ending:
    with opened(path) as file:
        header = file.read(_HEAD + 5).find(b"%PDF-")
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        starts = _START.findall(tail)
        if header < 0 or not starts:
            raise _broken(path, "no startxref")
        section = int(starts[-1])
        if not 0 < section < size:
            raise _broken(path, f"startxref leads to {section}")
        file.seek(header + section)
        there = file.read(64)
    is_stream = _STREAM.match(there) is not None
    if not is_stream and not there.lstrip().startswith(b"xref"):
        raise _broken(path, f"nothing to refer to at {section}")
    newline = b"" if tail.endswith((b"\n", b"\r")) else b"\n"
    return _Ending(size, header, section, is_stream, newline)


def _broken(path: Path, what: str) -> FileError:
    return FileError(path, f"has no end to append to ({what}); mend it with `qpdf IN.pdf OUT.pdf`")


def _free(pdf: Pdf, at: Mapping[tuple[int, int], int]) -> int:
    """Return a number that no object has. `/Size` is one, but is wrong in some files."""
    from pikepdf import Dictionary

    number = max(_size(pdf), *(number + 1 for number, _ in at))
    if pdf.get_object((number, 0)) is not None:
        number = pdf.make_indirect(Dictionary()).objgen[0]
    return number


def _size(pdf: Pdf) -> int:
    return int(pdf.trailer.get("/Size", 0))


def _trailer(pdf: Pdf, end: _Ending, at: Mapping[tuple[int, int], int], update: bytearray) -> Any:
    """Return the entries of the last trailer with what is new in this one."""
    from pikepdf import Array, Dictionary, String

    trailer: Any = Dictionary({k: v for k, v in pdf.trailer.items() if k not in _OF_A_SECTION})
    trailer["/Size"] = max(_size(pdf), *(number + 1 for number, _ in at))
    trailer["/Prev"] = end.section
    name = pdf.trailer.get("/ID")
    if isinstance(name, Array) and [isinstance(part, String) for part in name] == [True, True]:
        new = hashlib.md5(bytes(name[1]) + update, usedforsecurity=False).digest()
        trailer["/ID"] = Array([name[0], String(new)])
    return trailer


def _stream(names: Any, at: Mapping[tuple[int, int], int]) -> bytes:
    from pikepdf import Array, Name

    width = (max(at.values()).bit_length() + 7) // 8
    data = b"".join(
        b"\1" + offset.to_bytes(width, "big") + generation.to_bytes(2, "big")
        for (_, generation), offset in sorted(at.items())
    )
    names["/Type"] = Name.XRef
    names["/W"] = Array([1, width, 2])
    names["/Index"] = Array([n for number, _ in sorted(at) for n in (number, 1)])
    return stream_bytes(names, data)


def _table(at: Mapping[tuple[int, int], int]) -> Iterator[bytes]:
    """Yield the subsections of a table: one for each run of numbers, 20 bytes an entry."""
    runs = groupby(enumerate(sorted(at)), key=lambda item: item[1][0] - item[0])
    for _, run in runs:
        keys = [key for _, key in run]
        yield b"%d %d\n" % (keys[0][0], len(keys))
        for key in keys:
            yield b"%010d %05d n \n" % (at[key], key[1])
