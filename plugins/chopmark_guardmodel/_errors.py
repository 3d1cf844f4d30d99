"""What can go wrong with a guard model; no message holds content.

A record names the class of an error only, so each cause has its own.
"""

from __future__ import annotations

from chopmark import ChopmarkError


class GuardModelError(ChopmarkError):
    """The guard model gave no judgement."""


class GuardModelUnreachableError(GuardModelError):
    """There was no answer: the server is not there, or dropped the connection."""


class GuardModelTimeoutError(GuardModelError):
    """The answer, or a free connection, took longer than the option `timeout`."""


class GuardModelAnswerError(GuardModelError):
    """What came back is an error of the server, or not of the form of the option `format`."""
