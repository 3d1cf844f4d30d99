"""Takes down in the log that somebody suspends a user, or lets one go on, before it is done."""

from __future__ import annotations

import logging
from contextlib import closing

from chopmark import ChopmarkError, LogError, Policy
from chopmark.reading import find_log, new_event, takes_events

from ._usage import key_of

SUSPENDED, LIFTED = "usage.suspended", "usage.lifted"
_logger = logging.getLogger("chopmark")


def note(policy: Policy, kind: str, user: str, actor: str, **data: int) -> None:
    """Append an event to the log of `policy`, where it has one.

    The user is in it as the store has it: a hash. `until`, of a suspension, is its end in
    milliseconds since 1970, 0 where it ends when it is lifted.

    Raises:
        LogError: nobody is named, or the log takes no event, and the policy does not let that go.
    """
    log = find_log(policy)
    if log is None:
        return
    if not actor.strip():
        raise LogError("say who acts, with --by NAME: it goes into the log")
    event = new_event(kind, actor=actor.strip(), data={"user": key_of(user), **data})
    try:
        with closing(log):
            takes_events(log).append_event(event)
    except ChopmarkError as error:
        if policy.on_error.log == "block":
            raise LogError(
                f"nothing was changed, for the log could not take down that it is: {error}"
            ) from error
        _logger.error("the log could not take %s of user %s: %s", kind, key_of(user), error)
