"""Judges text with a classifier in ONNX: the bundled one, or your own from a local folder.

Needs onnxruntime and tokenizers, neither torch nor transformers, and no network. Text is judged
clause by clause, or whole; a long text in overlapping windows, of which the highest score counts. A
model that labels tokens gives a verdict for each thing that it names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector, Evidence, Wrapper

from ._commands import models
from ._detector import OnnxDetector
from ._folder import is_token_model
from ._options import ModelOptions, read_options
from ._packages import check_packages
from ._token_detector import TokenDetector
from ._wrapper import LengthWrapper

__all__ = [
    "LengthWrapper",
    "ModelOptions",
    "OnnxDetector",
    "TokenDetector",
    "chopmark_commands",
    "chopmark_detectors",
    "chopmark_evidence",
    "chopmark_wrappers",
]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return one detector for each model that `policy` names, by default the bundled one.

    Options: `model` (a folder from the policy's own, or `bundled:NAME`) or `models`, a list of
    tables with `path` and, each, any of `name`, `heads`, `threshold`, `report_from`,
    `granularity`, `max_bytes`, `max_windows`, `sha256`; for a second model that is asked
    where this one is unsure `second`, `second_sha256`, `unsure`; for a limit of time `budget_ms`,
    `on_budget`. They may also stand beside `model`. `threads` (1), `cache` (2048), `providers`
    (onnxruntime's, CPU), `batch` (1), `batch_ms` (2) and `warm_up` (false) hold for all.

    Raises:
        PolicyError: an option is wrong.
        ModelError: a folder cannot be used.
        PluginError: onnxruntime, tokenizers or numpy is not installed.
    """
    check_packages()
    options = read_options(policy)
    detectors = [
        TokenDetector(entry) if is_token_model(entry.folder) else OnnxDetector(entry)
        for entry in options.entries
    ]
    if options.warm_up:
        for detector in detectors:
            detector.warm_up()
    return detectors


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return the wrapper that says where a request was only too long to be judged."""
    return [LengthWrapper()]


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the cards of the models, and what their scores do."""
    check_packages()
    from ._evidence import evidence

    return evidence(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark models`."""
    cli.add_command(models)
