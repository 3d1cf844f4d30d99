"""The pictures of the figures: power by length, power after edits, and false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

mpl.rcParams["svg.hashsalt"] = "chopmark"

LINES = {
    "gumbel": ("gumbel", "whole", "#1f5f8b"),
    "unigram1000": ("unigram, 1,000 words", "whole", "#2e8b57"),
    "unigram300": ("unigram, 300 words", "whole", "#8fbc8f"),
    "vllm-gumbel": ("vLLM gumbel, read", "whole", "#7fa8c9"),
    "synthid": ("SynthID, read", "whole", "#b8860b"),
    "kgw": ("KGW, z with dedup", "z, dedup", "#b22222"),
}
EDITS = {0: "none", 10: "10 % replaced", 20: "20 % replaced", 30: "30 % replaced",
         50: "50 % replaced"}  # fmt: skip


def lengths(power: Mapping[str, Any], path: Path) -> None:
    """Draw the share found at 1e-5 by tokens, one panel a temperature."""
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True)
    for temperature, axis in zip(("1", "0.7", "0.3"), axes, strict=True):
        for scheme, (label, test, colour) in LINES.items():
            row = power.get(f"{scheme}-{temperature}")
            if row is not None:
                points = {int(n): one["1e-05"] for n, one in row["tests"][test].items()}
                _line(axis, points, label, colour)
        bits = power[f"gumbel-{temperature}"]["bits"]
        _frame(axis, f"temperature {float(temperature)}, {bits:.2g} bits", "tokens")
    _save(figure, axes, path, "share found at 1e-5")


def edits(found: Mapping[str, Any], power: Mapping[str, Any], path: Path) -> None:
    """Draw the share found at 1e-5 by the part of the tokens that was replaced."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
    for temperature, axis in zip(("1", "0.7"), axes, strict=True):
        for scheme, (label, test, colour) in LINES.items():
            row = found.get(f"{scheme}-{temperature}")
            if row is not None:
                points = {part: row[name][test]["1e-05"] for part, name in EDITS.items()}
                _line(axis, points, label, colour)
        bits = power[f"gumbel-{temperature}"]["bits"]
        _frame(axis, f"temperature {float(temperature)}, {bits:.2g} bits", "% of tokens replaced")
    _save(figure, axes, path, "share found at 1e-5")


def alarms(found: Mapping[str, Any], path: Path) -> None:
    """Draw the share called marked at nominal 1e-3, by corpus, on a logarithmic scale."""
    shown = {
        "gumbel": "#1f5f8b", "green": "#6a5acd", "unigram300": "#2e8b57",
        "peer: KGW z, dedup": "#e9967a", "peer: KGW as transformers": "#b22222",
        "peer: Unigram z": "#4a4a4a",
    }  # fmt: skip
    names = [name for name in found if name != "all"]
    figure, axis = plt.subplots(figsize=(8, 3.6))
    for row, (test, colour) in enumerate(shown.items()):
        for n, name in enumerate(names):
            got = found[name][test]["0.001"]
            at = n + (row - len(shown) / 2) * 0.11
            low = max(got["share"], 1e-5)
            axis.plot([at, at], [low, max(got["high"], low)], color=colour, linewidth=1)
            axis.scatter([at], [low], s=18, color=colour, label=test if not n else None)
    axis.axhline(1e-3, color="#888888", linewidth=0.8, linestyle="--")
    axis.set_yscale("log")
    axis.set_ylim(8e-6, 1)
    axis.set_xticks(range(len(names)), [name.replace(", ", "\n") for name in names], fontsize=8)
    axis.set_ylabel("called marked at 1e-3", fontsize=9)
    axis.legend(fontsize=7, ncols=3, frameon=False, loc="upper right")
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _line(axis: Any, points: Mapping[int, Any], label: str, colour: str) -> None:
    x = list(points)
    y = [one["share"] for one in points.values()]
    off = [
        [one["share"] - one["low"] for one in points.values()],
        [one["high"] - one["share"] for one in points.values()],
    ]
    axis.errorbar(x, y, yerr=off, color=colour, label=label, marker="o", markersize=3,
                  linewidth=1.2, elinewidth=0.6)  # fmt: skip


def _frame(axis: Any, title: str, below: str) -> None:
    axis.set_title(title, fontsize=9)
    axis.set_xlabel(below, fontsize=9)
    axis.set_ylim(-0.03, 1.03)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", linewidth=0.3)


def _save(figure: Any, axes: Sequence[Any], path: Path, beside: str) -> None:
    axes[0].set_ylabel(beside, fontsize=9)
    handles, labels = axes[0].get_legend_handles_labels()
    columns = 6 if len(axes) > 2 else 3
    figure.legend(handles, labels, fontsize=8, ncols=columns, frameon=False, loc="lower center")
    figure.tight_layout(rect=(0, 0.07 * 6 / columns, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
