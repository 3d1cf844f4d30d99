"""The object that holds a policy and its plugins, and runs guarded calls."""

from __future__ import annotations

import os
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
)
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from . import _plugins
from ._calling import with_settings
from ._drive import drive
from ._engine import Engine, check_detectors, check_role, judge
from ._errors import PluginError
from ._flow import Flow, OnBlock, Shape, call
from ._inside import inside
from ._policy_file import load_policy
from ._unrecorded import Unrecorded
from ._values import Context, Direction, Request, Response, Screening
from .hookspecs import Detector, Log, Marker, Wrapper
from .policy import Decider, Policy, act

if TYPE_CHECKING:
    from ._decorator import Decorator

R = TypeVar("R")
Done = Callable[[Response], None]
"""Told how a call ended, whatever way it did: the adapters' `on_response`."""


class Chopmark:
    """A policy, ready to guard calls. Make one per policy and share it between threads.

    Args:
        policy: a built-in name (`cn`, `eu`, `record-only`, `off`), the path of a TOML file,
            `plugin/policy` for one that an installed plugin ships, or a `Policy`.
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
        extra = list(plugins)
        self.policy = load_policy(policy, partial(_shipped, extra))
        self._made_of = (self.policy, extra, log)
        self._engine = _build(self.policy, extra, log)
        self._unrecorded = Unrecorded()

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
        """The markers, in the order in which the text goes through them."""
        return self._engine.markers

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

        Raises:
            RequestError: the policy knows no such audience.
        """
        self._engine.decider.check_audience(audience)
        context = Context(direction=direction, role=role, audience=audience)
        judged = judge(self._engine, text, context, audience)
        action = act(judged.verdicts)
        if judged.stopped and action not in ("block", "escalate"):
            action = "block"
        refused = action in ("block", "escalate")
        return Screening(
            text="" if refused else judged.text,
            action=action,
            verdicts=tuple(judged.verdicts),
            failures=tuple(judged.failures),
            refusal=self.policy.refusal("zh" if _has_han(text) else "en") if refused else "",
        )

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
        from anyio import to_thread

        return await to_thread.run_sync(work)

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
        from ._drive_async import drive as adrive

        return adrive(self._call(request, shape, on_block, done), ask, self._engine.log, self)

    def _call(
        self, request: Request, shape: Shape[R], on_block: OnBlock, done: Done | None
    ) -> Flow:
        # The settings of `calling` are read here, not at the first step: a stream may be read
        # later, in another context.
        request = with_settings(request)
        return call(self._engine, request, shape, on_block, self._unrecorded, done)

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


def _has_han(text: str) -> bool:
    return any("㐀" <= c <= "鿿" for c in text)


def _shipped(extra: Iterable[object], name: str) -> Policy | None:
    """Return a policy that a plugin ships: an extra plugin, or the one before the slash."""
    plugin, _, policy = name.rpartition("/")
    manager = _plugins.load([plugin] if plugin else [], extra)
    for found in chain.from_iterable(manager.hook.chopmark_policies()):
        if found.name == policy:
            return found if isinstance(found, Policy) else None
    return None


def _build(policy: Policy, extra: Iterable[object], log: Log | None) -> Engine:
    policy_id = f"{policy.name}@{policy.digest}"
    if not policy.active:
        return Engine(policy=policy, decider=Decider(policy), policy_id=policy_id)
    trace = _plugins.trace_to_stderr if os.environ.get("CHOPMARK_TRACE") == "1" else None
    manager = _plugins.load(policy.plugins, extra, trace)
    hook = manager.hook
    detectors: tuple[Detector, ...] = tuple(_collect(hook.chopmark_detectors, policy))
    markers: tuple[Marker, ...] = tuple(_collect(hook.chopmark_markers, policy))
    wrappers: tuple[Wrapper, ...] = tuple(_collect(hook.chopmark_wrappers, policy))
    check_detectors(detectors, policy)
    for marker in markers:
        check_role("marker", marker)
    for name in policy.settings:
        if name not in policy.plugins and not manager.has_plugin(name):
            raise PluginError(
                f"policy {policy.name!r} has settings for plugin {name!r}, which it does not "
                f"enable; add it to `plugins` or take [settings.{name}] out"
            )
    log = log or hook.chopmark_log(policy=policy)
    if log is not None:
        check_role("log", log)
    recorded: list[Callable[..., Any]] = [
        impl.function for impl in reversed(hook.chopmark_recorded.get_hookimpls())
    ]
    return Engine(
        policy=policy,
        decider=Decider(policy),
        policy_id=policy_id,
        detectors=detectors,
        markers=markers,
        wrappers=wrappers,
        log=log,
        recorded=(_telling(hook),) if recorded else (),
    )


def _telling(hook: Any) -> Callable[[Any, Any], None]:
    def tell(record: Any, receipt: Any) -> None:
        hook.chopmark_recorded(record=record, receipt=receipt)

    return tell


def _collect(hook: Callable[..., Any], policy: Policy) -> Iterable[Any]:
    for brought in hook(policy=policy):
        if not isinstance(brought, Iterable):
            raise PluginError(
                f"{getattr(hook, 'name', hook)} returned {brought!r}; return a list, empty where "
                "there is nothing to bring"
            )
        yield from brought
