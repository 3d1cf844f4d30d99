"""The texts of bench/find.py: what a log has, what it has not, and what fills it up."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chopmark_log._winnow import plain

FORMULAS = {
    "zh": (
        "作为一个人工智能语言模型，我没有个人的情感和观点，但我可以为您提供一些一般性的信息和建议。",
        "请注意，以上内容仅供参考，不构成任何法律或医疗建议，如有需要请咨询专业人士的意见。",
        "非常抱歉，我无法回答您的这个问题，如果您有其他问题需要帮助，请随时告诉我，谢谢您的理解。",
    ),
    "en": (
        "As an AI language model I have no personal opinions or feelings, but I can offer help.",
        "Please note that this is not legal or medical advice, so consult a professional first.",
        "I'm sorry, but I can't help with that request. Please let me know if there is another.",
    ),
}
FORMULA_IN = 0.02
"""In how many of the texts that fill up the log each of them is."""
LENGTH = {"zh": 250, "en": 200}
"""The least characters of a text; utterances of a conversation are put together up to that."""


@dataclass(frozen=True)
class Source:
    name: str
    language: str
    kept: tuple[str, ...]
    out: tuple[str, ...]


def sources_of(data: Path, news: Path | None, seed: int) -> list[Source]:
    found = {
        ("answers of models (jade)", "zh"): answers(data / "jade-zh"),
        ("conversations (kdconv)", "zh"): conversations(data / "kdconv-half-zh", seed),
        ("prose (P3)", "en"): prose(data / "self-instruct-benign-en"),
    }
    if news is not None:
        found["news (People's Daily)", "zh"] = articles(news)
    sources = []
    for (name, language), texts in found.items():
        texts = list(dict.fromkeys(texts))
        random.Random(seed).shuffle(texts)
        at = len(texts) * 4 // 5
        sources.append(Source(name, language, tuple(texts[:at]), tuple(texts[at:])))
    return sources


def answers(folder: Path) -> list[str]:
    found = []
    for name in ("hard", "medium"):
        file = folder / f"jade_alignment_{name}_zh.csv"
        rows = csv.reader(file.read_text("gb18030").splitlines(keepends=True))
        found += [text for row in rows for text in row[1:] if len(text) >= 60]
    return found


def conversations(folder: Path, seed: int) -> list[str]:
    said = lines_of(folder / "utterances.txt")  # sorted, each once
    random.Random(seed).shuffle(said)
    return list(together(said, LENGTH["zh"]))


def articles(file: Path) -> list[str]:
    words = ("".join(word.rpartition("/")[0] for word in line.split()) for line in lines_of(file))
    return list(together(words, LENGTH["zh"]))


def prose(folder: Path) -> list[str]:
    """Return the sentences of each prompt that have no 8 words in common with another prompt."""
    lines = lines_of(folder / "p3_t0_prompts_sample.jsonl")
    prompts = list(dict.fromkeys(json.loads(line)["prompt"] for line in lines))
    times = Counter(run for prompt in prompts for run in runs(prompt))
    found = []
    for prompt in prompts:
        sentences = [one for one in re.split(r"(?<=[.!?])\s+|\n+", prompt) if len(one.split()) >= 8]
        text = " ".join(one for one in sentences if all(times[run] == 1 for run in runs(one)))
        if len(text) >= LENGTH["en"]:
            found.append(text)
    return found


def lines_of(file: Path) -> list[str]:
    return file.read_text("utf-8").rstrip("\n").split("\n")  # no others end a line of JSON


def together(parts: Iterable[str], length: int) -> Iterator[str]:
    text = ""
    for part in parts:
        text += part
        if len(text) >= length:
            yield text
            text = ""


def runs(text: str) -> set[str]:
    """Return the runs by which texts are taken to be related: 16 characters, or 8 words."""
    if sum(one >= "\u2e80" for one in text) > len(text) / 3:
        bare = plain(text)
        return {bare[n : n + 16] for n in range(len(bare) - 15)}
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[n : n + 8]) for n in range(len(words) - 7)}


def unrelated(source: Source) -> list[str]:
    times = Counter(run for text in (*source.kept, *source.out) for run in runs(text))
    return [text for text in source.out if not any(1 < times[run] <= 10 for run in runs(text))]


def filling(sources: Sequence[Source], language: str, chance: random.Random) -> Iterator[str]:
    """Return texts without an end, by a chain of two characters, or of a word, of the sources."""
    texts = [text for one in sources if one.language == language for text in one.kept]
    glue, order = (" ", 1) if language == "en" else ("", 2)
    after: dict[tuple[str, ...], list[str]] = defaultdict(list)
    begins = []
    for text in texts:
        units = text.split() if language == "en" else list(text)
        begins.append(units[:order])
        for n in range(order, len(units)):
            after[tuple(units[n - order : n])].append(units[n])
    while True:
        length = len(chance.choice(texts))
        made = list(chance.choice(begins))
        size = 0
        while size < length:
            following = after.get(tuple(made[-order:]))
            made += [chance.choice(following)] if following else chance.choice(begins)
            size += len(made[-1]) + len(glue)
        for formula in FORMULAS[language]:
            if chance.random() < FORMULA_IN:
                made.insert(chance.randrange(len(made)), formula)
        yield glue.join(made)


def others(data: Path) -> dict[str, list[str]]:
    """Return texts of sources that the log has nothing of."""
    seeds = lines_of(data / "self-instruct-benign-en" / "seed_tasks.jsonl")
    tasks = [json.loads(line) for line in seeds]
    texts = [f"{one['instruction']} {one['instances'][0]['output']}" for one in tasks]
    prompts = lines_of(data / "cvalues-half-zh" / "prompts.txt")
    return {"en": [one for one in texts if len(one) > 100], "zh": list(together(prompts, 150))}
