"""An Office file as a ZIP package (ECMA-376 part 2): parts are read, and replaced in a copy.

What is not replaced is copied as its bytes stand, packed, so it can neither change nor unfold.
Only parts that are read are ever unpacked, each and all together up to a limit.
"""

from __future__ import annotations

import copy
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from chopmark_label._files._errors import FileError
from chopmark_label._files._whole import nothing_left, unreadable
from chopmark_label._files._xmp import nodes_in

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LARGEST = 16 * 2**20
"""Bytes of the largest part that is unpacked: those that a label touches have some kilobytes."""
MOST = 64 * 2**20
"""Bytes of all the parts that are unpacked while a package is open."""
MOST_NODES = 4_000_000
"""Elements and attributes in these: as a tree each takes some 150 bytes and 1.5 microseconds, and
a sheet of 16 MiB has three millions.
"""
LARGEST_DIRECTORY = 4 * 2**20
"""Bytes of the longest directory of a package, which is read whole; some 40,000 parts."""

_HEADER = 30  # bytes of a local file header before the name
_UTF8 = 0x800
_ZIP64 = 1  # the tag of sizes and offsets that have no place in 32 bits
_PIECE = 2**20
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, IndexError,
    OverflowError, KeyError,
)  # fmt: skip
_AGAIN = "open it in the program that made it and save it again"


class _LongDirectoryError(Exception):
    """The directory of a package is longer than it can honestly be."""


class _Bounded(io.BufferedReader):
    """A file of which not more than a directory is read at once, for `ZipFile` asks nobody."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes."""
        if size is not None and size > LARGEST_DIRECTORY:
            raise _LongDirectoryError(size)
        return super().read(size)


class Package:
    """One package, open for reading: a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left, self._nodes = MOST, MOST_NODES
        try:
            self._file = _Bounded(io.FileIO(path))
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            self._zip = self._opened()
            self._spans = self._lay_out()
            self._infos = self._name()
        except BaseException:
            self._file.close()
            raise

    def _opened(self) -> zipfile.ZipFile:
        path = self.path
        try:
            if self._file.read(len(OLE)) == OLE:
                raise FileError(
                    path,
                    "is an OLE container: an Office file with a password, or one of the formats "
                    "before 2007, which have no place for a label; save it as .docx, .xlsx or "
                    ".pptx without a password",
                )
            return zipfile.ZipFile(self._file)
        except OSError as error:
            raise unreadable(path, error) from error
        except _LongDirectoryError as error:
            raise FileError(
                path,
                f"has a directory of {error.args[0]:,} bytes, and {LARGEST_DIRECTORY:,} are read "
                "at most: this is a ZIP bomb, or no Office file; do not open it",
            ) from error
        except _BROKEN as error:
            raise FileError(
                path, f"is no whole ZIP package ({error}); it may be cut off: get the file again"
            ) from error

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """The names of the parts, without the leading slash."""
        return [info.filename for info in self._infos.values()]

    def name(self, name: str) -> str | None:
        """Return how the package spells a name: parts whose names differ in case are one."""
        info = self._infos.get(name.casefold())
        return info.filename if info else None

    def part(self, name: str) -> bytes | None:
        """Return the bytes of a part, or None where there is none of that name.

        Raises:
            FileError: the part is damaged, encrypted, or larger than it can honestly be, or all
                that were read are.
        """
        info = self._infos.get(name.casefold())
        if info is None:
            return None
        if info.flag_bits & 1:
            raise FileError(self.path, f"has a password on {name!r}; save it without one")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(
                self.path, f"has {name!r} packed in a way that Office does not know; {_AGAIN}"
            )
        if info.file_size > LARGEST:
            raise FileError(
                self.path,
                f"unfolds {name!r} to {info.file_size:,} bytes from {info.compress_size:,}: this "
                f"is a ZIP bomb, or no Office file; that part may have {LARGEST:,}",
            )
        try:
            with self._zip.open(info) as file:
                data = b"".join(iter(lambda: file.read(_PIECE), b""))
        except OSError as error:
            raise unreadable(self.path, error) from error
        except _BROKEN as error:
            raise FileError(
                self.path, f"is damaged in {name!r} ({error}); get the file again, or {_AGAIN}"
            ) from error
        self._left -= len(data)
        self._nodes -= nodes_in(data)
        if self._left < 0 or self._nodes < 0:
            raise FileError(
                self.path,
                f"has more in its parts, up to {name!r}, than is read: {MOST:,} bytes, and "
                f"{MOST_NODES:,} elements and attributes; split the document",
            )
        return data

    def write(self, target: Path, parts: Mapping[str, bytes]) -> None:
        """Write the package to `target` with `parts` in place of, or behind, those it has.

        Raises:
            FileError: a part cannot be copied, or the file not be written.
        """
        changed = {name.casefold(): (name, data) for name, data in parts.items()}
        for info, _ in self._spans:
            plain = info.filename.isascii() or info.flag_bits & _UTF8
            if not plain or info.filename != info.orig_filename:
                raise FileError(
                    self.path, f"has a part named {info.orig_filename!r}, not in ASCII; {_AGAIN}"
                )
        with (
            nothing_left(target),
            self.path.open("rb") as file,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out,
        ):
            out.comment = self._zip.comment
            first = self._spans[0][0].header_offset if self._spans else 0
            _copy(file, out, 0, first)
            for info, end in self._spans:
                new = changed.pop(info.filename.casefold(), None)
                if new:
                    out.writestr(_like(info), new[1])
                    continue
                kept = copy.copy(info)
                kept.extra = _without_sizes(info.extra)
                kept.header_offset = out.start_dir
                _copy(file, out, info.header_offset, end)
                out.filelist.append(kept)
                out.NameToInfo[kept.filename] = kept
            for name, data in changed.values():
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(entry, data)

    def _lay_out(self) -> list[tuple[zipfile.ZipInfo, int]]:
        """Return the entries in the order of the file, each with where it ends."""
        infos = sorted(self._zip.infolist(), key=lambda info: info.header_offset)
        ends = [*(info.header_offset for info in infos[1:]), self._zip.start_dir]
        for info, end in zip(infos, ends, strict=False):
            if info.header_offset < 0 or info.header_offset + _HEADER + info.compress_size > end:
                raise FileError(
                    self.path,
                    f"has {info.filename!r} lying over another part: this is a ZIP bomb or a "
                    "damaged file; get the file again",
                )
        return list(zip(infos, ends, strict=False))

    def _name(self) -> dict[str, zipfile.ZipInfo]:
        infos: dict[str, zipfile.ZipInfo] = {}
        for info, _ in self._spans:
            if infos.setdefault(info.filename.casefold(), info) is not info:
                raise FileError(
                    self.path,
                    f"holds {info.filename!r} twice, and readers differ in which they take; "
                    f"{_AGAIN}",
                )
        return infos


def _without_sizes(extra: bytes) -> bytes:
    """Take the long sizes out of an entry's extra data: `ZipFile` puts them there if needed.

    Where they stand without need, some readers take the file for damaged.
    """
    kept, at = b"", 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        end = at + 4 + length
        kept += b"" if tag == _ZIP64 else extra[at:end]
        at = end
    return kept + extra[at:]


def _like(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return the entry of a part with new bytes, with the date and attributes of the old one."""
    entry = zipfile.ZipInfo(info.filename, info.date_time)
    entry.compress_type = info.compress_type
    entry.create_system = info.create_system
    entry.external_attr = info.external_attr
    entry.comment = info.comment
    return entry


def _copy(file: IO[bytes], out: zipfile.ZipFile, start: int, end: int) -> None:
    """Copy packed bytes; `ZipFile` writes the next entry, or the directory, at `start_dir`."""
    assert out.fp is not None
    out.fp.seek(out.start_dir)
    file.seek(start)
    left = end - start
    while left > 0:
        piece = file.read(min(left, _PIECE))
        if not piece:
            raise OSError(0, "the source became shorter while it was copied")
        out.fp.write(piece)
        left -= len(piece)
    out.start_dir = out.fp.tell()
