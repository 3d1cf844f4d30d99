"""The detector: what is found, and the advice what to put in its place."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial

from chopmark import Context, Needs, Verdict
from chopmark.hookspecs import Scanner

from ._edge import LONGEST
from ._hits import CONTINUED, Hit
from ._kinds import ENTITIES, KINDS, PLACEHOLDER
from ._language import read_before
from ._options import Options
from ._replace import keyed, mask, pseudonym, redact
from ._scanner import Advise, PiiScanner, PiiSight
from ._search import Search
from ._vault import Vault


class PiiDetector:
    """Finds personal data. Immutable but for the vault; shared by threads.

    Every verdict has the outcome `modify` and a replacement, which is what the policy's rule may
    take up: no verdict overlaps another. `detail` says why the span is believed to be what it
    is: `check digit`, `format`, or `context` (a word near it).

    Args:
        options: what is looked for and what is put in its place.
        vault: where the action `vault` keeps originals.
    """

    name = "pii"
    version = "2"
    categories = ("pii",)
    blocking = False
    needs = Needs.window(LONGEST)

    def __init__(self, options: Options, vault: Vault | None = None) -> None:
        self._options = options
        self._vault = vault if options.vault else None
        self._follow = PiiScanner if ENTITIES.isdisjoint(options.actions) else _entities()
        old = "cn.resident_id_15" in options.actions
        self._search = Search(old=old)
        replaced = self._vault is not None or options.pseudonyms
        self._input = Search(old=old, placeholders=True) if replaced else self._search
        self._key = options.key or secrets.token_bytes(32)
        plain = self._follow is PiiScanner
        self._sight = PiiSight(self._search, self._advise) if plain else None

    @property
    def vault(self) -> Vault | None:
        """Where originals are kept, for whoever wants one forgotten; None without the action."""
        return self._vault

    def open(self, context: Context) -> Scanner:
        """Return a scanner for one text."""
        if context.direction == "input":
            return self._follow(self._input, self._advise_input)
        return self._follow(self._search, self._advise)

    def sight(self, context: Context) -> PiiSight | None:
        """Return what an answer is glanced at with; None where it has to be scanned, or is none."""
        return self._sight if context.direction == "output" else None

    def clears(self, text: str, context: Context) -> bool:
        """Return whether nothing is to be found in a whole text."""
        search = self._input if context.direction == "input" else self._search
        return self._follow is PiiScanner and search.glance(text) >= 0

    def advice(self, context: Context) -> Advise:
        """Return what makes verdicts of hits in a text: only a request's go into the vault."""
        return self._advise_input if context.direction == "input" else self._advise

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is found in `text`, from left to right."""
        scanner = self.open(context)
        found = [*scanner.feed(text), *scanner.finish()]
        return found if self._follow is PiiScanner else sorted(found, key=_start)

    def _advise_input(self, hit: Hit, original: str, plain: str, before: str) -> Verdict | None:
        """Put in the vault what the policy says, and disarm what a user wrote like it.

        Without its underscore a placeholder that the user wrote stands for nothing, so that
        nobody can have another's original put in an answer.
        """
        if hit.kind == PLACEHOLDER:
            return _verdict(hit, f"pii.{PLACEHOLDER}", plain.replace("_", "-"))
        if self._vault is not None and self._options.actions.get(hit.kind) == "vault":
            kind = KINDS[hit.kind]
            return _verdict(hit, kind.category, self._vault.hide(kind.tag, original))
        return self._advise(hit, original, plain, before)

    def _advise(self, hit: Hit, original: str, plain: str, before: str) -> Verdict | None:
        options = self._options
        action = options.actions.get(hit.kind)
        if action is None:
            return None
        # What depends on the whole value stands in the place of its end, else of its beginning.
        elsewhere = hit.more if action in ("hash", "pseudonym") else hit.ground == CONTINUED
        if elsewhere and action != "vault":
            return _verdict(hit, KINDS[hit.kind].category, "")
        language = read_before(before) if options.language == "auto" else options.language
        if action == "mask":
            replacement = mask(hit.kind, plain)
        elif action == "hash":
            replacement = keyed(hit.kind, plain, options.key, language)
        elif action == "pseudonym":
            replacement = pseudonym(hit.kind, plain, self._key)
        else:
            replacement = redact(hit.kind, language)
        return _verdict(hit, KINDS[hit.kind].category, replacement)


def _entities() -> Callable[[Search, Advise], Scanner]:
    # The rules for names take a third of the time that importing this plugin would take, and are
    # off by default.
    from ._entities import Entities
    from ._entity_scanner import EntityScanner
    from ._gazetteers import han, latin

    return partial(EntityScanner, entities=Entities(han(), latin()))


def _start(verdict: Verdict) -> int:
    return verdict.start


def _verdict(hit: Hit, category: str, replacement: str) -> Verdict:
    return Verdict(
        category=category,
        start=hit.start,
        end=hit.end,
        score=hit.score,
        outcome="modify",
        replacement=replacement,
        detail=hit.ground,
    )
