"""Measures plugin `pii`: what it finds in labelled English text, and how long a stream takes.

    python bench/pii.py --data DIR

DIR holds presidio-research's synthetic set, and may hold benign sets. A number counts as found
where it is the same to the character; names, addresses and organisations are measured by
`pii_spans`, also on the Chinese sentences of the tests, and so are numbers and secrets as people
paste them, in both languages. Times are given as ratios to one plain
regular expression over the same pieces, which a machine's speed does not change; the exit status
is 1 over a limit.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pii_spans import alarms, benign, by_kind, hand, made, pasted, presidio, table

from chopmark import Context, Policy
from chopmark.hookspecs import Detector, StreamDetector
from chopmark_pii import KINDS, chopmark_detectors

OUTPUT = Context(direction="output")
LABELS = {
    "EMAIL_ADDRESS": "pii.email",
    "CREDIT_CARD": "pii.bank_card",
    "IBAN_CODE": "pii.iban",
    "US_SSN": "pii.us.ssn",
    "IP_ADDRESS": "pii.ip",
    "PHONE_NUMBER": "pii.phone",
    "US_DRIVER_LICENSE": "pii.driver_licence",
}
NAIVE = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}|[0-9]{11,19}").search

HAN = (
    "人工智能的发展为社会带来了深远的影响，许多行业正在经历变革。教育、医疗和交通等领域都出现了新的"
    "应用，人们的生活方式也随之改变。专家认为，应当在鼓励创新的同时，建立健全的管理制度。"
)
ENGLISH = (
    "Artificial intelligence has changed the way people work and live. Many industries are going "
    "through a transformation, and education, health care and transport all see new uses. "
)
FIGURES = (
    "截至2023年12月31日，公司营业收入为1,234.56亿元，同比增长15.3%，净利润89.7亿元。第三季度（7-9月）收入"
    "320亿元，员工12,345人，服务器版本1.2.3。"
)
# name, text, the most that a piece of 10 characters and the whole text of 1,000 may cost,
# in times of the plain expression.
SPEED = (
    ("Chinese prose", HAN, 4.0, 1.0),
    ("English prose", ENGLISH, 5.0, 1.0),
    ("Chinese figures", FIGURES, 25.0, 6.0),
)


def main() -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of synth_dataset_v2.json")
    given = parser.parse_args()
    detector, full = make(), make(name=True, address=True, organisation=True)
    for part in ("held", "tune"):
        print(*by_kind(f"Pasted by people, {part}", everything(), pasted(part)), sep="\n")
    if given.data is not None:
        show_accuracy(detector, given.data)
        show_entities(full, given.data)
    return show_speed(detector, full)


def make(**kinds: bool) -> StreamDetector:
    """Return a detector with `kinds` on beside those that are on by default."""
    policy = Policy(name="bench", settings={"pii": {"kinds": kinds}})
    detector = next(iter(chopmark_detectors(policy)))
    assert isinstance(detector, StreamDetector)
    return detector


def everything() -> list[Detector]:
    """Return the detectors with every kind on but the old form of resident's numbers."""
    kinds = {name: name != "cn.resident_id_15" for name in KINDS}
    return list(chopmark_detectors(Policy(name="bench", settings={"pii": {"kinds": kinds}})))


def show_accuracy(detector: StreamDetector, folder: Path) -> None:
    """Print recall and precision by kind."""
    files = sorted(folder.rglob("synth_dataset_v2.json"))
    if not files:
        sys.exit(f"{folder} holds no synth_dataset_v2.json")
    right: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    reported: Counter[str] = Counter()
    missed: list[str] = []
    extra: list[str] = []
    for row in json.loads(files[0].read_text("utf-8")):
        text = row["full_text"]
        gold = {
            (LABELS[s["entity_type"]], s["start_position"], s["end_position"])
            for s in row["spans"]
            if s["entity_type"] in LABELS
        }
        found = {(v.category, v.start, v.end) for v in detector.judge(text, OUTPUT)}
        for category, _, _ in gold & found:
            right[category] += 1
        labelled.update(category for category, _, _ in gold)
        reported.update(category for category, _, _ in found)
        missed += [f"{c} {text[a:b]!r}" for c, a, b in sorted(gold - found)]
        extra += [f"{c} {text[a:b]!r}" for c, a, b in sorted(found - gold)]
    print(f"{'kind':16}{'labelled':>9}{'found':>7}{'recall':>8}{'reported':>10}{'precision':>11}")
    for category in sorted({*labelled, *reported}):
        have, hits, said = labelled[category], right[category], reported[category]
        recall = f"{hits / have:.3f}" if have else "-"
        precision = f"{hits / said:.3f}" if said else "-"
        print(f"{category:16}{have:9}{hits:7}{recall:>8}{said:10}{precision:>11}")
    print(f"missed ({len(missed)}):", *missed[:20], sep="\n  ")
    print(f"reported beside ({len(extra)}):", *extra[:20], sep="\n  ")


def show_entities(detector: StreamDetector, folder: Path) -> None:
    """Print how well names, addresses and organisations are found, and how often in vain."""
    (english, *_) = sorted(folder.rglob("synth_dataset_v2.json"))
    print()
    for title, rows in (
        ("Chinese, by hand, held out", hand("held")),
        ("Chinese, by hand, tuned on", hand("tune")),
        ("Chinese, made from templates", made(2000, 1)),
        ("English (presidio-research), held out", presidio(english, True)),
        ("English (presidio-research), tuned on", presidio(english, False)),
    ):
        print(*table(title, detector, rows), sep="\n")
    print(*alarms(detector, benign(folder)), sep="\n")


def show_speed(detector: StreamDetector, full: StreamDetector) -> int:
    """Print times and their ratios to the plain expression; return 1 where one is over."""
    status = 0
    print(
        f"\n{'text':18}{'us/piece':>9}{'ratio':>7}{'limit':>7}{'us/1000':>9}{'ratio':>7}{'limit':>7}"
    )
    for name, unit, piece_limit, whole_limit in SPEED:
        text = (unit * 20)[:1000]
        pieces = [text[at : at + 10] for at in range(0, 1000, 10)]
        streamed, searched = best(partial(follow, detector, pieces), partial(search, pieces))
        judged, passed = best(partial(detector.judge, text, OUTPUT), partial(NAIVE, text))
        ratio, whole = streamed / searched, judged / passed
        over = ratio > piece_limit or whole > whole_limit
        status |= over
        print(
            f"{name:18}{streamed / len(pieces) * 1e6:9.2f}{ratio:7.2f}{piece_limit:7.1f}"
            f"{judged * 1e6:9.1f}{whole:7.2f}{whole_limit:7.1f}{'  OVER' if over else ''}"
        )
    print(f"\nwith names, addresses and organisations: {'us/piece':>9}{'times':>7}")
    for name, unit, _, _ in SPEED:
        text = (unit * 20)[:1000]
        pieces = [text[at : at + 10] for at in range(0, 1000, 10)]
        more, bare = best(partial(follow, full, pieces), partial(follow, detector, pieces))
        print(f"{name:40}{more / len(pieces) * 1e6:9.2f}{more / bare:7.1f}")
    for name, text in (("1 MB of digits", "7" * 1_000_000), ("1 MB of a", "a" * 1_000_000)):
        begun = time.perf_counter()
        detector.judge(text, OUTPUT)
        seconds = time.perf_counter() - begun
        over = seconds > 1
        status |= over
        print(f"{name:18}{seconds:9.3f} s, limit 1 s{'  OVER' if over else ''}")
    return int(status)


def follow(detector: StreamDetector, pieces: Sequence[str]) -> None:
    """Run a scanner over `pieces`."""
    scanner = detector.open(OUTPUT)
    for piece in pieces:
        scanner.feed(piece)
    scanner.finish()


def search(pieces: Sequence[str]) -> None:
    """Run the plain expression over `pieces`."""
    for piece in pieces:
        NAIVE(piece)


def best(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest of 60 runs of each, run in turn, so that load hits both alike."""
    times = (float("inf"), float("inf"))
    for _ in range(60):
        marks = [time.perf_counter()]
        for run in (first, second):
            run()
            marks.append(time.perf_counter())
        times = min(times[0], marks[1] - marks[0]), min(times[1], marks[2] - marks[1])
    return times


if __name__ == "__main__":
    sys.exit(main())
