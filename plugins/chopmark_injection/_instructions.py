"""The detector of instructions to an assistant in texts that should hold none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chopmark import Context, Needs, Outcome, Verdict
from chopmark.hookspecs import IdleScanner

from ._machine import may_have, regions
from ._options import Level, Options
from ._plain import Plain
from ._rules import LEVELS, Rule, Rules, read_rules
from ._surfaces import OWN, UNTRUSTED, Surface, surface_of

_ADVICE: Mapping[Level, Outcome] = {"low": "warn", "medium": "warn", "high": "deny"}
_RAISED: Mapping[Level, Level] = {"low": "medium", "medium": "high", "high": "high"}


class InstructionDetector:
    """Finds words that speak to an assistant in tool results and documents. Immutable.

    The category is `injection.`, the surface, and the name of the rule, for example
    `injection.tool_result.override`. Text for machines inside another (descriptions of images,
    titles, comments) is the surface `alt_text`, where a rule counts a level higher. The score is
    that of the level. It advises `deny` for `high` and `warn` below.

    What a system message or a model says is not judged, and of what a user says only the text for
    machines: it comes with what was pasted.
    """

    name = "injection.instructions"
    version = "1"
    categories = ("injection.tool_result", "injection.document", "injection.alt_text")
    blocking = False
    needs = Needs.whole()

    def __init__(self, options: Options) -> None:
        levels = list(LEVELS)
        self._levels = frozenset(levels[levels.index(options.least) :])
        self._surfaces = options.surfaces
        self._rules = Rules(read_rules())

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules, in the order of their files."""
        return self._rules.all

    def broken(self, text: str) -> Sequence[Rule]:
        """Return the rules that hold in `text`, whatever their level, for who measures them."""
        return [rule for rule, _, _ in self._rules.hits(Plain(text).text)]

    def open(self, context: Context) -> InstructionScanner | IdleScanner:
        """Return a scanner for one text."""
        surface = surface_of(context, self._surfaces)
        return InstructionScanner(self, surface) if judged(surface, context) else IdleScanner()

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is found in `text`."""
        surface = surface_of(context, self._surfaces)
        return self.find(text, surface) if judged(surface, context) else ()

    def find(self, text: str, surface: Surface) -> Sequence[Verdict]:
        """Return what is found in a text that comes from `surface`."""
        trusted = surface not in UNTRUSTED
        if trusted and not may_have(text):
            return ()
        plain = Plain(text)
        found: list[Verdict] = []
        machine = None
        for rule, start, end in self._rules.hits(plain.text):
            machine = machine or regions(plain.text)
            unseen = surface == "alt_text" or machine.holds(start)
            if trusted and not unseen:
                continue
            level = _RAISED[rule.level] if unseen else rule.level
            if level in self._levels:
                found.append(
                    Verdict(
                        category=f"injection.{'alt_text' if unseen else surface}.{rule.name}",
                        start=plain.start(start),
                        end=plain.end(end),
                        score=LEVELS[level],
                        outcome=_ADVICE[level],
                        detail=f"level {level}",
                    )
                )
        return sorted(found, key=lambda v: (v.start, v.end, v.category))


def judged(surface: Surface, context: Context) -> bool:
    """Return whether there may be words of others in a text."""
    return surface in UNTRUSTED or (surface == "request" and context.role not in OWN)


class InstructionScanner:
    """Waits for the end of a text: the texts of a request come whole."""

    __slots__ = ("_detector", "_pieces", "_surface", "settled")

    def __init__(self, detector: InstructionDetector, surface: Surface) -> None:
        self.settled = 0
        self._detector = detector
        self._surface = surface
        self._pieces: list[str] = []

    def feed(self, text: str) -> Sequence[Verdict]:
        """Keep the next piece."""
        self._pieces.append(text)
        return ()

    def finish(self) -> Sequence[Verdict]:
        """Judge the text."""
        text = "".join(self._pieces)
        self.settled = len(text)
        return self._detector.find(text, self._surface)
