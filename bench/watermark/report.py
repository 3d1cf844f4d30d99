"""Writes the measured tables of docs/watermarks.md, and its pictures, of what the scripts found.

    python bench/watermark/report.py RESULTS [--page docs/watermarks.md]

RESULTS holds power.json, attacks.json, attribution.json, false_positives.json, speed.json,
chinese.json, paraphrase.json, rates.json, boilerplate.json and weighed.json: what each script
prints with --json. What stands on the page between the two comments that name this script is
replaced.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pictures
from attacks import ATTACKS, SPANS
from power import LENGTHS
from scoring import median
from speed import AT_ONCE, PAGES

START, END = "<!-- bench/watermark/report.py -->", "<!-- end of bench/watermark/report.py -->"
Json = Mapping[str, Any]
TESTS = {
    "whole": "", "detect": ", as `detect`", "transformers": ", as transformers",
    "z, dedup": ", z with dedup", "exact, dedup": ", exact with dedup",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--page", type=Path, default=Path("docs/watermarks.md"))
    asked = parser.parse_args()
    found = {
        path.stem: json.loads(path.read_text()) for path in sorted(asked.results.glob("*.json"))
    }
    folder = asked.page.parent / "pictures"
    folder.mkdir(exist_ok=True)
    pictures.lengths(found["power"], folder / "watermark-lengths.svg")
    pictures.edits(found["attacks"]["edits"], found["power"], folder / "watermark-edits.svg")
    pictures.alarms(found["false_positives"], folder / "watermark-alarms.svg")
    page = asked.page.read_text("utf-8")
    before, _, rest = page.partition(START)
    _, found_end, after = rest.partition(END)
    if not found_end:
        raise SystemExit(f"{asked.page} has no comments {START} and {END}")
    made = "\n\n".join(part for part in sections(found))
    asked.page.write_text(f"{before}{START}\n\n{made}\n\n{END}{after}", "utf-8")
    return 0


def sections(found: Mapping[str, Json]) -> Iterator[str]:
    yield "### Limits"
    yield limits(found)
    yield "### False alarms"
    yield alarms(found["false_positives"])
    yield "![false alarms by corpus](pictures/watermark-alarms.svg)"
    yield alarms_by_corpus(found["false_positives"])
    yield worst_keys(found["false_positives"])
    yield "### Boilerplate"
    yield boilerplate(found["boilerplate"])
    yield left_out(found["boilerplate"]["cost"])
    yield "### How often a mark is found"
    yield powers(found["power"])
    yield "![share found by length](pictures/watermark-lengths.svg)"
    yield "### Quality"
    yield quality(found["power"])
    yield "### Edits"
    yield edits(found["attacks"]["edits"])
    yield "![share found after edits](pictures/watermark-edits.svg)"
    yield "### Paraphrase, as a negative control"
    yield paraphrases(found["paraphrase"])
    yield "### Marked parts of long texts"
    yield mixed(found["attacks"]["mixed"])
    yield "### Which tenant"
    yield tenants(found["attribution"])
    yield "### What a test could find that knew the model"
    yield weighed(found["weighed"])
    yield "### Chinese"
    yield chinese(found["chinese"])
    yield "### Speed"
    yield speed(found["speed"])
    yield "### How many tokens are enough"
    yield held(found["rates"]["held"])
    yield rates(found["rates"]["cells"])


def limits(found: Mapping[str, Json]) -> str:
    """Return the limits, what was measured, and whether it is met."""
    power, speeds = found["power"], found["speed"]["jobs"]
    everywhere = found["false_positives"]["all"]
    rows = []

    def row(what: str, limit: str, said: str, met: bool) -> None:
        rows.append([what, limit, said, "met" if met else "**missed**"])

    def least(what: str, one: Json, limit: float) -> None:
        said = f"{one['share']:.3f} [{one['low']:.3f}, {one['high']:.3f}], n {one['n']}"
        row(what, f"at least {limit:g}", said, one["share"] >= limit)

    for level, limit in (("0.001", 1.3e-3), ("1e-05", 5e-5)):
        ours = {name: one for name, one in everywhere.items() if not name.startswith("peer")}
        worst = max(ours, key=lambda name: ours[name][level]["high"])
        high = ours[worst][level]["high"]
        said = f"{high:.2e} for the worst test, `{worst}`"
        row(f"false alarms at {float(level):g}, upper 95 % bound", f"at most {limit:g}", said,
            high <= limit)  # fmt: skip
    own = power["gumbel-0.7"]
    for test, said in (("whole", "one test"), ("detect", "`detect`, windows too")):
        least(f"found at 1e-5, 100 tokens, {own['bits']:.1f} bits, {said}",
              own["tests"][test]["100"]["1e-05"], 0.95)  # fmt: skip
    most = power["gumbel-1"]
    least(f"found at 1e-5, 50 tokens, {most['bits']:.1f} bits",
          most["tests"]["whole"]["50"]["1e-05"], 1.0)  # fmt: skip
    replaced = found["attacks"]["edits"]["gumbel-1"]["30 % replaced"]["whole"]["1e-05"]
    least(f"found at 1e-5, 160 tokens, 30 % replaced, {most['bits']:.1f} bits", replaced, 0.95)
    for cell in ("gumbel-1", "gumbel-0.7", "gumbel-0.3"):
        ratio = power[cell]["perplexity_ratio"]
        said = f"{ratio['ratio']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}]"
        row(f"perplexity to no mark, {cell}", "1 within noise", said,
            ratio["low"] <= 1 <= ratio["high"])  # fmt: skip
    for cell, one in found["attacks"]["mixed"].items():
        least(f"50 marked tokens found in 8,000, {cell}, at 1e-3", one["50"]["0.001"], 0.95)
    for cell, one in found["attribution"].items():
        least(f"1 tenant of 100,000 named, {cell}, 160 tokens", one["passes"], 0.99)
    for aim, length, limit in (("4", "50", 1.0), ("1.6", "100", 0.95)):
        one = found["chinese"][aim]
        least(f"Chinese, {length} tokens, {one['bits']:.1f} bits", one[length]["1e-05"], limit)
    for job, limit in (("search, gumbel", 5e6), (PAGES, 5e5), (AT_ONCE, 5e5)):
        said = speeds[job]["per_second"]
        row(f"{job}, tokens a second", f"at least {limit:,.0f}", f"{said:,.0f}", said >= limit)
    drawn = speeds["draw of 256, gumbel"]["us_per_token"]
    row("a token drawn of 256", "at most 100 µs", f"{drawn:.0f} µs", drawn <= 100)
    return table(["", "limit", "measured", ""], rows)


def paraphrases(found: Json) -> str:
    pairs = list(zip(found["copied"], found["after_log10_p"], strict=True))
    rows = []
    for low, high in ((0.0, 0.15), (0.15, 0.35), (0.35, 1.01)):
        inside = [p for copied, p in pairs if low <= copied < high]
        if inside:
            share = f"{low:.0%} to {min(high, 1):.0%}"
            rows.append([share, str(len(inside)), str(sum(p <= -5 for p in inside)),
                         f"{median(inside):.1f}"])  # fmt: skip
    head = ["4-grams copied from the text", "texts", "found at 1e-5", "median log10 p"]
    return table(head, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def of(one: Json) -> str:
    """Return a share in two digits, or in three where two would round it to 1."""
    share = one["share"]
    return f"{share:.3f}" if 0.99 < share < 1 else f"{share:.2f}"


def both(one: Json) -> str:
    return f"{of(one['0.001'])} / {of(one['1e-05'])}"


def rare(one: Json) -> str:
    return f"{one['share']:.1e} (≤ {one['high']:.1e})"


def alarms(found: Json) -> str:
    rows = [
        [test, f"{one['0.001']['n']:,}", rare(one["0.001"]), rare(one["1e-05"])]
        for test, one in found["all"].items()
    ]
    head = ["all corpora together", "tests", "at 1e-3 (limit ≤ 1.3e-3)", "at 1e-5 (limit ≤ 5e-5)"]
    return table(head, rows)


def alarms_by_corpus(found: Json) -> str:
    shown = ["gumbel", "green", "unigram300", "unigram1000", "peer: KGW as transformers",
             "peer: KGW z, dedup", "peer: Unigram z"]  # fmt: skip
    rows = []
    for corpus, row in found.items():
        if corpus != "all":
            cells = [f"{rare(row[t]['0.001'])}; {rare(row[t]['1e-05'])}" for t in shown[:4]]
            more = [f"{row[t]['0.001']['share']:.1e}; {row[t]['1e-05']['share']:.1e}"
                    for t in shown[4:]]  # fmt: skip
            rows.append([corpus, *cells, *more])
    return table(["at 1e-3; at 1e-5", *shown], rows)


def worst_keys(found: Json) -> str:
    tests = ("gumbel", "green", "unigram1000", "peer: KGW as transformers", "peer: Unigram z")
    rows = [
        [corpus, *(f"{row[test]['worst_key_1e-3']:.3f}" for test in tests)]
        for corpus, row in found.items()
        if corpus != "all"
    ]
    return table(["of 500 chunks at 1e-3, the worst single key", *tests], rows)


def boilerplate(found: Json) -> str:
    rows = [
        [scheme, name, rare(one), f"{one['worst_key']:.3f}", str(one["keys_above_1_percent"])]
        for scheme, row in found["alarms"].items()
        for name, one in row.items()
    ]
    keys = next(iter(found["alarms"].values()))["nothing left out"]["n"] // found["chunks"]
    head = ["", f"{found['chunks']} chunks of licences", "at 1e-3", f"worst of {keys} keys",
            "keys above 1 %"]  # fmt: skip
    return table(head, rows)


def left_out(found: Json) -> str:
    rows = [
        [cell, f"{row['left_out']:.1%}", of(row["nothing left out"]),
         of(row["known passages left out"])]
        for cell, row in found.items()
        if isinstance(row, dict)
    ]  # fmt: skip
    head = ["marked answers", f"tokens in one of {found['places']:,} known places",
            "found at 1e-5, nothing left out", "known passages left out"]  # fmt: skip
    return table(head, rows)


def weighed(found: Json) -> str:
    tests = list(next(iter(found.values())))
    rows = [[what, *(of(row[test]) for test in tests)] for what, row in found.items()]
    return table(["gumbel-0.7", *tests], rows)


def powers(found: Json) -> str:
    rows = []
    for cell, row in found.items():
        for test, by_length in row.get("tests", {}).items():
            cells = [both(by_length[str(length)]) for length in LENGTHS]
            rows.append(
                [
                    f"{cell}{TESTS[test]}", f"{row['bits']:.2f}", str(row["n"]), *cells,
                    f"{by_length['100']['median_log10_p']:.1f}",
                ]
            )  # fmt: skip
    lengths = [f"{length} tokens" for length in LENGTHS]
    return table(["scheme-temperature", "bits", "n", *lengths, "median log10 p of 100"], rows)


def quality(found: Json) -> str:
    rows = []
    for cell, row in found.items():
        ratio = row.get("perplexity_ratio")
        cost = f"{ratio['ratio']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}]" if ratio else "-"
        different = f"{row['distinct_4_ratio']:.3f}" if "distinct_4_ratio" in row else "-"
        rows.append([cell, str(row["n"]), f"{row['perplexity']:.2f}", cost, different])
    head = ["scheme-temperature", "n", "perplexity", "to no mark", "distinct 4-grams to no mark"]
    return table(head, rows)


def edits(found: Json) -> str:
    rows = []
    for cell, row in found.items():
        for test in row["none"]:
            if test in ("whole", "z, dedup"):
                cells = [both(row[name][test]) for name in ATTACKS]
                rows.append([f"{cell}{TESTS[test]}", str(row["n"]), *cells])
    return table(["scheme-temperature", "n", *ATTACKS], rows)


def mixed(found: Json) -> str:
    rows = [
        [
            cell, str(row["n"]), str(size), of(row[str(size)]["0.001"]),
            of(row[str(size)]["1e-05"]), of(row[str(size)]["located"]),
            f"{row[str(size)]['median_iou']:.2f}",
        ]
        for cell, row in found.items()
        for size in SPANS
    ]  # fmt: skip
    head = ["scheme-temperature", "n", "marked tokens in 8,000", "found at 1e-3", "at 1e-5",
            "place named", "median IoU"]  # fmt: skip
    return table(head, rows)


def tenants(found: Json) -> str:
    rows = []
    for cell, row in found.items():
        named, passes = row["named"], row["passes"]
        inside = f"[{passes['low']:.3f}, {passes['high']:.3f}] of {passes['n']}"
        rich = row["passes_rich"]
        rows.append(
            [
                cell, f"{named['hits']} of {named['n']}", str(row["wrong"]),
                f"{passes['share']:.3f} {inside}", f"{rich['share']:.3f} of {rich['n']}",
                f"{row['seconds']:.0f} s",
            ]
        )  # fmt: skip
    head = [
        "scheme-temperature", "named by a full search", "wrong ones named",
        "right key passes 1e-3 after 10^5 keys", "of texts of 1.6 bits and more", "a search took",
    ]  # fmt: skip
    return table(head, rows)


def chinese(found: Json) -> str:
    rows = [
        [
            f"{row['bits']:.2f}", str(row["n"]), *(both(row[str(length)]) for length in LENGTHS),
            rare(row["unmarked"]["0.001"]), f"{row['unmarked']['0.001']['n']:,}",
        ]
        for row in found.values()
    ]  # fmt: skip
    lengths = [f"{length} tokens" for length in LENGTHS]
    return table(["bits", "n", *lengths, "unmarked, at 1e-3", "tests"], rows)


def speed(found: Json) -> str:
    rows = [
        [job, f"{row['us_per_token']:.3g}", f"{row['per_second']:,.0f}"]
        for job, row in found["jobs"].items()
    ]
    return table(["", "microseconds a token", "tokens a second"], rows)


def held(found: Json) -> str:
    rows = [
        [name, bits, str(one["n"]), f"{one['rate']:.3f}", f"{one['held']:g}"]
        for name, row in found.items()
        for bits, one in row.items()
        if one["n"]
    ]
    head = ["scheme", "bits", "texts", "-log10 p a tested token, median", "held by the plugin"]
    return table(head, rows)


def rates(found: Json) -> str:
    rows = [
        [
            cell, f"{row['bits']:.2f}", f"{row['scored']:.0f}",
            f"{row['tokens']} at {row['level']:g}",
            f"{row['power']['share']:.2f} of {row['power']['n']}" if row["power"]["n"]
            else "no text is long enough",
        ]
        for cell, row in found.items()
    ]  # fmt: skip
    head = ["scheme-temperature", "bits", "tested of 160", "called enough", "found with so many"]
    return table(head, rows)


if __name__ == "__main__":
    sys.exit(main())
