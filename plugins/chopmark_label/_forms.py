"""How a wording looks as plain text, Markdown and HTML."""

from __future__ import annotations

import re
from html import escape
from typing import Literal

from chopmark import MarkError, PolicyError

from ._wording import LANGUAGES, Language, Style, Wording, make_wordings

Format = Literal["plain", "markdown", "html"]

_BRACKETS = {"（": "）", "(": ")", "【": "】", "[": "]", "「": "」", "『": "』", "〔": "〕"}
_WIDE = ("zh", "ja")  # languages with brackets of full width
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#~|!&$])")
_MARKDOWN_LIST = re.compile(r"^([+\-=]|\d+(?=[.)]))")
_CHINESE = "zh-CN"
_CHINESE_RUN = re.compile(r"(?:(?<![A-Za-z])[A-Za-z]+)?[㐀-䶿一-鿿]+")
_ELEMENTS = ("p", "div", "span")
# Grey on grey is 13:1 either way round, well over the 4.5:1 that WCAG 2.2 1.4.3 asks of small text.
# A browser without light-dark() drops both pairs that have it, and a page that does not say
# `color-scheme` stays light; the badge brings its own background, so it is legible on any. Where
# the system forces its colours, the border still shows where the badge is. What a page may hand
# down (capitals, spacing, no wrapping) is set back.
_COLOURS = (
    "background:#f3f4f6;color:#1f2937;"
    "background:light-dark(#f3f4f6,#1f2937);color:light-dark(#1f2937,#f3f4f6)"
)
_BADGE = (
    f"box-sizing:border-box;max-width:100%;padding:.1em .5em;{_COLOURS};"
    "border:1px solid #6b7280;border-radius:.3em;font:600 max(.875em,12px)/1.5 sans-serif;"
    "letter-spacing:normal;text-align:start;text-indent:0;text-transform:none;white-space:normal;"
    "overflow-wrap:anywhere"
)
_LINE = f"display:block;width:fit-content;margin:0 0 .5em;{_BADGE}"
_INLINE = f"display:inline-block;margin:0;{_BADGE}"


def render(wording: Wording, form: Format) -> str:
    """Return the label as it stands in a text: one line, without the blank lines around it."""
    if form == "markdown":
        return f"> {_escape_markdown(wording.text)}"
    if form == "html":
        return _html(wording, "p")
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

    Screen readers read the words as they read any text; there is no second text for them alone.
    `dir` keeps the words together on a page that runs from right to left.

    Args:
        language: whose readers it is for; becomes the `lang` attribute.
        text: the words, escaped here; by default those of `style`.
        style: `gb45438` for a wording with both elements of the standard, or `plain`.
        element: the element to use, `span` inside a line.

    Raises:
        MarkError: the language or the element is not one of those above, or `text` cannot be a
            label of this style.

    Example:
        >>> html_fragment("zh").startswith('<p data-label="AI生成" lang="zh-CN" dir="auto"')
        True
    """
    if language not in LANGUAGES:
        raise MarkError(f"language is {language!r}; it may be {', '.join(LANGUAGES)}")
    if element not in _ELEMENTS:
        raise MarkError(f"element is {element!r}; it may be {', '.join(_ELEMENTS)}")
    own = {} if text is None else {language: text}
    try:
        return _html(make_wordings(own, style, "html_fragment")[language], element)
    except PolicyError as error:
        raise MarkError(str(error)) from error


def _html(wording: Wording, element: str) -> str:
    words = escape(wording.text)
    lang = _CHINESE if wording.language == "zh" else wording.language
    shown = words
    if wording.language not in _WIDE:  # so that a screen reader changes its voice for that part
        shown = _CHINESE_RUN.sub(rf'<span lang="{_CHINESE}">\g<0></span>', words)
    # The words come first in the tag: a verifier that reads the raw fragment looks at its first 64
    # characters. Not as `aria-label`, which would be read in place of the words and their `lang`.
    return (
        f'<{element} data-label="{words}" lang="{lang}" dir="auto" role="note" '
        f'class="chopmark-label" style="{_INLINE if element == "span" else _LINE}">'
        f"{shown}</{element}>"
    )


def _escape_markdown(text: str) -> str:
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", text)
    if found := _MARKDOWN_LIST.match(escaped):
        end = found.end()
        if escaped[0].isdigit():
            return f"{escaped[:end]}\\{escaped[end:]}"
        return f"\\{escaped}"
    return escaped
