"""A ring, a tokenizer and a scheme, together: what marks and what finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chopmark import MarkError

from ._detect import detect
from ._detection import Detection
from ._draw import Drawer
from ._green import DELTA, GreenDrawer
from ._gumbel import GumbelDrawer
from ._names import ALPHA
from ._ring import KeyName, Ring, this_epoch
from ._sampling import Sampling
from ._schemes import SCHEMES
from ._tokens import Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What an operator marks with. Immutable, shared by threads.

    Args:
        ring: the keys.
        tokenizer: that of the model.
        scheme: `gumbel`, which leaves the text as it would have been, or `green`, for greedy
            answers.
        delta: for `green`, what is added to the logits of green tokens.
        alpha: the level of a search.
        clock: what says which epoch it is, YYYY-MM.

    Raises:
        MarkError: there is no such scheme.
    """

    ring: Ring
    tokenizer: Tokenizer
    scheme: str = "gumbel"
    delta: float = DELTA
    alpha: float = ALPHA
    clock: Callable[[], str] = this_epoch

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise MarkError(f"there is no scheme {self.scheme!r}; there are {', '.join(SCHEMES)}")

    def drawer(
        self, sampling: Sampling | None = None, prompt: Sequence[int] = (), tenant: str = ""
    ) -> Drawer:
        """Return what draws the tokens of one answer, for `tenant`, with the key of today.

        Raises:
            RingError: no key is active.
        """
        key = self.key(tenant)[1]
        if self.scheme == "green":
            return GreenDrawer(key, self.delta, prompt)
        return GumbelDrawer(key, sampling or Sampling(), prompt)

    def key(self, tenant: str = "") -> tuple[KeyName, bytes]:
        """Return the key that marks for `tenant` now, and its name."""
        digest = self.tokenizer.digest
        name, derived = self.ring.marking(self.scheme, tenant, digest, self.clock())
        return name, SCHEMES[self.scheme].key(derived)

    def detect(
        self,
        text: str,
        *,
        tenants: Sequence[str] = ("",),
        epochs: Iterable[str] | None = None,
        prompt: str | None = None,
    ) -> Detection:
        """Return whether `text` was marked for one of `tenants`; see `detect` of this package."""
        return detect(
            text,
            self.ring,
            self.tokenizer,
            scheme=self.scheme,
            tenants=tenants,
            epochs=epochs,
            alpha=self.alpha,
            prompt=prompt,
            now=self.clock(),
        )
