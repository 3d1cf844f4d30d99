"""What a label says, and whether the standard's two elements are in it.

GB 45438-2025 fixes no sentence: the text must hold an AI element (人工智能 or AI) and a generation
element (生成 or 合成). English words satisfy the AI element only, since the standard names Chinese
ones; so the wording for English readers carries both languages where the standard holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from chopmark import PolicyError

Language = Literal["zh", "en", "ko", "ja", "de", "fr", "es", "it", "nl", "pl", "pt"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Style = Literal["gb45438", "plain"]
Element = Literal["AI", "generation"]

STANDARD = "GB 45438-2025"
LONGEST = 60
"""The most characters of a wording: verifiers look for the elements in the first or last 64."""

# The Code of Practice on Transparency of AI-Generated Content (EU, 2026, section 2) wants the
# letters AI, so they stand before words of languages that call it otherwise.
_PLAIN: Mapping[Language, str] = {
    "zh": "AI生成",
    "en": "AI-generated",
    "ko": "AI 생성",
    "ja": "AI生成",
    "de": "AI · KI-generiert",
    "fr": "AI · Généré par IA",
    "es": "AI · Generado por IA",
    "it": "AI · Generato dall'IA",
    "nl": "AI-gegenereerd",
    "pl": "Wygenerowane przez AI",
    "pt": "AI · Gerado por IA",
}
DEFAULTS: Mapping[Style, Mapping[Language, str]] = {
    "gb45438": {
        language: text if "生成" in text else f"AI生成 · {text.removeprefix('AI · ')}"
        for language, text in _PLAIN.items()
    },
    "plain": _PLAIN,
}

# AI as a word of its own, or in AIGC: "said" and "email" hold no AI element.
AI_ELEMENT = re.compile(r"人工智能|(?<![A-Za-z])AI(?:GC)?(?![A-Za-z])", re.IGNORECASE)
GENERATION_ELEMENT = re.compile(r"生成|合成")

_RULE = (
    f"{STANDARD} 5.1 asks for an AI element (人工智能 or AI) and a generation element "
    "(生成 or 合成) in the text of a label"
)


@lru_cache(maxsize=64)
def check_wording(text: str) -> tuple[Element, ...]:
    """Return the elements of GB 45438-2025 5.1 that `text` lacks; none means it conforms.

    Example:
        >>> check_wording("内容由AI生成"), check_wording("AI-generated")
        ((), ('generation',))
    """
    missing: list[Element] = []
    if not AI_ELEMENT.search(text):
        missing.append("AI")
    if not GENERATION_ELEMENT.search(text):
        missing.append("generation")
    return tuple(missing)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a label says, for readers of one language."""

    language: Language
    text: str

    def data(self) -> dict[str, str]:
        """Return what a `Mark` says of this wording."""
        missing = check_wording(self.text)
        found = {
            "standard": STANDARD,
            "language": self.language,
            "wording_ok": "no" if missing else "yes",
        }
        return {**found, "missing": ",".join(missing)} if missing else found


def make_wordings(own: object, style: Style, where: str) -> dict[Language, Wording]:
    """Return the wordings by language: the operator's `own` ones, else those of `style`.

    The Chinese one must hold both elements; under `gb45438` the others must, too.

    Args:
        own: the option `text`, a table by language.
        style: which rule holds.
        where: how an error names the table of options.

    Raises:
        PolicyError: a wording cannot be a label.
    """
    if not isinstance(own, Mapping):
        raise PolicyError(
            f"{where}.text is {own!r}, not a table; write for example "
            '{ zh = "内容由AI生成", en = "AI生成 · AI-generated" }'
        )
    unknown = sorted(str(key) for key in own if key not in LANGUAGES)
    if unknown:
        raise PolicyError(
            f"{where}.text has {', '.join(unknown)}; it may have {', '.join(LANGUAGES)}"
        )
    wordings: dict[Language, Wording] = {}
    for language in LANGUAGES:
        text = own.get(language, DEFAULTS[style][language])
        name = f"{where}.text.{language}"
        if not isinstance(text, str) or not text.strip():
            raise PolicyError(f"{name} is {text!r}; give it the words of the label")
        text = text.strip()
        _check_printable(text, name)
        missing = check_wording(text) if language == "zh" or style == "gb45438" else ()
        if missing:
            raise PolicyError(
                f"{name} is {text!r}: {_RULE}, and here the {' and the '.join(missing)} element "
                f"is missing; write for example {DEFAULTS['gb45438'][language]!r}"
                + ("" if language == "zh" else ', or set style = "plain" where it does not hold')
            )
        wordings[language] = Wording(language, text)
    return wordings


def _check_printable(text: str, name: str) -> None:
    hidden = [c for c in text if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"]
    if hidden:
        raise PolicyError(
            f"{name} holds U+{ord(hidden[0]):04X}, which readers cannot see or which breaks the "
            "line; a label is one line of visible characters"
        )
    if len(text) > LONGEST:
        raise PolicyError(
            f"{name} has {len(text)} characters; use {LONGEST} at most, verifiers look for the "
            "words of a label in the first or last 64"
        )
