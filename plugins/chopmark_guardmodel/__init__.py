"""Asks a guard model behind an OpenAI-compatible server: Llama Guard, Qwen3Guard, ShieldGemma.

The server (vLLM, llama.cpp, SGLang) is yours; the plugin sends the conversation as messages, which
the model's own chat template turns into its prompt, and reads the answer in the model's own form.
An answer that is late, missing or malformed raises: the policy's `on_error.detector` decides then.
"""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector, Evidence

from ._client import check_packages
from ._detector import GuardModelDetector
from ._errors import (
    GuardModelAnswerError,
    GuardModelError,
    GuardModelTimeoutError,
    GuardModelUnreachableError,
)
from ._options import Options, read_options

__all__ = [
    "GuardModelAnswerError",
    "GuardModelDetector",
    "GuardModelError",
    "GuardModelTimeoutError",
    "GuardModelUnreachableError",
    "Options",
    "chopmark_detectors",
    "chopmark_evidence",
]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detector that asks the guard model which `policy` names.

    Options: `base_url`, `model` and `format` (`llama-guard-3`, `llama-guard-4`, `qwen3guard`,
    `shieldgemma`) must be given; `guidelines` for `shieldgemma`; `timeout` (5.0 seconds),
    `concurrency` (8), `api_key_env`, `directions` (both), `history` (4 messages), `logprobs`
    (true), `categories`, `threshold` (0.5), `report_from` (0.1), `cache` (1024).

    Raises:
        PolicyError: an option is wrong or missing.
        PluginError: urllib3 is not installed.
    """
    check_packages()
    return [GuardModelDetector(read_options(policy))]


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return which model is asked, and what is done with what it finds."""
    from ._evidence import evidence

    return evidence(policy)
