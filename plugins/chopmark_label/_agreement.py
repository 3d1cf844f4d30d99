"""Leaving the visible label off, as Article 9 of the Labelling Measures (2025) allows it.

A user may ask for content without the label where an agreement puts the duty to label on that user
and the provider keeps, for six months at least, whom the content was given to. So a call says both
or is refused; the record then holds both, and the implicit label stays on.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from chopmark import Mark, MarkError, Refused, Request, Response

from ._marking import KIND, NAME

KEY = "unlabelled"
"""The key of `Request.metadata` under which a call asks for it."""

SIX_MONTHS = 183
"""For so many days the provider keeps the logs of it."""
LOGS = "the Labelling Measures (Art. 9) want logs of at least six months then"

_MOST = 128
_CURE = (
    f'call it with calling(metadata={{"{KEY}": {{"agreement": "A-17", "recipient": "C-4711"}}}}), '
    "the ids of the user agreement and of whom the content is for (Labelling Measures, Art. 9)"
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Under which agreement the label is left off, and for whom: ids, no personal data."""

    agreement: str
    recipient: str

    def mark(self) -> Mark:
        """Return what the response and the record say of it."""
        return Mark(
            marker=NAME,
            kind=KIND,
            placed=False,
            reason="left off as agreed with the user (Labelling Measures, Art. 9)",
            data={"agreement": self.agreement, "recipient": self.recipient},
        )


def read_agreement(request: Request) -> Agreement | None:
    """Return under which agreement `request` asks for no label, None where it does not ask.

    Raises:
        MarkError: it asks, and does not say under which agreement and for whom.
    """
    given = request.metadata.get(KEY)
    if given is None or given is False:
        return None
    if not isinstance(given, Mapping):
        raise MarkError(f"{KEY!r} in the metadata of the call is {given!r}; {_CURE}")
    ids = [given.get(name) for name in ("agreement", "recipient")]
    if not all(isinstance(one, str) and one.strip() and len(one) <= _MOST for one in ids):
        raise MarkError(f"{KEY!r} in the metadata of the call has {dict(given)!r}; {_CURE}")
    return Agreement(*(str(one).strip() for one in ids))


def check_agreement(request: Request) -> Generator[Request, Response, Response]:
    """Refuse a call that asks for no label and does not say under which agreement: a wrapper."""
    try:
        read_agreement(request)
    except MarkError as error:
        raise Refused(str(error)) from error
    response = yield request
    return response


class Unlabelled:
    """The marking of an answer whose label is left off."""

    done = True

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement

    def feed(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return no tail, and the mark that says why there is no label."""
        return "", [self._agreement.mark()]
