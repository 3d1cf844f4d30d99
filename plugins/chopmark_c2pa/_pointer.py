"""A pointer to a manifest that is kept elsewhere, small enough for a chat turn.

C2PA has no such thing for plain text: an A.8 wrapper holds a manifest store of 7 kB or nothing that
validates. Ours is framed alike under its own magic, holds 16 bytes of the text's SHA-256 and the
address of a folder, and so costs about 40 bytes. It is not signed: it says where to look, and that
it was made for this text; who vouches for that is in the manifest.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ._wrapper import POINTER, encode_wrapper

DIGEST = 16
LONGEST_URL = 48
"""So that a pointer has at most 64 bytes."""

_URL = re.compile(r"https?://[!-~]{1,40}/")


class Pointer(NamedTuple):
    """The first bytes of the SHA-256 of a text in NFC, and the folder with its manifest."""

    digest: bytes
    folder: str

    @property
    def name(self) -> str:
        """The name of the manifest's file."""
        return f"{self.digest.hex()}.c2pa"

    @property
    def url(self) -> str:
        """Where the manifest is."""
        return self.folder + self.name

    def encode(self) -> str:
        """Return it as it stands at the end of a text."""
        return encode_wrapper(self.digest + self.folder.encode("ascii"), POINTER)


def make_pointer(digest: bytes, folder: str) -> Pointer:
    """Return the pointer of a text with this SHA-256."""
    return Pointer(digest[:DIGEST], folder)


def is_folder(url: str) -> bool:
    """Return whether `url` can stand in a pointer: short, ASCII, and with a slash at its end."""
    return len(url) <= LONGEST_URL and bool(_URL.fullmatch(url))


def read_pointer(content: bytes) -> Pointer | None:
    """Return the pointer that `content` is, or None; it comes from anybody."""
    url = content[DIGEST:].decode("latin-1")
    return Pointer(content[:DIGEST], url) if is_folder(url) else None
