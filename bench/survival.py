"""What is left of every mark after what text and files go through on their way to a reader.

    python bench/survival.py [--texts 20] [--seed 1] [--json] [--plot FILE] [--only NAME]

Each mark is put into `texts` answers of each language, and each marked answer goes through each
transport by the real tool for it; a column whose tool is missing says `not run`. A visible label
has survived where it still stands on a line of its own, and is damaged where a verifier finds no
more than its words; a manifest or block has survived where it is found and holds, and is damaged
where it is found and does not. No limit: these are facts about the world, not about our speed.

Wants `chopmark[dev,bench]`, and for all columns Chromium, pdftotext, LibreOffice, qpdf, exiftool.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from browser import Browser, find
from survive.files import fates, make_files, make_ways
from survive.marks import Fate, make_marks
from survive.plot import Counts, cell, draw
from survive.texts import make_texts
from survive.transports import make_transports

from chopmark_c2pa import load_credential

ROOT = Path(__file__).parents[1]
FATES: tuple[Fate, ...] = ("survived", "damaged", "lost")
NOT_RUN = "not run"
Cell = Counts | None | str
Table = dict[str, dict[str, Cell]]


def main() -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=20, help="how many of each language")
    parser.add_argument("--files", type=int, default=5, help="how many of each format and language")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="marks with this in their name")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the first table, .svg, .png"
    )
    asked = parser.parse_args()
    with ExitStack() as stack:
        browser = stack.enter_context(Browser()) if find() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        texts, tools = of_texts(asked.texts, asked.seed, asked.only, browser, folder)
        files, more = of_files(asked.files, asked.seed, folder) if not asked.only else ({}, {})
    found = {
        "seed": asked.seed,
        "texts": 2 * asked.texts,
        "files": 2 * asked.files,
        "tools": {**tools, **more},
        "marks": texts,
        "formats": files,
    }
    if asked.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show(found)
    if asked.plot:
        kept = {m: {c: v for c, v in row.items() if v != NOT_RUN} for m, row in texts.items()}
        columns = [name for name in tools if tools[name]]
        draw(kept, columns, asked.plot)  # type: ignore[arg-type]
    return 0


def of_texts(
    count: int, seed: int, only: str, browser: Browser | None, folder: Path
) -> tuple[Table, dict[str, str]]:
    sys.path.insert(0, str(ROOT))
    from tests.plugins.c2pa.issuing import KEYS, issue  # where the tests make their certificates

    issued = issue(folder, KEYS["ed25519"]())
    credential = load_credential(issued.certificate, issued.key)
    marks = make_marks(credential, issued.root.read_text())
    transports = make_transports(browser)
    if browser:
        browser.open("about:blank")
    table: Table = {}
    for mark in marks:
        if only not in mark.name:
            continue
        row: dict[str, Cell] = {}
        carried = [mark.put(text) for text in make_texts(count, seed)]
        assert {mark.judge(text) for text in carried} == {"survived"}, mark.name
        for transport in transports:
            if not transport.tool:
                row[transport.name] = NOT_RUN
                continue
            results = [transport.carry(text, mark.form) for text in carried]
            judged = Counter(mark.judge(text) for text in results if text is not None)
            row[transport.name] = counts(judged) if judged else None
        table[mark.name] = row
    return table, {transport.name: transport.tool for transport in transports}


def of_files(count: int, seed: int, folder: Path) -> tuple[Table, dict[str, str]]:
    made = make_files(make_texts(count, seed), folder)
    ways = make_ways()
    table: Table = {}
    for suffix, files in made.items():
        row: dict[str, Cell] = {}
        for way in ways:
            if suffix not in way.carry:
                row[way.name] = None
            elif not way.tools[suffix]:
                row[way.name] = NOT_RUN
            else:
                row[way.name] = counts(Counter(fates(files, way.carry[suffix])))
        table[suffix] = row
    tools = {way.name: ", ".join(dict.fromkeys(way.tools.values())) for way in ways}
    return table, tools


def counts(judged: Mapping[Fate, int]) -> dict[Fate, int]:
    return {fate: judged.get(fate, 0) for fate in FATES}


def show(found: Mapping[str, object]) -> None:
    """Print both tables as Markdown, and the tools behind them."""
    print(f"seed {found['seed']}, n = {found['texts']} texts, {found['files']} files of a format")
    print(
        "a cell: what happened to all, else survived/damaged/lost in %; -: does not go that way\n"
    )
    for name in ("marks", "formats"):
        table = found[name]
        if table:
            print_table(name, table)  # type: ignore[arg-type]
    for name, tool in found["tools"].items():  # type: ignore[attr-defined]
        print(f"- {name}: {tool or NOT_RUN}")


def print_table(name: str, table: Table) -> None:
    columns: Sequence[str] = list(next(iter(table.values())))
    print(f"| {name} | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for mark, row in table.items():
        cells = [v if isinstance(v, str) else cell(v) for v in row.values()]
        print(f"| {mark} | {' | '.join(cells)} |")
    print()


if __name__ == "__main__":
    sys.exit(main())
