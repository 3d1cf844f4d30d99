"""Puts a label that is heard into a sound file of any kind, and listens whether it is there.

GB 45438-2025 5.3: a voice or the rhythm `短长 短短`, at the start, the end, or a suitable place in
the middle. A WAV and what is coded without loss keep every sample; other sound is coded a second
time, as it was.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Literal

from chopmark import MarkError

from ._file_label import replacing
from ._files._errors import FileError
from ._files._format import FileFormat
from ._files._formats import SOUNDS, format_of
from ._files._whole import write_whole
from ._heard import Heard, find_alike, listen, rhythms
from ._sound import Position, mix_file, rhythm
from ._sound_coding import coding_of, decode, digest, encode, heard_in
from ._sound_tags import carry_over
from ._speech import spoken

Kind = Literal["rhythm", "speech"]

_PLACES: tuple[Position, ...] = ("start", "middle", "end")
_EDGE = 0.5  # seconds at the start or the end in which a label is one that stands there
_NEAR_MIDDLE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundReport:
    """What was put where: `heard` are the seconds at which the label begins, by place.

    `added` are the places where it was not before. `coded_again` says that the sound was coded
    with loss a second time.
    """

    path: Path
    kind: Kind
    heard: dict[str, float]
    added: tuple[str, ...]
    coded_again: bool


def label_sound(
    path: Path,
    *,
    kind: Kind = "rhythm",
    place: Position | Collection[Position] = "start",
    out: Path | None = None,
    voice: Path | None = None,
    words: str = "",
) -> SoundReport:
    """Put the rhythm or a spoken label into a WAV, FLAC, MP3, Ogg or M4A file, and listen to it.

    Tags, covers and implicit labels stay. The file changes only when the label was heard in the
    new one; where it stands already it is not put a second time.

    Args:
        path: the file.
        kind: `rhythm`, or `speech` with a recording.
        place: `start`, `middle`, `end`, or several of them.
        out: where the labelled file goes; by default `path` itself.
        voice: the recording of the spoken label, in any form of sound.
        words: what is said in it; must have both elements of the standard.

    Raises:
        MarkError: an argument cannot be; FileError, which is one, where it is a file: of another
            kind, broken, signed, with moving pictures or chapters, or coded as nothing here codes.
    """
    places = (place,) if isinstance(place, str) else tuple(place)
    if not places or not set(places) <= set(_PLACES):
        raise MarkError(f"a label cannot be at {list(places)!r}; give start, middle, end")
    spoken_label = _spoken(kind, voice, words)
    form = format_of(path)
    if form is None or form.name not in SOUNDS:
        raise FileError(path, "is no WAV, FLAC, MP3, Ogg or M4A file, into which sound can be put")
    target = out or path
    with (
        replacing(path, target) as made,
        TemporaryDirectory(prefix=".chopmark-", dir=made.parent) as folder,
    ):
        maker = _Maker(path, form, Path(folder), spoken_label)
        before = maker.heard(path)
        wanted = [each for each in _PLACES if each in places and each not in before]
        is_lossy = maker.make(made, wanted) if wanted else False
        if not wanted:
            copyfile(path, made)
        after = maker.heard(made)
        _check(path, form, made, [each for each in places if each not in after])
    return SoundReport(
        path=target, kind=kind, heard={each: after[each] for each in places},
        added=tuple(wanted), coded_again=is_lossy,
    )  # fmt: skip


class _Maker:
    """Makes the labelled file, in a folder for what is needed meanwhile."""

    def __init__(self, path: Path, form: FileFormat, folder: Path, label: bytes | None) -> None:
        self._path, self._form, self._folder, self._label = path, form, folder, label
        self._voice: Heard | None = None
        if label is not None:
            voice = folder / "voice.wav"
            write_whole(voice, label)
            self._voice = listen(heard_in(voice))

    def heard(self, path: Path) -> dict[str, float]:
        """Return the places where the label stands, and its seconds."""
        heard = listen(heard_in(path))
        middle = heard.seconds / 2
        if self._voice is None:
            length, found = 1.1, rhythms(heard)
        else:
            length = self._voice.seconds
            near = _NEAR_MIDDLE + length
            spans = [(0.0, _EDGE), (middle - near, middle + near),
                     (heard.seconds - length - _EDGE, heard.seconds)]  # fmt: skip
            each = [find_alike(self._voice, heard, *span) for span in spans]
            found = [second for second in each if second is not None]
        places: dict[str, float] = {}
        for second in found:
            away = {
                "start": second,
                "middle": abs(second + length / 2 - middle),
                "end": abs(heard.seconds - length - second),
            }
            place = min(away, key=lambda each: away[each])
            if away[place] <= (_NEAR_MIDDLE if place == "middle" else _EDGE):
                places[place] = second
        return places

    def make(self, target: Path, places: Collection[Position]) -> bool:
        """Write the labelled file; return whether its sound was coded with loss."""
        if self._form.name == "WAV":
            mix_file(self._path, target, self._label or rhythm(), places)
            return False
        coding = coding_of(self._path, self._form.name)
        plain, mixed, coded = (self._folder / name for name in ("plain.wav", "mixed.wav", "coded"))
        decode(self._path, coding, plain)
        mix_file(plain, mixed, self._label or rhythm(rate=coding.rate), places)
        plain.unlink()
        encode(self._path, mixed, coding, coded)
        moves = set(places) != {"end"}
        carry_over(coding.container, self._path, coded, target, moves=moves)
        if coding.is_lossless and digest(target, coding) != digest(mixed, coding):
            raise FileError(
                self._path, "has samples of more than 24 bits, which would change; nothing was kept"
            )
        return not coding.is_lossless


def _spoken(kind: Kind, voice: Path | None, words: str) -> bytes | None:
    if kind == "rhythm":
        if voice is not None:
            raise MarkError("the rhythm needs no recording; give kind='speech' with voice")
        return None
    if kind != "speech":
        raise MarkError(f"there is no label of the kind {kind!r} to hear; give rhythm or speech")
    if voice is None:
        raise MarkError("a spoken label needs a recording; give voice, and in words what it says")
    return spoken(voice, words)


def _check(path: Path, form: FileFormat, made: Path, missing: Collection[str]) -> None:
    if missing:
        raise FileError(
            path,
            f"would not let the label be heard at its {', '.join(missing)}; nothing was kept",
        )
    if form.read(made) != form.read(path):
        raise FileError(path, "would lose its implicit label; nothing was kept")
