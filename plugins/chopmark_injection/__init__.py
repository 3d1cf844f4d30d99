"""Defends against instructions that come in with data, and against data that goes out with links.

Enable it with `plugins = ["injection"]` and set it up under `[settings.injection]`:

    search = ["invisible", "exfiltration", "instructions"]
    hosts = ["shop.cn", "*.shop.cn"]  # answers may point there with data
    image_characters = 16             # from how much data on an address is reported
    link_characters = 48
    least = "low"                     # or "medium", "high": the least level of a rule
    language = "zh"                   # of what stands in the place of a link
    manifests = true                  # leave a text's C2PA manifest alone
    spotlight = "off"                 # or "delimit", "datamark", "encode"

    [settings.injection.surfaces]     # where a message comes from, by its role
    tool = "document"                 # "request", "tool_result", "document" or "alt_text"

The categories are `injection.invisible.*`, `injection.exfiltration.*`, and, for instruction-like
words, `injection.tool_result.*`, `injection.document.*` and `injection.alt_text.*`. What each of
them means and how often it is wrong is in docs/injection.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector, Evidence, Marker, Wrapper

from ._exfiltration import ExfiltrationDetector
from ._hosts import Hosts
from ._instructions import InstructionDetector
from ._invisible import InvisibleDetector
from ._options import Options, read_options
from ._rules import LEVELS, Rule, read_rules
from ._spotlight import SpaceMarker, Spotlight

__all__ = [
    "LEVELS",
    "ExfiltrationDetector",
    "Hosts",
    "InstructionDetector",
    "InvisibleDetector",
    "Options",
    "Rule",
    "SpaceMarker",
    "Spotlight",
    "read_rules",
]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detectors of what is searched for; raise `PolicyError` for a wrong option."""
    options = read_options(policy)
    found: list[Detector] = []
    if "invisible" in options.search:
        found.append(InvisibleDetector(options))
    if "exfiltration" in options.search:
        found.append(ExfiltrationDetector(options))
    if "instructions" in options.search:
        found.append(InstructionDetector(options))
    return found


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return the wrapper that marks untrusted messages, where the policy asks for it."""
    options = read_options(policy)
    if options.spotlight == "off":
        return []
    return [Spotlight(options.spotlight, options.surfaces)]


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return what takes datamarks out of answers, where the policy has them put in."""
    return [SpaceMarker()] if read_options(policy).spotlight == "datamark" else []


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is found of injection, and what is done with it."""
    from ._evidence import evidence

    return evidence(policy)
