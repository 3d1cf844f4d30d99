"""The command `chopmark screen`: one text for a person, a file of lines for a program."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from ._chopmark import Chopmark
from ._scored import Scored, screen_scored
from ._screen_lines import Source, answers
from ._values import Direction
from .terminal import table

BLOCKED = 3
"""Exit status where the policy would not deliver the text."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as a shell has it."""

_TO_UTF_8 = "save it as UTF-8 (from GBK: iconv -f GBK -t UTF-8 FILE)"
_ESCAPED = re.compile("[\udc80-\udcff]")  # what Python makes of bytes that it cannot read
_CLEARED = "\r\x1b[K"


@click.command("screen")
@click.argument("file", required=False)
@click.option("--text", help="Judge this text, and no file.")
@click.option("--policy", default="cn", show_default=True, help="A name, or a TOML file.")
@click.option(
    "--direction", type=click.Choice(["input", "output"]), default="input", show_default=True
)
@click.option("--audience", default="", help="An audience of the policy, such as minor.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.option("--jsonl", is_flag=True, help="FILE has a text in every line; print a line for each.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="How many lines of --jsonl are judged at once; by default as many as there are cores.",
)
def screen_command(
    file: str | None,
    text: str | None,
    policy: str,
    direction: Direction,
    audience: str,
    as_json: bool,
    jsonl: bool,
    workers: int | None,
) -> None:
    """Judge the text in FILE, or standard input, and print what the policy would do with it.

    Exits with 3 where the text would not be delivered. Verdicts that begin behind the first one
    that denies it are not listed: nothing there would be delivered.

    With --jsonl every line of FILE is an object with "id", "text" and, if it differs from
    --direction, "direction". For each a line is printed, in the same order: "id", "action",
    "scores" (of every category that the policy's detectors have, 0 where nothing was found) and
    "verdicts". A line that is wrong is told on standard error, and makes the exit status 1.
    """
    if text is not None and (file is not None or jsonl):
        raise click.UsageError("--text is the text to judge; leave FILE and --jsonl out")
    if jsonl and as_json:
        raise click.UsageError("--jsonl prints JSON by itself; leave --json out")
    if workers is not None and not jsonl:
        raise click.UsageError("--workers is for --jsonl; one text is judged by one thread")
    chop = Chopmark(policy)
    if jsonl:
        _screen_lines(chop, file, workers or _cores(), direction, audience)
        return
    if text is None:
        with _opened(file) as (source, _):
            text = _decoded(_read(source), file)
    elif _ESCAPED.search(text):
        raise click.UsageError(f"--text is not UTF-8; {_TO_UTF_8}")
    found = screen_scored(chop, text, direction, audience)
    click.echo(_json(found) if as_json else _table(found, text))
    if found.screening.action in ("block", "escalate"):
        raise SystemExit(BLOCKED)


def _screen_lines(
    chop: Chopmark, file: str | None, workers: int, direction: Direction, audience: str
) -> None:
    screen_scored(chop, "", direction, audience)  # a wrong audience is no bad line
    done = wrong = 0
    try:
        with (
            _opened(file) as (source, size),
            _progress(size) as advance,
            closing(
                answers(chop, source, workers=workers, direction=direction, audience=audience)
            ) as found,
        ):
            for answer in found:
                if answer.error:
                    wrong += 1
                    click.echo(f"{_fresh()}line {answer.number} {answer.error}", err=True)
                else:
                    sys.stdout.write(answer.output + "\n")
                    sys.stdout.flush()
                done += 1
                advance(answer.size)
    except KeyboardInterrupt:
        click.echo(f"{_fresh()}interrupted behind {done} lines", err=True)
        raise SystemExit(INTERRUPTED) from None
    if wrong:
        click.echo(f"{wrong} of {done} lines could not be screened", err=True)
        raise SystemExit(1)


@contextmanager
def _opened(file: str | None) -> Iterator[tuple[Source, int]]:
    """Open FILE, and say how many bytes it has, 0 where that is not known.

    There is no buffer: one that a thread waits for would be locked when the program ends.
    """
    if file is None or file == "-":
        stream = sys.stdin.buffer
        yield getattr(stream, "raw", stream), 0
        return
    try:
        opened = Path(file).open("rb", buffering=0)  # noqa: SIM115  the error is of opening alone
    except OSError as error:
        raise click.UsageError(
            f"file {file!r} cannot be read ({error.strerror}); for a text write --text"
        ) from error
    with opened:
        yield opened, os.fstat(opened.fileno()).st_size


def _decoded(read: bytes, file: str | None) -> str:
    """Return the text; a misread one would be judged as other characters, and pass."""
    try:
        return read.decode()
    except UnicodeDecodeError as error:
        name = "standard input" if file in (None, "-") else f"file {file!r}"
        raise click.ClickException(
            f"{name} is not UTF-8 at byte {error.start}; {_TO_UTF_8}"
        ) from error


def _read(source: Source) -> bytes:
    blocks = []
    while block := source.read(1 << 20):
        blocks.append(block)
    return b"".join(blocks)


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """Show on standard error how far it is, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    if size:
        with click.progressbar(length=size, file=sys.stderr, label="screening") as bar:
            yield bar.update
        return
    count = 0

    def counted(done: int) -> None:
        nonlocal count
        count += 1
        click.echo(f"\rscreening  {count} lines", nl=False, err=True)

    yield counted
    click.echo("", err=True)


def _fresh() -> str:
    """Return what takes the bar off the line of a terminal."""
    return _CLEARED if sys.stderr.isatty() else ""


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _json(found: Scored) -> str:
    data = {**asdict(found.screening), "scores": found.scores}
    return json.dumps(data, indent=2, ensure_ascii=not _encodable(found.screening.text))


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _table(scored: Scored, text: str) -> str:
    found = scored.screening
    lines = [f"action  {found.action}"]
    if found.refusal:
        lines.append(f"says    {found.refusal}")
    elif found.text != text:
        lines.append(f"text    {found.text}")
    rows = [
        (
            v.category,
            v.outcome,
            f"{v.score:.2f}",
            f"{v.start}-{v.end}",
            text[v.start : v.end][:40].replace("\n", " "),
            v.detector,
        )
        for v in found.verdicts
    ]
    if rows:
        header = ("CATEGORY", "OUTCOME", "SCORE", "SPAN", "TEXT", "DETECTOR")
        lines += ["", table(header, rows)]
    lines += [f"failed  {f.name}: {f.error} ({f.handled})" for f in found.failures]
    return "\n".join(lines)
