"""A piece of an answer on the wire, and the shape that the guarded call sees of it.

What the policy lets out is noted on the piece; the bytes are written when the piece is
delivered (`Answer.render`), since only then everything that went out before it is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chopmark import Chunk, PolicyBlocked, Response, Usage

from ._blocked import OpenAIBlocked
from ._form import Fit
from ._sse import with_data
from ._tree import Path

OPAQUE = -1
"""The index of a text that is no JSON, and is screened as it stands."""
Place = tuple[Path, Chunk]
"""Where a text stands in a piece's data, and what it is. An empty path is no place: the chunk
then only ends its channel."""


class Piece:
    """One server-sent event, or one whole body.

    `wire` are the bytes that came, `data` the JSON object in them (None where there is none),
    `ends` says that a channel of the answer ends here. `texts` and `tails` are what goes out,
    `texts` None where nothing was changed. `metadata` are keys to put on the object. `fit` is
    there where the event is known to say nothing but its one text, which is `prose` where it is
    the first answer's: then it is not parsed unless somebody asks for `data`.
    """

    whole = False
    done = False
    failed = False
    head: Any = None
    texts: Sequence[str] | None = None
    tails: Sequence[Chunk] = ()
    metadata: Mapping[str, object] | None = None
    refused: Response | None = None
    ends = False
    fit: Fit | None = None
    prose: str | None = None

    def __init__(
        self,
        wire: bytes = b"",
        data: dict[str, Any] | None = None,
        places: Sequence[Place] = (),
    ) -> None:
        self.wire = wire
        self._data = data
        self.places = places
        self.chunks: Sequence[Chunk] = [place[1] for place in places]
        for chunk in self.chunks:
            if chunk.last:
                self.ends = True

    @classmethod
    def of_fit(cls, wire: bytes, fit: Fit) -> Piece:
        """Return the piece of an event of which the form is known."""
        piece = cls(wire)
        piece.fit = fit
        chunk = Chunk(fit.text, fit.form.chunk.kind, fit.form.chunk.index)
        piece.places, piece.chunks = ((fit.form.path, chunk),), (chunk,)
        if chunk.kind == "answer" and not chunk.index:
            piece.prose = fit.text
        return piece

    @classmethod
    def of_head(cls, response: Any) -> Piece:
        """Return the piece that comes before all others: the response without its body."""
        piece = cls()
        piece.head = response
        return piece

    @classmethod
    def of_tails(cls, tails: Sequence[Chunk]) -> Piece:
        """Return a piece of our own, which says `tails`."""
        piece = cls()
        piece.tails = tails
        return piece

    @property
    def data(self) -> dict[str, Any] | None:
        """The JSON object that the piece is, None where it is none."""
        if self._data is None and self.fit is not None:
            self._data = self.fit.data()
        return self._data

    def copy(self) -> Piece:
        """Return a copy, to note on it what goes out."""
        out = object.__new__(type(self))
        out.__dict__.update(self.__dict__)
        return out

    @property
    def said(self) -> list[Chunk]:
        """What goes out with this piece."""
        texts = self.texts
        if texts is None:
            texts = [chunk.text for chunk in self.chunks]
        pairs = zip(self.chunks, texts, strict=True)
        out = [Chunk(text, chunk.kind, chunk.index) for chunk, text in pairs if text]
        return [*out, *self.tails]


class Answer(Protocol):
    """What one endpoint's answers look like. One object per call; it keeps the call's state."""

    def locate(self, data: dict[str, Any], *, whole: bool) -> Sequence[Place]:
        """Return the texts in `data`, which came next."""
        ...

    def is_plain(self, data: dict[str, Any], chunk: Chunk) -> bool:
        """Return whether an event, `data`, goes on with the text of `chunk`, which was located in
        it, and has nothing else that depends on any text.
        """
        ...

    def goes_on(self, fit: Fit) -> None:
        """Take what came next: an event like one that was located and is plain."""
        ...

    def ending(self) -> Sequence[Place]:
        """Return the ends of all channels that are open, for a stream that says it is done."""
        ...

    def render(self, piece: Piece) -> bytes:
        """Return the bytes that go out for `piece`, which is delivered next."""
        ...

    def carries(self, data: dict[str, Any]) -> bool:
        """Return whether the metadata may ride on this object."""
        ...

    def usage(self, data: dict[str, Any]) -> Usage | None:
        """Return the token counts in `data`."""
        ...


def render(answer: Answer, piece: Piece) -> bytes:
    """Return the bytes that go out for `piece`, which is delivered next."""
    if piece.fit is not None or piece.data is not None or piece.done or not piece.chunks:
        return answer.render(piece)
    if piece.texts is None:
        return piece.wire
    text = "".join(chunk.text for chunk in piece.said).encode("utf-8", "surrogateescape")
    return text if piece.whole else with_data(piece.wire, text)


def render_cut(answer: Answer, piece: Piece) -> bytes:
    """Return what goes out of a piece with which the policy ended the call: its texts alone.

    The piece may say that the answer is complete, and what it repeats may not be screened.
    """
    if piece.data is None and not piece.done:
        return render(answer, piece)
    return answer.render(Piece.of_tails(piece.said))


class WireShape:
    """The shape of answers on the wire. `whole` says that the answer is one body, not events."""

    def __init__(self, answer: Answer, *, whole: bool) -> None:
        self.whole = whole
        self._answer = answer

    def text(self, raw: Piece) -> str | None:
        """Return the text of a piece that goes on with the first answer and says nothing else."""
        return raw.prose

    def read(self, raw: Piece) -> Sequence[Chunk]:
        """Return the texts that were located when the piece came."""
        return raw.chunks

    def write(self, raw: Piece, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[Piece]:
        """Return the piece with what goes out noted on it."""
        out = raw.copy()
        out.texts, out.tails = texts, tails
        return (out,)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[Piece]:
        """Return a piece that has only tails."""
        return (Piece.of_tails(tails),)

    def first(self, raw: Piece, response: Response) -> Piece | None:
        """Return the piece with the labels, None where there is no object to carry them."""
        if raw.data is None or not self._answer.carries(raw.data):
            return None
        out = raw.copy()
        out.metadata = {key: dict(label) for key, label in response.labels.items()}
        return out

    def seal(self, held: Sequence[Piece], response: Response) -> Sequence[Piece]:
        """Return what was held, with the metadata on the last piece that can carry it."""
        out = list(held)
        for n in range(len(out) - 1, -1, -1):
            data = out[n].data
            if data is not None and self._answer.carries(data):
                out[n] = out[n].copy()
                out[n].metadata = response.carried()
                break
        return out

    def usage(self, raw: Piece) -> Usage | None:
        """Return the token counts in the piece."""
        if raw.fit is not None or raw.data is None:
            return None
        return self._answer.usage(raw.data)

    def refuse(self, response: Response) -> Sequence[Piece]:
        """Return a piece that becomes the refusal."""
        piece = Piece()
        piece.refused, piece.whole = response, self.whole
        return (piece,)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of OpenAI's client."""
        return OpenAIBlocked(response)
