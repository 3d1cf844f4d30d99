"""Answers in two languages, as a chat gives them: prose, some with headings, lists and code."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from markdown_it import MarkdownIt

Form = Literal["plain", "markdown", "html"]
Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

# With full-width punctuation, ligatures, fractions and characters beyond the BMP: what the forms
# NFC and NFKC, and a store that holds the BMP only, may change.
_SENTENCES = {
    "zh": (
        "西湖在杭州城西，水面约6.4平方公里。", "苏堤和白堤把湖面分成几块，堤上种着桃树和柳树。",
        "春天来的人最多，清晨去会安静一些。", "从断桥走到孤山，大约需要２０分钟。",
        "湖边有一家老茶馆，龙井茶每杯①十八元。", "下雨的时候，远山看起来像一幅水墨画。",
        "如果带着孩子，可以先坐船，再去看荷花。", "古人写过很多关于这里的诗，有的刻在石上。",
        "冬天的残雪很难得，要看运气😀。", "周末人多，建议坐地铁，步行约½小时。",
    ),
    "en": (
        "The lake lies west of the old town, and covers about 6.4 square kilometres.",
        "Two causeways cross it; both are planted with peach trees and willows.",
        "Most visitors come in spring, so go early in the morning for a quiet walk.",
        "From the Broken Bridge to the hill it takes roughly twenty minutes on foot.",
        "A café by the shore sells “Dragon Well” tea, and the first ﬂush is the best.",
        "When it rains, the hills look like an ink painting.",
        "With children, take a boat first and then look at the lotus flowers.",
        "Poets wrote about this place for a thousand years.",
        "Snow is rare here, so seeing it is a matter of luck 😀.",
        "At weekends take the metro; the station is ½ a mile away.",
    ),
}  # fmt: skip
_HEADINGS = {"zh": "## 怎么去", "en": "## How to get there"}
_CODE = "```python\nfor stop in line:\n    print(stop.name, stop.minutes)\n```"


_PARSER = MarkdownIt("commonmark").enable("table")


class Text(NamedTuple):
    """One answer."""

    language: Language
    text: str


def make_texts(count: int, seed: int) -> list[Text]:
    """Return `count` answers of each language, the same for the same seed."""
    draw = random.Random(seed)
    return [Text(la, _answer(la, draw)) for la in LANGUAGES for _ in range(count)]


def markdown_to_html(text: str) -> str:
    """Return Markdown as CommonMark renders it, with what is HTML in it."""
    return str(_PARSER.render(text))


def page(text: Text) -> str:
    """Return `text` as a page, which shows the answer's Markdown."""
    head = f'<meta charset="utf-8"><title>{text.language}</title>'
    body = markdown_to_html(text.text)
    return f"<!DOCTYPE html>\n<html><head>{head}</head>\n<body>\n{body}</body></html>\n"


def _answer(language: Language, draw: random.Random) -> str:
    sentences = _SENTENCES[language]
    between = "" if language == "zh" else " "

    def paragraph() -> str:
        return between.join(draw.sample(sentences, draw.randint(2, 4)))

    blocks = [paragraph() for _ in range(draw.randint(4, 6))]
    if draw.random() < 0.5:
        blocks.insert(draw.randint(1, len(blocks)), _HEADINGS[language])
    if draw.random() < 0.5:
        items = "\n".join(f"- {sentence}" for sentence in draw.sample(sentences, 3))
        blocks.insert(draw.randint(1, len(blocks)), items)
    if draw.random() < 0.25:
        blocks.insert(draw.randint(1, len(blocks)), _CODE)
    return "\n\n".join(blocks)
