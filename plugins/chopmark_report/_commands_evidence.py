"""The command `chopmark evidence`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from chopmark import ChopmarkError, LogError, Policy, load_policy
from chopmark.hookspecs import Evidence
from chopmark.reading import gather_evidence, open_log, open_signer, readable
from chopmark.terminal import counted, table
from chopmark.wording import Wording

from ._commands import as_page, read_log
from ._data import to_data
from ._index import missing
from ._options import LANGUAGES
from ._pack import faults_of, write_pack
from ._provisions import provisions


@click.command("evidence")
@click.option("--policy", default="", help="The policy of the service: a name, or a TOML file.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The folder to make; it must not exist."
)
@click.option(
    "--check", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead: compare the files of a pack with its manifest.",
)  # fmt: skip
@click.option("--provisions", "listing", is_flag=True, help="Instead: list the provisions.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True,
    help="Of the index and of the report.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def evidence(
    policy: str,
    out: Path | None,
    check: Path | None,
    listing: bool,
    language: str,
    as_json: bool,
) -> None:
    """Write what a service can show, for a filing or an audit, into a folder.

    Each plugin that the policy enables adds its own: labels with rendered examples, the notices to
    publish, the report, the log. README.md in the folder says for each provision what evidence is
    inside, and for which there is none; manifest.json has a digest of every file, and is signed
    where a plugin brings a signer. Nothing in it says that a service conforms.

    Exit codes: 0; 1 a piece of evidence could not be written, or a checked pack was changed; 2
    nothing could be done.
    """
    try:
        if listing:
            _list(language, as_json)
        elif check is not None:
            _check(check, as_json)
        elif policy and out is not None:
            _write(load_policy(policy), policy, out, Wording.of(__package__, language), as_json)
        else:
            raise click.UsageError("give --policy and --out, or --check, or --provisions")
    except ChopmarkError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


def _write(policy: Policy, name: str, out: Path, words: Wording, as_json: bool) -> None:
    gathered = [*gather_evidence(policy, ["report"]), *_report(policy, name, words)]
    pack = write_pack(
        out,
        gathered,
        policy=f"{policy.name}@{policy.digest}",
        signer=open_signer(policy),
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
        click.echo(f"wrote {out}: {counted(len(pack.written), 'piece')} of evidence")
        click.echo(f"signed by {pack.signed_by}" if pack.signed_by else "not signed: no signer")
        for one in pack.failed:
            click.echo(f"could not be written: {one.path}: {one.problem}", err=True)
        click.echo(f"nothing in it for: {', '.join(without) or '-'}")
    sys.exit(1 if pack.failed else 0)


def _report(policy: Policy, name: str, words: Wording) -> Iterator[tuple[str, Evidence]]:
    """Yield the report as a page and as data, where the policy keeps a log that can be read."""
    try:
        log = readable(open_log(policy))
    except LogError:
        return

    try:
        source, tally = read_log(log, name, 0, None, verify=True)
    except LogError as error:
        yield "report", Evidence(path="report.html", title="The report", write=_raising(error))
        return

    def page(path: Path) -> None:
        title = words("page.under", policy=policy.name)
        path.write_text(as_page(tally, source, title, words), "utf-8")

    def data(path: Path) -> None:
        path.write_text(json.dumps(to_data(tally, source), indent=2) + "\n", "utf-8")

    # A report of nothing is evidence of nothing.
    shows: tuple[str, ...] = ("measures.4", "measures.14") if tally.calls else ()
    shows += ("measures.15",) if tally.complaints else ()
    yield "report", Evidence(path="report.html", title="The report", write=page, shows=shows)
    yield "report", Evidence(path="report.json", title="The report, for machines", write=data)


def _raising(error: LogError) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        raise error

    return write


def _check(folder: Path, as_json: bool) -> None:
    faults = faults_of(folder)
    if as_json:
        click.echo(json.dumps({"faults": faults}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(faults) or "every file is that of the manifest")
    sys.exit(1 if faults else 0)


def _list(language: str, as_json: bool) -> None:
    found = provisions().values()
    if as_json:
        data = [{"id": p.id, "law": dict(p.law), "url": p.url, "asks": dict(p.asks)} for p in found]
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    rows = [(p.id, p.law[language], p.asks[language]) for p in found]
    click.echo(table(("ID", "LAW", "ASKS"), rows))
