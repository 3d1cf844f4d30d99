"""The object that holds a policy and its plugins, and runs guarded calls."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
)
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ._build import build, shipped_policy
from ._calling import with_settings
from ._drive import drive
from ._flow import call
from ._heard import HEARD
from ._inside import inside
from ._plugins import given
from ._policy_file import load_policy
from ._screening import screen
from ._shape import OnBlock, Shape
from ._steps import Flow
from ._strip import strip, strip_arguments
from ._unrecorded import Unrecorded
from ._values import Direction, Request, Response, Screening
from .forking import WHOLE
from .hookspecs import Detector, Log, Marker, Signer
from .policy import Policy

if TYPE_CHECKING:
    from ._decorator import Decorator

R = TypeVar("R")
T = TypeVar("T")
Done = Callable[[Response], None]
"""Told how a call ended, whatever way it did: the adapters' `on_response`."""


class Chopmark:
    """A policy, ready to guard calls. Make one per policy and share it between threads.

    Args:
        policy: a built-in name (`cn`, `eu`, `record-only`, `off`, `inspect`), the path of a TOML
            file, `plugin/policy` for one that an installed plugin ships, or a `Policy`.
        plugins: plugins beside those that the policy enables by name: modules or objects that
            hold hooks.
        log: a log to use in the place of the plugins'.

    Raises:
        PolicyError: the policy, or an option in it, cannot be used.
        PluginError: a plugin is missing or wrong.
    """

    def __init__(
        self,
        policy: str | Path | Policy = "cn",
        *,
        plugins: Iterable[object] = (),
        log: Log | None = None,
    ) -> None:
        extra = given(plugins)
        self.policy = load_policy(policy, partial(shipped_policy, extra))
        self._made_of = (self.policy, extra, log)
        self._engine = build(self.policy, extra, log)
        strict = self.policy.on_error.log == "block"
        self._unrecorded = Unrecorded(getattr(self.log, "warm_up", None) if strict else None)

    @property
    def inert(self) -> bool:
        """Whether there is nothing to do: an adapter then calls its framework directly."""
        return self._engine.inert

    @property
    def log(self) -> Log | None:
        """The log that takes the records."""
        return self._engine.log

    @property
    def policy_id(self) -> str:
        """The policy as every record names it: `name@digest`."""
        return self._engine.policy_id

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """The detectors, in the order in which they judge."""
        return self._engine.detectors

    @property
    def markers(self) -> tuple[Marker, ...]:
        """The markers in the order in which the text goes through them, then those beside it."""
        return (*self._engine.markers, *self._engine.beside)

    @property
    def signer(self) -> Signer | None:
        """Who signs on behalf of the operator, where a plugin brings such a one."""
        return self._engine.signer

    def __repr__(self) -> str:
        return f"Chopmark({self.policy_id})"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle everything it was made of: what comes back must not guard less."""
        return _remake, self._made_of

    def __copy__(self) -> Chopmark:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Chopmark:
        return self

    def inside(self) -> bool:
        """Return whether this code runs inside a call that this object guards already."""
        return inside(self)

    def screen(
        self,
        text: str,
        *,
        direction: Direction = "input",
        audience: str = "",
        role: str = "user",
    ) -> Screening:
        """Judge a text outside a call. Nothing is marked or recorded.

        Our own marks are taken off what goes in, as in a call (`strip`), before it is judged;
        offsets point into `text` as it was given.

        Without an `audience` it is that of the `calling` around, as for a call; so is the
        refusal's language.

        Raises:
            RequestError: the text is no string, there is no such direction, or the policy knows no
                such audience.
            MarkError: a marker broke while it looked for its own marks.
        """
        return screen(self._engine, text, direction, audience, role)

    async def ascreen(
        self,
        text: str,
        *,
        direction: Direction = "input",
        audience: str = "",
        role: str = "user",
    ) -> Screening:
        """Judge a text outside a call, in a thread where a detector blocks."""
        work = partial(self.screen, text, direction=direction, audience=audience, role=role)
        if not any(d.blocking for d in self._engine.detectors):
            return work()
        with WHOLE.lock:
            from anyio import to_thread

        return await to_thread.run_sync(work)

    def strip(self, text: str, *, role: str = "assistant") -> str:
        """Return `text` without the marks that the markers of this policy wrote into it.

        For what a model is about to read, or an index to hold: a C2PA manifest of 2 KB costs some
        7,900 tokens, and an embedding of a label is one of the label. Guarded calls do it by
        themselves. It is nothing for a text that goes to people: nobody may take a label off that
        (Labelling Measures, Art. 10).

        Args:
            text: a text.
            role: whose message it is, or will be. What readers see is taken off texts of
                `assistant`, `tool` and `function` alone, what nobody sees off all.

        Raises:
            MarkError: a marker broke while it looked for its own marks.
        """
        stripped = strip(self._engine.own, text, role)
        return text if stripped is None else stripped.text

    def strip_arguments(self, arguments: T) -> T:
        """Return the arguments of an earlier tool call, as a model may read them again.

        They are parsed JSON, JSON text, or the free text that some tools take. What a tool is given
        keeps its marks: it may publish them.

        Raises:
            MarkError: as `strip`, unless the policy's `on_error.marker` is `allow`.
        """
        lenient = self.policy.on_error.marker == "allow"
        return strip_arguments(self._engine.own, arguments, lenient=lenient)  # type: ignore[no-any-return]

    # What adapters call. `ask` lets the framework make its own call with the request as it may
    # be sent; the pieces that come back are the framework's own.

    def run(
        self,
        request: Request,
        shape: Shape[R],
        ask: Callable[[Request], R],
        *,
        on_block: OnBlock = "raise",
        done: Done | None = None,
    ) -> R:
        """Guard a call whose answer comes in one piece, and return that piece."""
        flow = self._call(request, shape, on_block, done)
        pieces = list(drive(flow, lambda sent: (ask(sent),), self._engine.log, self))
        return pieces[-1]

    def stream(
        self,
        request: Request,
        shape: Shape[R],
        ask: Callable[[Request], Iterable[R]],
        *,
        on_block: OnBlock = "raise",
        done: Done | None = None,
    ) -> Generator[R, None, Response]:
        """Guard a call whose answer comes in pieces; close the generator to leave early."""
        return drive(self._call(request, shape, on_block, done), ask, self._engine.log, self)

    async def arun(
        self,
        request: Request,
        shape: Shape[R],
        ask: Callable[[Request], Awaitable[R]],
        *,
        on_block: OnBlock = "raise",
        done: Done | None = None,
    ) -> R:
        """Guard an async call whose answer comes in one piece, and return that piece."""

        async def one(sent: Request) -> AsyncIterator[R]:
            return _once(await ask(sent))

        pieces = self.astream(request, shape, one, on_block=on_block, done=done)
        return [piece async for piece in pieces][-1]

    def astream(
        self,
        request: Request,
        shape: Shape[R],
        ask: Callable[[Request], Awaitable[AsyncIterator[R]]],
        *,
        on_block: OnBlock = "raise",
        done: Done | None = None,
    ) -> AsyncGenerator[R, None]:
        """Guard an async call whose answer comes in pieces; close the generator to leave early."""
        with WHOLE.lock:  # a fork amid an import leaves a child that waits for it for ever
            from ._drive_async import drive as adrive

        flow = self._call(request, shape, on_block, done, threads=True)
        return adrive(flow, ask, self._engine.log, self)

    def _call(
        self,
        request: Request,
        shape: Shape[R],
        on_block: OnBlock,
        done: Done | None,
        *,
        threads: bool = False,
    ) -> Flow:
        # The settings of `calling` are read here, not at the first step: a stream may be read
        # later, in another context.
        request = with_settings(request)
        heard, begun = HEARD.get(), None
        if heard is not None:
            done, begun = heard.ended(done), heard.begun
        engine, unrecorded = self._engine, self._unrecorded
        return call(engine, request, shape, on_block, unrecorded, done, begun, threads=threads)

    @property
    def guard(self) -> Decorator:
        """The decorator for plain functions that answer, sync, async, or streaming."""
        from ._decorator import Decorator

        return Decorator(self)

    def close(self) -> None:
        """Close the log; a later call opens it again."""
        if self._engine.log is not None:
            self._engine.log.close()


async def _once(piece: R) -> AsyncIterator[R]:
    yield piece


def _remake(policy: Policy, plugins: list[object], log: Log | None) -> Chopmark:
    return Chopmark(policy, plugins=plugins, log=log)
