"""The label keeps the contract of a marker, for every position and format."""

import pytest
from tests.depth import scaled

from chopmark import Message, Request
from chopmark.testing import MarkerContract
from chopmark_label import Label

ANSWERS = (
    "一个普通的回答。",
    "A plain answer.",
    "（AI说",
    "> quoted\n\n- a\n- b",
    '<p lang="zh-CN" role="note">not ours</p>',
    "```py\nprint(1)\n```\n",
    "<!-- a comment --><b>x</b>",
    "  \n\n",
)


def contract(position: str, form: str) -> type[MarkerContract]:
    class Contract(MarkerContract):
        answers = ANSWERS
        examples = scaled(40)

        def make(self) -> Label:
            return Label({"position": position, "format": form})

    return Contract


class TestPlainStart(contract("start", "plain")):
    pass


class TestPlainBoth(contract("both", "plain")):
    pass


class TestMarkdownBoth(contract("both", "markdown")):
    pass


class TestHtmlBoth(contract("both", "html")):
    pass


class TestMarkdownEnd(contract("end", "markdown")):
    pass


class TestEnglishHtmlEnd(contract("end", "html")):
    request = Request(messages=(Message(role="user", text="Hello"),))


@pytest.mark.parametrize("form", ["plain", "markdown", "html"])
def test_cuts_inside_our_own_label_do_not_matter(form: str) -> None:
    label = Label({"format": form, "position": "both"})
    question = Request(messages=(Message(role="user", text="你好"),))

    def mark(pieces: list[str]) -> object:
        marking = label.open(question)
        return "".join(marking.feed(p) for p in pieces), marking.finish()

    def whole(pieces: list[str]) -> tuple[str, object]:
        out, (tail, marks) = mark(pieces)  # type: ignore[misc]
        return out + tail, marks

    labelled, _ = whole(["正文"])
    for text in (labelled, labelled + "x", labelled[:-1], "\n" + labelled + "\n"):
        for at in range(len(text)):
            assert whole([text[:at], text[at:]]) == whole([text])
        assert whole(list(text)) == whole([text])
