"""How many objects a PDF declares, asked of its bytes before any is read: qpdf has no bound for it.

A packed stream of objects, or of where they are (ISO 32000-2, 7.5.7 and 7.5.8), can have a hundred
times as many as it is long, and each is held. Names are found however they are spelt. A number that
stands in another object, or far from the stream's type, is not: what that costs, a process of its
own with limits must bound.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from chopmark_label._files._errors import FileError, within_memory
from chopmark_label._files._rewrite import opened

MOST_IN_STREAM, MOST_OBJECTS = 200_000, 2_000_000
"""Objects that a stream of them, and a whole file, may declare: programs put some hundred into a
stream, and a million take five seconds."""
MOST_STREAMS = 100_000
"""Streams that are asked."""
_NEAR = 1024
"""Bytes at either side of a stream's type in which its other entries are looked for."""


def _name(name: str) -> bytes:
    """Return a pattern of a PDF name without its slash: each character may be spelt in hex."""
    return b"".join(b"(?:%c|(?i:#%02x))" % (code, code) for code in name.encode("ascii"))


_TYPE = re.compile(rb"/(?:%b|%b)" % (_name("ObjStm"), _name("XRef")))
_COUNT = re.compile(
    rb"/(?:(?P<within>%b)|%b)[\s\0]+\+?(?P<count>\d{1,20})(?!\d|[\s\0]+\d+[\s\0]+R)"
    % (_name("N"), _name("Size"))
)


def check_objects(path: Path) -> None:
    """Raise `FileError` where a PDF declares more objects than are read.

    It goes through the whole file, half a second for a gigabyte: who labels a file of their own
    need not wait for that.
    """
    with within_memory(path), opened(path) as file:
        if not file.seek(0, 2):  # which cannot be mapped
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _check_streams(path, data)


def _check_streams(path: Path, data: mmap.mmap) -> None:
    for asked, found in enumerate(_TYPE.finditer(data), 1):
        if asked > MOST_STREAMS:
            raise FileError(path, f"has more than {MOST_STREAMS:,} streams of objects; split it")
        _check(path, data[max(0, found.start() - _NEAR) : found.start()].rpartition(b"obj")[2])
        _check(path, data[found.end() : found.end() + _NEAR].partition(b"stream")[0])


def _check(path: Path, entries: bytes) -> None:
    for found in _COUNT.finditer(entries):
        within, count = found["within"] is not None, int(found["count"])
        most = MOST_IN_STREAM if within else MOST_OBJECTS
        if count > most:
            cure = "write it anew with `qpdf IN.pdf OUT.pdf`, if you trust it"
            where, cure = ("in one stream", cure) if within else ("in all", "split it")
            raise FileError(
                path, f"declares {count:,} objects {where}, and {most:,} are read at most; {cure}"
            )
