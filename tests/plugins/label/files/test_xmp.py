"""XMP packets: the block is found in every form of a property, and the rest of a packet stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks
from tests.plugins.label.files.image_files import LABELLED, OURS, PACKET, UNLABELLED

from chopmark_label._files._image_file import BrokenFileError
from chopmark_label._files._xmp import blocks_in, with_block, without_block

AS_TEXT = OTHER.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
AS_ATTRIBUTE = PACKET.format(f'{OURS} TC260:AIGC="{AS_TEXT}"', "")
AS_ARRAY = PACKET.format(
    OURS, f"<TC260:AIGC><rdf:Bag><rdf:li>{AS_TEXT}</rdf:li></rdf:Bag></TC260:AIGC>"
)
OTHER_PREFIX = LABELLED.replace("TC260:", "x1:").replace("xmlns:TC260", "xmlns:x1")
FORMS = [LABELLED, AS_ATTRIBUTE, AS_ARRAY, OTHER_PREFIX]


@settings(max_examples=scaled(50))
@given(block=blocks)
def test_block_is_read_as_it_was_written(block: str) -> None:
    for packet in (None, UNLABELLED, LABELLED.encode()):
        assert blocks_in(with_block(packet, block)) == [block]


@pytest.mark.parametrize("packet", FORMS)
def test_every_form_is_found_replaced_and_taken_out(packet: str) -> None:
    data = packet.encode()
    assert blocks_in(data) == [OTHER]
    assert blocks_in(with_block(data, BLOCK)) == [BLOCK]
    left = without_block(data)
    assert blocks_in(left) == []
    assert "画".encode() in left
    assert b'xmp:Rating="4"' in left


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_packet_in_utf_16_is_read_and_written(codec: str) -> None:
    mark = "" if codec == "utf-16" else "\ufeff"  # the codec without an order writes its own
    data = (mark + LABELLED).encode(codec)
    assert blocks_in(data) == [OTHER]
    assert blocks_in(with_block(data, BLOCK)) == [BLOCK]


def test_packet_without_the_block_stays_as_it_is() -> None:
    padded = UNLABELLED + b" " * 2000 + b"\0"
    assert blocks_in(padded) == []
    assert without_block(padded) == padded
    assert blocks_in(with_block(padded, BLOCK)) == [BLOCK]


def test_xml_that_is_no_packet_is_refused() -> None:
    with pytest.raises(BrokenFileError, match="without rdf:RDF"):
        with_block(b"<svg/>", BLOCK)
    with pytest.raises(BrokenFileError, match="not well-formed"):
        with_block(b"", BLOCK)
