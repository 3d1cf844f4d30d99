"""Time grows with the length of the text, whatever it is made of."""

from __future__ import annotations

import time

import pytest

from chopmark import Context, Policy
from chopmark_pii import PiiDetector, chopmark_detectors

OUTPUT = Context(direction="output")
SHORT, TIMES = 1_500, 4

# What the expressions repeat, or look for far away.
UNITS = (
    "Aa ", "A.", "A-", "A'", "J. ", "a", "ab ", "ab and ", "Ab & ", "Ab, ", "A, B and ",
    "Ab Ltd ", "University of ", "Ab University ", "works for Ab ", "1 A ", "12 Ab Ab Ab ",
    "12 Main St\n", "12 Ab St Apt 1 Apt 1 ", "12 Ab St, Ab, Ab, ", "Ab\n", "Ab (a) ", "rue de ",
    "1 rue Ab ", "the corner of Ab ", "Suite 1, Ab, ", "12345 ", ", CA ", "John ", "John van ",
    "Dr. ", "name is ", "Hi John, ", "王", "欧阳", "王先生", "张伟、", "张伟和", "我叫", "患者",
    "阿·", "·阿", "姓王，", "在王", "小明", "公司", "有限公司", "（王）公司", "第一", "中国",
    "大学", "北京", "省", "区", "镇", "乡王村", "市王镇", "路1", "路1号", "路与", "路一", "花园A",
    "花园1号楼", "1座", "1001", "于", "和平", "的", "1998年", "甲1号", "一百零", "ab Ab\nA'Aa ",
    "的张伟和University of ", "司马1 A John ",
)  # fmt: skip


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    kinds = {"name": True, "address": True, "organisation": True}
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": {"kinds": kinds}}))
    assert isinstance(made, PiiDetector)
    return made


def seconds(detector: PiiDetector, text: str) -> float:
    begun = time.process_time()
    detector.judge(text, OUTPUT)
    return time.process_time() - begun


@pytest.mark.parametrize("unit", UNITS)
def test_four_times_the_text_takes_about_four_times_as_long(
    detector: PiiDetector, unit: str
) -> None:
    short, long = ((unit * length)[:length] for length in (SHORT, TIMES * SHORT))
    assert any(  # others on the machine only ever take time away
        seconds(detector, long) < 2 * TIMES * seconds(detector, short) + 0.01 for _ in range(4)
    )


@pytest.mark.parametrize("unit", ["Aa ", "12 Main St\n", "乡王村", "王", "的", "ab and "])
def test_a_stream_of_single_characters_grows_no_faster(detector: PiiDetector, unit: str) -> None:
    def taken(length: int) -> float:
        scanner = detector.open(OUTPUT)
        begun = time.process_time()
        for character in (unit * length)[:length]:
            scanner.feed(character)
        scanner.finish()
        return time.process_time() - begun

    assert any(taken(TIMES * SHORT) < 2 * TIMES * taken(SHORT) + 0.01 for _ in range(4))
