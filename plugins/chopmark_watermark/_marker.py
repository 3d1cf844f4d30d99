"""The marker: looks whether an answer carries the mark that the model's hook was to draw."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Mark, MarkError, Request

from ._detection import Detection
from ._names import NAME
from ._options import Options
from ._watermark import Watermark

KIND = "watermark"
TENANT = "tenant"
"""The key of a request's metadata that says for whom the answer is."""


class WatermarkMarker:
    """Finds statistical watermarks. Immutable, shared by threads.

    The words were chosen while the model wrote, by a hook in its runtime: this marker writes
    nothing. It looks at the finished answer and says whether the mark is there, which also
    tells of a hook that was not installed, and of an answer that left no choice.
    """

    name = NAME
    version = "1"
    kind = KIND

    def __init__(self, options: Options) -> None:
        self._options = options

    def open(self, request: Request) -> WatermarkMarking:
        """Return the marking of one answer.

        Raises:
            MarkError: the request's tenant is no text.
        """
        tenant = request.metadata.get(TENANT, self._options.tenant)
        if not isinstance(tenant, str):
            raise MarkError(f"metadata {TENANT!r} is {tenant!r}; write the tenant's name as text")
        return WatermarkMarking(self._options.watermark, tenant)

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the mark that `text` carries, with `verdict`, `band`, `key` and `spans`."""
        found = self._options.watermark.detect(text, tenants=self._options.tenants)
        if found.verdict != "marked":
            return ()
        spans = " ".join(f"{span.start}-{span.end}" for span in found.spans)
        return (_mark(self._options.watermark, found, spans=spans),)


class WatermarkMarking:
    """One answer being looked at; it goes through as it is."""

    def __init__(self, watermark: Watermark, tenant: str) -> None:
        self._watermark = watermark
        self._tenant = tenant
        self._pieces: list[str] = []

    def feed(self, text: str) -> str:
        """Take the next piece of the answer, and return it."""
        self._pieces.append(text)
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return no tail, and whether the answer carries the mark of today's key."""
        watermark = self._watermark
        found = watermark.detect(
            "".join(self._pieces), tenants=[self._tenant], epochs=[watermark.clock()]
        )
        return "", [_mark(watermark, found)]


def _mark(watermark: Watermark, found: Detection, **more: str) -> Mark:
    data = {
        "scheme": found.scheme,
        "verdict": found.verdict,
        "band": found.band,
        "tokenizer": watermark.tokenizer.digest[:16],
        **{name: value for name, value in more.items() if value},
    }
    if found.key is not None:
        data["key"] = str(found.key)
    marked = found.verdict == "marked"
    reason = "; ".join(found.notes) or (
        "" if marked else "no mark is in the answer: is the hook in the model's runtime?"
    )
    return Mark(
        marker=NAME,
        kind=KIND,
        where="words",
        placed=marked,
        reason="" if marked else reason,
        data=data,
    )
