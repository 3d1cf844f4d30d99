"""PDF documents that ask for more than they are long."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """Return a document of these objects; 1 is the catalog."""
    whole, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(whole)
        whole += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    count = max(objects) + 1
    table = b"".join(
        b"%010d 00000 n \n" % places[n] if n in places else b"%010d 65535 f \n" % 0
        for n in range(count)
    )
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(whole))
    return b"%bxref\n0 %d\n%b%b" % (bytes(whole), count, table, end)


def stream(data: bytes, names: bytes = b"", *, packed: bool = False) -> bytes:
    if packed:
        data, names = zlib.compress(data, 9), names + b"/Filter/FlateDecode"
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (names, len(data), data)


def _one_page(page: bytes, others: Mapping[int, bytes]) -> bytes:
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R%b>>" % page,
            **others,
        }
    )


def nested_forms(size: int) -> bytes:
    """A page that draws a form, which draws another ten times, and so on."""
    depth, width = 2 + size // 2**21, 10
    text = b"BT /G 9 Tf (aaaaaaaaaa) Tj ET "
    font = b"/Font<</G<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<<%b/XObject<</F %d 0 R>>>>"
    forms = {n: stream(b"/F Do " * width, head % (font, n + 1)) for n in range(5, 5 + depth)}
    forms[5 + depth] = stream(text * 100, head % (font, 5))
    return _one_page(b"/Resources<</XObject<</F 5 0 R>>>>", {4: stream(b"/F Do"), **forms})


def own_form(size: int) -> bytes:
    """A page that draws a form, which draws itself."""
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</F 5 0 R>>>>"
    return _one_page(
        b"/Resources<</XObject<</F 5 0 R>>>>",
        {4: stream(b"/F Do"), 5: stream(b"/F Do " * (size // 6), head)},
    )


def bomb_in_font(size: int) -> bytes:
    """A page in a font whose map of characters is `size` bytes, many times as many as it has."""
    cmap = b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange " + b" " * size
    font = b"/Resources<</Font<</G 5 0 R>>>>"
    system = b"/CIDSystemInfo<</Registry(A)/Ordering(I)/Supplement 0>>"
    below = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/S%b>>" % system
    names = b"/Type/Font/Subtype/Type0/BaseFont/S/Encoding/Identity-H/ToUnicode 6 0 R"
    return _one_page(
        font,
        {
            4: stream(b"BT /G 9 Tf <0001> Tj ET"),
            5: b"<<%b/DescendantFonts[%b]>>" % (names, below),
            6: stream(cmap, packed=True),
        },
    )


def bomb_in_form(size: int) -> bytes:
    """A page that draws a form of `size` spaces."""
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]"
    return _one_page(
        b"/Resources<</XObject<</F 5 0 R>>>>",
        {4: stream(b"/F Do"), 5: stream(b"q Q " * (size // 4), head, packed=True)},
    )


def page_with_form(draw: bytes, form: bytes) -> bytes:
    """Return a page with these instructions, and with a form F."""
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]"
    font = b"/Font<</G<</Type/Font/Subtype/Type1/BaseFont/Courier>>>>"
    names = b"/Resources<</XObject<</F 5 0 R>>%b>>" % font
    return _one_page(names, {4: stream(draw), 5: stream(form, head)})


def one_page_often(size: int) -> bytes:
    """A tree of pages that has one page many times."""
    count = size // 6
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, b"3 0 R " * count),
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
        }
    )


def many_objects(size: int) -> bytes:
    """A document whose stream of objects has as many as go into `size` bytes."""
    count = size // 11
    inside = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
    }
    bodies = [*inside.values(), *([b"0"] * count)]
    heads, at = [], 0
    for number, body in enumerate(bodies, 1):
        heads.append(b"%d %d" % (number, at))
        at += len(body) + 1
    head = b" ".join(heads) + b" "
    own = len(bodies) + 1
    whole = bytearray(b"%PDF-1.7\n")
    place = len(whole)
    objects = head + b" ".join(bodies)
    whole += b"%d 0 obj\n%b\nendobj\n" % (
        own, stream(objects, b"/Type/ObjStm/N %d/First %d" % (len(bodies), len(head)), packed=True)
    )  # fmt: skip
    start = len(whole)
    rows = bytearray(struct.pack(">BIH", 0, 0, 0))
    for index in range(len(bodies)):
        rows += struct.pack(">BIH", 2, own, index & 0xFFFF)
    rows += struct.pack(">BIH", 1, place, 0) + struct.pack(">BIH", 1, start, 0)
    whole += b"%d 0 obj\n%b\nendobj\n" % (
        own + 1,
        stream(bytes(rows), b"/Type/XRef/W[1 4 2]/Root 1 0 R/Size %d" % (own + 2), packed=True),
    )
    return bytes(whole) + b"startxref\n%d\n%%%%EOF\n" % start


def xmp_pdf(size: int) -> bytes:
    """A document whose XMP has elements that are as short as can be."""
    packet = b"<x>" + b"<a/>" * (size // 4) + b"<AIGC/></x>"
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>>",
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
            4: stream(packet, b"/Type/Metadata/Subtype/XML", packed=True),
        }
    )


def nested_xmp_pdf(size: int) -> bytes:
    text = b"a" * 2**20
    packet = (
        b"<AIGC>" * 200
        + b"".join(b"<b>%b</b>" % text for _ in range(size // 2**20))
        + b"</AIGC>" * 200
    )
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>>",
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
            4: stream(packet, b"/Type/Metadata/Subtype/XML", packed=True),
        }
    )


def many_attachments(size: int) -> bytes:
    count = size // 200
    names = b"".join(b"(%07d)%d 0 R" % (n, 5 + n) for n in range(count))
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[%b]>>>>>>" % names,
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
            **{
                5 + n: b"<</Type/Filespec/F(a)/EF<</F<</Type/Metadata/Subtype/XML>>>>>>"
                for n in range(count)
            },
        }
    )
