"""A ring, a tokenizer and a scheme, together: what marks and what finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chopmark import MarkError

from ._boilerplate import Boilerplate
from ._detect import detect
from ._detection import Detection
from ._draw import Drawer
from ._engines import ENGINES
from ._green import DELTA, GreenDrawer
from ._gumbel import GumbelDrawer
from ._names import ALPHA
from ._prf import KEY_BYTES
from ._ring import KeyName, Ring, this_epoch
from ._sampling import Sampling
from ._schemes import scheme_of
from ._tokens import Tokenizer
from ._unigram import WORDS, content_words, green_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What an operator marks with. Immutable, shared by threads.

    Args:
        ring: the keys.
        tokenizer: that of the model.
        scheme: `gumbel`, which leaves the text as it would have been, `green`, for greedy answers,
            or `unigram`, for servers that take a `logit_bias` and nothing else.
        words: for `unigram`, how many tokens have a bias.
        delta: for `green` and `unigram`, what is added to the logits of green tokens.
        alpha: the level of a search.
        clock: what says which epoch it is, YYYY-MM.
        boilerplate: passages that a search leaves out.

    Raises:
        MarkError: there is no such scheme.
    """

    ring: Ring
    tokenizer: Tokenizer
    scheme: str = "gumbel"
    delta: float = DELTA
    words: int = WORDS
    alpha: float = ALPHA
    clock: Callable[[], str] = this_epoch
    boilerplate: Boilerplate | None = None

    def __post_init__(self) -> None:
        scheme_of(self.scheme, self.tokenizer, self.words)

    def drawer(self, sampling: Sampling | None = None, tenant: str = "") -> Drawer:
        """Return what draws the tokens of one answer, for `tenant`, with the key of today.

        Raises:
            MarkError: the scheme is drawn by a server.
            RingError: no key is active.
        """
        if self.scheme not in ("gumbel", "green"):
            cure = (
                "send `logit_bias` with the request"
                if self.scheme == "unigram"
                else "its engine draws by itself; give the server `config`"
            )
            raise MarkError(f"nothing draws {self.scheme!r} here: {cure}")
        key = self.key(tenant)[1]
        if self.scheme == "green":
            return GreenDrawer(key, self.delta)
        return GumbelDrawer(key, sampling or Sampling())

    def logit_bias(self, tenant: str = "") -> Mapping[str, int]:
        """Return the `logit_bias` of a request whose answer is for `tenant`, by token number.

        Raises:
            MarkError: the scheme is another one, which no bias can make.
            RingError: no key is active.
        """
        if self.scheme != "unigram":
            raise MarkError(f"{self.scheme!r} needs a hook at the logits; use 'unigram'")
        words = content_words(self.tokenizer, self.words)
        return green_list(self.key(tenant)[1], words).to_logit_bias(round(self.delta))

    def config(self, tenant: str = "") -> Mapping[str, object]:
        """Return what the engine's server is told. It holds the key: write it to a private file.

        Raises:
            MarkError: the scheme is no engine's.
            RingError: no key is active.
        """
        if self.scheme not in ENGINES:
            raise MarkError(f"{self.scheme!r} is no engine's mark; use {', '.join(ENGINES)}")
        digest = self.tokenizer.digest
        _, derived = self.ring.marking(self.scheme, tenant, digest, self.clock())
        engine = ENGINES[self.scheme]
        return engine.config(engine.secret(derived))

    def key(self, tenant: str = "") -> tuple[KeyName, bytes]:
        """Return the key that marks for `tenant` now, and its name."""
        digest = self.tokenizer.digest
        name, derived = self.ring.marking(self.scheme, tenant, digest, self.clock())
        return name, derived[:KEY_BYTES]

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
            words=self.words,
            now=self.clock(),
            boilerplate=self.boilerplate,
        )
