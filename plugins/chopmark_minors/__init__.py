"""Keeps from minors what is not for them, and names help to who thinks of self-harm.

For the audience `minor`: phrases about games for money, alcohol, tobacco and vaping, pressure on
the body, and dependence on a machine as a companion, as `minors.<category>`, in Chinese and
English. A refusal of a request that speaks of self-harm names help lines of the user's region.
"""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector, Evidence, Wrapper

from ._detector import MinorsDetector
from ._options import read_options
from ._wrapper import HelpWrapper

__all__ = [
    "HelpWrapper",
    "MinorsDetector",
    "chopmark_detectors",
    "chopmark_evidence",
    "chopmark_wrappers",
]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detector of phrases, none where there are none; raise `PolicyError`.

    Options: `audiences` (["minor"]), `bundled` (true), `phrases` (paths of files of your own).
    """
    options = read_options(policy)
    return [MinorsDetector(options.phrases, options.audiences)] if options.phrases else []


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return the wrapper that names help lines, unless `help` is false; raise `PolicyError`.

    Options: `help` (true), `help_adults` (false), `help_categories`, `help_lines` (a file of your
    own), `help_region` (for locales that name no region).
    """
    options = read_options(policy)
    return [HelpWrapper(options, options.help)] if options.help else []


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is kept from minors, and which help is named."""
    from ._evidence import evidence

    return evidence(policy)
