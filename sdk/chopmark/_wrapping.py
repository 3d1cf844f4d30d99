"""Runs the wrappers' generators around one call, the first one outermost."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from ._errors import PluginError
from ._values import Request, Response
from .hookspecs import Wrapper


class Wrapping:
    """The wrappers of one call. `entered` is True once all of them let the request pass."""

    def __init__(self, wrappers: Sequence[Wrapper]) -> None:
        self.entered = False
        self._wrappers = wrappers
        self._open: list[Generator[Request, Response, Response]] = []

    def enter(self, request: Request) -> Request:
        """Start every wrapper; return the request as the last one yields it."""
        for wrapper in self._wrappers:
            generator = wrapper(request)
            try:
                request = next(generator)
            except StopIteration:
                raise PluginError(f"{_name(generator)} returned before its yield") from None
            self._open.append(generator)
        self.entered = True
        return request

    def leave(self, response: Response, error: BaseException | None) -> Response:
        """End every wrapper, innermost first: with the response, or with the error."""
        while self._open:
            generator = self._open.pop()
            try:
                if error is None:
                    generator.send(response)
                else:
                    generator.throw(error)
            except StopIteration as stop:
                if not isinstance(stop.value, Response):
                    raise PluginError(
                        f"{_name(generator)} must return the response, not {stop.value!r}"
                    ) from None
                response = stop.value
            except BaseException as raised:
                if raised is not error:
                    raise
            else:
                generator.close()
                raise PluginError(f"{_name(generator)} yielded twice; a wrapper yields once")
        return response


def _name(generator: Generator[Request, Response, Response]) -> str:
    return f"wrapper {getattr(generator, '__qualname__', generator)!r}"
