"""Finds words of governed lists: who answers for an entry, what it asks for, until when it holds.

Every occurrence is reported as `keyword.<category>`, in Chinese text too, where words have no
spaces around them; characters that nobody sees, full width and case hide nothing. An entry of
level `allow` is an exception that hides what lies inside it. With `folding = "disguise"` it is
also found by its sounds, its look and its parts, with "decode" in codes too; what was found so
has the way in its detail, as in `ops#3/sound`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector, Evidence
from chopmark.lazy import lazily

from ._commands import words
from ._detector import KeywordDetector
from ._diff import Change, diff
from ._errors import ChangedListError, ListError, UnwrittenListError
from ._lint import Finding, problems
from ._lists import FOLDINGS, Entry, WordList
from ._options import Options, read_options
from ._read import Reading, read_bundled, read_bytes, read_file

if TYPE_CHECKING:
    from ._amend import Amended, Amendment, amend, find, twin, written
    from ._own import own_list
    from ._replace import digest_of, replace_list
    from ._search import STANDINGS, search
    from ._trial import Place, Trial
else:  # for those who look after lists: who guards calls does not load it
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "_amend": ["Amended", "Amendment", "amend", "find", "twin", "written"],
            "_own": ["own_list"],
            "_replace": ["digest_of", "replace_list"],
            "_search": ["STANDINGS", "search"],
            "_trial": ["Place", "Trial"],
        },
    )

__all__ = [
    "FOLDINGS",
    "STANDINGS",
    "Amended",
    "Amendment",
    "Change",
    "ChangedListError",
    "Entry",
    "Finding",
    "KeywordDetector",
    "ListError",
    "Options",
    "Place",
    "Reading",
    "Trial",
    "UnwrittenListError",
    "WordList",
    "amend",
    "chopmark_commands",
    "chopmark_detectors",
    "chopmark_evidence",
    "diff",
    "digest_of",
    "find",
    "own_list",
    "problems",
    "read_bundled",
    "read_bytes",
    "read_file",
    "read_options",
    "replace_list",
    "search",
    "twin",
    "written",
]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detector of the lists that `policy` names; raise `PolicyError` for a wrong one.

    Options: `lists` (paths from the policy's folder: TOML, CSV or JSON), `bundled` (true, false,
    or names), `folding` (how far to see: `none`, `plain`, `disguise` or `decode`, or a table of
    them by category), `request_folding` (the same for what goes in, where that is further),
    `reload_seconds` (5).
    """
    return [KeywordDetector.from_policy(policy)]


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the lists in force, without their terms, and the reviews that are due."""
    from ._filing import evidence

    return evidence(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark words`: lint, stats, coverage, due, diff, import, export."""
    cli.add_command(words)
