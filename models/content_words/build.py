"""Counts the words of plain texts, for the list that the scheme `unigram` of watermarks biases.

    python -m models.content_words.build --data ../shared/data

Written are the commonest content words, English ones of four letters and more and Chinese ones of
two characters and more, the commonest first. What sentences are made of is left out: to bias it is
what wrecks a text. Needs jieba, which cuts Chinese into words.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jieba

OUT = Path(__file__).parents[2] / "plugins" / "chopmark_watermark" / "words.txt"
UNWANTED = re.compile(
    "rape|murder|kill|dead|death|died|dies|suicid|sex|porn|drug|gun|bomb|terror|weapon|nazi|slave|war|"
    "自杀|强奸|色情|毒|杀|死|枪|炸|性"
)
"""Nobody wants these likelier than a model makes them."""
MOST = {"en": 2000, "zh": 1000}
FUNCTION = frozenset(
    [
        "about",
        "above",
        "after",
        "again",
        "against",
        "almost",
        "along",
        "already",
        "also",
        "although",
        "always",
        "among",
        "another",
        "anyone",
        "anything",
        "around",
        "because",
        "been",
        "before",
        "behind",
        "being",
        "below",
        "between",
        "both",
        "cannot",
        "could",
        "didn",
        "does",
        "doesn",
        "doing",
        "done",
        "down",
        "during",
        "each",
        "either",
        "else",
        "enough",
        "even",
        "ever",
        "every",
        "everyone",
        "everything",
        "except",
        "from",
        "gets",
        "going",
        "have",
        "having",
        "here",
        "hers",
        "herself",
        "himself",
        "however",
        "http",
        "https",
        "into",
        "isn",
        "itself",
        "just",
        "least",
        "less",
        "like",
        "made",
        "make",
        "many",
        "maybe",
        "might",
        "mine",
        "more",
        "most",
        "much",
        "must",
        "myself",
        "neither",
        "never",
        "none",
        "nothing",
        "often",
        "once",
        "only",
        "onto",
        "other",
        "others",
        "ours",
        "ourselves",
        "over",
        "perhaps",
        "quite",
        "rather",
        "really",
        "same",
        "seem",
        "several",
        "shall",
        "should",
        "since",
        "some",
        "someone",
        "something",
        "such",
        "than",
        "that",
        "their",
        "theirs",
        "them",
        "themselves",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "though",
        "through",
        "thus",
        "together",
        "toward",
        "towards",
        "under",
        "unless",
        "until",
        "upon",
        "used",
        "using",
        "very",
        "want",
        "wasn",
        "well",
        "were",
        "what",
        "whatever",
        "when",
        "where",
        "whether",
        "which",
        "while",
        "whom",
        "whose",
        "will",
        "with",
        "within",
        "without",
        "would",
        "your",
        "yours",
        "yourself",
        "一个",
        "我们",
        "他们",
        "你们",
        "她们",
        "它们",
        "自己",
        "这个",
        "那个",
        "这些",
        "那些",
        "什么",
        "怎么",
        "为什么",
        "可以",
        "没有",
        "不是",
        "就是",
        "但是",
        "因为",
        "所以",
        "如果",
        "而且",
        "或者",
        "以及",
        "还是",
        "已经",
        "不能",
        "不会",
        "这样",
        "那样",
        "一些",
        "其他",
        "进行",
        "通过",
        "对于",
        "关于",
        "由于",
        "一下",
        "这么",
        "那么",
        "怎样",
        "还有",
        "可是",
        "不过",
        "虽然",
        "这种",
        "那种",
        "一样",
        "一种",
        "的话",
        "是不是",
        "有没有",
        "只是",
        "只有",
        "除了",
    ]
)


def english(data: Path) -> Iterator[str]:
    folder = data / "self-instruct-benign-en"
    for line in (folder / "seed_tasks.jsonl").read_text("utf-8").split("\n"):
        for one in json.loads(line)["instances"] if line else ():
            yield from (one["input"], one["output"])
    for line in (folder / "p3_t0_prompts_sample.jsonl").read_text("utf-8").split("\n"):
        if line:
            yield json.loads(line)["prompt"]


def chinese(data: Path) -> Iterator[str]:
    yield from (data / "kdconv-half-zh" / "utterances.txt").read_text("utf-8").split("\n")


def count_english(texts: Iterator[str]) -> Counter[str]:
    """Count words, without those that are names: these have a capital nearly always."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        for word in re.findall(r"[A-Za-z]{4,}", text):
            (small if word[0].islower() else capital)[word.lower()] += 1
    return Counter({w: n for w, n in small.items() if n > capital[w] and _wanted(w)})


def count_chinese(texts: Iterator[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(w for w in jieba.cut(text) if re.fullmatch(r"[一-鿿]{2,}", w))
    return Counter({w: n for w, n in counts.items() if _wanted(w)})


def _wanted(word: str) -> bool:
    return word not in FUNCTION and not UNWANTED.search(word)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    data = parser.parse_args().data
    counts = {"en": count_english(english(data)), "zh": count_chinese(chinese(data))}
    words = [w for language, most in MOST.items() for w, _ in counts[language].most_common(most)]
    OUT.write_text("\n".join(words) + "\n", "utf-8")
    print(f"{len(words)} words to {OUT.name}")


if __name__ == "__main__":
    main()
