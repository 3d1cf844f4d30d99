"""The index of a JPEG with several pictures (CIPA DC-007): its positions, kept right.

Phones write one for a depth map, a gain map or a second view. It names where each picture begins,
counted from itself, and how long each is, so that it changes with what is put before or behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ._ifd import open_tiff
from ._image_file import BrokenFileError
from ._rewrite import Edit

SIGNATURE = b"MPF\0"
_ENTRIES = 0xB002
_ENTRY = 16


def index_edits(body: bytes, start: int, edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits that make the index right again after `edits`.

    Args:
        body: of the index, behind its signature.
        start: where `body` is in the file; positions are counted from there.
        edits: of the first picture's metadata, none of which is within the index.

    Raises:
        BrokenFileError: a length or position no longer fits its field.
    """
    try:
        tiff = open_tiff(body)
        fields = [directory.find(_ENTRIES) for directory in tiff.chain()]
    except BrokenFileError:
        return []  # no reader can follow it either
    field = next((each for each in fields if each is not None), None)
    if field is None or field.value + field.size > len(body):
        return []

    def shifted(at: int) -> int:
        return at + sum(edit.growth for edit in edits if edit.end <= at)

    found = []
    for at in range(field.value, field.value + field.size - _ENTRY + 1, _ENTRY):
        size, offset = tiff.number(at + 4, 4), tiff.number(at + 8, 4)
        begin = start + offset if offset else 0  # the first picture begins with the file
        new_size = shifted(begin + size) - shifted(begin)
        new_offset = shifted(begin) - shifted(start) if offset else 0
        if (new_size | new_offset) >> 32 or new_size < 0:
            raise BrokenFileError("has pictures behind the first that no longer fit its index")
        new = tiff.packed(new_size, 4) + tiff.packed(new_offset, 4)
        found.append(Edit(start + at + 4, start + at + 12, new))
    return found
