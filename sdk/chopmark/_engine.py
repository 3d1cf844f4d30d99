"""What one `Chopmark` object is made of: the policy, and the roles that its plugins brought."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from ._errors import PluginError
from ._glance import passes
from ._json_text import JsonScanner, escape
from ._kept import Record
from ._quick import maker, quick
from ._scanners import check_needs, open_scanner
from ._screen import Screen
from ._strip import Own
from ._values import Context, Failure, Receipt, Verdict
from ._watch import Broken, Watch
from .deciding import Decider
from .hookspecs import Detector, IdleScanner, Log, Marker, Scanner, Sight, Signer, Wrapper
from .policy import Policy

_JSON = ("structured", "tool_call")
_NO_CAP = sys.maxsize // 2  # an offset may be added to it

_ROLE_MEMBERS = {
    "detector": ("name", "version", "needs", "blocking", "judge"),
    "marker": ("name", "version", "kind", "open", "detect"),
    "wrapper": ("__call__",),
    "log": ("name", "blocking", "append", "close"),
    "signer": ("name", "key_id", "sign"),
}


class _Reader(NamedTuple):
    """A detector, with what it may have beside its role."""

    detector: Detector
    opened: Callable[[Context], Scanner] | None
    clears: Callable[[str, Context], bool] | None
    sight: Callable[[Context], Sight | None] | None


def _reader(detector: Detector) -> _Reader:
    found = [getattr(detector, name, None) for name in ("open", "clears", "sight")]
    return _Reader(detector, *found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts of a guarded call. Immutable, shared by threads.

    What no call changes is worked out once: `inert` says that there is nothing to do at all, and
    `early`, `late` and `around` are the wrappers by what a call asks of them.
    """

    policy: Policy
    decider: Decider
    policy_id: str
    detectors: tuple[Detector, ...] = ()
    markers: tuple[Marker, ...] = ()  # of the text
    beside: tuple[Marker, ...] = ()  # of the answer as a whole, which write no text
    own: tuple[Own, ...] = ()  # what finds the marks of `markers` in what goes to a model
    wrappers: tuple[Wrapper, ...] = ()
    log: Log | None = None
    signer: Signer | None = None
    recorded: tuple[Callable[[Record, Receipt], None], ...] = ()
    inert: bool = field(init=False)
    early: tuple[Wrapper, ...] = field(init=False)  # before the request is screened
    late: tuple[Wrapper, ...] = field(init=False)  # behind that
    around: tuple[Wrapper, ...] = field(init=False)  # the framework's part, innermost first
    readers: tuple[_Reader, ...] = field(init=False)  # the detectors

    def __post_init__(self) -> None:
        roles = (self.detectors, self.markers, self.beside, self.wrappers, self.recorded)
        found = {
            "inert": self.log is None and not any(roles),
            "early": tuple(one for one in self.wrappers if not _is_late(one)),
            "late": tuple(one for one in self.wrappers if _is_late(one)),
            "readers": tuple(_reader(one) for one in self.detectors),
            "around": tuple(one for one in reversed(self.wrappers) if hasattr(one, "within")),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def cap(self, context: Context) -> int:
        """Return the most characters of a text that a detector may leave unsettled.

        What goes in is there from the beginning: nothing is held back from anyone.
        """
        return self.policy.holdback if context.direction == "output" else _NO_CAP

    def open_screen(self, context: Context, audience: str) -> Screen:
        """Return the screen of one text."""
        return self.screen(self.watches(context), context, audience)

    def watches(self, context: Context, whole: str | None = None) -> list[Watch]:
        """Return the scanners of one text, but those that are idle, or would find nothing in it.

        `whole` is the text, where it is there already.
        """
        json_text = context.kind in _JSON
        watches = []
        for detector, opened, clears, sight in self.readers:
            if whole is not None and clears is not None and not json_text:
                try:
                    if clears(whole, context):
                        continue
                except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed
                    pass
            try:
                if sight is not None and whole is None and not json_text:
                    seen = sight(context)
                    if seen is not None:
                        watches.append(Watch(detector, seen, True))
                        continue
                if opened is not None:
                    scanner = opened(context)
                else:
                    scanner = open_scanner(detector, context, self.cap(context))
            except Exception as error:  # noqa: BLE001  the plugin border: policy says what follows
                scanner = Broken(error)
            if type(scanner) is IdleScanner:
                continue
            watches.append(Watch(detector, JsonScanner(scanner) if json_text else scanner))
        return watches

    def screen(self, watches: Sequence[Watch], context: Context, audience: str) -> Screen:
        """Return the screen of one text, which nobody has looked at yet."""
        json_text = context.kind in _JSON
        return Screen(
            watches,
            partial(self.decider.outcome, audience=audience),
            self.policy.on_error.detector,
            modifies=context.kind != "tool_call",
            escape=escape if json_text else None,
        )


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A whole text after screening. `stopped`: it, or a span of it, is denied."""

    text: str
    stopped: bool
    verdicts: Sequence[Verdict]
    failures: Sequence[Failure]


_make_judged = maker(Judged)


def judge(engine: Engine, text: str, context: Context, audience: str, part: int = 0) -> Judged:
    """Screen a whole text; where it is denied, `text` is what comes before the denied span."""
    watches = engine.watches(context, text)
    at_a_glance = not watches or passes([watch.scanner for watch in watches], text)
    if at_a_glance:
        return _make_judged(text=text, stopped=False, verdicts=(), failures=())
    screen = engine.screen(watches, context, audience)
    screen.place(context, part)
    if at_a_glance is False:
        screen.look_closely()
    out = screen.feed(text)
    out += screen.finish()
    return Judged(
        text=out, stopped=screen.stopped, verdicts=screen.verdicts, failures=screen.failures
    )


def check_role(role: str, value: object) -> None:
    """Raise `PluginError` where `value` lacks what its role needs."""
    needed = _ROLE_MEMBERS[role]
    if role == "log" and getattr(value, "takes_content", False):
        needed = (*needed, "append_with")
    missing = [name for name in needed if not hasattr(value, name)]
    if missing:
        raise PluginError(
            f"{type(value).__qualname__!r} is no {role}: it has no {', '.join(missing)}; "
            f"see chopmark.hookspecs.{role.capitalize()}"
        )


def _is_late(wrapper: Wrapper) -> bool:
    """Return whether `wrapper` wants the screened request."""
    return bool(getattr(wrapper, "screened", False))


def is_beside(marker: Marker) -> bool:
    """Return whether the marks of `marker` stand beside the answer, and never in its text."""
    return bool(getattr(marker, "beside", False))


def check_detectors(detectors: Sequence[Detector], policy: Policy) -> None:
    """Raise where two detectors share a name, or one must hold back more than the cap."""
    seen: set[str] = set()
    for detector in detectors:
        check_role("detector", detector)
        if detector.name in seen:
            raise PluginError(f"two detectors are named {detector.name!r}; give one another name")
        seen.add(detector.name)
        check_needs(detector, policy.holdback)
