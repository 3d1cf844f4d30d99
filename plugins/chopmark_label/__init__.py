"""The explicit label that GB 45438-2025 asks for on text, or a plain one for other rules.

Enable it with `plugins = ["label"]` and set it up under `[settings.label]`:

    position = "start"      # or "end", "both"
    language = "auto"       # or "zh", "en"
    style = "gb45438"       # both elements of the standard in every language; or "plain"
    format = "plain"        # or "markdown", "html": how the answer is shown
    text = { zh = "内容由AI生成", en = "AI生成 · AI-generated" }    # your own words
    every = 0               # or 2000: again between paragraphs after so many characters
    may_leave_off = false   # or true: a call may say that an agreement leaves the label to the user

Sources: Measures for Labelling AI-Generated Synthetic Content (2025), Article 4; GB 45438-2025,
5.1 (elements of the wording), 5.6 (labels of an interface). An answer in Markdown that begins
with front matter must be labelled at its end, since a label before it would hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Marker, Wrapper

from ._agreement import check_agreement
from ._block import Aigc
from ._commands import inspect, label
from ._file_label import FoundBlock, label_file, read_labels
from ._forms import html_fragment
from ._marker import Label, make_label
from ._wording import check_wording

__all__ = [
    "Aigc",
    "FoundBlock",
    "Label",
    "check_wording",
    "html_fragment",
    "label_file",
    "read_labels",
]


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return the label that `policy` asks for."""
    return (make_label(policy),)


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return what refuses a call for no label without an agreement, where the policy allows any."""
    return (check_agreement,) if make_label(policy).may_leave_off else ()


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark inspect` and `chopmark label`."""
    cli.add_command(inspect)
    cli.add_command(label)
