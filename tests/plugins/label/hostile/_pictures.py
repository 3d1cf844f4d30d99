"""Pictures that ask for more than they are long."""

from __future__ import annotations

import io
import struct
import zlib

from tests.plugins.label.hostile._blocks import (
    packet_nested,
    packet_of_blocks,
    packet_of_elements,
    xmp,
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(90)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + chunk(b"IEND", b"")


def _text(packet: bytes) -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)


def png_elements(size: int) -> bytes:
    return png(_text(packet_of_elements(size)))


def png_blocks(size: int) -> bytes:
    return png(_text(packet_of_blocks(size)))


def png_nested(size: int) -> bytes:
    return png(_text(packet_nested(size)))


def png_texts(size: int) -> bytes:
    """A picture with many packed texts, each of 15 MiB, `size` in all."""
    one = chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(b" " * (15 << 20), 9))
    return png(one * max(1, size // (15 << 20)))


def png_chunks(size: int) -> bytes:
    return png(chunk(b"aaAa", b"") * (size // 12))


def png_long_text(size: int) -> bytes:
    return png(chunk(b"iTXt", b"AIGC\0\0\0\0\0" + b"a" * size))


def gif_frames(size: int) -> bytes:
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\0\0\0" + frame * (size // len(frame)) + b";"


def gif_pieces(size: int) -> bytes:
    return b"GIF89a\1\0\1\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2" + b"\1a" * (size // 2) + b"\0;"


def tiff_pages(size: int) -> bytes:
    """Pages of as many fields as can be, which lie over each other."""
    pages, fields = 4000, min(65535, size // 12)
    stride = 12  # each begins at the next field, whose first two bytes are how many it has
    # Every field says 65,535 in its tag; behind the last one is a link for each.
    body = bytearray()
    field = struct.pack("<HHII", fields, 1, 1, 0)
    body += field * (fields + pages)
    whole = bytearray(b"II*\0" + struct.pack("<I", 8)) + body + bytes(64)
    for n in range(pages):
        at = 8 + n * stride
        link = at + 2 + fields * stride
        struct.pack_into("<I", whole, link, 8 + (n + 1) * stride if n + 1 < pages else 0)
    return bytes(whole)


def tiff_packets(size: int) -> bytes:
    """Pages that all have the same long packet."""
    pages = 4000
    packet = packet_of_blocks(0) + b" " * size
    whole = bytearray(b"II*\0" + struct.pack("<I", 8))
    place = 8 + pages * 18
    for n in range(pages):
        last = n + 1 == pages
        whole += struct.pack(
            "<HHHIII", 1, 0x2BC, 1, len(packet) - n, place, 0 if last else 8 + (n + 1) * 18
        )
    return bytes(whole) + packet


def tiff_comments(size: int) -> bytes:
    pages = 4000
    whole = bytearray(b"II*\0" + struct.pack("<I", 8))
    place = 8 + pages * 18
    for n in range(pages):
        last = n + 1 == pages
        whole += struct.pack(
            "<HHHIII", 1, 0x9286, 7, size - n, place + n, 0 if last else 8 + (n + 1) * 18
        )
    return bytes(whole) + b"ASCII\0\0\0" + b'{"AIGC":1}' * (size // 10) + bytes(9)


def jpeg(*segments: bytes) -> bytes:
    out = io.BytesIO()
    from PIL import Image

    Image.new("L", (9, 9)).save(out, "JPEG")
    data = out.getvalue()
    return data[:2] + b"".join(segments) + data[2:]


def jpeg_filled(size: int) -> bytes:
    return jpeg(b"\xff" * size)


def jpeg_segments(size: int) -> bytes:
    return jpeg(b"\xff\xec\0\2" * (size // 4))


def jpeg_packets(size: int) -> bytes:
    """A picture with packets of extended XMP, each of its own digest."""

    def one(n: int) -> bytes:
        packet = xmp(f"<T:AIGC>{n}</T:AIGC>")
        body = (
            b"http://ns.adobe.com/xmp/extension/\0"
            + b"%032d" % n
            + struct.pack(">II", len(packet), 0)
            + packet
        )
        return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body

    return jpeg(*map(one, range(size // 300)))


def webp_chunks(size: int) -> bytes:
    out = io.BytesIO()
    from PIL import Image

    Image.new("L", (9, 9)).save(out, "WEBP")
    data = out.getvalue()[12:] + b"aaaa\0\0\0\0" * (size // 8)
    return b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data
