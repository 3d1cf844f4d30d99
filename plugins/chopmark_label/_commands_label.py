"""The command `chopmark label`: writes what the Labelling Measures ask for, and reads it back."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from chopmark import Policy, load_policy
from chopmark.terminal import table

from ._commands_sign import sealing
from ._commands_status import Failed, failing
from ._commands_text import source_of
from ._commands_work import Job, label_path, label_text
from ._commands_written import Written
from ._forms import Format
from ._image_wish import IMAGE_PLACES, ImagePlace
from ._wording import LANGUAGES

STDIN = "-"

_OF_FILES = (
    "producer", "number", "key", "signer", "hash_form", "out", "replace", "visible", "place",
    "audible",
)  # fmt: skip
"""Parameters that say nothing of a text that goes by."""


@click.command("label")
@click.argument("file")
@click.option("--producer", help="The provider's 27-position code, or its name.")
@click.option("--id", "number", help="The unique number of the content; by default a UUID.")
@click.option(
    "--explicit/--no-explicit",
    default=True,
    show_default=True,
    help="Put the visible label into a text, too.",
)
@click.option(
    "--policy",
    "source",
    default="cn",
    show_default=True,
    help="Whose label: its words, place and language, and its producer.",
)
@click.option("--language", type=click.Choice([*LANGUAGES, "auto"]), help="For whose readers.")
@click.option("--position", type=click.Choice(["start", "end", "both"]), help="Where in a text.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["plain", "markdown", "html"]),
    help="How a text is written; by default after the ending of FILE.",
)
@click.option("--visible", is_flag=True, help="Draw the visible label onto a picture, too.")
@click.option(
    "--place",
    type=click.Choice(IMAGE_PLACES),
    default="bottom-right",
    show_default=True,
    help="Where on a picture.",
)
@click.option("--audible", is_flag=True, help="Put the rhythm label into a sound, too.")
@click.option(
    "--sign",
    "key",
    type=click.Path(path_type=Path),
    help="Sign the block with this SM2 key, a PEM file.",
)
@click.option("--signer", is_flag=True, help="Sign it by the signer that a plugin of --policy has.")
@click.option("--hash-form", is_flag=True, help="Seal it with a hash, which needs no key.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to; by default FILE itself.")
@click.option("--replace", is_flag=True, help="Put it in the place of a block that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_context
def label(
    context: click.Context,
    file: str,
    producer: str | None,
    number: str | None,
    explicit: bool,
    source: str,
    language: str | None,
    position: str | None,
    form: Format | None,
    visible: bool,
    place: ImagePlace,
    audible: bool,
    key: Path | None,
    signer: bool,
    hash_form: bool,
    out: Path | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Label FILE as AI-generated, and print what was written where; - is standard input.

    Documents, pictures, sounds and videos get the implicit label of GB 45438-2025, Annex E, in
    their metadata; Markdown and HTML get the explicit label, too, pictures and sounds where
    asked. Plain text has no place for metadata: a .txt file, or what comes on standard input and
    goes to standard output, gets the visible label only.

    Nothing else of the file changes, and FILE itself only when all went well. An SM2 key is made by
    `openssl genpkey -algorithm SM2 -out key.pem`; keep it to yourself (chmod 600).
    """
    with failing():
        policy = load_policy(source)
        chosen = {"language": language, "position": position, "format": form}
        policy = policy.with_options("label", **{k: v for k, v in chosen.items() if v is not None})
        if file == STDIN:
            for name in _OF_FILES:
                if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
                    raise click.UsageError(
                        "text on standard output has no place for metadata, nor a file to be "
                        "replaced: only the visible label goes into it"
                    )
            written = _label_stream(policy)
            _print(written, STDIN, as_json, to_stderr=True)
            return
        path, target = Path(file), out or Path(file)
        job = Job(
            policy=policy,
            producer=producer,
            number=number,
            sealed=sealing(policy, key=key, signer=signer, hash_form=hash_form),
            replace=replace,
            explicit=explicit,
            form=form,
            visible=visible,
            place=place,
            audible=audible,
        )
        _print(label_path(path, target, job), str(target), as_json)


def _label_stream(policy: Policy) -> list[Written]:
    source = source_of(sys.stdin.buffer.read())
    if source is None:
        raise Failed("standard input is not text in UTF-8, UTF-16 or GB 18030; name a file")
    form: Format = policy.options("label").get("format", "plain")  # type: ignore[assignment]
    text, written = label_text(source.text, policy, form)
    sys.stdout.buffer.write(source.encode(text))
    sys.stdout.buffer.flush()
    return written


def _print(
    written: Sequence[Written], target: str, as_json: bool, *, to_stderr: bool = False
) -> None:
    if as_json:
        data = {"file": target, "written": [one.to_json() for one in written]}
        click.echo(json.dumps(data, ensure_ascii=False), err=to_stderr)
        return
    rows = [(one.label, one.where or "-", one.what or "-", one.note) for one in written]
    click.echo(table(("LABEL", "WHERE", "WHAT", "NOTE"), rows), err=to_stderr)
