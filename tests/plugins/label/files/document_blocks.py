"""What the tests of document formats share: blocks, and what stands in a file that is broken."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import FileFormat, Place

KEYS = (
    "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID",
    "ReservedCode2",
)  # fmt: skip
# GB 45438-2025 Annex E j): 0x21, 0x23 to 0x5B, 0x5D to 0x7E and the escape \" .
CHARACTERS = [chr(c) for c in range(0x21, 0x7F) if chr(c) != "\\"]


def bare(*values: str) -> str:
    """Return a block with these values, the rest empty."""
    padded = (*values, *[""] * 7)[:7]
    return json.dumps(dict(zip(KEYS, padded, strict=True)), separators=(",", ":"))


BLOCK = bare(
    "1", "001191110102MAD55U9H0F10002", "8afb82f7-1a9a", 'it\'s "A&B" <c>'.replace(" ", "")
)
OTHER = bare("2", "001191320118MAK93FC72D10001", "other")

blocks = st.lists(st.text(CHARACTERS, max_size=30), min_size=7, max_size=7).map(
    lambda values: bare(*values)
)


def texts(form: FileFormat, path: Path) -> list[str]:
    return [place.text for place in form.read(path)]


def write(form: FileFormat, path: Path, block: str) -> Path:
    """Write the block beside the file, read it back, and return the new file."""
    target = path.with_name("labelled-" + path.name)
    where = form.write(path, target, block)
    assert form.read(target) == [Place(block, form.read(target)[0].where)]
    assert where
    return target


def only_file_errors(form: FileFormat, folder: Path, broken: Iterable[bytes]) -> int:
    """Read and write each; return how many were refused by name. Other errors are raised."""
    refused = 0
    path, target = folder / f"broken{form.suffixes[0]}", folder / "target"
    for data in broken:
        path.write_bytes(data)
        form.fits(data[:4096])
        try:
            form.read(path)
        except FileError as error:
            refused += str(path) in str(error)
        try:
            form.write(path, target, BLOCK)
        except FileError:
            assert not target.exists()
        else:
            # A broken file may hide the block again: `label_file` then keeps nothing.
            with suppress(FileError):
                form.read(target)
            target.unlink()
        assert path.read_bytes() == data
    return refused
