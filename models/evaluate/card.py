"""The tables of the model cards, written from the figures so that they cannot differ from them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: written by models.evaluate -->", "<!-- end of figures -->"


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def interval(value: Sequence[float]) -> str:
    """Write a figure with its interval."""
    return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"


def percent(value: Sequence[float]) -> str:
    """Write a share with its interval."""
    return f"{100 * value[0]:.2f} % ({100 * value[1]:.2f} to {100 * value[2]:.2f})"


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Write a table."""
    rule = ["---"] * len(header)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines])


def areas(figures: dict[str, Any]) -> str:
    """Write the areas under the curves, a column a judge."""
    names = list(dict.fromkeys(n for line in figures["questions"] for n in line["judges"]))
    lines = [
        [
            line["set"],
            line["head"],
            f"{line['positive']:,} of {line['rows']:,}",
            *(interval(line["judges"][n]["auc"]) if n in line["judges"] else "" for n in names),
        ]
        for line in figures["questions"]
    ]
    return table(["set", "head", "positive", *names], lines)


def harmless(figures: dict[str, Any]) -> str:
    """Write how often any head fires on benign sets."""
    lines = [
        [source, name, f"{found['rows']:,}", *(percent(rate) for rate in rates.values())]
        for source, found in figures["harmless"].items()
        for name, rates in found["judges"].items()
    ]
    return table(["set", "judge", "rows", "strict", "balanced", "permissive"], lines)


def details(figures: dict[str, Any], name: str) -> str:
    """Write what one model does at its balanced thresholds."""
    lines = [
        [
            line["set"],
            line["head"],
            interval(found["recall"]),
            percent(found["fired"]),
            interval(found["ap"]),
            f"{found['ece']:.3f}" if "ece" in found else "",
        ]
        for line in figures["questions"]
        if (found := line["judges"].get(name)) is not None
    ]
    return table(["set", "head", "recall", "false alarms", "average precision", "ECE"], lines)


def functional(figures: dict[str, Any], name: str) -> str:
    """Write the functional suite by what is tested."""

    def side(found: dict[str, list[float]], which: str) -> list[str]:
        if which not in found:
            return ["", ""]
        count, *value = found[which]
        return [f"{count:.0f}", interval(value)]

    lines = [
        [tests, *side(found, "unsafe"), *side(found, "benign")]
        for tests, found in figures["functional"][name].items()
    ]
    return table(["functionality", "unsafe", "caught", "benign", "left alone"], lines)


def speed(figures: dict[str, Any], name: str) -> str:
    """Write time and size."""
    found = figures["speed"][name]
    times = [
        [tokens, f"{p50:.2f}", f"{p99:.2f}"] for tokens, (p50, p99) in found["milliseconds"].items()
    ]
    sizes = ", ".join(f"{file} {size:,} bytes" for file, size in found["bytes"].items())
    return f"{table(['tokens', 'p50, ms', 'p99, ms'], times)}\n\n{sizes}."


def text(figures: dict[str, Any]) -> str:
    """Write everything, for a terminal."""
    parts = [areas(figures), harmless(figures)]
    for name in figures["speed"]:
        parts += [f"{name}, at its balanced thresholds", details(figures, name)]
        parts += [functional(figures, name), speed(figures, name)]
    return "\n\n".join(parts)


def update(path: Path, figures: dict[str, Any], name: str) -> None:
    """Put the tables of one model between the card's two marks."""
    parts = [
        "Area under the ROC curve, 95 % bootstrap intervals in brackets:",
        areas(figures),
        "At the balanced thresholds:",
        details(figures, name),
        "Benign sets, share on which any head fires:",
        harmless(figures),
        "The functional suite, all heads together, at the balanced thresholds:",
        functional(figures, name),
        "Time of `session.run` on one core:",
        speed(figures, name),
    ]
    if name == "base":
        parts += [
            "Asked only where `small` is unsure, as of the clauses of an answer:",
            details(figures, "cascade"),
            functional(figures, "cascade"),
        ]
    card = path.read_text(encoding="utf-8")
    body = f"{BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{END}"
    done, count = re.subn(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: body, card, flags=re.S)
    if count != 1:
        raise ValueError(f"{path} has no place for figures: put {BEGIN!r}, {END!r} in it")
    path.write_text(done, encoding="utf-8")
