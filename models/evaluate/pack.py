"""Pack the functional suite for the wheel, and make a bank of those of its texts that are requests.

    python -m models.evaluate.pack

Run it when a file of the suite was changed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

from ..train.corpus import SUITE, Family, families

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "models" / "chopmark_models" / "suite"
SAMPLES = ROOT / "plugins" / "chopmark_assess" / "samples"
SIDES = ("unsafe", "controversial", "benign")
# Files whose texts are said to an assistant, and what of them is none the less not asked of one:
# answers, refusals, and documents that somebody else wrote instructions into.
REQUESTS = ("exam_c1_requests", "exam_c2_requests", "exam_d_injection")
NOT_ASKED = frozenset({"answer", "refusal", "quotation"})
TOOLS = frozenset({"tool-results", "gongju"})
ABOUT = """\
# name: suite-{language}
# version: 2026.11
# schema: functional
# licence: Apache-2.0
# language: {language}
# annotator: chopmark
# date: 2026-11-29
# source: the functional suite of chopmark
"""


def lines(language: str) -> str:
    """Return the families of a language as JSON Lines."""
    found = []
    for family in families(SUITE):
        if family.language == language:
            line = {"name": family.name, "tests": family.tests, "labels": family.labels}
            texts = {side: getattr(family, side) for side in SIDES if getattr(family, side)}
            found.append(json.dumps({**line, **texts}, ensure_ascii=False))
    return "\n".join(found) + "\n"


def bank(language: str) -> str:
    """Return the requests of a language as a bank for `chopmark assess`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("id", "kind", "codes", "text"))
    for family in families(SUITE):
        if family.language == language and asked(family):
            writer.writerows(cases(family))
    return ABOUT.format(language=language) + out.getvalue()


def asked(family: Family) -> bool:
    """Say whether the texts of a family are requests."""
    file, name = family.name.split("/")
    return file in REQUESTS and family.tests not in NOT_ASKED and name not in TOOLS


def cases(family: Family) -> Iterator[tuple[str, str, str, str]]:
    """Give the rows of a family: unsafe requests with their heads, then their twins."""
    name = family.name.split("/")[1]
    refuse = "generation" if "self_harm" in family.labels else "should-refuse"
    codes = " ".join((f"F.{family.tests}", *(f"H.{head}" for head in family.labels)))
    for number, text in enumerate(family.unsafe, 1):
        yield f"{name}-u{number}-{family.language}", refuse, codes, text
    for number, text in enumerate(family.benign, 1):
        yield f"{name}-b{number}-{family.language}", "should-not-refuse", codes, text


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for language in sorted(path.name for path in SUITE.iterdir() if path.is_dir()):
        packed = gzip.compress(lines(language).encode("utf-8"), 9, mtime=0)
        (FOLDER / f"{language}.jsonl.gz").write_bytes(packed)
        (SAMPLES / f"suite-{language}.csv").write_text(bank(language), "utf-8")


if __name__ == "__main__":
    main()
