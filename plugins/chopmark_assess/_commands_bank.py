"""The command `chopmark bank`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark.terminal import Commands, counted, table

if TYPE_CHECKING:
    from ._check import Coverage

schema_option = click.option(
    "--schema", "schema_name", default="gbt-45654", show_default=True,
    help="What is asked of banks: one that comes along, or a TOML file.",
)  # fmt: skip
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


@click.group("bank", cls=Commands)
def bank() -> None:
    """Check banks of questions, list what comes along, convert public sets.

    A bank is a CSV, TOML or JSON Lines file. `sample:NAME` is a small one that comes along: to
    see how it is done, not to pass a test with.
    """


@bank.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@schema_option
@click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Take this day (UTC) for today."
)
@as_json_option
def check_command(
    files: tuple[str, ...], schema_name: str, day: datetime | None, as_json: bool
) -> None:
    """Check banks together: faults, coverage, doubled questions, balance, staleness.

    Exits with 1 where there is an error or a problem, with 0 where there are only notes.
    """
    from ._bank import read_bank
    from ._check import check, coverage
    from ._schema import load_schema

    schema = load_schema(schema_name)
    readings = [read_bank(name, schema) for name in files]
    found = check(readings, schema, (day or datetime.now(timezone.utc)).date())
    covered = coverage([reading.bank for reading in readings], schema)
    if as_json:
        told = {
            "schema": schema.name,
            "banks": [
                {
                    "name": reading.bank.name,
                    "source": reading.bank.source,
                    "licence": reading.bank.licence,
                    "cases": len(reading.bank.cases),
                    "digest": reading.bank.digest,
                }
                for reading in readings
            ],
            "coverage": [{**asdict(row), "short": row.short} for row in covered],
            "findings": [asdict(finding) for finding in found],
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        names = {code: schema.about(code) for row in covered if (code := row.code)}
        rows = [_covered(row, names.get(row.code, "in all")) for row in covered]
        if rows:
            click.echo(
                table(("KIND", "CODE", "ABOUT", "CASES", "ASKED FOR", "MISSING"), rows) + "\n"
            )
        lines = [(f.grade, f"{f.source}:{f.line}" if f.line else f.source, f.what) for f in found]
        if lines:
            click.echo(table(("GRADE", "WHERE", "WHAT"), lines) + "\n")
        grades = [finding.grade for finding in found]
        said = ", ".join(f"{g}s: {grades.count(g)}" for g in ("error", "problem", "note"))
        cases = sum(len(reading.bank.cases) for reading in readings)
        click.echo(f"{counted(cases, 'case')} in {counted(len(files), 'file')}; {said}")
    if any(finding.grade != "note" for finding in found):
        raise click.exceptions.Exit(1)


def _covered(row: Coverage, about: str) -> tuple[str, ...]:
    return (
        row.kind, row.code or "-", about, str(row.cases), str(row.fewest or "-"),
        str(row.short or "-"),
    )  # fmt: skip


@bank.command("list")
@schema_option
def list_command(schema_name: str) -> None:
    """List the sample banks that come along for a schema."""
    from ._bank import read_bank, sample_names
    from ._schema import load_schema

    schema = load_schema(schema_name)
    rows = []
    for name in sample_names(schema.name):
        found = read_bank(name, schema).bank
        kinds = ", ".join(sorted({case.kind for case in found.cases}))
        languages = ", ".join(sorted({case.language for case in found.cases}))
        rows.append((name, kinds, languages, str(len(found.cases)), found.version))
    click.echo(table(("BANK", "KIND", "LANGUAGE", "CASES", "VERSION"), rows))


@bank.command("codes")
@schema_option
def codes_command(schema_name: str) -> None:
    """List the codes of a schema, and how many cases of each it asks for."""
    from ._schema import load_schema

    schema = load_schema(schema_name)
    rows = [
        (code, *(str(kind.fewest_of(code) or "-") for kind in schema.kinds.values()))
        for code in schema.codes
    ]
    header, *lines = table(("CODE", *(kind.upper() for kind in schema.kinds)), rows).splitlines()
    click.echo(header)
    for line, names in zip(lines, schema.codes.values(), strict=True):
        click.echo(line)
        for name in dict.fromkeys(names.values()):
            click.echo(f"  {name}")


@bank.command("convert")
@click.argument("set_name", metavar="SET")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="The bank, a .jsonl file."
)
@click.option("--codes", default="", help="Of questions that the set gives no category.")
@click.option("--annotator", default="", help="Who answers for the codes.")
def convert_command(set_name: str, folder: Path, out: Path, codes: str, annotator: str) -> None:
    """Make a bank of a public SET that lies in FOLDER; `chopmark bank sets` lists them.

    Codes follow the set's own categories where it has some; a person should look at them. What a
    set labels as political is left out. The set's licence is written into the bank.
    """
    from ._convert import convert
    from ._schema import DEFAULT

    made = convert(set_name, folder, out, codes.split(), annotator)
    counts = {
        "without a code": made.uncoded, "doubled": made.doubled, "political": made.political,
    }  # fmt: skip
    left = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    rest = f"; left out: {left}" if left else ""
    click.echo(f"{out}: {counted(made.cases, 'case')}{rest}")
    if made.schema != DEFAULT:
        click.echo(f"its codes are of another schema: use it with --schema {made.schema}")


@bank.command("sets")
def sets_command() -> None:
    """List the public sets that `convert` knows, and those that are no banks."""
    from ._sets import no_banks, public_sets

    rows = [
        (one.name, one.language, one.licence, one.schema, ", ".join(one.kinds), one.source)
        for one in public_sets().values()
    ]
    click.echo(table(("SET", "LANGUAGE", "LICENCE", "SCHEMA", "KINDS", "SOURCE"), rows) + "\n")
    click.echo(table(("NO BANK", "WHY"), list(no_banks().items())))
