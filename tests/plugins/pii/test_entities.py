"""Names, addresses and organisations in sentences as people write them, and what only looks so."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from chopmark import Chopmark, Context, Policy, Rules
from chopmark_pii import PiiDetector, chopmark_detectors

OUTPUT = Context(direction="output")
DATA = Path(__file__).parent / "data"
KINDS = ("name", "address", "organisation")


def make(**options: object) -> PiiDetector:
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": options}))
    assert isinstance(made, PiiDetector)
    return made


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    return make(kinds=dict.fromkeys(KINDS, True))


def found(detector: PiiDetector, text: str) -> list[tuple[str, str]]:
    verdicts = detector.judge(text, OUTPUT)
    return [(v.category.removeprefix("pii."), text[v.start : v.end]) for v in verdicts]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("我叫周文博。", "name", "周文博"),
        ("陈先生，您的快递到了。", "name", "陈"),
        ("请司马光辉签字", "name", "司马光辉"),
        ("阿依古丽·买买提是同学", "name", "阿依古丽·买买提"),
        ("房东姓姚，人很好", "name", "姚"),
        ("同事高兴华来了", "name", "高兴华"),
        ("寄到浙江省杭州市西湖区文三路478号A座1203室。", "address",
         "浙江省杭州市西湖区文三路478号A座1203室"),
        ("家住莲花小区8栋2单元601", "address", "莲花小区8栋2单元601"),
        ("老家在安徽省阜阳市颍上县江口镇王楼村。", "address", "安徽省阜阳市颍上县江口镇王楼村"),
        ("小店（南京路1号）很好", "address", "南京路1号"),
        ("给深圳市云海科技有限公司打电话", "organisation", "深圳市云海科技有限公司"),
        ("在复旦大学附属中山医院看病", "organisation", "复旦大学附属中山医院"),
        ("我在华为工作", "organisation", "华为"),
        ("My name is John Smith.", "name", "John Smith"),
        ("ask for Dr. Lopez please", "name", "Lopez"),
        ("my full name is Xyzzy", "name", "Xyzzy"),
        ("we met Ludwig van Beethoven there", "name", "Ludwig van Beethoven"),
        ("says J. K. Miller of it", "name", "J. K. Miller"),
        ("at 12 Main St, Apt 4, Springfield, IL 62704", "address",
         "12 Main St, Apt 4, Springfield, IL 62704"),
        ("to 14 Crown Street\n Suite 321\n LONDON\n please", "address",
         "14 Crown Street\n Suite 321\n LONDON"),
        ("wohnt Hammarvägen 15", "address", "Hammarvägen 15"),
        ("we met at 12 rue de la Paix", "address", "12 rue de la Paix"),
        ("a bill from Acme Widgets Ltd.", "organisation", "Acme Widgets Ltd."),
        ("studied at the University of California", "organisation", "University of California"),
        ("she works for Zylograf", "organisation", "Zylograf"),
        ("Xyzzy, Plover and Frobozz is a firm", "organisation", "Xyzzy, Plover and Frobozz"),
    ],
)  # fmt: skip
def test_written_forms_are_found_whole(
    detector: PiiDetector, text: str, kind: str, span: str
) -> None:
    assert found(detector, text) == [(kind, span)]


@pytest.mark.parametrize(
    "text",
    [
        "今天真高兴，马上放假，方法总比困难多。",
        "王国里住着一位公主，任何人都不能例外。",
        "三楼是女装，8月8号开幕，请在3号窗口排队，二号线换乘。",
        "北京、上海和广东省都在降温，解放路堵车了。",
        "这家公司和那所大学都在招人，互联网公司、民营医院也是。",
        "柏林电影节请了很多人。",
        "老师您好，经理不在，先生请坐。",
        "The quick brown fox. Will you mark it in May? Paris is lovely.",
        "Please write an essay about Python and the Internet.",
        "On 10 March 1912 the ship left.",
        "SELECT name FROM users WHERE id = 12",
        "Gin, Rum and Whisky are spirits. Motown, Atlantic and Stax were labels.",
        "",
    ],
)
def test_what_only_looks_like_one_is_left_alone(detector: PiiDetector, text: str) -> None:
    assert found(detector, text) == []


def test_they_are_off_by_default_and_in_a_family_and_cost_nothing_then() -> None:
    text = "我叫周文博，在深圳市云海科技有限公司，住幸福路12号"
    assert make().judge(text, OUTPUT) == []
    assert found(make(kinds=["name"]), text) == [("name", "周文博")]
    assert found(make(kinds={"pii.address": "mask"}), text) == [("address", "幸福路12号")]
    assert type(make().open(OUTPUT)) is not type(make(kinds=["name"]).open(OUTPUT))


def test_a_number_goes_before_a_name_and_no_two_overlap(detector: PiiDetector) -> None:
    text = "联系人：谢婷，john.smith@example.com，13800138000，京A12345，南京路1号"
    assert found(detector, text) == [
        ("name", "谢婷"), ("email", "john.smith@example.com"), ("cn.mobile", "13800138000"),
        ("cn.plate", "京A12345"), ("address", "南京路1号"),
    ]  # fmt: skip


def test_a_name_that_was_found_is_found_again_where_little_speaks_for_it(
    detector: PiiDetector,
) -> None:
    assert found(detector, "后来方圆走了") == []
    assert found(detector, "我叫方圆。后来方圆走了") == [("name", "方圆")] * 2
    assert found(detector, "My name is Ada Xyzzy. It was Xyzzy who won.")[1:] == [("name", "Xyzzy")]


def test_a_policy_picks_by_score() -> None:
    policy = Policy(
        name="test",
        plugins=("pii",),
        rules=Rules(both={"pii": "modify", "pii.name": {"modify": 0.7, "warn": 0.3}}),
        settings={"pii": {"kinds": {"name": True}, "language": "en"}},
    )
    screening = Chopmark(policy).screen("Dr. Lopez likes it, and so does Steve")
    assert screening.text == "Dr. [NAME] likes it, and so does Steve"
    assert [verdict.outcome for verdict in screening.verdicts] == ["modify", "warn"]


def rows() -> list[dict[str, object]]:
    return [json.loads(line) for line in (DATA / "zh_hand.jsonl").read_text("utf-8").splitlines()]


def test_the_labelled_spans_are_whole_and_apart() -> None:
    for row in rows():
        text, spans = str(row["text"]), row["spans"]
        assert isinstance(spans, list)
        ends = [0]
        for span in spans:
            assert ends[-1] <= span["start"] < span["end"] <= len(text)
            assert span["kind"] in KINDS
            assert text[span["start"] : span["end"]].strip() == text[span["start"] : span["end"]]
            ends.append(span["end"])
    assert len({str(row["text"]) for row in rows()}) == len(rows()) >= 300


def test_chinese_sentences_that_no_rule_was_fitted_on_are_read_well(detector: PiiDetector) -> None:
    right, labelled, said = Counter[str](), Counter[str](), Counter[str]()
    for row in rows():
        if row["part"] != "held":
            continue
        spans = row["spans"]
        assert isinstance(spans, list)
        gold = {(span["kind"], span["start"], span["end"]) for span in spans}
        verdicts = detector.judge(str(row["text"]), OUTPUT)
        have = {(v.category.removeprefix("pii."), v.start, v.end) for v in verdicts}
        labelled.update(kind for kind, _, _ in gold)
        said.update(kind for kind, _, _ in have)
        right.update(kind for kind, _, _ in gold & have)
    for kind in KINDS:
        assert right[kind] / said[kind] > 0.85, kind
        assert right[kind] / labelled[kind] > 0.75, kind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("张局今天不在", ["张"]),
        ("陈姐，帮我订会议室", ["陈"]),
        ("郑书记和冯镇长都来了", ["郑", "冯"]),
        ("谢谢，唐护士长", ["唐"]),
        ("刘总说下周再谈", ["刘"]),
        ("张总是迟到，领导很生气", []),
        ("于总体方案没有影响", []),
        ("何处在下雨", []),
    ],
)
def test_a_surname_before_a_title_is_found_and_before_a_word_that_looks_like_one_is_not(
    text: str, names: list[str]
) -> None:
    made, *_ = chopmark_detectors(Policy(name="t", settings={"pii": {"kinds": {"name": True}}}))
    found = made.judge(text, Context(direction="output"))
    assert [text[v.start : v.end] for v in found] == names
