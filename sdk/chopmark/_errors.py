"""The error tree.

ChopmarkError
├── PolicyError      a policy, or an option in it, cannot be used
├── PluginError      a plugin cannot be used as it is
├── ModelError       a model folder cannot be used
├── MarkError        a marker could not do its work
├── LogError         a record could not be taken
├── RequestError     a call cannot be guarded as it was asked
├── Refused          raised by a wrapper to refuse a call; becomes a PolicyBlocked
└── PolicyBlocked    the policy refused a call; not a fault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._values import Response


class ChopmarkError(Exception):
    """The root of every error that chopmark raises."""


class PolicyError(ChopmarkError):
    """A policy cannot be used; the message names the file, the key and the cure."""


class PluginError(ChopmarkError):
    """A plugin cannot be used; the message names the plugin, the hook and the cure."""


class ModelError(ChopmarkError):
    """A classifier folder cannot be used; the message names the file and the cure."""


class MarkError(ChopmarkError):
    """A marker failed, and the policy says that an unmarked answer must not go out."""


class LogError(ChopmarkError):
    """A record could not be taken, and the policy says that the call fails then."""


class RequestError(ChopmarkError):
    """A call cannot be guarded as it was asked, for example with an unknown audience."""


class Refused(ChopmarkError):  # noqa: N818  a decision, not a fault
    """Raised by a wrapper before its yield: block the call and say this text to the user."""


class PolicyBlocked(ChopmarkError):  # noqa: N818  a decision, not a fault
    """The policy refused this call, or chopmark could not judge it and failed closed.

    `response` holds the verdicts and the refusal text. `judged` is False where a detector broke
    and the policy says `block`. Adapters raise a subclass that is also an error of their
    framework, so that `except` works both ways. `status_code`, `code` and `is_retryable` are the
    names that frameworks look at to decide whether to try again: a block is final.
    """

    status_code = 403
    code = "content_filter"
    is_retryable = False

    def __init__(self, response: Response) -> None:
        self.response = response
        self.judged = response.judged
        super().__init__(response.refusal or "blocked by policy")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.response,)
