"""Office files that ask for more than they are long."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from tests.plugins.label.hostile._blocks import (
    BLOCK,
)

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    "</Relationships>"
)
_PARTS = {"[Content_Types].xml": "<Types/>", "_rels/.rels": _RELATED}
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_TYPED = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"


def package(parts: Mapping[str, str]) -> bytes:
    """Return an Office package with these parts."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name, text in {**_PARTS, **parts}.items():
            made.writestr(name, text)
    return whole.getvalue()


def document(inside: str, before: str = "") -> bytes:
    """Return a Word document with this in its body."""
    xml = f'{before}<w:document xmlns:w="{_W}"><w:body>{inside}</w:body></w:document>'
    return package({"word/document.xml": xml})


def many_elements(size: int) -> bytes:
    """A document of elements that are as short as can be; `size` is that of the XML."""
    return document("<p/>" * (size // 4))


def many_attributes(size: int) -> bytes:
    one = "<p " + " ".join(f'{chr(97 + n // 26)}{chr(97 + n % 26)}=""' for n in range(600)) + "/>"
    return document(one * (size // len(one)))


def many_slides(size: int) -> bytes:
    inside = "<p/>" * (size // 16)
    return package({f"ppt/slides/slide{n}.xml": f"<s>{inside}</s>" for n in range(4)})


def deep_elements(size: int) -> bytes:
    depth = size // 7
    return document("<p>" * depth + "</p>" * depth)


def entities(size: int) -> bytes:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    laughs = f'<!DOCTYPE w [<!ENTITY e0 "{"a" * (size // 4)}">{levels}]>'
    return document('<w:p a="&e11;"><w:t>&e11;</w:t></w:p>', laughs)


def sheet(rows: str, strings: str) -> bytes:
    """Return a workbook with these rows and shared strings."""
    inside = f"<sheetData>{rows}</sheetData>"
    return package(
        {
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_S}">{inside}</worksheet>',
            "xl/sharedStrings.xml": f'<sst xmlns="{_S}">{strings}</sst>',
        }
    )


def one_string_often(size: int) -> bytes:
    """A sheet whose cells all refer to one long string."""
    cell = '<c t="s"><v>0</v></c>'
    text = "".join(f"<t>{'a' * 2**20}</t>" for _ in range(max(1, size // 2**21)))
    return sheet(f"<row>{cell * (size // 2 // len(cell))}</row>", f"<si>{text}</si>")


def nested_rows(size: int) -> bytes:
    cells = "<c><v>1</v></c>" * (size // 15)
    return sheet("<row>" * 200 + cells + "</row>" * 200, "")


def many_strings(size: int) -> bytes:
    return sheet('<row><c t="s"><v>0</v></c></row>', "<si/>" * (size // 5))


def many_properties(size: int) -> bytes:
    one = f'<property name="AIGC"><v:lpwstr>{BLOCK}</v:lpwstr></property>'
    head = f'<Properties xmlns="{_CUSTOM}" xmlns:v="{_TYPED}">'
    inside = one * (size // len(one))
    return package({"docProps/custom.xml": f"{head}{inside}</Properties>"})


def many_entries(size: int) -> bytes:
    """A package with as many empty parts as go into `size` bytes, 46 of which are the least."""
    whole = io.BytesIO(package({"word/document.xml": "<a/>"}))
    with zipfile.ZipFile(whole, "a") as made:
        start = made.start_dir
    data = whole.getvalue()
    count = size // 90
    names = [b"word/%07d" % n for n in range(count)]
    local = [
        struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, len(n), 0) + n
        for n in names
    ]
    central = io.BytesIO()
    at = start
    for name, one in zip(names, local, strict=True):
        central.write(
            struct.pack(
                "<4sHHHHHHIIIHHHHHII",
                b"PK\1\2",
                20,
                20,
                0,
                0,
                0,
                33,
                0,
                0,
                0,
                len(name),
                0,
                0,
                0,
                0,
                0,
                at,
            )
            + name
        )
        at += len(one)
    directory = data[start : data.rfind(b"PK\5\6")] + central.getvalue()
    total = count + 3
    tail = struct.pack(
        "<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, total, total, len(directory), at
    )
    tail += struct.pack("<4sIQI", b"PK\6\7", 0, at + len(directory), 1)
    tail += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:start] + b"".join(local) + directory + tail
