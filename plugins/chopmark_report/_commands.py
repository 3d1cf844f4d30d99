"""The command `chopmark report`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import click

from chopmark import ChopmarkError, LogError, load_policy
from chopmark.hookspecs import ReadableLog
from chopmark.reading import gather_sections, open_log, readable
from chopmark.terminal import counted
from chopmark.wording import Wording

from ._data import to_data
from ._ends import ends
from ._options import LANGUAGES
from ._plots import plots
from ._reading import count_log
from ._render import as_html, as_markdown, as_text
from ._sections import Source, sections_of
from ._tally import Tally

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("report")
@click.option("--policy", required=True, help="The policy of the service: a name, or a TOML file.")
@click.option("--since", type=_DAY, help="The first day (UTC); by default all.")
@click.option("--until", type=_DAY, help="The last day (UTC); by default all.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path),
    help="A new file, .html, .md or .json; by default it is printed.",
)  # fmt: skip
@click.option("--verify", is_flag=True, help="Look through all of the log, whether it holds.")
@click.option("--title", default="", help="Of the page.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True,
    help="Of the report.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def report(
    policy: str,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
    verify: bool,
    title: str,
    language: str,
    as_json: bool,
) -> None:
    """Say what a log has of a time: calls, verdicts, labels, failures, complaints, drift.

    From the log of the policy alone, read once. Exit codes: 0; 1 the log does not hold, or part
    of it cannot be read (the report says so); 2 there is no log, or nothing could be read; 130
    Ctrl-C, and nothing was written. With --json the last two print why, too, as JSON.
    """
    if out is not None and out.suffix not in _FORMS:
        raise click.UsageError(f"{out}: name a file that ends in {', '.join(_FORMS)}")
    if out is not None and out.exists():
        raise click.UsageError(f"{out} is there already; name a new file")
    start = _milliseconds(since) if since else 0
    end = _milliseconds(until) + 86_400_000 if until else None
    if end is not None and end <= start:
        raise click.UsageError("--until lies before --since")
    words = Wording.of(__package__, language)
    with ends(as_json):
        loaded = load_policy(policy)
        log = readable(open_log(loaded))
        _check_there(log)
        source, tally = read_log(log, policy, start, end, verify=verify)
        source = replace(source, brought=gather_sections(loaded, language))
        if as_json:
            click.echo(json.dumps(to_data(tally, source), indent=2, ensure_ascii=False))
        elif out is None:
            click.echo(as_text(sections_of(tally, source, words)))
        else:
            _write(out, _FORMS[out.suffix](tally, source, title or words("page.title"), words))
            calls = tally.calls.count if tally.calls else 0
            click.echo(f"wrote {out}: {counted(calls, 'call')}")
    sys.exit(1 if source.unread or source.faults else 0)


def read_log(
    log: ReadableLog, policy: str, since: int, until: int | None, *, verify: bool
) -> tuple[Source, Tally]:
    """Count what the log has; what could be read counts, where not all could.

    With `verify` the log looks through all that it has, where it is one that can.
    """
    tally, unread = Tally(), ""
    try:
        with _progress() as told:
            count_log(log, since, until, tally, told)
    except LogError as error:
        unread = str(error)
    looking: Callable[[], list[str]] | None = getattr(log, "faults", None)
    source = Source(
        policy=policy,
        log=log.name,
        since=since,
        until=until,
        now=time.time_ns() // 1_000_000,
        verified=verify and looking is not None,
        faults=_faults(looking) if looking is not None and verify else (),
        unread=unread,
    )
    if unread and tally.calls is None and not tally.events:
        raise LogError(unread)
    return source, tally


def _faults(looking: Callable[[], list[str]]) -> list[str]:
    """Return what is wrong with a log: also that it cannot be looked through to its end."""
    try:
        return looking()
    except LogError as error:
        return [str(error)]


def _check_there(log: ReadableLog) -> None:
    """Raise `LogError` where the log says that it is not there at all."""
    missing: Callable[[], str | None] | None = getattr(log, "missing", None)
    place = missing() if missing is not None else None
    if place is not None:
        raise LogError(
            f"there is no log at {place!r}; go to the folder in which the service runs, or "
            f"name the log in a policy file: `path` in its [settings.{log.name}]"
        )


@contextmanager
def _progress() -> Iterator[Callable[[int], object] | None]:
    """Yield what tells a terminal how many entries were read; its line is empty in the end."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda number: click.echo(f"\r{number:,} records", nl=False, err=True)
    finally:
        click.echo("\r\033[K", nl=False, err=True)


def _write(path: Path, text: str) -> None:
    """Write a new file whole, or none."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, "utf-8")
        os.link(beside, path)
    except FileExistsError as error:
        raise ChopmarkError(f"{path} is there already; name a new file") from error
    except OSError as error:
        raise ChopmarkError(f"cannot write {str(path)!r}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def _milliseconds(day: datetime) -> int:
    return int(day.replace(tzinfo=timezone.utc).timestamp()) * 1000


def as_page(tally: Tally, source: Source, title: str, words: Wording) -> str:
    """Return the report as a page with its plots."""
    return as_html(title, sections_of(tally, source, words), plots(tally, words), words)


_FORMS: Mapping[str, Callable[[Tally, Source, str, Wording], str]] = {
    ".html": as_page,
    ".md": lambda tally, source, title, words: as_markdown(
        title, sections_of(tally, source, words)
    ),
    ".json": lambda tally, source, title, words: (
        json.dumps(to_data(tally, source), indent=2) + "\n"
    ),
}
