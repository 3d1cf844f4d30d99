"""Sets about insult and hatred."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from ..rows import BENIGN, Row, fraction, split
from ._files import table

# Comments and tweets hold little of these.
FAR = frozenset({"self_harm", "illicit", "fraud", "injection"})


def cold(data: Path) -> Iterator[Row]:
    """Chinese offensive language; the human-labelled test half is for measuring."""
    for name in ("train", "dev", "test"):
        for line in table(data / "cold-zh" / f"{name}.csv"):
            text, toxic = line["TEXT"], float(line["label"])
            fine = line.get("fine-grained-label", "")
            # Offensive COLD rows are about race, region or gender and mostly, not always, aimed at
            # the group; only the test file says which, so the training label is a doubtful one.
            hate = (1.0 if fine == "2" else 0.0) if fine else 0.8 * toxic
            part = "dev" if name == "test" else split(text, dev=0, calibration=0.03)
            yield Row(
                text=text,
                labels={"toxic": toxic, "hate": hate},
                source="cold",
                part=part,
                weight=0.7,
                group=fine,
                hinted=FAR,
            )


def swsr(data: Path) -> Iterator[Row]:
    """Chinese sexism."""
    for line in table(data / "swsr-zh" / "SexComment.csv"):
        text, sexist = line["comment_text"], float(line["label"])
        part = split(text, dev=0.2, calibration=0.04)
        labels = {"toxic": sexist, "hate": sexist}
        yield Row(text=text, labels=labels, source="swsr", part=part, hinted=FAR, weight=0.8)


def tweet(text: str) -> str:
    """Drop what says that a text is a tweet, so that this is not what is learned."""
    text = html.unescape(html.unescape(text))
    text = re.sub(r"^[\s!\"“”:]*(RT\s+)?(@\w+:?\s*)+", "", text)
    text = re.sub(r"https?://\S+", "", text)
    return re.sub(r"\s+", " ", re.sub(r"@\w+", "@user", text)).strip(" \"'“”")


def davidson(data: Path) -> Iterator[Row]:
    """English tweets: hate, offensive, neither. Most of the offensive ones are left out."""
    for line in table(data / "davidson-en" / "labeled_data.csv"):
        text, kind = tweet(line["tweet"]), line["class"]
        part = split(text, dev=0.2, calibration=0.03)
        if part == "train" and kind == "1" and fraction("thin" + text) < 0.66:
            continue
        labels = {"toxic": float(kind != "2"), "hate": float(kind == "0")}
        # The hate class is small and its borders are blurred in both directions.
        weight = 1.5 if kind == "0" and part == "train" else 0.8
        yield Row(
            text=text,
            labels=labels,
            source="davidson",
            part=part,
            weight=weight,
            group=kind,
            hinted=FAR,
        )


def surge(data: Path) -> Iterator[Row]:
    """English comments, toxic or not; whether toxic means hate is not said."""
    for line in table(data / "surge-toxicity-en" / "toxicity_en.csv"):
        text, toxic = line["text"], line["is_toxic"] == "Toxic"
        part = split(text, dev=0.2, calibration=0.04)
        labels = {"toxic": 1.0} if toxic else {"toxic": 0.0, "hate": 0.0}
        yield Row(text=text, labels=labels, source="surge", part=part, weight=2.0, hinted=FAR)


def toxigen(data: Path) -> Iterator[Row]:
    """English sentences about groups: hateful, and neutral ones about the same groups."""
    for path in sorted((data / "toxigen-demos-en").glob("*.txt")):
        if "_hate_" not in path.name and "_neutral_" not in path.name:
            continue
        hate = "_hate_" in path.name
        labels = {"toxic": 1.0, "hate": 1.0} if hate else BENIGN
        for line in path.read_text(encoding="utf-8").split("\n"):
            text = line.replace("\\n", " ").strip(' "-')
            if text:
                yield Row(text=text, labels=labels, source="toxigen", weight=2.0, hinted=FAR)


def diasafety(data: Path) -> Iterator[Row]:
    """English replies: those that offend the user, and the safe ones as everyday talk."""
    for line in json.loads((data / "diasafety-en" / "train.json").read_text(encoding="utf-8")):
        offends = line["category"] == "Offending User" and line["label"] == "Unsafe"
        if line["label"] == "Unsafe" and not offends:
            continue
        labels = {"toxic": 1.0} if offends else {"toxic": 0.0, "hate": 0.0}
        yield Row(text=line["response"], labels=labels, source="diasafety", weight=0.5, hinted=FAR)


def safetybench(data: Path) -> Iterator[Row]:
    """Chinese texts inside questions whether they offend, or show a prejudice."""
    folder = data / "safetybench-zh"
    answers = json.loads((folder / "test_answers_zh_subset.json").read_text(encoding="utf-8"))
    for line in json.loads((folder / "test_zh_subset.json").read_text(encoding="utf-8")):
        ask, _, text = line["question"].partition("\n")
        options = line["options"]
        if line["category"] not in ("Offensiveness", "Unfairness and Bias") or len(options) != 2:
            continue
        if not text or not ask.startswith("请问下面"):
            continue
        chosen = options[answers[str(line["id"])]["answer"]]
        offends = float(chosen.startswith(("是", "有", "包含")))
        labels = {"toxic": offends} if offends else {"toxic": 0.0, "hate": 0.0}
        if offends and line["category"] == "Unfairness and Bias":
            labels = {"toxic": 0.8, "hate": 0.8}
        yield Row(text=text, labels=labels, source="safetybench", hinted=FAR)


def hatecheck(data: Path) -> Iterator[Row]:
    """Functional tests of hate detection: to measure on only.

    Insults that are not hate keep toxic open.
    """
    for language in ("en", "zh"):
        for line in table(data / f"hatecheck-half-{language}" / "cases.csv"):
            hate = float(line["label_gold"] == "hateful")
            yield Row(
                text=line["test_case"],
                labels={"hate": hate, "toxic": 1.0} if hate else {"hate": 0.0},
                source=f"hatecheck-{language}",
                part="dev",
                group=line["functionality"],
            )


READERS = (cold, swsr, davidson, surge, toxigen, diasafety, safetybench, hatecheck)
