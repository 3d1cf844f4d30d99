"""The marker: reads the plugin's options, opens markings, and finds labels in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar, get_args

from chopmark import Mark, Policy, PolicyError, Request
from chopmark.hookspecs import Marking, Span

from ._agreement import LOGS, SIX_MONTHS, Unlabelled, read_agreement
from ._detect import find_labels
from ._files._formats import PICTURES, SOUNDS, format_of
from ._forms import Format, render
from ._known import KnownLabels, Line
from ._marking import KIND, NAME, LabelMarking, Place
from ._strip import OwnLabels
from ._wording import DEFAULTS, LANGUAGES, Language, Style, Wording, make_wordings

Position = Literal["start", "end", "both"]

_PLACES: Mapping[Position, tuple[Place, ...]] = {
    "start": ("start",),
    "end": ("end",),
    "both": ("start", "end"),
}
_HAN = re.compile(r"[〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003FFFF]")
_OPTIONS = ("position", "language", "text", "style", "format", "every", "may_leave_off")
_IMPLICIT = ("producer", "seal", "key")  # of the other label, which `_metadata` reads
_DRAWN: tuple[Language, ...] = ("zh", "en")
LEAST = 200
"""The least number of characters between two labels of one answer."""
T = TypeVar("T", bound=str)


class Label:
    """The explicit label on the text of an answer. Immutable, shared by threads.

    Options of the policy, all with a default: `position` (`start`, `end`, `both`), `language`
    (`auto`, or one of `LANGUAGES`), `style` (`gb45438`, `plain`), `format` (`plain`, `markdown`,
    `html`), `text`, the operator's own words by language, `every` (0, for never): after how many
    characters of a long answer the label stands again, between two paragraphs, and `may_leave_off`
    (false): whether a call may ask for no label, saying under which agreement and for whom
    (`_agreement`).

    With `language = "auto"` the request's locale decides (English where its language has no
    wording), else the last message of the user:
    Chinese where it has a Han character. With neither, `gb45438` speaks Chinese and `plain`
    English.

    `position = "end"` cannot label an answer that breaks off inside a code fence, and says so in
    the mark; where every answer must have a label, use `start` or `both`.
    """

    name = NAME
    version = "1"
    kind = KIND

    def __init__(self, options: Mapping[str, object], where: str = "settings.label") -> None:
        """Read `options`; `where` is how an error names them.

        Raises:
            PolicyError: an option is unknown or has a value that it cannot have.
        """
        known = (*_OPTIONS, *_IMPLICIT)
        unknown = sorted(key for key in options if key not in known)
        if unknown:
            raise PolicyError(
                f"{where} has {', '.join(unknown)}; the options of label are {', '.join(known)}"
            )
        position: Position = _choose(options, "position", "start", get_args(Position), where)
        choices: tuple[Language | Literal["auto"], ...] = (*LANGUAGES, "auto")
        self._language = _choose(options, "language", "auto", choices, where)
        style: Style = _choose(options, "style", "gb45438", get_args(Style), where)
        form: Format = _choose(options, "format", "plain", get_args(Format), where)
        wordings = make_wordings(options.get("text", {}), style, where)
        self.may_leave_off = options.get("may_leave_off", False)
        if not isinstance(self.may_leave_off, bool):
            raise PolicyError(
                f"{where}.may_leave_off is {self.may_leave_off!r}; write true or false"
            )
        if self.may_leave_off:
            self.log_days = SIX_MONTHS, f"{where}.may_leave_off is true: {LOGS}"
        self._every = _read_every(options.get("every", 0), form, where)
        self._places = _PLACES[position]
        self._without_evidence: Language = "zh" if style == "gb45438" else "en"
        self._lines = {la: Line(render(w, form), w, form) for la, w in wordings.items()}
        self._known = KnownLabels(wordings.values())
        self._own = OwnLabels(self._known, between=bool(self._every))

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer.

        Raises:
            MarkError: the request asks for no label, and does not say what Article 9 asks for.
        """
        if self.may_leave_off and (agreement := read_agreement(request)) is not None:
            return Unlabelled(agreement)
        line = self._lines[self._speak(request)]
        return LabelMarking(line, self._known, self._places, self._every)

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the labels of `text`: at most one mark for its start, its middle and its end.

        `wording` in a mark's data is what the label says, `count` how many stand in the middle.
        `match` is `label` for one that chopmark writes, on its own line, and `elements` where the
        first or last 64 characters, white space not counted, hold both elements of
        GB 45438-2025 5.1. The latter is what verifiers look at, and is also true of a text that
        merely speaks of AI生成.
        """
        return find_labels(text, self._known)

    def detect_file(self, path: Path) -> Sequence[Mark] | None:
        """Return what `label_image` drew on a picture, or the rhythm that is heard in a sound.

        None for a file of another kind. On a picture the words of this policy and the default ones
        are looked for, in Chinese and English.

        Raises:
            MarkError: it cannot be looked at or listened to.
        """
        form = format_of(path)
        name = form.name if form else ""
        if name in PICTURES:
            from ._inspect_picture import find_drawn

            own = [self._lines[language].wording for language in _DRAWN]
            defaults = [Wording(la, by[la]) for by in DEFAULTS.values() for la in _DRAWN]
            return find_drawn(path, (*own, *defaults))
        if name in SOUNDS:
            from ._inspect_sound import find_heard

            return find_heard(path)
        return None

    def own(self, text: str) -> Sequence[Span]:
        """Return where in `text` labels stand that chopmark wrote, whatever its options were.

        Those between paragraphs are looked for where `every` is set.
        """
        return self._own.spans(text)

    def _speak(self, request: Request) -> Language:
        if self._language != "auto":
            return self._language
        if request.locale:
            spoken = re.split("[-_.]", request.locale.lower())[0]
            return next((language for language in LANGUAGES if language == spoken), "en")
        for message in reversed(request.messages):
            if message.role == "user":
                return "zh" if _HAN.search(message.text) else "en"
        return self._without_evidence


def make_label(policy: Policy) -> Label:
    """Return the marker that `policy` asks for."""
    return Label(policy.options(NAME), f"policy {policy.name!r}: settings.{NAME}")


def _read_every(value: object, form: Format, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not (value == 0 or value >= LEAST):
        raise PolicyError(
            f"{where}.every is {value!r}; write a number of characters from {LEAST}, or 0 for never"
        )
    if value and form == "html":
        raise PolicyError(
            f"{where}.every is {value}: paragraphs of HTML are not followed; write 0, and show the "
            "label beside the answer (html_fragment)"
        )
    return value


def _choose(
    options: Mapping[str, object], key: str, default: T, choices: tuple[T, ...], where: str
) -> T:
    value = options.get(key, default)
    for choice in choices:
        if value == choice:
            return choice
    raise PolicyError(f"{where}.{key} is {value!r}; it may be {', '.join(choices)}")
