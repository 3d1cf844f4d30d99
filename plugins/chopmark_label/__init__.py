"""The labels that GB 45438-2025 asks for: explicit on text, or a plain one, and implicit beside it.

Enable it with `plugins = ["label"]` and set it up under `[settings.label]`:

    position = "start"      # or "end", "both"
    language = "auto"       # or "zh", "en"
    style = "gb45438"       # both elements of the standard in every language; or "plain"
    format = "plain"        # or "markdown", "html": how the answer is shown
    text = { zh = "内容由AI生成", en = "AI生成 · AI-generated" }    # your own words
    every = 0               # or 2000: again between paragraphs after so many characters
    may_leave_off = false   # or true: a call may say that an agreement leaves the label to the user

    producer = "001191…"    # the provider's 27-position code, or its name: adds the AIGC block to
                            # the metadata of every answer, JSON and tool calls too
    seal = "none"           # or "hash", "sm2": what is in its ReservedCode1
    key = "sm2.pem"         # for seal = "sm2"

Sources: Measures for Labelling AI-Generated Synthetic Content (2025), Article 4; GB 45438-2025,
5.1 (elements of the wording), 5.6 (labels of an interface). The label at the start stands behind
the front matter of Markdown and the head of an HTML page, which wait for their end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence, Marker, Wrapper
from chopmark.lazy import lazily

from ._agreement import check_agreement
from ._block import Aigc
from ._file_label import FoundBlock, label_file, read_labels
from ._forms import html_fragment
from ._image import draw_label, label_image, label_image_bytes
from ._image_wish import ImageLabel
from ._marker import Label, make_label
from ._metadata import Implicit, read_implicit, signing
from ._sound_file import SoundReport, label_sound
from ._wording import check_wording

if TYPE_CHECKING:
    from ._files._formats import suffixes
    from ._files._pdf import bound_pdf
    from ._inspect import inspect_file, inspect_text
    from ._inspect_readers import read_pins, readers
    from ._inspect_report import Finding, Report
else:  # who guards calls need not load what reads files
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "_files._formats": ["suffixes"],
            "_files._pdf": ["bound_pdf"],
            "_inspect": ["inspect_file", "inspect_text"],
            "_inspect_readers": ["read_pins", "readers"],
            "_inspect_report": ["Finding", "Report"],
        },
    )

__all__ = [
    "Aigc",
    "Finding",
    "FoundBlock",
    "ImageLabel",
    "Implicit",
    "Label",
    "Report",
    "SoundReport",
    "bound_pdf",
    "check_wording",
    "draw_label",
    "html_fragment",
    "inspect_file",
    "inspect_text",
    "label_file",
    "label_image",
    "label_image_bytes",
    "label_sound",
    "read_labels",
    "read_pins",
    "readers",
    "signing",
    "suffixes",
]


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return the labels that `policy` asks for."""
    implicit = read_implicit(policy)
    return (make_label(policy),) if implicit is None else (make_label(policy), implicit)


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return what refuses a call for no label without an agreement, where the policy allows any."""
    return (check_agreement,) if make_label(policy).may_leave_off else ()


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what the labels of `policy` look like."""
    from ._evidence import evidence

    return evidence(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark inspect`, `chopmark label` and `chopmark propagate`."""
    from ._commands import COMMANDS  # who guards calls need not load what reads files

    for command in COMMANDS:
        cli.add_command(command)
