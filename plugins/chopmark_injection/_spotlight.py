"""The wrapper that shows the model which texts of a request are not to be obeyed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace

from chopmark import Mark, Message, Request, Response
from chopmark.policy import language_of

from ._forms import CLEANED, Form, cleaned, explain, light
from ._surfaces import UNTRUSTED, Surface

_SYSTEM = ("system", "developer")
_MODEL = ("assistant", "ai", "model")
_BYTES = 8


class Spotlight:
    """Puts every untrusted message between delimiters that are new in each call. Immutable.

    It changes texts alone: number, order and roles of the messages stay, so a tool's result keeps
    its call. The explanation goes behind the first system message that has a text; without one,
    before the first untrusted text, outside its delimiters. The words of the user stay as they
    are. A request in which nobody asks anything, such as a tool's result that is screened by
    itself, is left alone.

    It stands behind the screening, so detectors judge the texts as they were.

    Args:
        form: `delimit`, `datamark` or `encode`.
        surfaces: where a message comes from, by its role.
        random: returns so many random bytes as a hexadecimal number.
    """

    screened = True

    def __init__(
        self,
        form: Form,
        surfaces: Mapping[str, Surface],
        random: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._form = form
        self._surfaces = surfaces
        self._random = random

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Wrap one call; the response's metadata say what was done, under `spotlight`."""
        places = self.places(request.messages)
        if not places:
            return (yield request)
        response = yield self.lit(request, places)
        done = {"form": self._form, "messages": len(places)}
        return replace(response, metadata={**response.metadata, "spotlight": done})

    def places(self, messages: Sequence[Message]) -> Sequence[int]:
        """Return the indices of the messages that are put between delimiters."""
        untrusted = [self._surfaces.get(m.role) in UNTRUSTED for m in messages]
        asked = any(
            m.text.strip() and m.role not in _MODEL
            for m, outside in zip(messages, untrusted, strict=True)
            if not outside
        )
        if not asked:
            return ()
        return [n for n, m in enumerate(messages) if untrusted[n] and m.text.strip()]

    def lit(self, request: Request, places: Sequence[int]) -> Request:
        """Return the request with the messages at `places` between delimiters, and explained."""
        messages = list(request.messages)
        mark = self._mark(messages)
        for n in places:
            messages[n] = replace(messages[n], text=light(self._form, mark, messages[n].text))
        words = explain(self._form, mark, _language(request))
        systems = [n for n, m in enumerate(messages) if m.role in _SYSTEM and m.text.strip()]
        if systems and systems[0] not in places:
            told = messages[systems[0]]
            messages[systems[0]] = replace(told, text=f"{told.text}\n\n{words}")
        else:
            told = messages[places[0]]
            messages[places[0]] = replace(told, text=f"{words}\n\n{told.text}")
        return replace(request, messages=tuple(messages))

    def _mark(self, messages: Sequence[Message]) -> str:
        """Return a mark that stands in none of the texts."""
        while True:
            mark = self._random(_BYTES)
            if not any(mark in message.text for message in messages):
                return mark


def _language(request: Request) -> str:
    if request.locale:
        return "zh" if request.locale.lower().startswith("zh") else "en"
    return language_of("".join([m.text for m in request.messages if m.role == "user"][-1:]))


class SpaceMarker:
    """Puts spaces back where an answer quotes a text with datamarks. Shared by threads.

    In JSON answers and tool calls, for which no marker is opened, the signs stay.
    """

    name = "injection"
    version = "1"
    kind = "metadata"

    def open(self, request: Request) -> SpaceMarking:
        """Return the cleaning of one answer."""
        return SpaceMarking()

    def detect(self, text: str) -> Sequence[Mark]:
        """Return a mark where `text` holds signs that were not taken out."""
        count = len(CLEANED.findall(text))
        if not count:
            return ()
        reason = "the signs of datamarking were not taken out"
        return (
            Mark(
                marker=self.name,
                kind=self.kind,
                where="text",
                placed=False,
                reason=reason,
                data={"signs": str(count)},
            ),
        )


class SpaceMarking:
    """One answer being cleaned, character by character."""

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return what goes out for it."""
        return text if text.isascii() else cleaned(text)

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return nothing: no character waits."""
        return "", ()
