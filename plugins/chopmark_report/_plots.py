"""The plots of a report, as SVG that takes its colours from the page around it."""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from chopmark import ChopmarkError
from chopmark.wording import Wording

from ._tally import DAY, STOPPING, Tally

_MOST = 12
"""Categories that are drawn, the most frequent ones."""
_TICKS = 12
"""Days that are named, about."""
# Stand-ins that no plot draws by itself; the page has the colours behind these names.
_COLOURS = {"#010101": "var(--ink)", "#020202": "var(--first)", "#030303": "var(--second)"}
_INK, _FIRST, _SECOND = _COLOURS
_Draw = Callable[[Any, Tally, Wording], bool]


def plots(tally: Tally, words: Wording) -> dict[str, str]:
    """Return an SVG for each plot that has something to show, by its name.

    Raises:
        ChopmarkError: matplotlib is not installed.
    """
    drawn: Mapping[str, _Draw] = {"days": _days, "categories": _categories}
    return {name: svg for name, draw in drawn.items() if (svg := _drawn(draw, tally, words, name))}


def _drawn(draw: _Draw, tally: Tally, words: Wording, name: str) -> str:
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ChopmarkError(
            "the plots need matplotlib: pip install 'chopmark[report]', or write Markdown or JSON"
        ) from error
    look: dict[Any, Any] = {  # the stubs name every key there is
        "svg.fonttype": "none", "svg.hashsalt": f"chopmark-{name}", "font.family": "sans-serif",
        "text.color": _INK, "axes.edgecolor": _INK, "axes.labelcolor": _INK, "xtick.color": _INK,
        "ytick.color": _INK, "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    with mpl.rc_context(look):
        figure = Figure(figsize=(8, 2.6), layout="constrained")
        FigureCanvasSVG(figure)
        if not draw(figure.add_subplot(), tally, words):
            return ""
        file = io.StringIO()
        with warnings.catch_warnings():  # the reader's fonts draw the letters, not this machine's
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(stand_in, colour)
    svg = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', svg)  # several plots stand in one page
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)


def _days(axes: Any, tally: Tally, words: Wording) -> bool:
    if not tally.days:
        return False
    from matplotlib import dates

    drawn: Any = dates  # its classes have no types
    days = sorted(tally.days)
    at = [datetime.fromtimestamp(day * DAY / 1000, timezone.utc) for day in days]
    calls, stopped = words("plot.calls"), words("plot.stopped")
    axes.bar(at, [tally.days[day].calls for day in days], color=_FIRST, label=calls)
    axes.bar(at, [tally.days[day].stopped for day in days], color=_SECOND, label=stopped)
    axes.legend(frameon=False, labelcolor=_INK, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    axes.set_ylabel(words("plot.days"))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlim(at[0] - timedelta(days=1), at[-1] + timedelta(days=1))
    axes.xaxis.set_major_locator(drawn.DayLocator(interval=1 + (days[-1] - days[0]) // _TICKS))
    axes.xaxis.set_major_formatter(drawn.DateFormatter("%Y-%m-%d"))
    axes.figure.autofmt_xdate(rotation=30)
    return True


def _categories(axes: Any, tally: Tally, words: Wording) -> bool:
    found: Counter[str] = Counter()
    stopping: Counter[str] = Counter()
    for (category, outcome, *_), count in tally.verdicts.items():
        found[category] += count
        stopping[category] += count if outcome in STOPPING else 0
    if not found:
        return False
    names, counts = zip(*reversed(found.most_common(_MOST)), strict=True)
    axes.barh(names, counts, color=_FIRST, label=words("plot.verdicts"))
    stops = [stopping[name] for name in names]
    axes.barh(names, stops, color=_SECOND, label=words("plot.stopping"))
    axes.legend(frameon=False, labelcolor=_INK, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    axes.set_xlabel(words("plot.verdicts"))
    axes.xaxis.get_major_locator().set_params(integer=True)
    return True
