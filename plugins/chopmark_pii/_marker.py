"""Puts the vault's originals back into answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chopmark import Mark, Request

from ._numbering import Numbering, Renamer
from ._placeholder import CORE
from ._restore import Restorer
from ._vault import Vault

_NAME, _KIND = "pii", "metadata"


class VaultMarker:
    """Restores placeholders in an answer. Shared by threads.

    Only those are restored that stand in the request as it was sent, in messages that were
    screened: what a user wrote like one was disarmed there. In JSON answers and tool calls, for
    which no marker is opened, the placeholders stay.

    Args:
        vault: where the originals are; None where nothing is restored.
        roles: the roles of the messages that the policy screens.
        numbered: whether placeholders are numbered within the call.
    """

    name = _NAME
    version = "1"
    kind = _KIND

    def __init__(
        self, vault: Vault | None, roles: Collection[str], *, numbered: bool = False
    ) -> None:
        self._vault = vault
        self._roles = frozenset(roles)
        self._numbered = numbered

    def open(self, request: Request) -> VaultMarking:
        """Return the restoring of one answer to `request`."""
        if self._numbered:
            numbering = Numbering(request, self._roles)
            numbers = numbering.numbers
            known = self._vault.known(numbers) if self._vault is not None else {}
            originals = {numbers[core]: original for core, original in known.items()}
            return VaultMarking(Restorer(originals, bare=False), Renamer(numbering))
        texts = [message.text for message in request.messages if message.role in self._roles]
        return VaultMarking(self._vault.restorer(texts) if self._vault else Restorer({}))

    def detect(self, text: str) -> Sequence[Mark]:
        """Return one mark where `text` holds placeholders that were not restored."""
        count = len(set(CORE.findall(text)))
        if not count:
            return ()
        reason = "the placeholders were not restored"
        return (_mark("placeholders", count, placed=False, reason=reason),)


class VaultMarking:
    """One answer being restored."""

    def __init__(self, restorer: Restorer, renamer: Renamer | None = None) -> None:
        self._restorer = restorer
        self._renamer = renamer

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return what goes out for it."""
        if self._renamer is not None:
            text = self._renamer.feed(text)
        return self._restorer.feed(text)

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return the tail, and a mark where something was restored."""
        tail = "" if self._renamer is None else self._restorer.feed(self._renamer.finish())
        tail += self._restorer.finish()
        restored = self._restorer.restored
        return tail, (_mark("restored", restored),) if restored else ()


def _mark(what: str, count: int, *, placed: bool = True, reason: str = "") -> Mark:
    return Mark(
        marker=_NAME,
        kind=_KIND,
        where="text",
        placed=placed,
        reason=reason,
        data={what: str(count)},
    )
