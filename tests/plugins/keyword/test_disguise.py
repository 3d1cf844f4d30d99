"""What level `disguise` sees through, where it says so, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Context, Policy
from chopmark.testing import DetectorContract
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
Detect = Callable[..., KeywordDetector]


def spans(detector: KeywordDetector, text: str) -> list[str]:
    return [text[v.start : v.end] for v in detector.judge(text, CONTEXT)]


def ways(detector: KeywordDetector, text: str) -> list[str]:
    return [v.detail.partition("/")[2] for v in detector.judge(text, CONTEXT)]


CHINESE = [
    ("傻逼", "sound", "你真是個傻 逼", "傻 逼"),
    ("傻逼", "sound", "你个傻*逼", "傻*逼"),
    ("傻逼", "sound", "你个sha逼", "sha逼"),
    ("傻逼", "sound", "你个shabi！", "shabi"),
    ("傻逼", "sound", "你个SHA-BI！", "SHA-BI"),
    ("傻逼", "sound", "ｓｈａ\u200bbi", "ｓｈａ\u200bbi"),
    ("傻逼", "initial", "你个傻b啊", "傻b"),
    ("操你妈", "initial", "操n妈的", "操n妈"),
    ("草你妈", "sound", "我草 泥 马了", "草 泥 马"),
    ("冰毒货到付款", "sound", "兵独货到富款", "兵独货到富款"),
    ("冰毒货到付款", "sound", "冰毒貨到付款", "冰毒貨到付款"),
    ("冰毒货到付款", "sound", "bing du huo dao fu kuan", "bing du huo dao fu kuan"),
    ("冰毒货到付款", "sound", "冰,毒,货,到,付,款", "冰,毒,货,到,付,款"),
    ("冰毒货到付款", "initial", "有bdhdfk吗", "bdhdfk"),
    ("你快去死吧", "sound", "你快去4吧", "你快去4吧"),
    ("枪支图纸", "part", "出木仓支图纸了", "木仓支图纸"),
    ("枪支图纸", "part", "出木倉支圖紙了", "木倉支圖紙"),
    ("操你妈", "part", "扌喿你女马", "扌喿你女马"),
    ("枪支", "sound", "槍*支", "槍*支"),
    ("银行卡四件套", "sound", "yin hang ka 四件套", "yin hang ka 四件套"),
    ("跑分日结", "sound", "跑🔥分🔥日🔥结", "跑🔥分🔥日🔥结"),
    ("跑分日结", "sound", "跑👨‍👩‍👧分日结", "跑👨‍👩‍👧分日结"),
    ("usdt跑分", "sound", "USDT-跑粉", "USDT-跑粉"),
    ("冰毒货到付款", "sound", "冰毒huo4dao4付款", "冰毒huo4dao4付款"),
    ("冰毒货到付款", "sound", "bing1du2 huo4dao4 fu4 kuan3", "bing1du2 huo4dao4 fu4 kuan"),
    ("冰毒货到付款", "sound", "冰du2货到ＦＵ４款", "冰du2货到ＦＵ４款"),
    ("冰毒货到付款", "sound", "(冰)(毒)货到付款", "冰)(毒)货到付款"),
    ("冰毒货到付款", "sound", "冰毒“货到”付款", "冰毒“货到”付款"),
    ("枪支图纸", "sound", "纸图支枪", "纸图支枪"),
    ("枪支图纸", "sound", "紙 图 支 槍", "紙 图 支 槍"),
]  # fmt: skip

ENGLISH = [
    ("bomb", "b o m b"),
    ("bomb", "b.o.m.b"),
    ("bomb", "bo*mb"),
    ("bomb", "B-O-M-B"),
    ("bomb", "bоmb"),  # a Cyrillic o
    ("bomb", "bοmb"),  # a Greek one
    ("bomb", "вомb"),
    ("bomb", "b0mb"),
    ("bomb", "bömb"),
    ("bomb", "b\u0336o\u0336m\u0336b"),
    ("bomb", "bo mb"),
    ("shit", "5h1t"),
    ("shit", "$h!t"),
    ("kill yourself", "k1ll y0urse1f"),
    ("kill yourself", "kiIl yourself"),
    ("kill yourself", "KlLL YOURSELF"),
    ("kill yourself", "kill  yourself"),
    ("kill yourself", "kill-yourself"),
    ("kill yourself", "killyourself"),
    ("kill yourself", "k.i.l.l y.o.u.r.s.e.l.f"),
    ("kill yourself", "ｋｉｌｌ　ｙoｕrself"),
    ("kill yourself", "k i l l yourself"),
    ("kill yourself", "kill (y)(o)(u)(r)(s)(e)(l)(f"),
    ("kill yourself", 'kill "yourself'),
    ("kill yourself", "kill 🇾🇴🇺🇷self"),
    ("kill yourself", "flesruoy llik"),
    ("kill yourself", "llik flesruoy"),
    ("how to make a bomb", "bomb a make to how"),
    ("how to make a bomb", "how to make a b o m b"),
    ("how to make a bomb", "🇭🇴🇼 🇹🇴 🇲🇦🇰🇪 🇦 🇧🇴🇲🇧"),
]

STYLES = ["ᴋɪʟʟ ʏᴏᴜʀꜱᴇʟꜰ", "🅚🅘🅛🅛 🅨🅞🅤🅡🅢🅔🅛🅕", "🅺🅸🅻🅻 🆈🅾🆄🆁🆂🅴🅻🅵", "🄺🄸🄻🄻 🅈🄾🅄🅁🅂🄴🄻🄵"]


@pytest.mark.parametrize(("term", "way", "text", "found"), CHINESE)
def test_a_chinese_term_is_found_through_its_disguise(
    detect: Detect, term: str, way: str, text: str, found: str
) -> None:
    detector = detect([term], "disguise")
    assert spans(detector, text) == [found]
    assert ways(detector, text) == [way]
    assert spans(detect([term], "plain"), text) == []


@pytest.mark.parametrize(("term", "hidden"), ENGLISH)
def test_an_english_term_is_found_through_its_disguise(
    detect: Detect, term: str, hidden: str
) -> None:
    detector = detect([term], "disguise")
    for text in (f"say {hidden}, he said", f"说{hidden}。", hidden):
        assert spans(detector, text) == [hidden]


@pytest.mark.parametrize("style", STYLES)
def test_a_style_of_letters_is_seen_through_plainly(detect: Detect, style: str) -> None:
    assert spans(detect(["kill yourself"], "plain"), f"say {style}!") == [style]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("大麻", "很大，麻烦了；大妈来了；大 妈；他的大马"),
        ("傻逼", "傻。逼着他去；沙坪坝；"),
        ("跑分", "跑步分组；跑粉"),
        ("女子好", "好女子"),
        ("你好", "人尔好；nh；n好"),
        ("shit", "is hit; push it; this hit"),
        ("shell", "she'll go"),
        ("therapist", "therapists; the\nrapists"),
        ("tail", "tall; tall's; TAIl"),
        ("mall", "mail; mai l; MAIL"),
        ("the rapist", "therapist"),
        ("ass", "class a55et; as s; @ssembly"),
        ("соск", "носок; cock"),
        ("cock", "соск"),
        ("100", "1 0 0; 1oo; l00"),
        ("芒果", "a mango; man go"),
        ("女人", "nuance"),
        ("cum", "🇨🇺🇲🇽; flags 🇨🇺🇲"),
        ("傻逼", "真“傻”逼着我；真（傻），（逼）"),
        ("傻子", "子傻"),
        ("bomb", "bmob; 'b', 'o', 'mb'"),
        ("冰毒货到付款", "冰毒4货到付款；bing12du2huodaofukuan"),
        ("bomb", "b\n\n\n\n\no\n\n\n\n\nmb; bombs; b。o。mb"),
    ],
)
def test_ordinary_text_is_no_disguise(detect: Detect, term: str, text: str) -> None:
    assert [w for w in ways(detect([term], "disguise"), text) if w] == []


def test_none_means_the_very_characters(detect: Detect) -> None:
    detector = detect(["Bomb", "炸药"], "none")
    assert spans(detector, "Bomb bomb ＢOMB 炸药 炸\u200b药 Bombs Bomb\u200bs") == ["Bomb", "炸药"]


def test_an_entry_says_its_own_level_and_the_policy_that_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "# name: a\n# version: 1\n# language: en\nterm,category,level,reviewer,folding\n"
        "first,x.y,block,Li,\nsecond,x,block,Li,\nthird,z,block,Li,\nfourth,x,block,Li,plain\n"
        "fifth,z,block,Li,disguise\n",
        "utf-8",
    )
    options = {"lists": ["a.csv"], "bundled": False}
    text = "f1rst s3cond th1rd f0urth f1fth"
    for folding, found in (
        ("plain", ["f1fth"]),
        ("disguise", ["f1rst", "s3cond", "th1rd", "f1fth"]),
        ({"x": "disguise"}, ["f1rst", "s3cond", "f1fth"]),
        ({"x": {"y": "disguise"}}, ["f1rst", "f1fth"]),
        ({"*": "disguise", "keyword": {"x": "plain"}}, ["th1rd", "f1fth"]),
    ):
        policy = Policy(name="p", folder=str(tmp_path))
        policy = policy.with_options("keyword", folding=folding, **options)
        assert spans(KeywordDetector.from_policy(policy), text) == found


def test_a_disguised_exception_hides_a_disguised_term(detect: Detect) -> None:
    detector = detect(["操你妈", ("做体操你妈", "allow")], "disguise")
    assert spans(detector, "做体操 你 妈，操 你 妈") == ["操 你 妈"]


def test_a_place_that_is_seen_in_several_ways_is_reported_once_as_the_plainest(
    detect: Detect,
) -> None:
    detector = detect(["枪支图纸"], "disguise")
    assert ways(detector, "枪支图纸") == [""]
    assert ways(detector, "木仓支图纸，枪 支图纸") == ["part", "sound"]


def test_what_is_not_disguised_has_no_way(detect: Detect) -> None:
    assert ways(detect(["👩", "می"], "plain"), "👩 می") == ["", ""]
    assert ways(detect(["Bomb"], "none"), "Bomb") == [""]


def test_detail_says_which_way_it_was_seen(detect: Detect) -> None:
    (verdict,) = detect(["bomb"], "disguise").judge("b0mb", CONTEXT)
    assert verdict.detail == "ops#1/look"


CODES = [
    ("炸药", "54K46I2v"),
    ("炸药", "6K+354K46I2v5ZCX"),  # 请炸药吗, so that it begins in the middle of a group
    ("炸药", "%E7%82%B8%E8%8D%AF"),
    ("炸药", "\\xe7\\x82\\xb8\\xe8\\x8d\\xaf"),
    ("炸药", "E7 82 B8 E8 8D AF"),
    ("炸药", "0xe7, 0x82, 0xb8, 0xe8, 0x8d, 0xaf"),
    ("炸药", "\\u70b8\\u836f"),
    ("炸药", "&#28856;&#33647;"),
    ("炸药", "&#x70b8;&#x836f;"),
    ("pipe bomb", "pipe%20bomb"),
    ("pipe bomb", "7069706520626f6d62"),
    ("pipe bomb", "5069706520426F6D62"),  # Pipe Bomb
    ("pipe bomb", "cGlwZSBib21i"),
    ("pipe bomb", "YSBwaXBlIGJvbWIgaXM="),  # a pipe bomb is
    ("pipe bomb", "cvcr obzo"),
    ("pipe bomb", "CVCR OBZO"),
]


@pytest.mark.parametrize(("term", "code"), CODES)
def test_a_term_is_found_in_codes_where_an_entry_asks_for_it(
    detect: Detect, term: str, code: str
) -> None:
    text = f"run {code} now"
    assert detect([term], "decode").judge(text, CONTEXT)
    assert detect([term], "disguise").judge(text, CONTEXT) == []


@pytest.mark.parametrize(
    "text",
    [
        "54k46i2v",  # base64 in small letters is another text
        "28856 33647",  # numbers are no characters without their escape
        "ocvcr obzob",
        "cvcrobzo",
        "e7 82 b8, and much later e8 8d af",
        "How abjurer nowhere sync",
    ],
)
def test_what_is_nearly_a_code_is_none(detect: Detect, text: str) -> None:
    assert detect(["炸药", "pipe bomb"], "decode").judge(text, CONTEXT) == []


class TestDisguised(DetectorContract):
    finds = (
        "你个傻 b，sha bi", "木仓支图纸 b.o.m.b", "bdhdfk 冰d货到付款", "b0mb\u200b b o m b",
        "54K46I2v cGlwZSBib21i", "做体操 你 妈 操 你 妈", "Bomb! 👩 و می",
    )  # fmt: skip
    clean = ("很大，麻烦", "she'll; push it; 1 0 0", "تلو", "", "👨‍👩‍👧", "人尔女")
    examples = scaled(40)

    def make(self) -> KeywordDetector:
        with TemporaryDirectory() as folder:
            Path(folder, "hard.toml").write_text(HARD, "utf-8")
            policy = Policy(name="p", folder=folder).with_options(
                "keyword", lists=["hard.toml"], bundled=False, reload_seconds=float("inf")
            )
            return KeywordDetector.from_policy(policy)


HARD = """
name = "hard"
version = "1"
language = "mul"
defaults = { category = "test", level = "block", reviewer = "Li", folding = "disguise" }
entries = [
    { term = "傻逼" }, { term = "枪支图纸" }, { term = "枪支" }, { term = "bomb" },
    { term = "bomb shell" }, { term = "冰毒货到付款" }, { term = "操你妈" },
    { term = "做体操你妈", level = "allow" }, { term = "炸药", folding = "decode" },
    { term = "pipe bomb", folding = "decode" }, { term = "Bomb!", folding = "none" },
    { term = "👩", folding = "plain" }, { term = "می" }, { term = "و" }, { term = "shit" },
    { term = "一一一一一" }, { term = "aaaa aaaa" },
]
"""


MIXED = "冰毒货到付款"
WAYS = {
    "冰": ("冰", "bing", "ＢＩＮＧ", "兵"),
    "毒": ("毒", "du", "独", "读"),
    "货": ("货", "貨", "huo", "或"),
    "到": ("到", "dao", "倒"),
    "付": ("付", "fu", "富"),
    "款": ("款", "kuan", "宽"),
}
SIGNS = ["", "", " ", "*", "\u200b", "🔥", "-"]


@settings(max_examples=scaled(60), deadline=None)
@given(data=st.data(), around=st.sampled_from(["", "，", "问", "\u200b。"]))
def test_every_mixture_of_sounds_and_signs_is_found_where_it_stands(
    detect: Detect, data: st.DataObject, around: str
) -> None:
    detector = detect([MIXED], "disguise")
    hidden = data.draw(st.sampled_from(WAYS[MIXED[0]]))
    for char in MIXED[1:]:
        hidden += data.draw(st.sampled_from(SIGNS)) + data.draw(st.sampled_from(WAYS[char]))
    text = f"{around}{hidden}{around}"
    assert spans(detector, text) == [hidden]


@settings(max_examples=scaled(60), deadline=None)
@given(
    st.text(st.sampled_from("炸药 bom傻逼\u200b1。木仓支b")),
    st.sampled_from(["炸药", "bomb", "枪支"]),
)
def test_deeper_levels_find_whatever_plain_folding_finds(
    detect: Detect, text: str, term: str
) -> None:
    plain = [(v.start, v.end) for v in detect([term], "plain").judge(text, CONTEXT)]
    for folding in ("disguise", "decode"):
        found = detect([term], folding).judge(text, CONTEXT)
        assert [(v.start, v.end) for v in found if "/" not in v.detail] == plain


def test_the_policy_bounds_how_far_a_disguise_may_reach(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    words = written(tmp_path / "words.csv", ["傻逼", "how to make a pipe bomb"])
    own = {"folding": "decode", "lists": [str(words)], "bundled": False}
    policy = Policy(name="p", holdback=44).with_options("keyword", **own)
    detector = KeywordDetector.from_policy(policy)
    assert detector.needs.characters == 44
    assert spans(detector, "傻 逼") == ["傻 逼"]
    assert spans(detector, " ".join("how to make a pipe bomb")) == []
    wide = Policy(name="p").with_options("keyword", **own)
    far = " ".join("how to make a pipe bomb")
    assert far in spans(KeywordDetector.from_policy(wide), far)
