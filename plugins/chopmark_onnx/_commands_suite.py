"""The command `chopmark models suite`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import ModelError
from chopmark.terminal import table

from ._folder import is_token_model
from ._heads import PRESETS
from ._locate import bundled, locate, suites
from ._options import BUNDLED, SECOND, ModelOptions
from ._packages import check_packages
from ._providers import resolve

if TYPE_CHECKING:
    from ._detector import OnnxDetector
    from ._functional import By, Line, Measured, Share

_TITLES: Mapping[By, str] = {"functionality": "FUNCTIONALITY", "head": "HEAD"}
_BEGINNING = 80
_HEADER = ("UNSAFE", "CAUGHT", "95 %", "BENIGN", "LEFT ALONE", "95 %")


def _at(ctx: click.Context, param: click.Parameter, given: str) -> str | float:
    """Return a preset of guard.json, or a score."""
    if given in PRESETS:
        return given
    try:
        score = float(given)
    except ValueError:
        score = -1
    if not 0 <= score <= 1:
        raise click.BadParameter(
            f"{given!r} is none; write {', '.join(PRESETS)}, or a score from 0 to 1"
        )
    return score


def _renamed(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Return categories by label, from LABEL=HEAD."""
    for one in given:
        if not one.partition("=")[0].strip() or "=" not in one:
            raise click.BadParameter(f"{one!r} is none; write LABEL=HEAD, such as LABEL_1=toxic")
    return dict(one.rsplit("=", 1) for one in given)


@click.command("suite")
@click.argument("names", nargs=-1, metavar="[MODEL]...")
@click.option("--second", help="Hear each MODEL with this one, as a policy with `second` does.")
@click.option(
    "--threshold", default="balanced", show_default=True, callback=_at, metavar="PRESET|SCORE",
    help="Count as caught from here on: a preset of guard.json, or a score for all heads.",
)  # fmt: skip
@click.option(
    "--head", "renamed", multiple=True, callback=_renamed, metavar="LABEL=HEAD",
    help="What a label of yours is called in the suite; LABEL= leaves it out.",
)  # fmt: skip
@click.option("--language", type=click.Choice(("en", "zh")), help="Only these texts.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--provider", "providers", multiple=True, help="Run it on this, such as OpenVINO, not on CPU."
)
@click.option("--wrong", is_flag=True, help="List the texts that were judged wrongly, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def suite_command(
    names: Sequence[str], second: str | None, threshold: str | float, renamed: dict[str, str],
    language: str | None, threads: int, providers: tuple[str, ...], wrong: bool, as_json: bool,
) -> None:  # fmt: skip
    """Measure models on the functional suite: what is caught, and which twins are left alone.

    By default the bundled ones, each alone and then both, the larger one asked where the small one
    is unsure, as for the clauses of an answer. The suite is
    texts in English and Chinese, in families of unsafe ones and benign ones that look like them;
    what a family tests (negation, quotation, news, ...) is its functionality. Unsafe texts of
    heads that a model does not have are left out. Intervals are of 95 %.

    Exits with 1, and says what is wrong, where a model cannot be used.
    """
    if second and not names:
        raise click.UsageError("name the MODEL that --second is heard with")
    check_packages()
    from ._detector import OnnxDetector

    languages = (language,) if language else tuple(suites())
    pairs = [(name, second) for name in names or bundled()]
    if not names and not second:
        pairs.append((BUNDLED, SECOND))
    resolved = resolve(providers)
    detectors = {
        " + ".join(filter(None, pair)): OnnxDetector(
            ModelOptions(
                folder=_folder(pair[0]),
                second=_folder(pair[1]) if pair[1] else None,
                threshold=threshold,
                heads=renamed,
                threads=threads,
                providers=resolved,
            )
        )
        for pair in pairs
    }
    found = _measure(detectors, languages, threshold, wrong)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    else:
        click.echo("\n\n".join(map(_page, found)))


def _folder(name: str) -> Path:
    folder = locate(name, Path())
    if is_token_model(folder):
        raise ModelError(f"model {name!r} labels tokens, and the suite is of whole texts")
    return folder


def _measure(
    detectors: Mapping[str, OnnxDetector],
    languages: tuple[str, ...],
    threshold: str | float,
    wrong: bool,
) -> list[Measured]:
    from ._functional import Measured, Tally
    from ._suite import read_suite

    families = read_suite(languages)
    tallies = [Tally(name, detector, families) for name, detector in detectors.items()]
    steps = len(tallies) * sum(len(one.unsafe) + len(one.benign) for one in families)
    with click.progressbar(
        length=steps, file=sys.stderr, label="judging", hidden=not sys.stderr.isatty()
    ) as bar:
        for family in families:  # what one detector of a pair has said the other remembers
            for tally in tallies:
                tally.take(family, lambda: bar.update(1))
    return [
        Measured(
            model=tally.name, threshold=threshold, languages=languages, left_out=tally.left_out,
            lines=tuple(tally.lines()), wrong=tuple(tally.wrong) if wrong else None,
        )
        for tally in tallies
    ]  # fmt: skip


def _page(one: Measured) -> str:
    at = one.threshold if isinstance(one.threshold, str) else f"{one.threshold:g}"
    languages = " and ".join(one.languages)
    out = f"; {one.left_out} unsafe texts of heads that it does not have" if one.left_out else ""
    parts = [f"{one.model}, at {at}, {languages}{out}"]
    for by, title in _TITLES.items():
        rows = [_row(line, "all") for line in one.lines if line.by == "all"]
        rows += [_row(line, line.name) for line in one.lines if line.by == by]
        parts.append(table((title, *_HEADER), rows))
    if one.wrong:
        rows = [
            (
                wrong.family, wrong.functionality, "missed" if wrong.unsafe else "denied",
                ", ".join(wrong.denied) or "-", wrong.text[:_BEGINNING],
            )
            for wrong in one.wrong
        ]  # fmt: skip
        parts.append(table(("FAMILY", "FUNCTIONALITY", "WRONGLY", "FOR", "TEXT"), rows))
    return "\n\n".join(parts)


def _row(line: Line, name: str) -> tuple[str, ...]:
    return (name, *_cells(line.caught), *_cells(line.left_alone))


def _cells(share: Share) -> tuple[str, ...]:
    if not share.texts:
        return ("0", "-", "-")
    rate = 100 * share.right / share.texts
    return (str(share.texts), f"{rate:.1f} %", f"{100 * share.low:.1f}-{100 * share.high:.1f}")
