"""Watermarks in the choice of words, and a search for them whose error rate is what it says.

Enable it with `plugins = ["watermark"]` and set it up under `[settings.watermark]`:

    ring = "ring.json"              # `chopmark watermark keys new ring.json`
    tokenizer = "tokenizer.json"    # of the model: or NAME.tiktoken
    scheme = "gumbel"               # or "green", for greedy answers
    tenant = ""                     # for whom, where a call's metadata has no `tenant`
    tenants = ["", "acme"]          # for whom a mark is sought by `chopmark inspect`
    alpha = 1e-5                    # so seldom a text without a mark is called marked
    boilerplate = "licences.known"  # passages to leave out: `chopmark watermark boilerplate`
    vendor = "auto"                 # or "anthropic", "xai", ...: what the provider marks by itself
    vendor_models = []              # patterns of models that you know to be marked by it
    synonyms = false                # true: pick between synonyms, which changes the answer

The words are chosen while the model writes, so a hook in its runtime draws the tokens (`Watermark`,
`drawer`); the plugin looks whether the finished answer carries the mark, and the record keeps that.

With `vendor` every response also says what its provider declares of a mark of its own, and what in
the request takes it away; `check` says the same of a model before it is asked. `vendor` alone,
without a ring, does only that.

`synonyms` is for models behind an API of which nothing but the text can be had: it rewrites prose,
one English word of a hundred or one place in sixty Chinese characters, half of them changed, and
needs a ring and no tokenizer. At the usual level a text is long enough from some 1,700 words or
1,000 characters on; the mark says where one is not. It is off unless you ask for it, and not for
texts in which each word counts, legal and medical ones.

A mark is evidence that a text came from a model with this key, never proof of who wrote it, and no
mark is evidence of nothing. Paraphrase and translation erase it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence, Marker, Wrapper
from chopmark.lazy import lazily

from ._commands import watermark
from ._names import NAME, SYNONYMS

if TYPE_CHECKING:
    from ._boilerplate import Boilerplate
    from ._detect import detect
    from ._detection import Detection, Span
    from ._draw import Drawer, force
    from ._green import GreenDrawer
    from ._gumbel import GumbelDrawer
    from ._lint import Finding, check
    from ._names import ALPHA
    from ._ring import KeyName, Master, Ring, RingError
    from ._ring_file import read_ring, write_ring
    from ._sampling import Sampling
    from ._synonyms import SynonymMark
    from ._tiktoken import RanksTokenizer, read_tokenizer
    from ._tokens import FileTokenizer, Tokenizer, Tokens
    from ._watermark import Watermark
else:  # numpy and the tokenizers are loaded when one of these is used
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "_boilerplate": ["Boilerplate"],
            "_detect": ["detect"],
            "_detection": ["Detection", "Span"],
            "_draw": ["Drawer", "force"],
            "_green": ["GreenDrawer"],
            "_gumbel": ["GumbelDrawer"],
            "_lint": ["Finding", "check"],
            "_names": ["ALPHA"],
            "_ring": ["KeyName", "Master", "Ring", "RingError"],
            "_ring_file": ["read_ring", "write_ring"],
            "_sampling": ["Sampling"],
            "_synonyms": ["SynonymMark"],
            "_tiktoken": ["RanksTokenizer", "read_tokenizer"],
            "_tokens": ["FileTokenizer", "Tokenizer", "Tokens"],
            "_watermark": ["Watermark"],
        },
    )

__all__ = [
    "ALPHA",
    "Boilerplate",
    "Detection",
    "Drawer",
    "FileTokenizer",
    "Finding",
    "GreenDrawer",
    "GumbelDrawer",
    "KeyName",
    "Master",
    "RanksTokenizer",
    "Ring",
    "RingError",
    "Sampling",
    "Span",
    "SynonymMark",
    "Tokenizer",
    "Tokens",
    "Watermark",
    "check",
    "detect",
    "force",
    "read_ring",
    "read_tokenizer",
    "write_ring",
]


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return what looks for the mark of the model's hook, and what picks between synonyms."""
    from ._declared import needs_no_tokenizer

    markers: list[Marker] = []
    if policy.options(NAME).get(SYNONYMS):
        from ._synonym_marker import read_synonym_marker

        synonyms = read_synonym_marker(policy)
        if synonyms is not None:
            markers.append(synonyms)
    if not needs_no_tokenizer(policy):
        from ._marker import WatermarkMarker
        from ._options import read_options

        markers.append(WatermarkMarker(read_options(policy)))
    return markers


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return what puts the vendor's own mark on record, where the policy names a vendor."""
    if "vendor" not in policy.options(NAME):
        return ()
    from ._declared import read_declared

    declared = read_declared(policy)
    return () if declared is None else (declared,)


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the schemes that `policy` asks for, and what was measured of them."""
    from ._evidence import evidence

    return evidence(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark watermark`."""
    cli.add_command(watermark)
