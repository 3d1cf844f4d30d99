"""Measures plugin `injection`: what is reported wrongly and rightly, and how long a stream takes.

    python bench/injection.py [--data DIR] [--markdown DIR]

DIR of `--data` holds labelled sets, one folder each (bipia-en, agentdojo-data, bastioncorpus, ...);
those that are missing are left out. DIR of `--markdown` is searched for files `*.md` and for the
descriptions of installed packages (`METADATA`). Harmless texts that were written to look like
attacks, and attacks, are always read from models/corpus.

A rule for instructions must keep its level: `high` reports at most one of 10,000 ordinary texts,
`medium` one of 1,000. Times are given as ratios to one plain regular expression over the same
pieces. The exit status is 1 where a level or a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from chopmark import Context
from chopmark.hookspecs import StreamDetector
from chopmark_injection import (
    ExfiltrationDetector,
    InstructionDetector,
    InvisibleDetector,
    Options,
)
from chopmark_injection._machine import may_have

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

CORPUS = Path(__file__).parents[1] / "models" / "corpus"
ANSWER = Context(direction="output")
TOOL = Context(direction="input", role="tool")
USER = Context(direction="input", role="user")
MOST = {"high": 1e-4, "medium": 1e-3, "low": 1e-2}
Texts = dict[str, list[str]]

NAIVE = re.compile(r"https?://[^\s)]+|[\u200b-\u200d\U000e0000-\U000e007f]").search
HAN = (
    "人工智能的发展为社会带来了深远的影响，许多行业正在经历变革。教育、医疗和交通等领域都出现了新的"
    "应用，人们的生活方式也随之改变。专家认为，应当在鼓励创新的同时，建立健全的管理制度。"
)
ENGLISH = (
    "Artificial intelligence has changed the way people work and live. Many industries are going "
    "through a transformation, and education, health care and transport all see new uses. "
)
MARKDOWN = (
    "## Install\n\nRun `pip install chopmark`, see the [guide](https://docs.ok.org/guide) and "
    "![this picture](https://ok.org/a.png). It costs <b>nothing</b>.\n\n- one\n- two: three\n"
)
# name, text, the most that a piece of 10 characters may cost, in times of the plain expression.
SPEED = (("Chinese prose", HAN, 5.0), ("English prose", ENGLISH, 5.0), ("Markdown", MARKDOWN, 40.0))


def main() -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of labelled sets")
    parser.add_argument("--markdown", type=Path, help="folder of harmless Markdown")
    given = parser.parse_args()
    alike, attacks = corpus()
    ordinary: Texts = {}
    if given.data is not None:
        ordinary, more = labelled(given.data)
        attacks |= more
    pages = list(markdown(given.markdown)) if given.markdown is not None else []
    if pages:
        ordinary["Markdown pages"] = pages
    status = show_instructions(ordinary, alike, attacks)
    show_alt_text({**ordinary, **alike})
    show_invisible({**ordinary, **alike, **attacks})
    show_exfiltration(pages)
    return status | show_speed()


def rows(path: Path) -> Iterator[Mapping[str, str]]:
    """Return the objects of a file of JSON lines."""
    return (json.loads(line) for line in path.read_text("utf-8").split("\n") if line)


def corpus() -> tuple[Texts, Texts]:
    """Return this project's own harmless texts, and its attacks inside other texts."""
    harmless: Texts = {}
    attacks: Texts = {}
    for language in ("en", "zh"):
        for path in sorted((CORPUS / language).glob("*.toml")):
            about = "injection" if path.stem.startswith("injection") else "other subjects"
            for family in tomllib.loads(path.read_text("utf-8"))["family"]:
                name = f"corpus {language}, {about}"
                harmless.setdefault(name, []).extend(family.get("benign", ()))
                if path.stem.startswith("injection_indirect"):
                    name = f"corpus {language}, indirect"
                    attacks.setdefault(name, []).extend(family.get("unsafe", ()))
    return harmless, attacks


def labelled(folder: Path) -> tuple[Texts, Texts]:
    """Return the harmless texts and the attacks of the sets in `folder`."""
    harmless: Texts = {}
    attacks: Texts = {}
    for path in folder.glob("bipia-en/email_*.jsonl"):
        harmless["BIPIA e-mails"] = [row["context"] for row in rows(path)]
    for path in sorted(folder.glob("agentdojo-data/suites__*.yaml")):
        if "injection" not in path.name:
            blocks = re.split(r"\n(?=\s*- )", path.read_text("utf-8"))
            plain = [re.sub(r"\{(?:injection|prompt)_?\w*\}", "", block) for block in blocks]
            harmless.setdefault("AgentDojo tool data", []).extend(plain)
    for path in folder.glob("bastioncorpus/injections.jsonl"):
        for row in rows(path):
            if row["label"] == "benign":
                harmless.setdefault("bastioncorpus", []).append(row["text"])
            elif row["lang"] == "en":
                name = "bastioncorpus, indirect"
                if row["category"] != "indirect_injection":
                    name = "bastioncorpus, other"
                attacks.setdefault(name, []).append(row["text"])
    for path in folder.glob("self-instruct-benign-en/p3_t0_prompts_sample.jsonl"):
        harmless["P3 prompts"] = [row["prompt"] for row in rows(path)]
    for path in folder.glob("presidio-research-en/synth_dataset_v2.json"):
        harmless["presidio sentences"] = [r["full_text"] for r in json.loads(path.read_text())]
    for name, pattern in (("KdConv", "kdconv-*/utterances.txt"), ("CValues", "cvalues-*/*.txt")):
        for path in folder.glob(pattern):
            harmless[name] = path.read_text("utf-8").split("\n")
    return harmless, attacks


def markdown(folder: Path) -> Iterator[str]:
    """Yield the Markdown texts under `folder`, each once."""
    seen: set[str] = set()
    for path in sorted([*folder.rglob("*.md"), *folder.rglob("METADATA")]):
        text = path.read_text("utf-8", "replace")
        if path.name == "METADATA":
            head, _, text = text.partition("\n\n")
            text = text if "text/markdown" in head else ""
        if text and text not in seen:
            seen.add(text)
            yield text


def show_instructions(ordinary: Texts, alike: Texts, attacks: Texts) -> int:
    """Print false reports by set and by rule, and what is found; return 1 for a broken level."""
    detector = InstructionDetector(Options())
    wrong: dict[str, Counter[str]] = {}
    print(f"instructions\n{'harmless texts':32}{'texts':>8}{'low':>6}{'medium':>8}{'high':>6}")
    for name, texts in {**ordinary, **alike}.items():
        levels: Counter[str] = Counter()
        for text in texts:
            for rule in reported(detector, text):
                wrong.setdefault(rule, Counter())[name] += 1
                levels[rule.rpartition(" ")[2]] += 1
        print(f"{name:32}{len(texts):8}{levels['low']:6}{levels['medium']:8}{levels['high']:6}")
    count = sum(map(len, ordinary.values()))
    print(f"\n{'rule':14}{'level':8}{'ordinary, of ' + str(count):>22}{'allowed':>9}{'alike':>7}")
    status = 0
    for rule in sorted({f"{r.name} {r.level}" for r in detector.rules}):
        name, level = rule.split(" ")
        by_set = wrong.get(rule, Counter())
        false = sum(by_set[given] for given in ordinary)
        allowed = max(1, int(MOST[level] * count))
        status |= false > allowed
        print(
            f"{name:14}{level:8}{false:22}{allowed:9}{sum(by_set[given] for given in alike):7}"
            f"{'  OVER' if false > allowed else ''}"
        )
    print(f"\n{'attacks':32}{'texts':>8}{'found':>8}{'medium':>8}{'high':>6}")
    for name, texts in attacks.items():
        found = [{r.rpartition(" ")[2] for r in reported(detector, text)} for text in texts]
        medium = sum(bool(levels & {"medium", "high"}) for levels in found)
        high = sum("high" in levels for levels in found)
        print(f"{name:32}{len(texts):8}{share(sum(map(bool, found)), texts):>8}", end="")
        print(f"{share(medium, texts):>8}{share(high, texts):>6}")
    return status


def show_alt_text(sets: Texts) -> None:
    """Print of which harmless texts the text for machines is reported, where a user sends them."""
    detector = InstructionDetector(Options())
    print(f"\nfor machines, from a user{'':7}{'texts':>8}{'with some':>11}{'reported':>10}")
    for name, texts in sets.items():
        some = sum(may_have(text) for text in texts)
        found = sum(bool(detector.judge(text, USER)) for text in texts)
        print(f"{name:32}{len(texts):8}{some:11}{found:10}")


def reported(detector: InstructionDetector, text: str) -> set[str]:
    """Return the rules that `text` breaks, each with its level."""
    return {f"{rule.name} {rule.level}" for rule in detector.broken(text)}


def share(count: int, of: Sequence[object]) -> str:
    """Return a share as it is printed."""
    return f"{count / max(1, len(of)):.2f}"


def show_invisible(sets: Texts) -> None:
    """Print which texts hold hidden characters."""
    detector = InvisibleDetector(Options())
    print(f"\ninvisible{'':23}{'texts':>8}{'reported':>10}")
    for name, texts in sets.items():
        found = sum(bool(detector.judge(text, TOOL)) for text in texts)
        print(f"{name:32}{len(texts):8}{found:10}")


def show_exfiltration(pages: Sequence[str]) -> None:
    """Print how many addresses in harmless Markdown are reported, and to which hosts."""
    if not pages:
        return
    detector = ExfiltrationDetector(Options())
    found: Counter[str] = Counter()
    hosts: Counter[str] = Counter()
    told = 0
    for page in pages:
        verdicts = [v for v in detector.judge(page, ANSWER) if v.detail != "goes on"]
        told += bool(verdicts)
        for verdict in verdicts:
            found[verdict.category.rpartition(".")[2]] += 1
            address = page[verdict.start : verdict.end]
            hosts[re.sub(r"^[a-z]*:?/*", "", address).partition("/")[0]] += 1
    images = sum(len(re.findall(r"!\[|<img", page)) for page in pages)
    links = sum(len(re.findall(r"https?://", page)) for page in pages)
    print(f"\nexfiltration: {len(pages)} pages, {images} images, {links} addresses in all")
    print(f"reported: {found['image']} images, {found['link']} links, on {told} pages")
    print("hosts:", ", ".join(f"{host} {count}" for host, count in hosts.most_common(6)))


def show_speed() -> int:
    """Print times and their ratios to the plain expression; return 1 where one is over."""
    status = 0
    options = Options()
    detectors = (InvisibleDetector(options), ExfiltrationDetector(options))
    print(f"\n{'stream by 10':16}{'detector':26}{'us/piece':>9}{'ratio':>7}{'limit':>7}")
    for name, unit, limit in SPEED:
        text = (unit * 20)[:1000]
        pieces = [text[at : at + 10] for at in range(0, 1000, 10)]
        for detector in detectors:
            taken, plain = best(partial(follow, detector, pieces), partial(search, pieces))
            ratio = taken / plain
            over = ratio > limit
            status |= over
            print(
                f"{name:16}{detector.name:26}{taken / len(pieces) * 1e6:9.2f}{ratio:7.2f}"
                f"{limit:7.1f}{'  OVER' if over else ''}"
            )
    instructions = InstructionDetector(options)
    for name, unit in (("Chinese prose", HAN), ("English prose", ENGLISH)):
        text = (unit * 200)[:10_000]
        taken, plain = best(partial(instructions.judge, text, TOOL), partial(search, [text]))
        over = taken / plain > 20
        status |= over
        print(
            f"{name:16}{'instructions, 10,000':26}{taken * 1e6:9.0f}{taken / plain:7.2f}{20:7.1f}"
            f"{'  OVER' if over else ''}"
        )
    return int(status)


def follow(detector: StreamDetector, pieces: Sequence[str]) -> None:
    """Run a scanner over `pieces`."""
    scanner = detector.open(ANSWER)
    for piece in pieces:
        scanner.feed(piece)
    scanner.finish()


def search(pieces: Sequence[str]) -> None:
    """Run the plain expression over `pieces`."""
    for piece in pieces:
        NAIVE(piece)


def best(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest of 40 runs of each, run in turn, so that load hits both alike."""
    times = (float("inf"), float("inf"))
    for _ in range(40):
        marks = [time.process_time()]
        for run in (first, second):
            run()
            marks.append(time.process_time())
        times = min(times[0], marks[1] - marks[0]), min(times[1], marks[2] - marks[1])
    return times


if __name__ == "__main__":
    sys.exit(main())
