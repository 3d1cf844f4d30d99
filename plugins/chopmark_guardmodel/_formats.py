"""The forms in which guard models answer, and what their categories are called here.

Sources, read 2026-11: the model cards of Llama Guard 3 8B and Llama Guard 4 12B (meta-llama/
PurpleLlama), the README of QwenLM/Qwen3Guard, the model card of ShieldGemma (ai.google.dev).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chopmark import Direction, Outcome

from ._answer import Answer
from ._errors import GuardModelAnswerError

LLAMA_GUARD: Mapping[str, str] = {
    "S1": "violence",
    "S2": "illicit",
    "S3": "sexual.crimes",
    "S4": "sexual_minors",
    "S5": "defamation",
    "S6": "specialized_advice",
    "S7": "privacy",
    "S8": "copyright",
    "S9": "illicit.weapons",
    "S10": "hate",
    "S11": "self_harm",
    "S12": "sexual",
    "S13": "elections",
    "S14": "code_abuse",
}
QWEN3GUARD: Mapping[str, str] = {
    "Violent": "violence",
    "Non-violent Illegal Acts": "illicit",
    "Sexual Content or Sexual Acts": "sexual",
    "PII": "privacy",
    "Personally Identifiable Information": "privacy",
    "Suicide & Self-Harm": "self_harm",
    "Unethical Acts": "toxic",
    "Politically Sensitive Topics": "political",
    "Copyright Violation": "copyright",
    "Jailbreak": "injection",
}
NOT_HARM_TO_A_PERSON = frozenset(
    ("copyright", "defamation", "elections", "political", "specialized_advice")
)
"""Categories of which a model's word alone only warns: blocking them is the operator's own rule."""

UNNAMED = "unsafe"
"""The model's own name of a harm where it names none."""

_CODES = re.compile(r"S\d{1,2}(?:\s*,\s*S\d{1,2})*")
# Of lines without blanks around them: two repeats of white space side by side took a second for an
# answer of 6,000 line feeds, and four for twice as many.
_QWEN3GUARD = re.compile(
    r"Safety:[ \t]*(Safe|Controversial|Unsafe)(?:\nCategories:([^\n]+))?"
    r"(?:\nRefusal:[ \t]*(?:Yes|No))?"
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 &'/()-]{0,60}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A harm that the model named, by its own name; `outcome` is the advice."""

    name: str
    score: float
    outcome: Outcome = "deny"


@dataclass(frozen=True, slots=True)
class Question:
    """One request to the model: fields of the body beside the messages, and what it is about."""

    body: Mapping[str, object] = field(default_factory=dict)
    about: str = ""


class Format(Protocol):
    """How to ask a guard model, and how to read its answer. `most` is the tokens of an answer."""

    most: int
    names: Mapping[str, str]

    def questions(self, direction: Direction) -> Sequence[Question]:
        """Return what is asked of one text."""
        ...

    def read(self, answer: Answer, question: Question) -> Sequence[Finding]:
        """Return what the model found; raise `GuardModelAnswerError` for any other form."""
        ...


class LlamaGuard:
    """`safe`, or `unsafe` and on the next line codes such as `S1,S9`.

    The score is the probability of the word `unsafe`, as the model card takes it.
    """

    most = 32
    names = LLAMA_GUARD

    def questions(self, direction: Direction) -> Sequence[Question]:
        """Return the one question; the template asks about the last message."""
        return (Question(),)

    def read(self, answer: Answer, question: Question) -> Sequence[Finding]:
        """Return a finding for each code."""
        lines = _lines(answer.text)
        match [line.lower() for line in lines[:1]], lines[1:]:
            case ["safe"], []:
                return ()
            case ["unsafe"], []:
                codes = [UNNAMED]
            case ["unsafe"], [listed] if _CODES.fullmatch(listed):
                codes = [code.strip() for code in listed.split(",")]
            case _:
                raise malformed(answer, "`safe`, or `unsafe` and a line of codes such as S1,S9")
        shares = answer.shares(("safe", "unsafe"))
        score = shares["unsafe"] if shares else 1.0
        return [Finding(code, score) for code in dict.fromkeys(codes)]


class Qwen3Guard:
    """Lines `Safety: ...`, `Categories: ...` and, for an answer, `Refusal: ...`.

    `Unsafe` counts 1 and advises `deny`, `Controversial` counts one half and advises `warn`;
    where probabilities are given the score is their mean, weighted so.
    """

    most = 128
    names = QWEN3GUARD

    def questions(self, direction: Direction) -> Sequence[Question]:
        """Return the one question; the template asks about the last message."""
        return (Question(),)

    def read(self, answer: Answer, question: Question) -> Sequence[Finding]:
        """Return a finding for each category."""
        said = _QWEN3GUARD.fullmatch("\n".join(_lines(_thoughtless(answer.text))))
        label, listed = (said[1], said[2] or "None") if said else ("", "")
        named = [name.strip() for name in listed.split(",")]
        named = [name for name in named if name != "None"]
        if not label or (label == "Safe" and named) or not all(map(_NAME.fullmatch, named)):
            raise malformed(answer, "`Safety: Safe|Controversial|Unsafe` and `Categories: ...`")
        if label == "Safe":
            return ()
        shares = answer.shares(("Safe", "Controversial", "Unsafe"), after="Safety:")
        score = 1.0 if label == "Unsafe" else 0.5
        if shares:
            score = shares["Unsafe"] + shares["Controversial"] / 2
        outcome: Outcome = "deny" if label == "Unsafe" else "warn"
        return [Finding(name, score, outcome) for name in dict.fromkeys(named or [UNNAMED])]


class YesNo:
    """ShieldGemma's: for each guideline one question, `Yes` where the text is against it.

    `guidelines` are texts by category and direction. The template gets the guideline as the
    variable `guideline`. From `threshold` on the advice is `deny`, below it `warn`.
    """

    most = 8
    names: Mapping[str, str] = {}

    def __init__(self, guidelines: Mapping[str, Mapping[Direction, str]], threshold: float) -> None:
        self._guidelines = guidelines
        self._threshold = threshold

    def questions(self, direction: Direction) -> Sequence[Question]:
        """Return a question for each guideline of this direction."""
        return [
            Question({"chat_template_kwargs": {"guideline": texts[direction]}}, category)
            for category, texts in self._guidelines.items()
            if direction in texts
        ]

    def read(self, answer: Answer, question: Question) -> Sequence[Finding]:
        """Return the finding of the question's category, with the probability of `Yes`."""
        word = re.match(r"\W*(yes|no)\b", answer.text, re.IGNORECASE)
        if word is None:
            raise malformed(answer, "`Yes` or `No` at its start")
        shares = answer.shares(("Yes", "No"))
        score = shares["Yes"] if shares else float(word[1].lower() == "yes")
        if not score:
            return ()
        outcome: Outcome = "deny" if score >= self._threshold else "warn"
        return (Finding(question.about, score, outcome),)


def _lines(text: str) -> list[str]:
    """Return the lines that say something, without the blanks around them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _thoughtless(text: str) -> str:
    """Return `text` without the thought that it begins with."""
    begun = text.lstrip()
    return begun.partition("</think>")[2] if begun.startswith("<think>") else text


def category_of(name: str, names: Mapping[str, str]) -> str:
    """Return the category of a model's own `name`; what is not known keeps it."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return names.get(name, f"guardmodel.{slug}")


def malformed(answer: Answer, wanted: str) -> GuardModelAnswerError:
    """Return the error of an answer in another form; it says how long it was, not what it said."""
    return GuardModelAnswerError(
        f"the guard model answered {len(answer.text)} characters that are not of its form, "
        f"{wanted}; check that the options `format` and `model` belong together, and that the "
        "server uses the model's own chat template"
    )
