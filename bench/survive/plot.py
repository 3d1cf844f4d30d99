"""The heat map of a survival table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .marks import Fate

Counts = Mapping[Fate, int]
_WORTH = {"survived": 1.0, "damaged": 0.5, "lost": 0.0}


def draw(
    table: Mapping[str, Mapping[str, Counts | None]], columns: Sequence[str], path: Path
) -> None:
    """Draw `table`, of marks by transports, to `path`; what it is follows from its suffix."""
    import matplotlib as mpl

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "chopmark"
    mpl.rcParams["svg.fonttype"] = "none"  # text stays text: a tenth of the size
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(0.62 * len(columns) + 2.6, 0.36 * len(table) + 2.0))
    colours = mpl.colors.LinearSegmentedColormap.from_list(
        "fate", ["#f4a582", "#fdf3c8", "#92c5de"]
    )
    colours.set_bad("#e5e7eb")
    worth = [[_share(counts.get(column)) for column in columns] for counts in table.values()]
    axis.imshow(worth, cmap=colours, vmin=0, vmax=1, aspect="auto")
    for y, counts in enumerate(table.values()):
        for x, column in enumerate(columns):
            words = cell(counts.get(column))
            axis.text(x, y, words, ha="center", va="center", fontsize=6.5, color="#111827")
    axis.set_xticks(range(len(columns)), columns, rotation=40, ha="right", fontsize=8)
    axis.set_yticks(range(len(table)), list(table), fontsize=8)
    axis.set_title("survived / damaged / lost, % of texts", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=160)
    plt.close(figure)


def _share(counts: Counts | None) -> float:
    if not counts:
        return float("nan")
    whole = sum(counts.values())
    return sum(_WORTH[fate] * count for fate, count in counts.items()) / whole


def cell(counts: Counts | None) -> str:
    """Return counts in few characters: what all texts met, else the shares."""
    if counts is None:
        return "-"
    whole = sum(counts.values())
    for fate, count in counts.items():
        if count == whole:
            return fate
    return "/".join(str(round(100 * counts[fate] / whole)) for fate in _WORTH)  # type: ignore[index]
