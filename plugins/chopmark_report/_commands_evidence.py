"""The command `chopmark evidence`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from chopmark import LogError, Policy, load_policy
from chopmark.hookspecs import Evidence
from chopmark.reading import (
    gather_evidence,
    gather_sections,
    open_evidence_signer,
    open_log,
    readable,
)
from chopmark.terminal import table, visible
from chopmark.wording import Wording

from ._commands import as_page, read_log
from ._data import to_data
from ._ends import ends
from ._index import missing
from ._options import LANGUAGES
from ._pack import Checked, Pack, check_pack, write_pack
from ._provisions import provisions
from ._signature import read_key


@click.command("evidence")
@click.option("--policy", default="", help="The policy of the service: a name, or a TOML file.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The folder to make; it must not exist."
)
@click.option(
    "--check", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead: compare the files of a pack with its manifest, and that with its signature.",
)  # fmt: skip
@click.option(
    "--key", help="With --check: the public key that must have signed, NAME+ID+KEY, or its file."
)
@click.option("--provisions", "listing", is_flag=True, help="Instead: list the provisions.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True,
    help="Of the index, of the report, and of what is told.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def evidence(
    policy: str,
    out: Path | None,
    check: Path | None,
    key: str | None,
    listing: bool,
    language: str,
    as_json: bool,
) -> None:
    """Write what a service can show, for a filing or an audit, into a folder.

    Each plugin that the policy enables adds its own: labels with rendered examples, the notices to
    publish, the report, the log. README.md in the folder says for each provision what evidence is
    inside, and for which there is none; manifest.json has a digest of every file, and is signed by
    the signer that a plugin brings, or else by the key of the log, where that is on this machine.
    Nothing in it says that a service conforms.

    Who changes a file can change the manifest with it: --check with --key says whether that key
    signed what is there. Take the key from elsewhere, not from the pack; a log's is in log.pub.

    Exit codes: 0; 1 a piece of evidence could not be written, or a checked pack was changed, or was
    not signed by --key; 2 nothing could be done; 130 Ctrl-C, and nothing was written. With --json
    the last two print why, too, as JSON.
    """
    with ends(as_json):
        if key is not None and check is None:
            raise click.UsageError("--key is for --check")
        if listing:
            _list(Wording.of(__package__, language), as_json)
        elif check is not None:
            _check(check, key, as_json)
        elif policy and out is not None:
            _write(load_policy(policy), policy, out, Wording.of(__package__, language), as_json)
        else:
            raise click.UsageError("give --policy and --out, or --check, or --provisions")


def _write(policy: Policy, name: str, out: Path, words: Wording, as_json: bool) -> None:
    gathered = [*gather_evidence(policy, ["report"]), *_report(policy, name, words)]
    signer, unsigned = None, ""
    try:
        signer = open_evidence_signer(policy)
    except LogError as error:  # its key cannot be used; the rest of the pack stands
        unsigned = str(error)
    pack = write_pack(
        out,
        gathered,
        policy=f"{policy.name}@{policy.digest}",
        signer=signer,
        unsigned=unsigned,
        words=words,
        told=lambda path: None if as_json else click.echo(f"writing {path}", err=True),
    )
    without = missing(pack.written)
    if as_json:
        found = {
            "written": [one.path for one in pack.written],
            "failed": {one.path: one.problem for one in pack.failed},
            "missing": without,
            "signed_by": pack.signed_by,
        }
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo(words("told.wrote", out=out, count=len(pack.written)))
        click.echo(_signed(pack, words))
        for one in pack.failed:
            click.echo(words("told.lost", path=one.path, why=one.problem), err=True)
        if without:
            click.echo(f"{words('told.without')}\n{_listed(without, words)}")
    sys.exit(1 if pack.failed else 0)


def _report(policy: Policy, name: str, words: Wording) -> Iterator[tuple[str, Evidence]]:
    """Yield the report as a page and as data, where the policy keeps a log that can be read."""
    try:
        log = readable(open_log(policy))
    except LogError:
        return

    try:
        source, tally = read_log(log, name, 0, None, verify=True)
        source = replace(source, brought=gather_sections(policy, words.language))
    except LogError as error:
        yield "report", Evidence(path="report.html", title="The report", write=_raising(error))
        return

    def page(path: Path) -> None:
        title = words("page.under", policy=policy.name)
        path.write_text(as_page(tally, source, title, words), "utf-8")

    def data(path: Path) -> None:
        path.write_text(json.dumps(to_data(tally, source), indent=2) + "\n", "utf-8")

    # A report of nothing is evidence of nothing.
    shows: tuple[str, ...] = ("measures.4", "measures.13", "measures.14") if tally.calls else ()
    shows += ("measures.15",) if tally.complaints else ()
    yield "report", Evidence(path="report.html", title="The report", write=page, shows=shows)
    yield "report", Evidence(path="report.json", title="The report, for machines", write=data)


def _raising(error: LogError) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        raise error

    return write


def _signed(pack: Pack, words: Wording) -> str:
    if pack.signed_by:
        return words("told.signed", signer=pack.signer, key=pack.signed_by)
    return words("told.unsigned")


def _listed(names: Iterable[str], words: Wording) -> str:
    """Return the provisions of these ids as a table."""
    heads = [words(f"column.{name}") for name in ("id", "law", "asks")]
    found = provisions()
    language = words.language
    rows = [(name, found[name].law[language], found[name].asks[language]) for name in names]
    return table(heads, rows)


def _check(folder: Path, key: str | None, as_json: bool) -> None:
    found = check_pack(folder, None if key is None else read_key(key))
    if as_json:
        data = {
            "faults": found.faults, "signature": found.signature, "signer": found.signer,
            "key": found.key,
        }  # fmt: skip
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        told = found.faults or ["every file is that of the manifest"]
        click.echo("\n".join(map(visible, [*told, *_of_signature(found)])))
    sys.exit(1 if found.faults else 0)


def _of_signature(found: Checked) -> list[str]:
    """Return what there is to say of a signature in which no fault was found."""
    whose = f"key {found.key} of {found.signer}"
    told = {
        "holds": f"signed by {whose}, the key that was given",
        "unchecked": f"the signature was not checked against a known key: {whose} signed, as the "
        "pack says itself; give that key by --key, from elsewhere",
        "none": "not signed: who changed a file could change the manifest with it",
    }
    return [told[found.signature]] if found.signature in told else []


def _list(words: Wording, as_json: bool) -> None:
    if as_json:
        data = [
            {
                "id": p.id, "law": dict(p.law), "url": p.url, "asks": dict(p.asks),
                "without": dict(p.without),
            }
            for p in provisions().values()
        ]  # fmt: skip
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        click.echo(_listed(provisions(), words))
