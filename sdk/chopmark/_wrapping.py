"""Runs the wrappers' generators around one call, the first one outermost."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeVar

from ._errors import PluginError
from ._steps import Effect
from ._values import Request, Response
from .hookspecs import Wrapper

T = TypeVar("T")
Opened = Generator[Request, Response, Response]
Steps = Generator[Effect, T, T]
"""Yields what a wrapper that blocks has to do, and is sent what came of it."""


class Wrapping:
    """The wrappers of one call. `entered` is True while no wrapper is deciding on the request."""

    def __init__(self) -> None:
        self.entered = True
        self._open: list[tuple[Opened, bool]] = []  # and whether it blocks

    def enter(self, wrappers: Sequence[Wrapper], request: Request) -> Steps[Request]:
        """Start `wrappers`, the first one outermost; return what the last one yields."""
        self.entered = False
        for wrapper in wrappers:
            generator, blocks = wrapper(request), bool(getattr(wrapper, "blocking", False))
            if blocks:
                request = yield Effect(partial(_begin, generator))
            else:
                request = _begin(generator)
            self._open.append((generator, blocks))
        self.entered = True
        return request

    def leave(self, response: Response, error: BaseException | None) -> Steps[Response]:
        """End every wrapper, innermost first: with the response, or with the error.

        Where one raises another error, those outside it are ended with that, and it is raised.
        """
        latest = error
        while self._open:
            generator, blocks = self._open.pop()
            try:
                if blocks:
                    response = yield Effect(partial(_end, generator, response, latest))
                else:
                    response = _end(generator, response, latest)
            except GeneratorExit:
                raise
            except BaseException as raised:  # noqa: BLE001  raised again below
                latest = raised
        if latest is not None and latest is not error:
            raise latest
        return response


def within(wrappers: Sequence[Wrapper], request: Request) -> list[AbstractContextManager[object]]:
    """Return what stands around the framework's part of a call, innermost first.

    `wrappers` are those that have something to put there.
    """
    found = (wrapper.within(request) for wrapper in wrappers)  # type: ignore[attr-defined]
    return [around for around in found if around is not None]


def _begin(generator: Opened) -> Request:
    """Run a wrapper up to its yield, and return what it yields."""
    try:
        return next(generator)
    except StopIteration:
        raise PluginError(f"{_name(generator)} returned before its yield") from None


def _end(generator: Opened, response: Response, error: BaseException | None) -> Response:
    """Run the rest of a wrapper, and return what it returns."""
    try:
        if error is None:
            generator.send(response)
        else:
            generator.throw(error)
    except StopIteration as stop:
        if isinstance(stop.value, Response):
            return stop.value
        raise PluginError(
            f"{_name(generator)} must return the response, not {stop.value!r}"
        ) from None
    generator.close()
    raise PluginError(f"{_name(generator)} yielded twice; a wrapper yields once")


def _name(generator: Generator[Request, Response, Response]) -> str:
    return f"wrapper {getattr(generator, '__qualname__', generator)!r}"
