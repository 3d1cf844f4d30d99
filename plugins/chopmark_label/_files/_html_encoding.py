"""HTML as text whose positions are those of the bytes: decoded so that it encodes back unchanged.

The encoding is what a browser takes (HTML 13.2.3.2): a byte order mark, else what a `<meta>` in the
first 1,024 bytes says, else UTF-8. Bytes that it does not have come back as they were.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from chopmark_label._files._errors import FileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_WIDER = {  # what browsers take these names for (Encoding standard, 4.2)
    "gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252",
    "iso8859-9": "cp1254", "euc_kr": "cp949", "shift_jis": "cp932", "utf-16": "utf-8",
    "utf-16-le": "utf-8", "utf-16-be": "utf-8",
}  # fmt: skip

_KNOWN = re.compile(
    r"gb18030|big5(?:hkscs)?|euc_jp|iso2022_jp|cp932|cp949|koi8-[ru]|cp8(?:66|74)|cp125\d|"
    r"iso8859-\d+|mac-(?:roman|cyrillic)"
)


@dataclass(frozen=True, slots=True)
class HtmlSource:
    """An HTML file as text."""

    text: str
    mark: bytes
    """The byte order mark, which is not in the text."""
    codec: str
    errors: str

    def encode(self, text: str) -> bytes:
        """Return the bytes of a text that was made from this one by putting in ASCII."""
        return self.mark + text.encode(self.codec, self.errors)


def decode_html(path: Path, data: bytes) -> HtmlSource:
    """Return the text of the bytes of an HTML file.

    Raises:
        FileError: they are not in the encoding that they name, and cannot be kept as they are.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileError(path, "is in UTF-32, which browsers do not read; save it in UTF-8")
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _strict(path, data[len(mark) :], mark, codec)
    found = _CHARSET.search(data[:1024])
    codec = _codec(found[1].decode("ascii", "replace")) if found else "utf-8"
    if codec == "utf-8":
        if b"\0" in data[:1024]:
            raise FileError(path, "has NUL bytes and no byte order mark; save it in UTF-8")
        return HtmlSource(data.decode("utf-8", "surrogateescape"), b"", "utf-8", "surrogateescape")
    try:
        return _strict(path, data, b"", codec)
    except FileError:
        if codec == "iso2022_jp":
            raise  # its characters are made of bytes that look like mark-up
    # In all others that browsers know, a byte of < > " ' = or a space is that character.
    return HtmlSource(data.decode("latin-1"), b"", "latin-1", "strict")


def _strict(path: Path, data: bytes, mark: bytes, codec: str) -> HtmlSource:
    errors = "surrogatepass" if codec.startswith("utf-16") else "strict"
    if codec == "utf-8":
        errors = "surrogateescape"
    try:
        text = data.decode(codec, errors)
        same = text.encode(codec, errors) == data
    except (UnicodeError, ValueError):
        same = False
    if not same:
        raise FileError(path, f"is not whole in {codec!r}, as it says it is; save it in UTF-8")
    return HtmlSource(text, mark, codec, errors)


def _codec(name: str) -> str:
    """Return Python's name of an encoding; one that browsers do not know is taken for UTF-8."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return "utf-8"
    codec = _WIDER.get(found, found)
    return codec if _KNOWN.fullmatch(codec) else "utf-8"
