"""A key picks between synonyms; what is no prose stays, and the test for it is exact."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Mark, Policy, PolicyError, Request
from chopmark.testing import MarkerContract, MemoryLog, plugin
from chopmark_watermark import SynonymMark
from chopmark_watermark._commands import watermark
from chopmark_watermark._synonym_list import NO_WORD, Pair, _pairs, read_synonyms
from chopmark_watermark._synonym_marker import SynonymMarker
from chopmark_watermark._synonyms import Marking, chosen, read_places

from .conftest import known_ring

KEY = bytes(range(32))
RING = known_ring()
MARK = SynonymMark(ring=RING, clock=lambda: "2026-10")
PAIRS = list(_pairs())
FILLERS = {
    "en": ["the", "of", "river", "stone", "lamp", "green", "walked", "under", "bright", "paper"],
    "zh": ["河边", "石头", "灯光", "绿色", "纸张", "窗口", "山谷", "云朵", "小路", "木桥"],
}


def marked(text: str, *, key: bytes = KEY, pieces: list[str] | None = None) -> str:
    marking = Marking(key)
    out = [marking.feed(piece) for piece in (pieces or [text])]
    return "".join(out) + marking.feed("", end=True)


def prose(seed: int, language: str, words: int) -> str:
    """Return sentences in which about one word of eight is a listed one."""
    pairs = [pair for of, pair in PAIRS if of == language and not pair.after and not pair.before]
    rng = random.Random(seed)
    out: list[str] = []
    while len(out) < words:
        out += rng.choices(FILLERS[language], k=rng.randint(5, 8))
        out.append(rng.choice(rng.choice(pairs).words))
        out.append(rng.choice(FILLERS[language]))
        if rng.random() < 0.3:
            out[-1] += "." if language == "en" else "。"
    return (" " if language == "en" else "").join(out)


def texts() -> st.SearchStrategy[str]:
    """Text with all that decides: listed words, quotes, code, line breaks, and what is no word."""
    listed = [word for _, pair in PAIRS for word in pair.words]
    bits = st.one_of(
        st.sampled_from(listed),
        st.sampled_from([word.capitalize() for word in listed if word.isascii()]),
        st.sampled_from(
            [" ", " ", " ", "\n", "\n\n", "```", "`", '"', "“", "”", "'", "’", "{", "}", ".", ",",
             "# ", "> ", "for", "a", "an", "20", "based", "to", "of", "的", "是", "é", "_", "    "]
        ),
        st.text(max_size=4),
    )  # fmt: skip
    return st.lists(bits, max_size=30).map("".join)


# The list.


def test_each_word_is_in_one_pair_and_in_no_other_word() -> None:
    words = [word for _, pair in PAIRS for word in pair.words]
    assert len(words) == len(set(words))
    chinese = [word for of, pair in PAIRS for word in pair.words if of == "zh"]
    inside = [(a, b) for a in chinese for b in chinese if a != b and a in b]
    assert inside == []
    assert sum(of == "en" for of, _ in PAIRS) >= 150
    assert sum(of == "zh" for of, _ in PAIRS) >= 150


def test_a_choice_never_opens_or_shuts_another_place() -> None:
    """Else who looks for the mark would find other places than those that it was made in."""
    listed = read_synonyms()
    for of, pair in PAIRS:
        for guards in (pair.before, pair.not_before):
            for guard in guards:
                if of == "en" and guard in listed.english:
                    other = listed.english[guard][0]
                    fixed = other.after and not other.after & set(pair.words)
                    digits = other.before == {"#"}
                    assert fixed or digits or set(other.words) <= guards, (pair.words, guard)
                if of == "zh":
                    for _, other, _ in listed.chinese.get(guard, ()):
                        assert {word[0] for word in other.words} <= guards, (pair.words, guard)


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([word for of, pair in PAIRS for word in pair.words if of == "zh"]),
            st.sampled_from(
                sorted({c for of, p in PAIRS if of == "zh" for w in p.words for c in w})
            ),
        ),
        max_size=12,
    ).map("".join)
)
def test_every_place_that_is_found_in_a_marked_text_agrees(text: str) -> None:
    places, _ = read_places(marked(text))
    assert all(chosen(KEY, *place) == which for place, which in places.items())


# Marking.


@settings(deadline=None)
@given(texts(), st.data())
def test_chunk_borders_do_not_matter(text: str, data: Any) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert marked(text, pieces=pieces) == marked(text)
    assert marked(text, pieces=list(text)) == marked(text)


@settings(deadline=None)
@given(texts())
def test_marking_twice_changes_nothing_more(text: str) -> None:
    once = marked(text)
    assert marked(once) == once


@given(st.lists(st.sampled_from([*FILLERS["en"], *FILLERS["zh"], "\n", "”", "{"])))
def test_text_without_listed_words_is_unchanged(words: list[str]) -> None:
    text = " ".join(words)
    assert marked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "```\nHe often walked quickly.\n```",
        "~~~python\nx = often\n~~~",
        "Call `often quickly` here",
        'He said "people often walk quickly" to us',
        "他说“我们应该立即经常避免”。",
        "《因此如果虽然》",
        '{"often": "quickly", "maybe": ["rarely"]}',
        "https://example.org/often/quickly?rarely=maybe often.example.org",
        "mail often@quickly.org or open quickly.py and often_used, fast-rarely-x, $often",
        "> quoted quickly\n\n# Often quickly\n\n| often | rarely |\n\n    often quickly",
        "the Big Often Company, OFTEN",
        "非常规 十分钟 不可避免 加速度 相互作用 特别的",
        "in particular, as a big deal, three kinds, by and large",
    ],
)
def test_what_is_no_prose_is_left_alone(text: str) -> None:
    for n in range(40):
        assert marked(text, key=bytes([n]) * 32) == text


def test_an_article_goes_with_its_word() -> None:
    for n in range(40):
        said = marked("It is an appropriate way, and a suitable one.", key=bytes([n]) * 32)
        assert said == "It is an appropriate way, and a suitable one."


def test_a_sentence_keeps_its_capital() -> None:
    said = {marked("Often it rains. Maybe not.", key=bytes([n]) * 32) for n in range(40)}
    assert said == {
        f"{first} it rains. {second} not."
        for first in ("Often", "Frequently")
        for second in ("Maybe", "Perhaps")
    }


def test_little_is_held_back() -> None:
    marking = Marking(KEY)
    text = "the lamp walked under many green stones, and often the river was quiet " * 20
    out = 0
    for n, piece in enumerate(text, 1):
        out += len(marking.feed(piece))
        assert n - out <= 40


# Finding.


@settings(max_examples=scaled(25), deadline=None)
@given(st.sampled_from(["en", "zh"]), st.integers(0, 10**6))
def test_a_rewritten_text_of_400_words_is_found_and_the_bare_one_is_not(
    language: str, seed: int
) -> None:
    text = prose(seed, language, 400)
    found = MARK.detect(MARK.mark(text))
    assert found.verdict == "marked"
    assert (found.scheme, found.key and found.key.epoch) == ("synonyms", "2026-10")
    places, _ = read_places(MARK.mark(text))
    assert found.log10_p == pytest.approx(-len(places) * 0.30103, abs=1e-3)
    assert MARK.detect(text).verdict != "marked"
    assert SynonymMark(ring=known_ring(1)).detect(MARK.mark(text)).verdict != "marked"


def test_the_error_rate_is_what_it_says() -> None:
    """2,000 keys, of which a fair coin makes 20 fall below a level of 0.01."""
    from chopmark_watermark._tails import log10_binomial_tail

    places, _ = read_places(prose(7, "en", 500))
    tails = [
        log10_binomial_tail(
            len(places),
            sum(chosen(n.to_bytes(32, "big"), *p) == which for p, which in places.items()),
            0.5,
        )
        for n in range(2000)
    ]
    assert sum(tail <= -2 for tail in tails) <= 40


def test_a_text_too_short_is_inconclusive() -> None:
    found = MARK.detect("It often rains.")
    assert found.verdict == "inconclusive"
    assert found.notes == ("1 places have a choice of words, 17 would be needed",)


PROSE = (
    "Maybe it often rains, but people rarely walk quickly toward the town. "
    "Everyone among them replied, and someone bought enormous lamps. "
    "Suddenly the famous doctors responded: it was mandatory, useful, expensive and illegal. "
    "Nevertheless the mainly brave people gradually modified it. "
    "因此我们应该立即讨论，也许仍然缺乏优点，即使突然担心，无论互相照顾。 "
) * 2


class TestSynonymMarker(MarkerContract):
    answers: ClassVar = ("一个普通的回答。", "A plain answer.", PROSE)

    def make(self) -> SynonymMarker:
        return SynonymMarker(MARK)

    def test_an_unmarked_text_is_not_detected(self, marker: Any) -> None:
        assert marker.detect(PROSE) == ()


def test_the_marking_says_by_how_much_it_is_short() -> None:
    marking = SynonymMarker(MARK).open(Request())
    said = marking.feed("It rains.")
    tail, [mark] = marking.finish()
    assert said + tail == "It rains."
    assert not mark.placed
    assert mark.reason == "0 places have a choice of words, 17 would be needed"


# The plugin and the command.


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    made = CliRunner().invoke(watermark, ["keys", "new", str(tmp_path / "ring.json")])
    assert made.exit_code == 0
    return tmp_path / "ring.json"


def guarded(log: MemoryLog, **options: object) -> Chopmark:
    policy = Policy(name="t", plugins=("watermark",), settings={"watermark": options})
    return Chopmark(policy, plugins=[plugin(log=log)])


def test_a_policy_with_a_ring_alone_rewrites_streams(ring: Path) -> None:
    log = MemoryLog()
    chop = guarded(log, synonyms=True, ring=str(ring))

    @chop.guard
    def answer(prompt: str) -> Any:
        yield from (PROSE[n : n + 7] for n in range(0, len(PROSE), 7))

    said = "".join(answer("q"))
    assert said != PROSE
    [mark] = log.records[-1].marks
    assert isinstance(mark, Mark)
    assert mark.placed
    assert len(mark.data["original"]) == 64

    found = CliRunner().invoke(
        watermark,
        ["find", "-", "--ring", str(ring), "--scheme", "synonyms", "--json"],
        input=said,
    )
    assert found.exit_code == 0
    assert json.loads(found.output)["verdict"] == "marked"
    lost = CliRunner().invoke(watermark, ["find", "-", "--ring", str(ring)], input=said)
    assert "name the model's with --tokenizer" in lost.output


def test_synonyms_are_off_by_default_and_bad_options_are_named(ring: Path) -> None:
    assert not guarded(MemoryLog(), vendor="none").markers
    for options, cure in (
        ({"synonyms": "yes", "ring": str(ring)}, "write true or false"),
        ({"synonyms": True}, "name the file of"),
        ({"synonyms": True, "ring": str(ring), "alpha": 2.0}, "write a probability"),
        ({"synonyms": False, "ring": str(ring)}, "name the tokenizer"),
    ):
        with pytest.raises(PolicyError, match=cure):
            guarded(MemoryLog(), **options)


def test_a_word_with_conditions_minds_its_neighbours() -> None:
    pair = Pair(words=("a", "b"), after=frozenset({"for"}), not_before=frozenset({NO_WORD}))
    assert pair.stands_after("for")
    assert not pair.stands_after("in")
    assert not pair.stands_before(NO_WORD)
