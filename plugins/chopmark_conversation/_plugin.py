"""Brings the detector that judges a conversation, and the wrapper that follows its turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace

from chopmark import Policy, Request, Response, hookimpl
from chopmark.hookspecs import Detector, Evidence, Wrapper
from chopmark.stores import Keeper, Store

from ._conversations import Conversations
from ._detector import ConversationDetector
from ._options import read_options, read_store

_KEEPER = Keeper("conversation", read_options, read_store, Conversations)


class Following:
    """The wrapper that adds every finished turn, and says the risk in the `metadata`."""

    def __init__(self, conversations: Conversations) -> None:
        self.blocking = conversations.keeping.blocking
        self._conversations = conversations

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Follow one turn."""
        conversations = self._conversations
        key = conversations.key(request)
        response = yield request
        if key is None:
            return response
        risk = conversations.take(key, request, response)
        if risk is None:
            return response
        told = {"conversation_risk": round(risk, 3)}
        return replace(response, metadata={**response.metadata, **told})


class Conversation:
    """The plugin as an object, for a store of one's own: `Chopmark(plugins=[Conversation(...)])`.

    Args:
        store: what keeps the risk, or as the option of that name.
        options: as under `[settings.conversation]`; relative paths start from this folder.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store | str = "memory",
        *,
        clock: Callable[[], float] = time.time,
        **options: object,
    ) -> None:
        self._of = _KEEPER.given(store, options, clock)

    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Iterable[Detector]:
        """Return the detector."""
        return [ConversationDetector(self._of(policy), policy.roles)]

    @hookimpl
    def chopmark_wrappers(self, policy: Policy) -> Iterable[Wrapper]:
        """Return the wrapper."""
        return [Following(self._of(policy))]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detector; raise `PolicyError` for a wrong option.

    Options: `key` ("conversation"), `required` (false), `bound` (0.7), `share` (0.5), `floor`
    (0.3), `half_life_turns` (8), `half_life_seconds` (3600), `weights`, and those that name a
    store (`chopmark.stores.open_store`).
    """
    return [ConversationDetector(_KEEPER.of(policy), policy.roles)]


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return the wrapper that follows the turns."""
    return [Following(_KEEPER.of(policy))]


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return how risk builds up, and what is done with it."""
    from ._evidence import evidence

    return evidence(policy)
