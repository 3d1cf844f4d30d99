"""Files that are small, and a gigabyte once they are unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

GIGABYTE = 1 << 30
_MEGABYTE = 1 << 20


def deflated(byte: bytes = b" ", count: int = GIGABYTE, wbits: int = -15) -> bytes:
    """Return `count` times `byte`, packed; made of one packed megabyte, many times over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = packer.compress(byte * _MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(byte * _MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (count // _MEGABYTE - 1) + packer.flush()


def docx(part: str = "word/document.xml") -> bytes:
    """Return a package with a part of a gigabyte."""
    whole, body = io.BytesIO(), deflated()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("_rels/.rels", "<Relationships/>")
        made.writestr(part, body)
    data = bytearray(whole.getvalue())
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = data.rfind(signature)
        struct.pack_into("<H", data, start + at, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", data, start + at + 14, GIGABYTE)
    return bytes(data)


def png(width: int = 60_000, height: int = 60_000, text: int = GIGABYTE) -> bytes:
    """Return a picture that says it has so many pixels, with a text of so many bytes, or none."""
    said = [(b"zTXt", b"AIGC\0\0" + deflated(count=text, wbits=15))] if text else []
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
        *said,
        (b"IDAT", deflated(b"\0", _MEGABYTE, 15)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def pdf() -> bytes:
    """Return a document whose only page says a gigabyte of spaces."""
    packed = deflated(wbits=15)
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed),
    )
    whole, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(whole) + (
        b"xref\n0 5\n0000000000 65535 f \n%b"
        b"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(whole))
    )
