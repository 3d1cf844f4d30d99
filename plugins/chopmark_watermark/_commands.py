"""The command `chopmark watermark`: the search for marks, and what breaks a vendor's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import ChopmarkError, MarkError
from chopmark.private import write_private
from chopmark.terminal import Commands, table

from ._boilerplate_command import boilerplate_command
from ._keys_command import keys
from ._names import ALPHA, ENGINE_NAMES, SCHEME_NAMES, SYNONYMS

if TYPE_CHECKING:
    from ._detection import Detection

NOTHING, SHORT = 1, 2
_ON = {
    "default": "on by default",
    "asked": "off unless it is asked for",
    "server": "on where the server's operator turns it on",
}

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


@click.group("watermark", cls=Commands)
def watermark() -> None:
    """Look for watermarks in text, and keep the keys that make them."""


watermark.add_command(keys)
watermark.add_command(boilerplate_command)


@watermark.command("find")
@click.argument("file")
@click.option("--ring", type=click.Path(path_type=Path), required=True, help="The keys.")
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    help="The tokenizer.json, or NAME.tiktoken, of the model; synonyms need none.",
)
@click.option(
    "--scheme",
    type=click.Choice((*SCHEME_NAMES, SYNONYMS)),
    default="gumbel",
    show_default=True,
)
@click.option("--tenant", "tenants", multiple=True, help="For whom it may be; may be repeated.")
@click.option("--tenants", "names", type=click.Path(path_type=Path), help="A file of them.")
@click.option("--epoch", "epochs", multiple=True, help="A month, YYYY-MM; by default all.")
@click.option(
    "--boilerplate",
    type=click.Path(path_type=Path),
    help="Passages to leave out: a file of `chopmark watermark boilerplate`.",
)
@click.option("--alpha", type=float, default=ALPHA, show_default=True, help="The error rate.")
@click.option("--public", is_flag=True, help="Say only what anyone may know.")
@_json
def find(
    file: str,
    ring: Path,
    tokenizer: Path | None,
    scheme: str,
    tenants: tuple[str, ...],
    names: Path | None,
    epochs: tuple[str, ...],
    boilerplate: Path | None,
    alpha: float,
    public: bool,
    as_json: bool,
) -> None:
    """Say whether FILE, or - for standard input, was marked with a key of the ring.

    Exits with 0 where a mark was found, with 1 where there is no evidence of one, and with 2
    where the text is too short to say. None of them says that a person wrote it.
    """
    from ._boilerplate import Boilerplate
    from ._detect import detect
    from ._ring_file import read_ring
    from ._synonyms import SynonymMark
    from ._tiktoken import read_tokenizer

    try:
        lines = "" if names is None else _read(str(names))
        asked = [*tenants, *filter(None, map(str.strip, lines.splitlines()))]
        if scheme == SYNONYMS and boilerplate is not None:
            raise MarkError("synonyms are no mark in tokens: leave --boilerplate out")
        if scheme == SYNONYMS:
            mark = SynonymMark(ring=read_ring(ring), alpha=alpha)
            found = mark.detect(_read(file), tenants=asked or [""], epochs=epochs or None)
        elif tokenizer is None:
            raise MarkError(f"{scheme} is a mark in tokens: name the model's with --tokenizer")
        else:
            found = detect(
                _read(file),
                read_ring(ring),
                read_tokenizer(tokenizer),
                scheme=scheme,
                tenants=asked or [""],
                epochs=epochs or None,
                alpha=alpha,
                boilerplate=None if boilerplate is None else Boilerplate.read(boilerplate),
            )
    except ChopmarkError as error:
        raise click.ClickException(str(error)) from error
    told = found.to_public() if public else found.to_dict()
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _show(told, found))
    if found.verdict != "marked":
        sys.exit(SHORT if found.verdict == "inconclusive" else NOTHING)


@watermark.command("check")
@click.option("--model", required=True, help="The model, as the request names it.")
@click.option(
    "--vendor",
    default="auto",
    show_default=True,
    help="Whose mark: by default the vendor whose model it is; or that of a server.",
)
@click.option("--temperature", type=float, help="As the request says it.")
@click.option("--top-p", type=float, help="As the request says it.")
@click.option("--top-k", type=int, help="As the request says it.")
@click.option("--watermarking/--no-watermarking", default=None, help="What vLLM's field says.")
@click.option("--marked", multiple=True, help="A pattern of models that you know to be marked.")
@_json
def check_command(
    model: str,
    vendor: str,
    temperature: float | None,
    top_p: float | None,
    top_k: int | None,
    watermarking: bool | None,
    marked: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say whether a provider's own watermark survives what a request says. Sends nothing.

    Exits with 0 where the provider declares a mark for MODEL and the request leaves it alone, with
    1 where the request takes it away, and with 2 where nothing public says that there is one.
    """
    from ._lint import check
    from ._vendors import read_vendors

    asked = {
        "model": model,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "watermarking": watermarking,
    }
    try:
        mark = read_vendors().find(vendor, model)
        findings = check(asked, vendor=vendor, models=marked)
    except MarkError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        told = {
            "model": model,
            "vendor": mark.vendor if mark else None,
            "scheme": mark.scheme if mark else None,
            "on": mark.on if mark else None,
            "since": mark.since or None if mark else None,
            "source": mark.source if mark else None,
            "read": mark.read if mark else None,
            "findings": [finding.to_dict() for finding in findings],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        if mark is not None:
            click.echo(f"{mark.vendor}: {mark.scheme}, {_ON[mark.on]}; {mark.caveat}")
            click.echo(f"{mark.source} (read {mark.read})")
        if not findings:
            click.echo("nothing in the request takes the mark away")
        else:
            rows = [(one.level, one.what, one.why, one.cure) for one in findings]
            click.echo(table(("LEVEL", "WHAT", "WHY", "CURE"), rows))
    levels = {finding.level for finding in findings}
    if levels:
        sys.exit(NOTHING if "lost" in levels else SHORT)


@watermark.command("config")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--ring", type=click.Path(path_type=Path), required=True, help="The keys.")
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    required=True,
    help="The tokenizer.json, or NAME.tiktoken, of the model.",
)
@click.option("--scheme", type=click.Choice(ENGINE_NAMES), required=True, help="The engine's mark.")
@click.option("--tenant", default="", help="For whom it marks.")
def config(out: Path, ring: Path, tokenizer: Path, scheme: str, tenant: str) -> None:
    """Write to OUT what a serving engine must be told so that its own mark has a key of the ring.

    OUT holds that key: its owner alone can read it, and nothing of it is printed. The key is that
    of this month; write it anew each month, so that what one month's texts betray is of no use in
    the next.
    """
    from ._engines import ENGINES
    from ._ring_file import read_ring
    from ._tiktoken import read_tokenizer
    from ._watermark import Watermark

    try:
        made = Watermark(ring=read_ring(ring), tokenizer=read_tokenizer(tokenizer), scheme=scheme)
        write_private(out, f"{json.dumps(dict(made.config(tenant)), indent=2)}\n".encode())
    except MarkError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"{str(out)!r} cannot be written: {error.strerror}; name a file in a folder that "
            "this process may write to"
        ) from error
    name, _ = made.key(tenant)
    click.echo(f"{out}: {scheme} with key {name}; {ENGINES[scheme].told}")


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode()
    except OSError as error:
        raise MarkError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MarkError(f"{file} is not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _show(told: dict[str, object], found: Detection) -> str:
    said = {
        "marked": "marked: the choice of words follows a key of this ring",
        "no_evidence": "no evidence of a mark; that does not say that a person wrote it",
        "inconclusive": "inconclusive: the text is too short to say",
    }
    lines = [said[found.verdict]]
    if "log10_p" in told:
        lines += [
            f"  key            {found.key or '-'}",
            f"  p, adjusted    1e{found.log10_p_adjusted:.1f} for {found.tests} tests",
            f"  tokens         {found.scored} tested, {found.duplicates} repetitions left out",
        ]
        lines += [
            f"  characters     {span.start} to {span.end}, 1e{span.log10_p:.1f} by itself"
            for span in found.spans
        ]
        if found.verdict != "marked":
            needed = ", ".join(f"{n} at {bits:g} bits" for bits, n in found.enough.items())
            lines.append(f"  would suffice  {needed} of chance a token")
    else:
        lines.append(f"  band           {found.band}")
    return "\n".join([*lines, *(f"  note           {note}" for note in found.notes)])
