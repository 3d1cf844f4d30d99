"""Takes down in the log that somebody looks at content: who, of which record, never the content."""

from __future__ import annotations

from collections.abc import Mapping

from chopmark import ChopmarkError
from chopmark.hookspecs import Log
from chopmark.reading import new_event, takes_events

from ._errors import UnseenError


def note_access(
    log: Log,
    what: str,
    actor: str,
    about: tuple[str, ...],
    data: Mapping[str, str | int | bool],
) -> None:
    """Append the event `desk.content.WHAT`, before the content is shown.

    Raises:
        UnseenError: the log does not take it.
    """
    event = new_event(f"desk.content.{what}", about=about, actor=actor, data=data)
    try:
        takes_events(log).append_event(event)
    except ChopmarkError as error:
        raise UnseenError(
            f"the content is not shown, for the log could not take down that it is: {error}"
        ) from error
