"""What an adapter says of its framework's pieces: where their text is, and how to put it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

from ._errors import PolicyBlocked
from ._values import Chunk, Response, Usage

R = TypeVar("R")
OnBlock = Literal["raise", "refuse"]
"""What a caller sees of a block: an exception, or a refusal in the framework's own soft form."""


class Shape(Protocol[R]):
    """What an adapter says of its framework's pieces. One object per call; it may keep state.

    A piece (`raw`) is what the framework hands over: a stream chunk, an event, a whole answer.

    It may have `text(raw)`, for what is met most: the text of a piece that `read` would return as
    one chunk of the `answer` of index 0, not its last, and that counts no tokens; None for any
    other. Such a piece is then not shown to `usage` and `read`. Where pieces are such texts
    themselves, plain strings, it may have `strings`, True, in the place of `text`: `write` is then
    not asked either.

    It may have `first(raw, response)`, where the wire wants labels at the beginning, too: what
    goes out for the first piece, with the `labels` of the response so far on it; None where the
    piece cannot carry them, and then it is asked for the next one. It must not change `raw`.
    """

    def read(self, raw: R) -> Sequence[Chunk]:
        """Return the texts in `raw`, in order; a chunk with `last` ends its channel.

        Called once for each piece, after `usage`; `write` follows where a text changed.
        """
        ...

    def write(self, raw: R, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[R]:
        """Return what goes out for `raw`: its texts replaced by `texts`, in the order of `read`,
        with `tails` behind them for the channels that it ends. Must not change `raw` itself.
        """
        ...

    def tail(self, tails: Sequence[Chunk]) -> Sequence[R]:
        """Return pieces that carry `tails`, for a stream that ended without saying so."""
        ...

    def seal(self, held: Sequence[R], response: Response) -> Sequence[R]:
        """Return the last pieces with the response's metadata on one of them. `held` starts with
        the piece that ended the last open channel; it is empty where the stream did not mark its
        end, and then there may be nothing to return.
        """
        ...

    def usage(self, raw: R) -> Usage | None:
        """Return the token counts in `raw`, if it has them."""
        ...

    def refuse(self, response: Response) -> Sequence[R]:
        """Return the pieces that say softly that the policy refused."""
        ...

    def error(self, response: Response) -> PolicyBlocked:
        """Return the framework's own form of `PolicyBlocked`."""
        ...
