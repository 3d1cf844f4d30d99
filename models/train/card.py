"""The tables of the model card, written from figures.json so that they cannot differ from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: written by models/train/evaluate.py -->", "<!-- end of figures -->"


def interval(value: list[float]) -> str:
    """Write a figure with its interval."""
    return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"


def percent(value: list[float]) -> str:
    """Write a share with its interval."""
    return f"{100 * value[0]:.2f} % ({100 * value[1]:.2f} to {100 * value[2]:.2f})"


def table(header: list[str], lines: list[list[str]]) -> str:
    """Write a table."""
    rule = ["---"] * len(header)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines])


def tables(figures: dict[str, Any]) -> str:
    """Write all tables."""
    labelled = [
        [
            line["set"],
            line["head"],
            f"{line['rows']:,}",
            interval(line["model"]["auc"]),
            interval(line["floor"]["auc"]),
            interval(line["model"]["macro_f1"]),
            interval(line["floor"]["macro_f1"]),
            f"{line['model']['recall_balanced']:.2f}",
            f"{line['floor']['recall_balanced']:.2f}",
            f"{line['model']['ece']:.3f}",
        ]
        for line in figures["labelled"]
    ]
    harmless = [
        [line["set"], who, f"{line['rows']:,}", *(percent(line[who][preset]) for preset in presets)]
        for line in figures["harmless"]
        for who in ("model", "floor")
        for presets in [("strict", "balanced", "permissive")]
    ]
    parts = [
        (
            "Labelled sets, 95 % bootstrap intervals in brackets, macro F1 at 0.5, recall at the "
            "balanced threshold:"
        ),
        table(
            [
                "set",
                "head",
                "rows",
                "AUC",
                "floor AUC",
                "macro F1",
                "floor macro F1",
                "recall",
                "floor recall",
                "ECE",
            ],
            labelled,
        ),
        "Benign sets, share on which either head fires:",
        table(["set", "", "rows", "strict", "balanced", "permissive"], harmless),
    ]
    for language, groups in figures["hatecheck"].items():
        parts += [
            (
                f"HateCheck ({language}) by functionality, share that the hate head judges rightly "
                "at 0.5 (`_h` hateful, `_nh` not):"
            ),
            table(
                ["functionality", "rows", "model", "floor"],
                [
                    [group, str(line["rows"]), f"{line['model'][0]:.2f}", f"{line['floor'][0]:.2f}"]
                    for group, line in groups.items()
                ],
            ),
        ]
    sizes = ", ".join(f"{name} {size:,}" for name, size in figures["bytes"].items())
    times = ", ".join(f"{name} {value} ms" for name, value in figures["latency_ms"].items())
    parts += [f"Bytes: {sizes}.", f"Median time on one core: {times}."]
    return "\n\n".join(parts)


def update(path: Path, figures: dict[str, Any]) -> None:
    """Put the tables between the card's two marks."""
    card = path.read_text(encoding="utf-8")
    body = f"{BEGIN}\n\n{tables(figures)}\n\n{END}"
    done, count = re.subn(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: body, card, flags=re.S)
    if count != 1:
        raise ValueError(f"{path.name} has no place for figures: put {BEGIN!r}, {END!r} in it")
    path.write_text(done, encoding="utf-8")
