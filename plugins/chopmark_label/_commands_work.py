"""Labels one file, or a text that goes by, as a command was asked to."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chopmark import MarkError, Policy

from ._commands_media import draw, sound
from ._commands_sign import Sealed, make_block
from ._commands_text import FORMATS, PLAIN, put_label, read_source
from ._commands_written import Written, of_block, of_marks
from ._file_label import label_file, of_none, replacing
from ._files._errors import FileError
from ._files._format import FileFormat
from ._files._formats import PICTURES, SOUNDS, format_of, suffixes
from ._files._ooxml import OOXML, macros_in
from ._files._whole import write_whole
from ._forms import Format
from ._image_wish import ImagePlace
from ._inspect_readers import carries_manifest
from ._inspect_visible import seen_in_html, seen_in_markdown
from ._marker import make_label
from ._marking import NAME

_Shown = Callable[[Path, Path], list[Written]]
"""Writes a file with its explicit label to another place, which may be the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What was asked for. `form` is how a text is written, None where its file's ending says it."""

    policy: Policy
    producer: str | None = None
    number: str | None = None
    sealed: Sealed | None = None
    replace: bool = False
    explicit: bool = True
    form: Format | None = None
    visible: bool = False
    place: ImagePlace = "bottom-right"
    audible: bool = False


def label_path(path: Path, target: Path, job: Job) -> list[Written]:
    """Write the file at `path` with the labels of `job` to `target`, whole or not at all.

    Raises:
        FileError: it cannot be read, labelled or written.
        MarkError: the block that was asked for cannot be.
    """
    kind = format_of(path)
    show = _showing(path, kind, job)
    if carries_manifest(path):
        raise FileError(
            path, "carries a C2PA manifest, which a label would break; label it first, then sign it"
        )
    written: list[Written] = []
    if kind is None:
        if show is None:
            raise FileError(path, "has no place for metadata: without --explicit nothing is left")
        with replacing(path, target) as made:
            written += show(path, made)
        return [*written, Written("implicit", "", "", "such a file has no place for metadata")]
    block = make_block(job.policy, job.producer, job.number or str(uuid.uuid4()), job.sealed)

    def then(made: Path) -> None:
        if show is not None:
            written.extend(show(made, made))

    where = label_file(path, target, block, replace=job.replace, then=then)
    if job.explicit and show is None:
        note = f"none is put into {kind.name}: show it in the content, or around it"
        if kind.name in PICTURES:
            note = "none is drawn onto a picture without --visible"
        elif kind.name in SOUNDS:
            note = "none is put into a sound without --audible; a video has to show it"
        written.append(Written("explicit", "", "", note))
    macros = macros_in(target) if kind.name == OOXML.name else ""
    kept = f"its macros ({macros}) stay as they are" if macros else ""
    return [of_block(block, where, kept), *written]


def label_text(text: str, policy: Policy, form: Format) -> tuple[str, list[Written]]:
    """Return `text` with its visible label, and what of it a reader finds there.

    Raises:
        MarkError: no label can stand in it, or a reader would not find it.
    """
    policy = policy.with_options(NAME, format=form)
    if form == "html":  # whose paragraphs are not followed
        policy = policy.with_options(NAME, every=0)
    marker = make_label(policy)
    done = put_label(text, marker, form)
    seen = {"html": seen_in_html, "markdown": seen_in_markdown}.get(form, str)(done.text)
    found = marker.detect(seen)
    lost = {m.where for m in done.marks if m.placed} - {m.where for m in found}
    if lost:
        raise MarkError(f"a reader does not find the label at the {' and the '.join(sorted(lost))}")
    return done.text, of_marks(done.marks, found)


def _showing(path: Path, kind: FileFormat | None, job: Job) -> _Shown | None:
    """Return what puts the explicit label into the file, None where it is not to be."""
    name = kind.name if kind else ""
    if job.visible:
        if kind is not None and name not in PICTURES:
            raise FileError(path, f"is {name}, no picture to draw upon; leave --visible out")
        return lambda source, target: [draw(source, target, job.policy, job.place)]
    if job.audible:
        if name not in SOUNDS:
            raise FileError(path, "is no WAV, MP3, FLAC, Ogg or M4A; leave --audible out")
        return lambda source, target: [sound(source, target, job.policy)]
    form = FORMATS.get(name)
    if kind is not None and form is None and job.form is not None:
        raise FileError(path, "is no text, so --format says nothing of it; leave that out")
    if kind is None and job.form is None and path.suffix.lower() not in PLAIN:
        if path.suffix.lower() in suffixes():
            raise FileError(path, of_none(path))
        raise FileError(
            path,
            f"is of no format that can carry a label; plain text is {' or '.join(PLAIN)}, or say "
            "how it is written with --format",
        )
    if not job.explicit or (kind is not None and form is None):
        return None
    return partial(_write, policy=job.policy, form=job.form or form or "plain")


def _write(source: Path, target: Path, *, policy: Policy, form: Format) -> list[Written]:
    given = read_source(source, form)
    try:
        text, written = label_text(given.text, policy, form)
    except MarkError as error:
        raise FileError(source, f"was not labelled: {error}") from error
    write_whole(target, given.encode(text))
    return written
