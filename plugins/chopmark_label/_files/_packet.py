"""XMP in files that are no images: the general fallback, read there, and taken out when labelled.

TC260-PG-20257A and -202510A name a place of its own for each format of sound and video, which is
where a block is written.
"""

from __future__ import annotations

from ._boxes import Broken
from ._format import Place
from ._image_file import BrokenFileError
from ._xmp import WHERE, blocks_in, without_block


def take_packet(packet: bytes, found: list[Place], where: str) -> bytes:
    """Return a packet of XMP without blocks, and add those to `found`.

    Raises:
        Broken: it is no XMP, though it speaks of a block.
    """
    try:
        blocks = blocks_in(packet)
        found.extend(Place(block, f"{where} {WHERE}") for block in blocks)
        return without_block(packet) if blocks else packet
    except BrokenFileError as error:
        raise Broken(str(error)) from error
