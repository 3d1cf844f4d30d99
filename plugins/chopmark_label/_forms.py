"""How a wording looks as plain text, Markdown and HTML."""

from __future__ import annotations

import re
from html import escape
from typing import Literal

from ._wording import DEFAULTS, Language, Style, Wording

Format = Literal["plain", "markdown", "html"]

_BRACKETS = {"（": "）", "(": ")", "【": "】", "[": "]", "「": "」", "『": "』", "〔": "〕"}
_WIDE = ("zh", "ja")  # languages with brackets of full width
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#~|!&$])")
_MARKDOWN_LIST = re.compile(r"^([+\-=]|\d+(?=[.)]))")
_CHINESE = "zh-CN"
_CHINESE_RUN = re.compile(r"(?:[A-Za-z]+)?[㐀-䶿一-鿿]+")
# Dark grey on light grey is 13:1, well over the 4.5:1 that WCAG 2.2 1.4.3 asks of small text.
_BADGE = (
    "display:inline-block;margin:0;padding:.1em .5em;border:1px solid #6b7280;border-radius:.3em;"
    "background:#f3f4f6;color:#1f2937;font:600 .875em/1.5 sans-serif"
)


def render(wording: Wording, form: Format) -> str:
    """Return the label as it stands in a text: one line, without the blank lines around it."""
    if form == "markdown":
        return f"> {_escape_markdown(wording.text)}"
    if form == "html":
        return html_fragment(wording.language, text=wording.text)
    text = wording.text
    bracketed = _BRACKETS.get(text[0]) == text[-1] and len(text) > 1
    if bracketed:
        return text
    return f"（{text}）" if wording.language in _WIDE else f"({text})"


def html_fragment(
    language: Language,
    *,
    text: str | None = None,
    style: Style = "gb45438",
    element: Literal["p", "span", "div"] = "p",
) -> str:
    """Return a label as an HTML fragment that stands by itself: no style sheet, no script.

    GB 45438-2025 lets an interface carry the label instead of the text, where it is shown all
    the time near the content, or at the top, the bottom or the background of the interface; a
    text that users copy or export must carry it itself (Labelling Measures, Article 4). The badge
    has its style inline; where a Content-Security-Policy forbids that it is still readable text.

    Args:
        language: whose readers it is for; becomes the `lang` attribute.
        text: the words, escaped here; by default those of `style`.
        style: `gb45438` for a wording with both elements of the standard, or `plain`.
        element: the element to use, `span` inside a line.

    Example:
        >>> html_fragment("zh").startswith('<p lang="zh-CN" role="note" aria-label="AI生成"')
        True
    """
    words = escape(DEFAULTS[style][language] if text is None else text)
    lang = _CHINESE if language == "zh" else language
    shown = words
    if language not in _WIDE:  # so that a screen reader changes its voice for the Chinese part
        shown = _CHINESE_RUN.sub(rf'<span lang="{_CHINESE}">\g<0></span>', words)
    # The words come early in the tag: a verifier that reads the raw fragment looks at its
    # first 64 characters.
    return (
        f'<{element} lang="{lang}" role="note" aria-label="{words}" class="chopmark-label" '
        f'style="{_BADGE}">{shown}</{element}>'
    )


def _escape_markdown(text: str) -> str:
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", text)
    if found := _MARKDOWN_LIST.match(escaped):
        end = found.end()
        if escaped[0].isdigit():
            return f"{escaped[:end]}\\{escaped[end:]}"
        return f"\\{escaped}"
    return escaped
