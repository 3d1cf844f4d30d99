"""The hook over numpy arrays: `f(tokens, logits) -> logits`, once a token."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chopmark import MarkError

from .._draw import Drawer, Logits, force
from .._sampling import Sampling
from .._watermark import Watermark


class LogitsHook:
    """Draws each token and leaves the sampler no other choice. One object for one answer.

    For llama-cpp-python it stands in a `LogitsProcessorList`; the sampler behind it may be told
    anything, since there is one token left to take. What the model's own sampler would have been
    told goes into `sampling`.

    A call with other tokens than those before and one more begins another answer, so that one hook
    may serve one call after the other. `drawn` counts the tokens: it stays 0 where the runtime
    never asked, as llama-cpp-python does when `logit_bias` is given too (0.3.36 drops the list of
    processors then); `check` tells.

    Args:
        watermark: what it marks with; the scheme is `gumbel` or `green`.
        sampling: temperature, top-k and top-p of the answer.
        tenant: for whom the answer is.

    Raises:
        MarkError: the scheme is drawn by a server, or no key is active.
    """

    def __init__(
        self, watermark: Watermark, sampling: Sampling | None = None, tenant: str = ""
    ) -> None:
        self._watermark = watermark
        self._sampling = sampling
        self._tenant = tenant
        self._drawer: Drawer = watermark.drawer(sampling, tenant)
        self._length = -1
        self.drawn = 0

    def __call__(self, tokens: npt.NDArray[np.integer], logits: Logits) -> Logits:
        """Return `logits`, shape (vocabulary,), with all but the drawn token at minus infinity.

        Args:
            tokens: shape (n,), prompt and answer so far.
            logits: of the next token, before temperature and the like.
        """
        if len(tokens) != self._length + 1:
            self._drawer = self._watermark.drawer(self._sampling, self._tenant)
        self._length = len(tokens)
        self.drawn += 1
        return force(logits, self._drawer.draw(logits, tokens))

    def check(self) -> None:
        """Raise where no token was drawn since the hook was made: the runtime lost it.

        Raises:
            MarkError: no token was drawn.
        """
        if not self.drawn:
            raise MarkError(
                "the hook was never called, so the answer carries no mark; with llama-cpp-python "
                "leave `logit_bias` out, which makes it drop its logits processors, or use the "
                "scheme 'unigram' for a bias alone"
            )
