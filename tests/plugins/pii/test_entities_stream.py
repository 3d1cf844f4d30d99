"""Names, addresses and organisations in a text in progress: the same wherever it was cut."""

from __future__ import annotations

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
    "我叫周文博", "联系人：谢婷", "欧阳老师", "欧阳雪老师", "王先生", "张蕾、冯俊杰、许静",
    "阿依古丽·买买提", "浙江省杭州市西湖区文三路478号A座1203室", "莲花小区8栋2单元601",
    "深圳市云海科技有限公司", "北京协和医院", "在格力上班", "老王昨天", "姓姚，",
    "My name is John Smith", "Dr. Maria Lopez", "Hi Vinicio,", "J. K. Miller",
    "Ludwig van Beethoven",
    "12 Main St, Apt 4, Springfield, IL 62704", "14 Crown Street\n Suite 321\n LONDON\n",
    "12 rue de la Paix", "Hammarvägen 15", "P.O. Box 104",
    "the corner of Main Street and Oak Avenue",
    "Acme Widgets Ltd.", "University of California", "she works for Zylograf", "Google",
    "4111 1111 1111 1111", "john.smith@example.com", "13800138000", "京A12345",
)  # fmt: skip
BITS = (
    *"，。！？：；、,.:;!? \n·（）()", *"的是在和与王李张号路街12３Ａa", "St", " St. ",
    "Mr ", "and ",
    "the ", "of ", "x" * 45, "7" * 45, "a@b", "好" * 30, "Word " * 9, "\u3000", "\ud800", "é", "Éa",
    "https://x.y/" + "z" * 40, "先生", "公司", "Inc", "小区", "3号楼", "word ", "Ab",
)  # fmt: skip


def parts() -> st.SearchStrategy[str]:
    """Texts of whole samples, pieces of samples, and characters that bear on a decision."""
    whole = st.sampled_from(SAMPLES)
    piece = st.builds(lambda s, a, n: s[a : a + n], whole, st.integers(0, 15), st.integers(1, 15))
    bits = st.lists(st.sampled_from(BITS), min_size=1, max_size=5).map("".join)
    return st.lists(st.one_of(whole, piece, bits), max_size=8).map("".join)


def make(**options: object) -> PiiDetector:
    settings = {"kinds": {"name": True, "address": True, "organisation": True}, **options}
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": settings}))
    assert isinstance(made, PiiDetector)
    return made


class TestEntities(DetectorContract):
    finds = SAMPLES
    clean = ("今天真高兴，马上放假。", "北京的天气怎么样？", "Please write an essay about the sea.")

    def make(self) -> Detector:
        return make()


class TestVaultedEntities(DetectorContract):
    finds = SAMPLES
    clean = ("今天真高兴，马上放假。",)
    context = INPUT

    def make(self) -> Detector:
        return make(action="vault")


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    return make()


def scan(detector: PiiDetector, fed: Sequence[str]) -> list[Verdict]:
    scanner = detector.open(OUTPUT)
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
    found = sorted([*found, *new], key=lambda v: v.start)
    assert all(a.end <= b.start for a, b in pairwise(found))
    return found


def test_any_cut_gives_what_the_whole_text_gives(detector: PiiDetector) -> None:
    @settings(max_examples=scaled(250), deadline=None)
    @given(parts(), st.lists(st.integers(0, 10_000), max_size=12))
    def tried(text: str, places: list[int]) -> None:
        whole = list(detector.judge(text, OUTPUT))
        edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
        assert scan(detector, [text]) == whole
        assert scan(detector, list(text)) == whole
        assert scan(detector, [text[a:b] for a, b in pairwise(edges)]) == whole

    tried()


@pytest.mark.parametrize(
    "text",
    [
        "我叫周文博，住在浙江省杭州市西湖区文三路478号A座1203室。",
        "Send it to 12 Main St,\n Apt 4,\n Springfield, IL 62704 please, says Dr. Maria Lopez.",
        "x" * 39 + " John Smith " + "y" * 41 + " John Smith",
        "John Smith" + "z" * 60 + "@example.com, Mary Jones",
        "好" * 300 + "王先生" + "Mary Jones " * 40,
        "联系人：谢婷，13800138000，a@b.cn，4111 1111 1111 1111 王先生",
        "12 Main St\n" * 9 + "Apt 4",
    ],
)
def test_every_cut_of_a_hard_text_gives_the_same(detector: PiiDetector, text: str) -> None:
    whole = list(detector.judge(text, OUTPUT))
    assert whole
    assert scan(detector, list(text)) == whole
    for at in range(len(text)):
        assert scan(detector, [text[:at], text[at:]]) == whole


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("an ordinary sentence in small letters ", ""),
        ("今天天气很好，", ""),
        ("今天天气很好", "今天天气很好"),
        ("We met ", ""),
        ("we met John Smi", "John Smi"),
        ("we met John Smith yesterday ", ""),
    ],
)
def test_only_what_may_still_become_something_is_held(text: str, held: str) -> None:
    for fed in ([text], list(text)):
        scanner = make().open(OUTPUT)
        for piece in fed:
            scanner.feed(piece)
        assert text[scanner.settled :] == held


def test_a_long_text_before_changes_nothing(detector: PiiDetector) -> None:
    @settings(max_examples=scaled(40), deadline=None)
    @given(parts())
    def tried(text: str) -> None:
        long = "平安是福。" * 200
        moved = [
            (v.category, v.start - len(long), v.end - len(long))
            for v in scan(detector, [long[:500], long[500:], *text])
            if v.start >= len(long)
        ]
        alone = [
            (v.category, v.start, v.end) for v in detector.judge("平安是福。" * 12 + text, OUTPUT)
        ]
        assert moved == [(c, a - 60, b - 60) for c, a, b in alone]

    tried()
