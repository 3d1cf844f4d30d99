"""The XMP packet of a PDF: copies of the block, in whatever namespace, are read and taken out."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chopmark_label._files._errors import FileError
from chopmark_label._files._xmp import LARGEST, MOST_NODES, TOO_MUCH, nodes_in

if TYPE_CHECKING:
    from pikepdf import Pdf

_SMALL = 64 * 2**10
"""Bytes of packed XMP that may be unpacked by a filter whose output cannot be bounded."""
_MEND = "get the file again, or mend it with `qpdf IN.pdf OUT.pdf`"


def damaged(path: Path, error: Exception) -> FileError:
    """Return the error that says what is wrong with a PDF, and how to mend it."""
    what = str(error).removeprefix(f"{path}: ")[:200]
    return FileError(path, f"is damaged or cut off ({what}); {_MEND}")


def xmp(path: Path, pdf: Pdf) -> bytes:
    """Return the document's XMP packet, empty where there is none."""
    import pikepdf

    stream = pdf.Root.get("/Metadata")
    if not isinstance(stream, pikepdf.Stream):
        return b""
    raw = stream.read_raw_bytes()
    filters = stream.get("/Filter")
    several = isinstance(filters, pikepdf.Array)
    names = [] if filters is None else list(filters) if several else [filters]
    if len(raw) > LARGEST:
        raise FileError(path, f"has {TOO_MUCH}")
    if not names:
        return bytes(raw)
    if names == ["/FlateDecode"] and "/DecodeParms" not in stream:
        try:
            opened = zlib.decompressobj()
            data = opened.decompress(raw, LARGEST)
        except zlib.error as error:
            raise damaged(path, error) from error
        if opened.unconsumed_tail:
            raise FileError(path, "unfolds its XMP without end: this is a bomb; do not open it")
        return data
    if len(names) > 1 or len(raw) > _SMALL:
        raise FileError(path, f"has XMP packed with {len(names)} filters; {_MEND}")
    return bytes(stream.read_bytes())


def xmp_labels(path: Path, packet: bytes) -> list[tuple[str, Any]]:
    """Return each AIGC property, an element or an attribute, with the element and its name.

    What stands within such an element is its text.
    """
    root = _xml(path, packet)
    if root is None:
        return []
    from lxml import etree  # type: ignore[import-untyped]

    found: list[tuple[str, Any]] = []
    within = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_ours = isinstance(element.tag, str) and _local(element.tag) == "aigc"
        if event == "end":
            within -= is_ours
            continue
        if is_ours and not within:
            found.append((str(element.xpath("string()")).strip(), (element, None)))
        within += is_ours
        for name, value in element.attrib.items() if isinstance(element.tag, str) else ():
            if _local(name) == "aigc":
                found.append((str(value), (element, name)))
    return found


def _local(name: str) -> str:
    """Return a name without its namespace, or without a prefix that nothing declares."""
    return name.rpartition("}")[2].rpartition(":")[2].casefold()


def _xml(path: Path, packet: bytes) -> Any:
    if b"aigc" not in packet.replace(b"\0", b"").lower():  # without NULs: it may be UTF-16
        return None
    if nodes_in(packet) > MOST_NODES:
        raise FileError(path, f"has {TOO_MUCH}")
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        return etree.fromstring(packet.strip(b"\0 \r\n\t"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def clean_xmp(path: Path, pdf: Pdf) -> list[Any]:
    """Take every AIGC out of XMP, and return the object that this changed.

    A packet without one is left as it is, byte for byte.
    """
    found = xmp_labels(path, xmp(path, pdf))
    if not found:
        return []
    from lxml import etree

    root = found[0][1][0].getroottree()
    for _, (element, name) in found:
        if name is not None:
            del element.attrib[name]
        elif element.getparent() is None:  # there is nothing but a block
            del pdf.Root["/Metadata"]
            return [pdf.Root]
        else:
            element.getparent().remove(element)
    stream = pdf.Root.Metadata
    stream.write(etree.tostring(root, encoding="UTF-8"))
    return [stream]
