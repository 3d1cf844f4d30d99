"""Inspects and labels broken files of every format until the time is over; no part of the suite.

    python -m tests.fuzz.labels [--seconds 60] [--seed 1] [--only pdf docx] [--keep FOLDER]

Only a `FileError` may be raised, in at most five seconds, and what was labelled must give back its
block and leave its source and the folder as they were. What does otherwise is kept, and told; then
the exit status is 1. `guided.py` does the same led by coverage.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import logging
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path

from tests.fuzz.seeds import BLOCK, seeds

from chopmark_label import label_file, read_labels
from chopmark_label._files._errors import FileError
from chopmark_label._inspect import inspect_file
from chopmark_label._inspect_readers import readers

MARKERS = readers("inspect")
SLOW = 5.0
HUNG = 120
TOKENS = (
    b"AIGC", b'{"AIGC":{', b'"Label":"1"', b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff",
    b"\n---\n", b"AIGC:\n  Label: '1'\n", b"&x ", b"*x", b"!!python/name:os ", b"\n```\n", b"{{",
    b"<meta name=AIGC content='x'>", b"<!-- AIGC: {} -->", b"</head>", b"<script>", b"<![", b"&#",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"]]>", b"charset=gbk", b"\xef\xbb\xbf", b"\xff\xfe",
    b" 0 R", b"/Prev 9", b"endobj", b"<<", b">>", b"(", b"/Filter/FlateDecode", b"startxref\n0",
    b"PK\x03\x04", b"PK\x05\x06", b"ID3\4\0\0", b"OggS", b"moov", b"udta", b"RIFF", b"IFD",
)  # fmt: skip


class WrongError(Exception):
    """A promise was not kept."""


def _hold(kept: bool, what: str) -> None:
    if not kept:
        raise WrongError(what)


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with one to four of the changes that broken and hostile files have."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        if chance.random() < 0.3:  # where most formats say what is where
            at = min(at, chance.choice((64, 512)))
        end = min(len(made), at + int(2 ** chance.uniform(0, 11)))
        match chance.randrange(7):
            case 0:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                made[at : at + 4] = chance.choice(
                    (b"\0\0\0\0", b"\xff" * 4, b"\0\0\0\1", b"\x80" * 4)
                )
            case 2:
                del made[at:end]
            case 3:
                made[at:at] = made[at:end]
            case 4:
                made[at:at] = chance.choice(TOKENS)
            case 5:
                made[at:at] = chance.randbytes(chance.randrange(1, 9))
            case _:
                if chance.random() < 0.3:
                    del made[at:]
    return bytes(made)


def changed_inside(data: bytes, chance: random.Random) -> bytes:
    """Return a ZIP file with a change in one of its parts, before it is packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        parts = [(info.filename, old.read(info)) for info in old.infolist()]
        small = [name for name, _ in parts if name.endswith((".rels", "custom.xml", "Types].xml"))]
        hit = chance.choice(small)
        for name, part in parts:
            new.writestr(name, changed(part, chance) if name == hit else part)
    return out.getvalue()


def attempt(path: Path, data: bytes, *, write: bool) -> str:
    """Inspect, and label where `write` says so, a file of these bytes; return how it went.

    Raises:
        Exception: whatever is no refusal by name.
    """
    path.write_bytes(data)
    said = "read"
    start = time.monotonic()
    try:
        inspect_file(path, MARKERS)
    except FileError as error:
        _hold(str(path) in str(error), f"a refusal that names no file: {error}")
        said = "refused"
    if write:
        said += ", labelled" if _labelled(path, data) else ", not labelled"
    _hold(time.monotonic() - start < SLOW, "it took too long")
    return said


def _labelled(path: Path, data: bytes) -> bool:
    out = path.with_name("out" + path.suffix)
    try:
        label_file(path, out, BLOCK, replace=True)
    except FileError as error:
        named = str(path) in str(error) or str(out) in str(error)
        _hold(named, f"a refusal that names no file: {error}")
        _hold([*path.parent.iterdir()] == [path], "something was left behind")
        return False
    finally:
        _hold(path.read_bytes() == data, "the source was changed")
    said = [found.reading.fields for found in read_labels(out)[1]]
    _hold(said == [BLOCK.fields()], f"labelled, and then it says {said}")
    out.unlink()
    return True


def main() -> int:
    """Run until the time is over; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="endings of names, without the dot")
    parser.add_argument("--keep", type=Path, default=Path("fuzzed"), help="for what goes wrong")
    given = parser.parse_args()
    logging.disable()  # qpdf tells what it mends
    chance = random.Random(given.seed)
    wrong: Counter[str] = Counter()
    went: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        made, work = Path(name, "seeds"), Path(name, "work")
        made.mkdir()
        files = [p for p in seeds(made) if not given.only or p.suffix[1:] in given.only]
        begun = [(path.suffix, path.read_bytes()) for path in files]
        until = time.monotonic() + given.seconds
        while time.monotonic() < until:
            suffix, data = chance.choice(begun)
            inside = data.startswith(b"PK") and chance.random() < 0.7
            data = changed_inside(data, chance) if inside else changed(data, chance)
            work.mkdir()
            faulthandler.dump_traceback_later(HUNG, exit=True)
            try:
                said = attempt(work / f"a{suffix}", data, write=chance.random() < 0.5)
                went[f"{suffix} {said}"] += 1
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                what = f"{suffix} {type(error).__name__} in {where.name}: {str(error)[:100]}"
                wrong[what] += 1
                if wrong[what] == 1:
                    given.keep.mkdir(exist_ok=True)
                    (given.keep / f"{len(wrong)}{suffix}").write_bytes(data)
                    print(f"\n{given.keep / f'{len(wrong)}{suffix}'}: {what}")
                    traceback.print_exc(limit=-4, file=sys.stdout)
            faulthandler.cancel_dump_traceback_later()
            shutil.rmtree(work)
    for what, count in sorted(went.items()):
        print(f"{count:>8} {what}")
    print(f"{sum(went.values()):>8} files as they should, {sum(wrong.values())} not, of "
          f"{len(wrong)} kinds")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
