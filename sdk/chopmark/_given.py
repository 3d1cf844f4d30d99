"""Checks how calls shall be guarded, where that is said: the first call is too late for it."""

from __future__ import annotations

import inspect

from ._errors import RequestError


def check_on_block(on_block: object) -> None:
    """Raise `RequestError` where `on_block` is neither of its two words."""
    if on_block not in ("raise", "refuse"):
        raise RequestError(f'on_block is {on_block!r}; give "raise" or "refuse"')


def check_on_response(told: object) -> None:
    """Raise `RequestError` where `told` is no function of one argument, the response."""
    if told is None:
        return
    cure = "give a plain function that takes the response, such as a list's append"
    if not callable(told):
        raise RequestError(f"on_response is {told!r}; {cure}")
    if inspect.iscoroutinefunction(told) or inspect.iscoroutinefunction(type(told).__call__):
        raise RequestError(f"on_response is async, and nobody would await it; {cure}")
    try:
        signature = inspect.signature(told)
    except ValueError:  # some built-in ones have none
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise RequestError(
            f"on_response is called with the response alone: {error}; {cure}"
        ) from error
