"""A text in progress: the same findings wherever it was cut, and no more held than must be."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Context, Policy, Verdict
from chopmark.hookspecs import Detector
from chopmark.testing import DetectorContract
from chopmark_pii import PiiDetector, chopmark_detectors

INPUT = Context(direction="input")
OUTPUT = Context(direction="output")

SAMPLES = (
    "zhang.san@example.com", "a@b.co", "6222021234567890128", "4111 1111 1111 1111",
    "4111-1111-1111-1111", "3782 822463 10005", "192.168.1.10", "2001:db8::1", "fe80::1",
    "::ffff:1.2.3.4", "13800138000", "+86 138-0013-8000", "0086-13912345678", "+8613800138000",
    "138 0013 8000", "1380013 8000", "138.0013.8000", "11010519491231002X",
    "110105 19491231 002X", "91110000600037341L", "91350100M000100Y43", "N11100006000373417",
    "京A12345", "粤BD12345", "沪A·12345", "京A 12345", "京A－12345", "京A1234学", "E12345678",
    "护照EA1234567", "台胞证12345678", "回乡证H12345678", "DE89370400440532013000",
    "GB82 WEST 1234 5698 7654 32", "NO93 8601 1117 947", "536-90-4399", "ssn 536 90 4399",
    "110105491231002", "EMAIL_BCDFGHJKLM", "<CARD_ZZZZZZZZZZ>", "卡号630427373398",
    "010-62751234", "0571-8123456-801", "027 8765 4321", "（0532）85901234", "0086-21-61234567",
    "电话01062751234", "座机6275 1234", "400-820-8820", "热线010-82951332", "212-555-0198",
    "(212) 555-0147", "646.555.0173x22", "tel 4155550134", "07700 900123", "01.84.17.61.18",
    "+44 (0)20 7946 0018", "+1 (415) 555-2671", "+33 6 12 34 56 78", "+852 2345 6789",
    "fe80::1c2d:3e4f:5a6b:7c8d%eth0", "3C:52:82:1A:0B:7F", "AC-DE-48-00-11-22", "001b.4411.3ab7",
    "QQ号：328574619", "微信号zhang-san_88", "出生日期：1987-06-15", "生于1992年3月8日",
    "DOB: 03/14/1985", "1978年9月", "车架号LSVAA4181E2123456", "1HGCM82633A004352",
    "driver's license F1628235", "档案编号：440300123456",
)  # fmt: skip
BITS = (
    *"0123456789", *"aAeEfxXGBvs", *"@.:-_ '+%", *"京粤学元节第，。：\n年月日/()（）转",
    *"<>１Ａ＠．－\u3000·•",
    "\u2011", "\ud800", "😀", "\x00", "a" * 30, "b." * 20, "7" * 25, "x" * 70, "foo@", "@bar.com",
    "a_", "1111 ", "1234 ", "+44 ", "010 ", "电话", "tel ", "生日",
    "QQ", "微信", "1990年", "x12", "+86 ", "0086", "版本", "..", "https://", "138", "4111",
)  # fmt: skip


EVERY = {"cn.resident_id_15": True, "phone.service": True, "birth_date": True}


def parts() -> st.SearchStrategy[str]:
    """Texts of whole samples, pieces of samples, and characters that bear on a decision."""
    whole = st.sampled_from(SAMPLES)
    piece = st.builds(lambda s, a, n: s[a : a + n], whole, st.integers(0, 12), st.integers(1, 12))
    bits = st.lists(st.sampled_from(BITS), min_size=1, max_size=5).map("".join)
    return st.lists(st.one_of(whole, piece, bits, st.sampled_from("的 ,，a1")), max_size=8).map(
        "".join
    )


def pieces(text: str, places: Sequence[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def make(**options: object) -> PiiDetector:
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": options}))
    assert isinstance(made, PiiDetector)
    return made


class TestRedacting(DetectorContract):
    finds = tuple(
        s
        for s in SAMPLES
        if s not in ("EMAIL_BCDFGHJKLM", "<CARD_ZZZZZZZZZZ>", "110105491231002", "1978年9月")
        and s not in ("400-820-8820", "热线010-82951332")  # off by default
    )
    clean = ("今天天气很好。", "2023年增长15.3%", "An ordinary sentence.", "11010519491231002")

    def make(self) -> Detector:
        return make(kinds={"birth_date": True})


class TestVaulting(DetectorContract):
    finds = tuple(s for s in SAMPLES if s != "1978年9月")
    clean = ("今天天气很好。", "SOME_NAME = x_1")
    context = INPUT

    def make(self) -> Detector:
        return make(action="vault", kinds=EVERY)


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    return make(action="vault", kinds=EVERY)


def scan(detector: PiiDetector, fed: Sequence[str]) -> list[Verdict]:
    scanner = detector.open(INPUT)
    found: list[Verdict] = []
    settled = seen = 0
    for piece in fed:
        new = scanner.feed(piece)
        seen += len(piece)
        assert all(v.start >= settled for v in new)
        assert settled <= scanner.settled <= seen
        settled = scanner.settled
        assert seen - settled <= detector.needs.characters
        found += new
    new = scanner.finish()
    assert all(v.start >= settled for v in new)
    assert scanner.settled == seen
    found += new
    assert all(a.end <= b.start for a, b in pairwise(found))
    return found


def test_any_cut_gives_what_the_whole_text_gives(detector: PiiDetector) -> None:
    @settings(max_examples=scaled(400), deadline=None)
    @given(parts(), st.lists(st.integers(0, 10_000), max_size=12))
    def tried(text: str, places: list[int]) -> None:
        whole = list(detector.judge(text, INPUT))
        assert scan(detector, [text]) == whole
        assert scan(detector, list(text)) == whole
        assert scan(detector, pieces(text, places)) == whole

    tried()


@pytest.mark.parametrize(
    "text",
    [
        "+86 138-0013-8000::ffff:1.2.3.4，",
        "+86 138-0013-8000 3782 822463 10005",
        "编号EA1334567 粤",
        "台胞证12345678京A－12345,·",
        "粤d京A 12345",
        "•" + "a" * 37 + "@bar.com12，",
        "x@" + "abcdefgh." * 12 + "com，",
        "x" * 70 + "@" + "abcdefgh." * 12 + "com_a ",
        "x" * 66 + "@b.co_" + "y" * 80 + "@c.de",
        "x@" + "a." * 130 + "com@d.com",
        "+8613800138000" + "." * 80,
        "_" * 60 + "+86-13800138000" + "_" * 70,
        "GB82 WEST 1234 5698 7654 32" + "x" * 70,
        "微信号zhang-san_881111 11，0134",
        "zhang.san@example.com+44 (0)20 7946 0018 ::ffff:1.2.3.4",
        "生0086027 8765 4321，86-10 6275 1234，1-800 555 0100",
        "电话 415-555-2671x45 12，0490.75.40.81 12",
    ],
)
def test_every_cut_of_a_hard_text_gives_the_same(detector: PiiDetector, text: str) -> None:
    whole = list(detector.judge(text, INPUT))
    assert scan(detector, list(text)) == whole
    for at in range(len(text)):
        assert scan(detector, [text[:at], text[at:]]) == whole
        assert scan(detector, [*text[:at], text[at:]]) == whole


def test_a_long_text_before_changes_nothing(detector: PiiDetector) -> None:
    @settings(max_examples=scaled(60), deadline=None)
    @given(parts(), st.sampled_from(["平安", "plain words ", "a1, "]))
    def tried(text: str, filler: str) -> None:
        long = filler * 400 + "。"
        moved = [
            (v.category, v.start - len(long), v.end - len(long))
            for v in scan(detector, [*pieces(long, range(0, len(long), 7)), *text])
            if v.start >= len(long)
        ]
        alone = [(v.category, v.start, v.end) for v in detector.judge("。" + text, INPUT)]
        assert moved == [(c, a - 1, b - 1) for c, a, b in alone]

    tried()


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("今天天气很好", ""),
        ("今天天气很好，", ""),
        ("An ordinary sentence, ", ""),
        ("An ordinary sentence", "sentence"),
        ("写信给zhang", "zhang"),
        ("写信给zhang.san@example.com", "zhang.san@example.com"),
        ("写信给zhang.san@example.com，", ""),
        ("共有2023", "2023"),
        ("共有2023年", ""),
        ("in 2023 the", "the"),
        ("卡号4111 1111", "4111 1111"),
        ("卡号4111 1111 ", "4111 1111 "),
        ("卡号4111 1111 1111 1111，", ""),
        ("电话+86 138", "+86 138"),
        ("GB82 WEST", "GB82 WEST"),
        ("他在北京", "京"),
        ("他在北京上海", ""),
        ("牌照京A·12", "京A·12"),
        ("电话+44 (0)20 7946 ", "+44 (0)20 7946 "),
        ("电话+44 (0)20 7946 0018，", ""),
        ("座机0571 8765 ", "0571 8765 "),
        ("2023年5月", ""),
        ("生日1990年5月", "1990年5月"),
        ("a" * 500, "a" * 72),
        ("好" + "a" * 500, "a" * 72),
        ("好" + "x" * 30 + " ", ""),
    ],
)  # fmt: skip
def test_only_what_may_still_become_something_is_held(text: str, held: str) -> None:
    for fed in ([text], list(text)):
        scanner = make().open(OUTPUT)
        for piece in fed:
            scanner.feed(piece)
        assert text[scanner.settled :] == held


def test_an_unfinished_match_is_not_decided() -> None:
    scanner = make().open(OUTPUT)
    assert not scanner.feed("写给bob@test.co")
    (verdict,) = scanner.feed("m，谢谢")
    assert (verdict.start, verdict.end) == (2, 14)


def test_a_scanner_does_not_keep_the_text() -> None:
    scanner = make().open(OUTPUT)
    sentences = [f"第{n}句话，没有什么。" for n in range(5_000)]
    scanner.feed(sentences[0])
    tracemalloc.start()
    try:
        for sentence in sentences:
            scanner.feed(sentence)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10_000
