"""Labels that chopmark wrote come off again, where and as it wrote them, and nothing else does."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Message, Policy, Request
from chopmark.testing import MarkerContract
from chopmark_label import Label
from chopmark_label._forms import render
from chopmark_label._wording import DEFAULTS, Wording

ZH = "（AI生成）"
EN = "(AI生成 · AI-generated)"
ANSWERS = (
    "一个普通的回答。\n\n第二段。",
    "```py\n\nprint(1)\n\n",
    "- a\n\n- b\n\n",
    "> AI\\-generated? No.\n\n",
    "word " * 50 + "\n\n",
)
FORMATS = ("plain", "markdown", "html")
ASKED = Request(messages=(Message(role="user", text="你好"),))


def contract(**options):
    class Contract(MarkerContract):
        answers = ANSWERS
        examples = scaled(60)

        def make(self):
            return Label(options)

        if options["position"] == "start":

            def settled(self, text):
                return text

    return Contract


class TestStart(contract(position="start")):
    pass


class TestMarkdownStart(contract(position="start", format="markdown")):
    pass


class TestHtmlStart(contract(position="start", format="html")):
    pass


class TestEvery(contract(position="start", every=200)):
    pass


class TestMarkdownEvery(contract(position="both", format="markdown", every=200)):
    pass


class TestBoth(contract(position="both")):
    pass


class TestMarkdownBoth(contract(position="both", format="markdown")):
    pass


class TestHtmlBoth(contract(position="both", format="html")):
    pass


def chop(**options):
    return Chopmark(Policy(name="p", plugins=("label",), settings={"label": options}))


def mark(label, *pieces):
    marking = label.open(ASKED)
    out = [marking.feed(piece) for piece in pieces]
    return "".join(out) + marking.finish()[0]


def test_behind_what_opens_a_text_too():
    for form, text in (
        ("markdown", "---\ntitle: a\n---\n\n# A heading\n"),
        ("markdown", "+++\na = 1\n+++\ntext"),
        ("html", "<!doctype html><html><head><title>a</title></head><body>\n<p>b</p>"),
    ):
        labelled = mark(Label({"format": form}), text)
        assert "AI生成" in labelled
        assert not labelled.startswith(("> AI", "<p"))
        assert chop().strip(labelled) == text
        assert mark(Label({"format": form}), *text) == labelled


OTHERS = ["```\n", "---\n", "a: 1\n", "<head>", "</head>", "<!--", "-->", "\r\n", "- ", "> AI"]
PARTS = ["\n", "\n\n", " ", "text", "word " * 50, *OTHERS]
LABELS = [ZH, EN, "> AI生成", f"{ZH}\n\n", f"\n\n{ZH}", f"\n\n{ZH}\n\n"]
MAKERS = {
    (position, form, every): chop(position=position, format=form, every=every)
    for position in ("start", "end", "both")
    for form in FORMATS
    for every in ((0,) if form == "html" else (0, 200))
}


def texts(parts):
    return st.lists(st.sampled_from(parts), max_size=8).map("".join)


@settings(max_examples=scaled(200), deadline=None)
@given(texts(PARTS), st.sampled_from(list(MAKERS)))
def test_what_was_labelled_comes_back(text, how):
    maker = MAKERS[how]
    (label,) = maker.markers
    labelled = mark(label, text)
    assert maker.strip(text) == text
    for again in (labelled, mark(label, labelled)):
        back = maker.strip(again)
        assert back == text if how[0] == "start" else back.rstrip("\n") == text.rstrip("\n")


@settings(max_examples=scaled(200), deadline=None)
@given(texts(PARTS + LABELS), st.sampled_from(list(MAKERS)))
def test_of_a_text_with_labels_only_these_are_taken(text, how):
    maker = MAKERS[how]
    once = maker.strip(text)
    assert maker.strip(once) == once
    assert without_labels(once) == without_labels(text)


def without_labels(text):
    for line in (ZH, EN, "> AI生成", "\n"):
        text = text.replace(line, "")
    return text


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("style", list(DEFAULTS))
def test_every_wording_comes_off_whatever_the_policy_writes_now(style, form):
    for language, text in DEFAULTS[style].items():
        line = render(Wording(language, text), form)
        assert chop().strip(f"{line}\n\nIt is so.\n\n{line}") == "It is so."


def test_the_operators_own_words_come_off():
    own = chop(text={"zh": "本内容由人工智能生成"})
    labelled = "（本内容由人工智能生成）\n\n好。"
    assert own.strip(labelled) == "好。"
    assert chop().strip(labelled) == labelled


@pytest.mark.parametrize(
    "text",
    [
        "这是AI生成的吗？",
        f"{ZH}",
        f"{ZH}\n\n",
        f"\n\n{ZH}",
        f"{ZH}\n好。",
        f"{ZH} 好。\n\n好。",
        f"好。{ZH}",
        f"好。\n{ZH}",
        f"好。\n\n{ZH}。",
        f"好。\n\n{ZH}\n\n好。",
        f"好。\n\n{ZH}{' ' * 65}",
        "```\n\n> AI生成",
        f"<!--\n\n{render(Wording('zh', 'AI生成'), 'html')}",
    ],
)
def test_what_chopmark_does_not_write_stays(text):
    assert chop().strip(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"好。\n{ZH}\n\n好。",
        f"好。\n\n{ZH}\n好。",
        f"好。\n\n {ZH}\n\n好。",
        "```\n\n> AI生成\n\nx\n```\n\n好。",
        "- a\n\n> AI生成\n\nx",
    ],
)
def test_between_paragraphs_too(text):
    assert chop(every=200).strip(text) == text


def test_a_label_between_paragraphs_comes_off_where_it_is_written():
    text = f"一。\n\n{ZH}\n\n二。\n \n\n{ZH}\n\n三。"
    assert chop(every=200).strip(text) == "一。\n\n二。\n \n\n三。"


def test_a_user_may_speak_of_a_label():
    text = f"{ZH}\n\n这是谁写的？"
    seen = []

    @chop().guard
    def answer(prompt):
        seen.extend(message["content"] for message in prompt)
        return "我。"

    answer([{"role": role, "content": text} for role in ("assistant", "tool", "user", "system")])
    assert seen == ["这是谁写的？", "这是谁写的？", text, text]


@pytest.mark.parametrize(
    "part", [f"{ZH}\n\n", f"\n\n{ZH}", f"a\n\n{ZH}\n\n", f"{' ' * 50}\n", "---\n", "<!--\n\n"]
)
def test_it_takes_linear_time(part):
    stripping = chop(every=200)

    def took(count):
        text = "x\n\n" + part * count + "y"
        best = []
        for _ in range(3):
            start = time.process_time()
            stripping.strip(text)
            best.append(time.process_time() - start)
        return min(best)

    assert took(8000) < 40 * took(1000) + 0.01


def test_a_label_comes_off_what_a_tool_was_given():
    chop = Chopmark(Policy(name="p", plugins=("label",)))
    said = f"{ZH}\n\n西湖在杭州。"
    text = json.dumps({"path": f"{ZH}.md", "content": said, "why": "AI生成？"}, indent=1)
    bare = json.dumps({"path": f"{ZH}.md", "content": "西湖在杭州。", "why": "AI生成？"}, indent=1)
    assert chop.strip_arguments(text) == bare
    assert chop.strip_arguments(said) == "西湖在杭州。"
