"""What labelling a file of 20 MB costs, beside what its library takes to load and to save it.

    python bench/label_files.py [--megabytes 20] [--rounds 9] [--json]

A label is written, read back, and put on the disk (fsync). The library opens the same file and
saves it under another name, as it does by itself: pikepdf for PDF, python-docx for DOCX. Both take
turns in one run, so that a slow moment of the machine meets both; times are medians. A PDF comes in
three shapes: few large streams, 40,000 small objects packed in streams, and linearized; its streams
are packed, as those of real files are, so that pikepdf has nothing to pack.

Limit: 1.5 times the library, in each row. Exits with 1 where it is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import docx
import pikepdf
from PIL import Image

from chopmark_label import Aigc, label_file

LIMIT = 1.5
BLOCK = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="7")
SMALL_OBJECTS = 40_000
PICTURES = 20
ALWAYS = random.Random(20260301)


def pdf(path: Path, size: int, objects: int, **saved: object) -> None:
    """Write a PDF whose pages have streams that are packed, and small objects."""
    pages = 40
    with pikepdf.new() as made:
        for _ in range(pages):
            page = made.add_blank_page()
            page.Contents = made.make_stream(ALWAYS.randbytes(size // pages))
            page.obj.Own = pikepdf.Array(
                made.make_indirect(pikepdf.Dictionary(N=n, Text=pikepdf.String("text" * 5)))
                for n in range(objects // pages)
            )
        made.docinfo["/Title"] = "A title"
        made.save(path, **saved)


def word(path: Path, size: int) -> None:
    """Write a DOCX of pictures that cannot be packed, and 2,000 paragraphs."""
    made = docx.Document()
    side = int((size / PICTURES / 3) ** 0.5)
    picture = path.with_suffix(".png")
    for _ in range(PICTURES):
        Image.frombytes("RGB", (side, side), ALWAYS.randbytes(side * side * 3)).save(picture)
        made.add_picture(str(picture))
    for number in range(2_000):
        made.add_paragraph(f"Paragraph {number} of a text that somebody asked a model for.")
    made.save(str(path))
    picture.unlink()


def resave_pdf(source: Path, target: Path) -> None:
    with pikepdf.open(source) as opened:
        opened.save(target, linearize=opened.is_linearized)


def resave_word(source: Path, target: Path) -> None:
    docx.Document(str(source)).save(str(target))


def milliseconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def compare(
    name: str, source: Path, resave: Callable[[Path, Path], None], rounds: int
) -> dict[str, object]:
    out, again = source.with_name("labelled" + source.suffix), source.with_name("again")
    labels: list[float] = []
    saves: list[float] = []
    for number in range(rounds + 1):
        if sys.stderr.isatty():
            print(f"\r{name}: {number}/{rounds}", end="", file=sys.stderr, flush=True)
        taken = milliseconds(lambda: label_file(source, out, BLOCK))
        saved = milliseconds(lambda: resave(source, again))
        if number:  # the first warms up
            labels.append(taken)
            saves.append(saved)
        os.unlink(out)
    print(f"\r{name}: done   ", file=sys.stderr)
    ratio = median(labels) / median(saves)
    return {
        "file": name,
        "bytes": source.stat().st_size,
        "label_ms": round(median(labels), 1),
        "library_ms": round(median(saves), 1),
        "ratio": round(ratio, 2),
        "limit": LIMIT,
        "within": ratio <= LIMIT,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    given = parser.parse_args()
    size = int(given.megabytes * 1e6)
    packed = pikepdf.ObjectStreamMode.generate
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pdf(folder / "large.pdf", size, 0)
        pdf(folder / "small.pdf", size, SMALL_OBJECTS, object_stream_mode=packed)
        pdf(folder / "linear.pdf", size, 0, linearize=True)
        word(folder / "word.docx", size)
        rows = [
            compare("PDF, large streams", folder / "large.pdf", resave_pdf, given.rounds),
            compare("PDF, 40,000 objects", folder / "small.pdf", resave_pdf, given.rounds),
            compare("PDF, linearized", folder / "linear.pdf", resave_pdf, given.rounds),
            compare("DOCX", folder / "word.docx", resave_word, given.rounds),
        ]
    if given.json:
        print(json.dumps({"python": sys.version.split()[0], "rows": rows}, indent=2))
    else:
        for row in rows:
            verdict = "within" if row["within"] else "OVER"
            print(
                f"{row['file']:<20} label {row['label_ms']:>7} ms, library {row['library_ms']:>7} "
                f"ms: {row['ratio']:.2f} times, {verdict} {LIMIT}"
            )
    return 0 if all(row["within"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
