"""The sync driver of a call: answers what the flow asks for, on the caller's thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, TypeVar

from ._inside import CURRENT, Guarding
from ._steps import END, LEFT, Abandoned, Append, Ask, Flow, Pieces, Push, Relay
from ._values import Request, Response
from ._within import ask_within
from .hookspecs import Log

R = TypeVar("R")


def drive(
    flow: Flow,
    ask: Callable[[Request], Iterable[R]],
    log: Log | None,
    owner: object,
) -> Generator[R, None, Response]:
    """Yield what the caller gets; return the response. Closing it records what was delivered."""
    guarding = Guarding(owner)
    enter, leave = CURRENT.set, CURRENT.reset
    source: Iterator[R] = iter(())
    value: Any = None
    error: BaseException | None = None
    try:
        while True:
            try:
                step = flow.send(value) if error is None else flow.throw(error)
            except StopIteration as stop:
                response: Response = stop.value
                return response
            value = error = None
            kind = type(step)
            try:
                if kind is Push:
                    yield step.raw
                elif kind is Relay:
                    by = step.by
                    each, quick = by.each, by.quick
                    while True:
                        token = enter(guarding)
                        try:
                            value = next(source, END)
                        finally:
                            leave(token)
                        if value is END:
                            break
                        if quick is None or (out := quick(value)) is None:
                            if (out := each(value)) is LEFT:
                                break
                            quick = by.quick
                            if type(out) is Pieces:
                                yield from out
                            else:
                                yield out
                        elif out:
                            yield out
                elif kind is Ask:
                    for around in step.within:
                        ask = ask_within(around, ask)
                    token = enter(guarding)
                    try:
                        source = iter(ask(step.request))
                    finally:
                        leave(token)
                elif kind is Append:
                    value = step.to(log) if log else None
                else:
                    value = step.run()
            except GeneratorExit:
                error = Abandoned()
            except BaseException as raised:  # noqa: BLE001  the flow records it and raises it
                error = raised
    finally:
        guarding.open = False
        flow.close()
        close = getattr(source, "close", None)
        if close is not None:
            close()
