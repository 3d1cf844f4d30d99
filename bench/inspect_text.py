"""How fast `chopmark inspect` looks through texts of 5 MB: labels, C2PA, hidden characters.

    python bench/inspect_text.py [--size 5]

Limit: at least 5 MB of UTF-8 a second for every text, also for those that are written to be slow;
process start not counted. The ratio is to what no reader of a manifest can save: the text in NFC,
and its SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from chopmark_c2pa import make_pointer
from chopmark_label import html_fragment
from chopmark_label._inspect import inspect_file, inspect_text
from chopmark_label._inspect_readers import readers

LIMIT = 5.0
CHINESE = "湖在城的西边，春天来的人最多，清晨去会安静一些。从断桥走到孤山，大约需要二十分钟。\n\n"
ENGLISH = "The lake lies west of the town — most people come in spring, and mornings are quiet.\n\n"
EMOJI = "Walk there 👩‍👩‍👧‍👦, take a boat ❤️‍🔥, see the flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿 at 1️⃣0️⃣.\n"
PERSIAN = "می‌خواهم کتاب‌های خوب را کنار دریاچه بخوانم.\n"
TAGS = '<div class="a"><p title="x > y">The <b>lake</b> lies &amp; waits.</p><br></div>\n'


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=5.0, help="megabytes of each text")
    size = int(parser.parse_args().size * 1e6)
    markers = readers("inspect")
    slowest = sys.float_info.max
    print(f"{'text':<24}{'MB':>6}{'MB/s':>8}{'ratio':>8}  found")
    with tempfile.TemporaryDirectory() as folder:
        for name, suffix, text in texts(size):
            path = Path(folder) / f"text{suffix}"
            path.write_text(text, "utf-8")
            if suffix:
                took, found = best(lambda path=path: inspect_file(path, markers))  # type: ignore[misc]
            else:
                took, found = best(lambda text=text: inspect_text(text, markers))  # type: ignore[misc]
            least, _ = best(lambda text=text: floor(text))  # type: ignore[misc]
            megabytes = len(text.encode()) / 1e6
            slowest = min(slowest, megabytes / took)
            counts = Counter(f.technique for f in found.findings)  # type: ignore[attr-defined]
            what = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "-"
            pace = f"{megabytes:>6.1f}{megabytes / took:>8.0f}{took / least:>8.1f}"
            print(f"{name:<24}{pace}  {what}")
    print(f"slowest {slowest:.1f} MB/s, limit {LIMIT}")
    return int(slowest < LIMIT)


def texts(size: int) -> list[tuple[str, str, str]]:
    chinese, english = filled(CHINESE, size), filled(ENGLISH, size)
    digest = hashlib.sha256(unicodedata.normalize("NFC", chinese).encode()).digest()
    pointer = make_pointer(digest, "https://ai.example/c/").encode()
    zero_width = "".join(chr(0x200B + (n * 7 % 5 > 2)) for n in range(64))
    page = f"<!doctype html><html><head><title>x</title></head><body>{html_fragment('zh')}"
    return [
        ("Chinese", "", chinese),
        ("Chinese, labelled", "", f"（AI生成）\n\n{chinese}\n\n（AI生成）"),
        ("Chinese, C2PA pointer", "", chinese + pointer),
        ("English", "", english),
        ("English, hidden bits", "", english.replace("lake", f"lake{zero_width}", 50)),
        ("emoji", "", filled(EMOJI, size)),
        ("Persian", "", filled(PERSIAN, size)),
        ("strays everywhere", "", filled("a\u200bb\u200c", size)),
        ("only selectors", "", "".join(map(chr, range(0xE0100, 0xE01F0))) * (size // 960)),
        ("Markdown", ".md", f"---\ntitle: x\n---\n\n> AI生成\n\n{english}"),
        ("HTML", ".html", f"{page}\n{filled(TAGS, size)}</body></html>"),
        ("HTML, tags never closed", ".html", page + filled('<a "<a " ', size)),
        ("HTML, labels only", ".html", page + filled('<p lang="" class="chopmark-label">', size)),
        ("HTML, comments begun", ".html", page + filled("<!-<!--x<scrip<script ", size)),
        ("HTML, spaces", ".html", page + " " * size),
        ("lines of spaces", "", "\n \t" * (size // 3)),
    ]


def filled(part: str, size: int) -> str:
    return part * (size // len(part.encode()) + 1)


def floor(text: str) -> bytes:
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode("utf-8")).digest()


def best(work: Callable[[], object]) -> tuple[float, object]:
    took, found = sys.float_info.max, None
    for _ in range(3):
        started = time.process_time()
        found = work()
        took = min(took, time.process_time() - started)
    return took, found


if __name__ == "__main__":
    sys.exit(main())
