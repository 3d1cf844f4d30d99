"""The language of what stands in a value's place: that of the text before it, at any cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, Policy, Verdict
from chopmark_pii import PiiDetector, chopmark_detectors

OUTPUT = Context(direction="output")
VALUES = ("zhang@example.com", "13800138000", "京A12345", "4111 1111 1111 1111")
AROUND = (
    "请写给", "我的邮箱是 ", "，", "。", "Write to ", "My number is ", "Email: ", "\nTel: ", " or ",
    "Mr. John Smith, ", "王先生", "x" * 30, "plain words " * 8, "12.5 % " * 20, " word" * 38,
)  # fmt: skip
TEXTS = st.lists(st.sampled_from((*VALUES, *AROUND)), max_size=9).map("".join)


def make(folder: str = "", **options: object) -> PiiDetector:
    given = {"language": "auto", **options}
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": given}, folder=folder))
    assert isinstance(made, PiiDetector)
    return made


def replaced(text: str, **options: object) -> list[str | None]:
    return [v.replacement for v in make(**options).judge(text, OUTPUT)]


@pytest.mark.parametrize(
    ("text", "placeholders"),
    [
        ("请写给a@b.cn，谢谢", ["[邮箱]"]),
        ("Write to a@b.cn, please", ["[EMAIL]"]),
        ("(Write to “John”) a@b.cn", ["[EMAIL]"]),
        ("Напишите мне на a@b.cn", ["[EMAIL]"]),
        ("请 write to a@b.cn", ["[邮箱]"]),
        ("Write to a@b.cn。电话是13800138000", ["[EMAIL]", "[手机号]"]),
        # Nothing before says anything: a list of values, labels as Chinese texts have them, too.
        ("a@b.cn is where I am", ["[邮箱]"]),
        ("zhang.san@exam.com li.si@exam.com", ["[邮箱]", "[邮箱]"]),
        ("Email: a@b.cn\nTel: 13800138000\n地址：北京", ["[邮箱]", "[手机号]"]),
        ("VISA 4111 1111 1111 1111", ["[银行卡号]"]),
    ],
)
def test_a_placeholder_is_in_the_language_before_it(text: str, placeholders: list[str]) -> None:
    assert replaced(text) == placeholders


def test_what_stands_more_than_200_characters_before_says_nothing() -> None:
    english = "Write to me" + "!" * 188 + " "
    assert replaced("好" + english[1:] + "a@b.cn") == ["[邮箱]"]
    assert replaced("好" + english + "a@b.cn") == ["[EMAIL]"]


def test_names_too_are_replaced_in_the_language_before_them() -> None:
    on = {"name": True}
    assert replaced("Yesterday we met Dr. Maria Lopez there.", kinds=on) == ["[NAME]"]
    assert replaced("昨天见到了 Dr. Maria Lopez there.", kinds=on) == ["[姓名]"]


def test_what_tells_values_apart_is_the_same_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    text = "Please write to a@b.cn 或者 a@b.cn"
    hashing = make(str(tmp_path), action="hash", hash_key_file="key")
    english, chinese = (v.replacement or "" for v in hashing.judge(text, OUTPUT))
    assert english.startswith("[EMAIL:")
    assert chinese == english.replace("EMAIL", "邮箱")
    first, second = replaced(text, action="pseudonym")
    assert first == second


def test_an_original_is_restored_whatever_language_stands_before_it() -> None:
    policy = Policy(
        name="mine",
        plugins=("pii",),
        settings={"pii": {"language": "auto", "kinds": {"email": "vault"}}},
    )
    asked: list[str] = []

    @Chopmark(policy).guard
    def model(question: str) -> str:
        asked.append(question)
        return f"We have written to {question.split()[2]} 抄送boss@example.com"

    said = "We have written to zhang@example.com 抄送[邮箱]"
    assert model("Write to zhang@example.com now") == said
    assert asked[0].startswith("Write to <EMAIL_")


def scan(detector: PiiDetector, fed: Sequence[str]) -> list[Verdict]:
    scanner = detector.open(OUTPUT)
    found = [verdict for piece in fed for verdict in scanner.feed(piece)]
    return sorted([*found, *scanner.finish()], key=lambda verdict: verdict.start)


@pytest.mark.parametrize("kinds", [{}, {"name": True}], ids=["numbers", "names"])
def test_any_cut_gives_the_same_languages(kinds: dict[str, object]) -> None:
    detector = make(kinds=kinds)

    @settings(max_examples=scaled(120), deadline=None)
    @given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12))
    def tried(text: str, places: list[int]) -> None:
        edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
        whole = list(detector.judge(text, OUTPUT))
        assert scan(detector, list(text)) == whole
        assert scan(detector, [text[a:b] for a, b in pairwise(edges)]) == whole

    tried()


@pytest.mark.parametrize("kinds", [{}, {"name": True}], ids=["numbers", "names"])
@pytest.mark.parametrize("far", [199, 200, 201])
def test_every_size_of_piece_sees_as_far_back(kinds: dict[str, object], far: int) -> None:
    detector = make(kinds=kinds)
    text = "平安" * 300 + " calm words in a row"[:far].ljust(far, ".") + "13800138000"
    said = ["[手机号]" if far < 200 else "[MOBILE]"]
    for size in (1, 3, 7, 50, 64, 199, 200, 333, len(text)):
        fed = [text[at : at + size] for at in range(0, len(text), size)]
        assert [v.replacement for v in scan(detector, fed)] == said


def test_an_english_conversation_reads_english_placeholders() -> None:
    texts = ("Write to a@exam.com", "请写给a@exam.com", "a@exam.com")
    found = [v.replacement for text in texts for v in make().judge(text, OUTPUT)]
    assert found == ["[EMAIL]", "[邮箱]", "[邮箱]"]
