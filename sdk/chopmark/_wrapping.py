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

    def __init__(self, wrappers: Sequence[Wrapper]) -> None:
        self.entered = not wrappers
        self._wrappers = wrappers
        self._early = [w for w in wrappers if not getattr(w, "screened", False)]
        self._late = [w for w in wrappers if getattr(w, "screened", False)]
        self._open: list[tuple[Opened, bool]] = []  # and whether it blocks

    def enter(self, request: Request) -> Steps[Request]:
        """Start the wrappers whose request is screened; return it as the last one yields it."""
        return self._start(self._early, request)

    def enter_screened(self, request: Request) -> Steps[Request]:
        """Start the wrappers that want the screened request; return it as it is sent."""
        return self._start(self._late, request)

    def within(self, request: Request) -> list[AbstractContextManager[object]]:
        """Return what stands around the framework's part of the call, innermost first."""
        found = []
        for wrapper in reversed(self._wrappers):
            within = getattr(wrapper, "within", None)
            around = within(request) if within is not None else None
            if around is not None:
                found.append(around)
        return found

    def _start(self, wrappers: Sequence[Wrapper], request: Request) -> Steps[Request]:
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
