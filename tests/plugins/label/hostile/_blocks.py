"""A block, and packets of XMP that ask for more than they are long."""

from __future__ import annotations

BLOCK = '{"Label":"1","ContentProducer":"a","ProduceID":"b"}'
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TC = "http://www.tc260.org.cn/ns/AIGC/1.0/"


def xmp(inside: str) -> bytes:
    """Return a packet with this in its description."""
    head = f'<rdf:RDF xmlns:rdf="{_RDF}" xmlns:T="{_TC}"><rdf:Description>'
    return f"{head}{inside}</rdf:Description></rdf:RDF>".encode()


def packet_of_elements(size: int) -> bytes:
    return xmp("<a/>" * (size // 4) + "<T:AIGC/>")


def packet_of_blocks(size: int) -> bytes:
    return xmp(f"<T:AIGC>{BLOCK}</T:AIGC>" * (size // 70))


def packet_nested(size: int) -> bytes:
    text = "".join(f"<b>{'a' * 2**20}</b>" for _ in range(max(1, size // 2**20)))
    return xmp("<T:AIGC>" * 100 + "<rdf:li>" * 100 + text + "</rdf:li>" * 100 + "</T:AIGC>" * 100)
