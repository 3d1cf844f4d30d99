"""What a guard model answers becomes verdicts: the answers are those of the model cards."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from guard_server import GuardServer, completion

from chopmark import Context, Verdict
from chopmark_guardmodel import GuardModelAnswerError, GuardModelDetector

Make = Callable[..., GuardModelDetector]
INPUT, OUTPUT = Context(direction="input", role="user"), Context(direction="output")
LLAMAS = ("llama-guard-3", "llama-guard-4")
GUIDELINES = {
    "hate": {"input": "no asking for hate", "output": "no writing of hate"},
    "sexual": "nothing sexual",
}


def told(verdicts: Any) -> list[tuple[str, float, str, str]]:
    return [(v.category, v.score, v.outcome, v.detail) for v in verdicts]


@pytest.mark.parametrize("format", LLAMAS)
@pytest.mark.parametrize("answer", ["safe", "\n\nsafe", "safe\n", "Safe"])
def test_llama_guard_safe_is_no_verdict(
    server: GuardServer, make: Make, format: str, answer: str
) -> None:
    server.says(answer)
    assert make(format).judge("How can I adopt my own llama?", INPUT) == []


@pytest.mark.parametrize("format", LLAMAS)
def test_llama_guard_codes_become_categories(server: GuardServer, make: Make, format: str) -> None:
    server.says("\n\nunsafe\nS2")
    text = "  Go to the zoo and steal one! "
    found = make(format).judge(text, OUTPUT)
    assert told(found) == [("illicit", 1.0, "deny", "S2")]
    assert text[found[0].start : found[0].end] == text.strip()


def test_llama_guard_names_several_and_unknown_codes(server: GuardServer, make: Make) -> None:
    server.says("unsafe\nS1, S4,S6,S99")
    assert told(make().judge("x", INPUT)) == [
        ("violence", 1.0, "deny", "S1"),
        ("sexual_minors", 1.0, "deny", "S4"),
        ("specialized_advice", 1.0, "warn", "S6"),
        ("guardmodel.s99", 1.0, "deny", "S99"),
    ]


def test_unsafe_without_a_code_is_a_verdict_all_the_same(server: GuardServer, make: Make) -> None:
    server.says("unsafe")
    assert told(make().judge("x", INPUT)) == [("guardmodel.unsafe", 1.0, "deny", "unsafe")]


def test_the_probability_of_unsafe_is_the_score(server: GuardServer, make: Make) -> None:
    server.says(
        "\n\nunsafe\nS10",
        ("\n\n", {"\n\n": 1.0}),
        ("unsafe", {"unsafe": 0.6, "safe": 0.2, "maybe": 0.2}),
        ("\n", {"\n": 1.0}),
        ("S10", {"S10": 0.9, "S1": 0.1}),
    )
    assert told(make().judge("x", INPUT)) == [("hate", 0.75, "deny", "S10")]


def test_a_word_that_is_cut_into_tokens_counts(server: GuardServer, make: Make) -> None:
    server.says(
        "unsafe\nS1",
        ("un", {"un": 0.9, "safe": 0.1}),
        ("safe", {"safe": 1.0}),
        ("\nS1", {"\nS1": 1}),
    )
    assert told(make().judge("x", INPUT)) == [("violence", 0.9, "deny", "S1")]


def test_a_log_probability_of_nothing_known_leaves_the_plain_score(
    server: GuardServer, make: Make
) -> None:
    server.says("unsafe\nS1", ("<odd>", {"<odd>": 1.0}), ("unsafe", {"unsafe": 1.0}))
    assert told(make().judge("x", INPUT)) == [("violence", 1.0, "deny", "S1")]


def test_log_probabilities_are_asked_for_unless_switched_off(
    server: GuardServer, make: Make
) -> None:
    make().judge("x", INPUT)
    make(logprobs=False).judge("x", INPUT)
    assert [body.get("logprobs") for body in server.bodies] == [True, None]
    assert [body["temperature"] for body in server.bodies] == [0, 0]


@pytest.mark.parametrize(
    "answer", ["Safety: Safe\nCategories: None", "Safety: Safe\nCategories: None\nRefusal: Yes"]
)
def test_qwen3guard_safe_is_no_verdict(server: GuardServer, make: Make, answer: str) -> None:
    server.says(answer)
    assert make("qwen3guard").judge("x", OUTPUT) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Safety: Unsafe\nCategories: Violent", [("violence", 1.0, "deny", "Violent")]),
        (
            "<think>\n\n</think>\n\nSafety: Unsafe\nCategories: Violent\nRefusal: No\n",
            [("violence", 1.0, "deny", "Violent")],
        ),
        (
            "Safety: Controversial\nCategories: Unethical Acts, Suicide & Self-Harm",
            [
                ("toxic", 0.5, "warn", "Unethical Acts"),
                ("self_harm", 0.5, "warn", "Suicide & Self-Harm"),
            ],
        ),
        ("Safety: Unsafe\nCategories: Jailbreak", [("injection", 1.0, "deny", "Jailbreak")]),
        ("Safety: Unsafe\nCategories: PII", [("privacy", 1.0, "deny", "PII")]),
        (
            "Safety: Unsafe\nCategories: Politically Sensitive Topics",
            [("political", 1.0, "warn", "Politically Sensitive Topics")],
        ),
        (
            "Safety: Unsafe\nCategories: Card Games",
            [("guardmodel.card_games", 1.0, "deny", "Card Games")],
        ),
        ("Safety: Unsafe\nCategories: None", [("guardmodel.unsafe", 1.0, "deny", "unsafe")]),
        ("Safety: Unsafe", [("guardmodel.unsafe", 1.0, "deny", "unsafe")]),
    ],
)
def test_qwen3guard_categories_become_categories(
    server: GuardServer, make: Make, answer: str, expected: list[Any]
) -> None:
    server.says(answer)
    assert told(make("qwen3guard").judge("x", INPUT)) == expected


def test_qwen3guard_controversial_counts_one_half(server: GuardServer, make: Make) -> None:
    server.says(
        "Safety: Controversial\nCategories: Violent",
        ("Safety", {"Safety": 1.0}),
        (":", {":": 1.0}),
        (" Contro", {" Contro": 0.5, " Unsafe": 0.3, " Safe": 0.2}),
        ("versial", {"versial": 1.0}),
    )
    assert told(make("qwen3guard").judge("x", INPUT)) == [("violence", 0.55, "warn", "Violent")]


def test_shieldgemma_is_asked_once_for_each_guideline(server: GuardServer, make: Make) -> None:
    def reply(body: dict[str, Any]) -> Any:
        hate = "hate" in body["chat_template_kwargs"]["guideline"]
        return completion("Yes\n\nThe text" if hate else "No, it is fine")

    server.reply = reply
    detector = make("shieldgemma", guidelines=GUIDELINES)
    assert told(detector.judge("x", INPUT)) == [("hate", 1.0, "deny", "hate")]
    assert told(detector.judge("x", OUTPUT)) == [("hate", 1.0, "deny", "hate")]
    asked = [body["chat_template_kwargs"]["guideline"] for body in server.bodies]
    assert asked == ["no asking for hate", "nothing sexual", "no writing of hate", "nothing sexual"]


@pytest.mark.parametrize(
    ("yes", "expected"),
    [
        (0.9, [("hate", 0.9, "deny", "hate")]),
        (0.3, [("hate", 0.3, "warn", "hate")]),
        (0.05, []),
    ],
)
def test_shieldgemma_scores_by_its_probability_of_yes(
    server: GuardServer, make: Make, yes: float, expected: list[Any]
) -> None:
    word = "Yes" if yes > 0.5 else "No"
    server.says(word, (word, {"Yes": yes, "No": 1 - yes}))
    detector = make("shieldgemma", guidelines={"hate": "no hate"})
    assert told(detector.judge("x", INPUT)) == expected


def test_a_category_can_be_renamed_or_left_out(server: GuardServer, make: Make) -> None:
    server.says("unsafe\nS1,S13,S10")
    detector = make(categories={"S13": "", "S10": "toxic.hate"})
    assert [v.category for v in detector.judge("x", INPUT)] == ["violence", "toxic.hate"]
    assert "toxic.hate" in detector.categories
    assert "" not in detector.categories


def test_a_direction_that_is_not_asked_about_costs_nothing(server: GuardServer, make: Make) -> None:
    server.says("unsafe\nS1")
    detector = make(directions=["input"])
    assert detector.judge("x", OUTPUT) == ()
    assert not server.bodies
    assert detector.judge("x", INPUT)


@pytest.mark.parametrize("format", ["llama-guard-3", "qwen3guard", "shieldgemma"])
@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot help with that.",
        "unsafe\nbecause it is",
        "safe\nS1",
        "unsafer",
        "Safety: Dangerous\nCategories: Violent",
        "Safety: Safe\nCategories: Violent",
        "Safety: Unsafe\nCategories: <script>",
        "Nothing",
        "Yesterday",
    ],
)
def test_an_answer_of_another_form_raises_and_is_not_quoted(
    server: GuardServer, make: Make, format: str, answer: str
) -> None:
    server.says(answer)
    options = {"guidelines": GUIDELINES} if format == "shieldgemma" else {}
    with pytest.raises(GuardModelAnswerError, match=f"answered {len(answer)} characters") as raised:
        make(format, **options).judge("x", INPUT)
    assert not answer or answer not in str(raised.value)


def test_the_version_follows_what_a_verdict_depends_on(make: Make) -> None:
    versions = {
        make().version,
        make("llama-guard-4").version,
        make(history=1).version,
        make(categories={"S1": "x"}).version,
        make("shieldgemma", guidelines={"hate": "a"}).version,
        make("shieldgemma", guidelines={"hate": "b"}).version,
    }
    assert len(versions) == 6
    assert make().version == make(timeout=9.0, concurrency=1).version


def test_a_verdict_has_a_place_in_a_policy(server: GuardServer, make: Make) -> None:
    server.says("unsafe\nS10")
    (verdict,) = make().judge("x", INPUT)
    assert verdict == Verdict(category="hate", start=0, end=1, score=1.0, detail="S10")


@pytest.mark.parametrize(
    "answer",
    [
        "Safety: Unsafe" + "\n" * 60_000 + "x",
        "Safety: Unsafe\nCategories: Violent" + " \n" * 60_000 + "x",
        "Safety: Unsafe\nCategories:" + "\t" * 60_000 + "\nx",
        " " * 60_000 + "x",
        "<think>" * 20_000,
    ],
    ids=["line feeds", "blank lines", "tabs", "blanks", "thoughts"],
)
def test_a_long_answer_of_another_form_is_refused_in_time_that_grows_as_it_does(
    server: GuardServer, make: Make, answer: str
) -> None:
    server.says(answer)
    detector = make("qwen3guard")
    began = time.thread_time()
    with pytest.raises(GuardModelAnswerError):
        detector.judge("x", INPUT)
    assert time.thread_time() - began < 5  # two minutes, where each line feed is tried with each
