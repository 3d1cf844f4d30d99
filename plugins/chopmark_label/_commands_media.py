"""Visible labels on pictures, and audible ones in sounds, as the policy words and places them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chopmark import Policy

from ._commands_written import Written
from ._image import label_image
from ._image_wish import ImagePlace
from ._marking import NAME
from ._sound import Position
from ._sound_file import label_sound
from ._wording import Language, Style, make_wordings

_AT: Mapping[object, tuple[Position, ...]] = {
    "start": ("start",),
    "end": ("end",),
    "both": ("start", "end"),
}


def draw(path: Path, target: Path, policy: Policy, place: ImagePlace) -> Written:
    """Write the picture at `path` with the label of `policy` on it to `target`.

    Raises:
        MarkError: it cannot be read or written, or the label does not fit.
    """
    options = policy.options(NAME)
    style: Style = options.get("style", "gb45438")  # type: ignore[assignment]  # checked by Label
    spoken = options.get("language", "auto")
    language: Language = ("zh" if style == "gb45438" else "en") if spoken == "auto" else spoken  # type: ignore[assignment]
    wording = make_wordings(options.get("text", {}), style, f"settings.{NAME}")[language]
    made = label_image(path, out=target, text=wording.text, style=style, place=place)
    note = "was there already" if made.already else f"{made.share:.1%} of the shortest side high"
    return Written("explicit", made.place, made.text, note)


def sound(path: Path, target: Path, policy: Policy) -> Written:
    """Write the sound at `path` with the rhythm label in it to `target`.

    Raises:
        MarkError: it cannot be read or written, or what was written is not heard as the label.
    """
    at = _AT[policy.options(NAME).get("position", "start")]
    made = label_sound(path, place=at, out=target)
    note = "the rhythm label" if made.added else "was there already"
    if made.coded_again:
        note += "; the sound was coded again, with some loss"
    return Written("explicit", " and ".join(at), "short long, short short", note)
