"""The report for people: in a terminal, as Markdown, and as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from chopmark import ChopmarkError, showing
from chopmark.terminal import table
from chopmark.wording import Wording

from ._sections import Section


def as_text(sections: Sequence[Section]) -> str:
    """Return the sections as a terminal shows them."""
    parts = []
    for section in sections:
        note = f"\n{section.note}" if section.note else ""
        parts.append(f"{section.title}\n{table(section.header, section.rows)}{note}\n")
    return "\n".join(parts)


def as_markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the sections as tables of Markdown."""
    parts = [f"# {showing.cell(title)}\n"]
    for section in sections:
        rows = [[*map(showing.cell, row)] for row in section.rows]
        note = f"{section.note}\n\n" if section.note else ""
        parts.append(f"## {section.title}\n\n{note}{showing.table(section.header, rows)}")
    return "\n".join(parts)


def as_html(
    title: str, sections: Sequence[Section], plots: Mapping[str, str], words: Wording
) -> str:
    """Return the sections as one page that needs nothing else: no script, no font, no network.

    Raises:
        ChopmarkError: Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise ChopmarkError(
            "the page needs Jinja2: pip install 'chopmark[report]', or write Markdown or JSON"
        ) from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page = resources.files(__package__).joinpath("report.html").read_text("utf-8")
    return environment.from_string(page).render(
        title=title, sections=sections, plots=plots, words=words
    )
