"""The property `TC260:AIGC` of an XMP packet: found, set, taken out.

Where the practice guide for image files (TC260-PG-20259A) puts the block of GB 45438-2025
Annex E: the bare JSON as the value of the property `AIGC`, prefix `TC260`. Other properties of a
packet stay, whatever they are. XMP itself is ISO 16684-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from ._image_file import BrokenFileError

NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
PREFIX = "TC260"
WHERE = f"XMP {PREFIX}:AIGC"

LARGEST = 16 * 2**20
"""Bytes of the packets of one file that are parsed: those of cameras have some kilobytes."""
MOST_NODES = 1_000_000
"""Elements and attributes in them: each takes some 150 bytes and 1.5 microseconds."""

_PROPERTY = f"{{{NAMESPACE}}}AIGC"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ITEM = f"{{{_RDF}}}li"
_META = "adobe:ns:meta/"
# The identifier is a constant of ISO 16684-1, 7.3.2.
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'
_EMPTY = f'{_HEAD}<x:xmpmeta xmlns:x="{_META}"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>{_TAIL}'


class Packets:
    """Reads the packets of one file, which are bounded together."""

    def __init__(self) -> None:
        self._left, self._nodes = LARGEST, MOST_NODES

    def blocks_in(self, packet: bytes) -> list[str]:
        """Return the value of every such property in `packet`, as element or attribute.

        Raises:
            BrokenFileError: the packet is not XML, has a document type, or there is too much.
        """
        if b"A\0" not in packet and b"\0A" not in packet and b"AIGC" not in packet:
            return []  # not even the name, also not in UTF-16 or UTF-32; most packets
        return list(_values(self.parsed(packet).getroot()))

    def parsed(self, packet: bytes) -> Any:
        """Return the tree of a packet; raises as `blocks_in` does."""
        self._left -= len(packet)
        self._nodes -= nodes_in(packet)
        if self._left < 0 or self._nodes < 0:
            raise BrokenFileError(f"has {TOO_MUCH}")
        return _tree(packet)


TOO_MUCH = (
    f"more XMP than is read: {LARGEST:,} bytes, and {MOST_NODES:,} elements and attributes; write "
    "its metadata anew, with less"
)


def nodes_in(xml: bytes) -> int:
    """Return how many elements and attributes there can be in XML; text can only add to them."""
    return xml.count(b"<") + xml.count(b"=")


def blocks_in(packet: bytes) -> list[str]:
    """Return the value of every such property in the only packet of a file; see `Packets`."""
    return Packets().blocks_in(packet)


def with_block(packet: bytes | None, block: str) -> bytes:
    """Return `packet`, or a new one, with `block` as the only such property.

    Raises:
        BrokenFileError: the packet cannot be read, or XML cannot carry the block.
    """
    etree = _lxml()
    tree = _parsed(_EMPTY.encode() if packet is None else packet)
    _remove(tree.getroot())
    rdf = _rdf_of(tree)
    # The first description, so that all properties stay about the same resource.
    description = next((e for e in rdf if e.tag == f"{{{_RDF}}}Description"), None)
    if description is None:
        description = etree.SubElement(rdf, f"{{{_RDF}}}Description")
        description.set(f"{{{_RDF}}}about", "")
    added = etree.SubElement(description, _PROPERTY, nsmap={PREFIX: NAMESPACE})
    try:
        added.text = block
    except ValueError as error:
        raise BrokenFileError(
            f"cannot carry the block {block!r}: it has a character that XML has no way to write; "
            "GB 45438-2025 Annex E j) allows visible ASCII only"
        ) from error
    return _written(tree)


def without_block(packet: bytes) -> bytes:
    """Return `packet` without such a property; the same bytes where there was none."""
    if not blocks_in(packet):
        return packet
    tree = _parsed(packet)
    _remove(tree.getroot())
    return _written(tree)


def _lxml() -> Any:
    try:
        return import_module("lxml.etree")
    except ImportError as error:
        raise BrokenFileError(
            "needs the package lxml, which is not there; pip install 'chopmark[files]'"
        ) from error


def _parsed(packet: bytes) -> Any:
    return Packets().parsed(packet)


def _tree(packet: bytes) -> Any:
    etree = _lxml()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        # Some writers end or fill a packet with zero bytes.
        tree = etree.ElementTree(etree.fromstring(_trimmed(packet), parser))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BrokenFileError(
            f"has an XMP packet that is not well-formed XML ({error}); repair or remove the packet"
        ) from error
    if tree.docinfo.internalDTD is not None:
        raise BrokenFileError(
            "has an XMP packet with a document type, which XMP forbids; remove the packet"
        )
    return tree


def _trimmed(packet: bytes) -> bytes:
    wide = packet.startswith((b"\xfe\xff", b"\xff\xfe", b"\0")) or packet[1:2] == b"\0"
    return packet if wide else packet.strip(b"\0 \t\r\n")


def _rdf_of(tree: Any) -> Any:
    root = tree.getroot()
    tag = f"{{{_RDF}}}RDF"
    rdf = root if root.tag == tag else root.find(tag)
    if rdf is None:
        if root.tag != f"{{{_META}}}xmpmeta":
            raise BrokenFileError(
                f"has an XMP packet without rdf:RDF (its root is {root.tag!r}); repair or remove "
                "the packet"
            )
        rdf = _lxml().SubElement(root, tag, nsmap={"rdf": _RDF})
    return rdf


def _values(root: Any) -> Iterator[str]:
    for element in root.iter("*"):
        if _PROPERTY in element.attrib:
            yield str(element.attrib[_PROPERTY])
        if element.tag == _PROPERTY:
            if next(element.iterancestors(_PROPERTY), None) is not None:
                raise BrokenFileError(
                    "has a block within a block in its XMP packet; repair or remove the packet"
                )
            # An array or language alternative holds a block in each of its items.
            items = list(filter(_is_item, element.iter(_ITEM))) or [element]
            yield from ("".join(str(t) for t in item.itertext("*")) for item in items)


def _is_item(element: Any) -> bool:
    """Return whether this is an item of a block, and in no other: none is read twice."""
    return bool(next(element.iterancestors(_ITEM, _PROPERTY)).tag == _PROPERTY)


def _remove(root: Any) -> None:
    for element in list(root.iter("*")):
        element.attrib.pop(_PROPERTY, None)
        parent = element.getparent()
        if element.tag == _PROPERTY and parent is not None:
            # lxml drops the text behind an element with it: white space here, nothing else in RDF.
            parent.remove(element)


def _written(tree: Any) -> bytes:
    return bytes(_lxml().tostring(tree, encoding="utf-8"))
