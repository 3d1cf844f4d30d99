"""Text to tokens: the same ones that the model wrote, or there is no mark to be found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as _Tokenizer

from chopmark import MarkError

from ._gguf import read_gguf
from ._prf import Ids

_SPACES = ("Ġ", "▁")
"""How a byte-level and a SentencePiece tokenizer write the space before a word."""

Offsets = npt.NDArray[np.int64]


class Tokens(NamedTuple):
    """The tokens of a text, shape (n,), and where each starts and ends, in code points."""

    ids: Ids
    starts: Offsets
    ends: Offsets


def without_surrogates(text: str) -> str:
    """Return `text` with its lone surrogates replaced: no model writes them."""
    return text.encode("utf-8", "replace").decode()


class Tokenizer(Protocol):
    """What makes tokens of a text. Immutable, shared by threads, and so hashable.

    `digest` names it, 64 hexadecimal digits: a mark made on other tokens is not looked for.
    """

    digest: str

    def encode(self, text: str) -> Tokens:
        """Return the tokens of `text`, without those that begin or end a conversation."""
        ...

    def ids(self, text: str) -> Ids:
        """Return the `ids` of `encode` alone: where they stand is asked for marked texts only."""
        ...

    def __hash__(self) -> int: ...


@runtime_checkable
class Vocabulary(Protocol):
    """A tokenizer that can list its tokens, the commonest first."""

    def vocabulary(self) -> Iterator[tuple[int, str]]:
        """Return each token with its text, a space before a word included."""
        ...


class FileTokenizer:
    """The tokenizer of a `tokenizer.json` or of a GGUF file. Shared by threads.

    Raises:
        MarkError: the file cannot be read, or is no tokenizer.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        file = Path(path)
        if file.is_dir():
            file = file / "tokenizer.json"
        try:
            content = read_gguf(file) if file.suffix == ".gguf" else file.read_bytes()
        except OSError as error:
            raise MarkError(
                f"tokenizer {str(file)!r}: {error.strerror}; name the tokenizer.json of the model"
            ) from error
        try:
            tokenizer = _Tokenizer.from_buffer(content)
        except Exception as error:  # tokenizers raises nothing narrower
            raise MarkError(f"{str(file)!r} is no tokenizer.json: {error}") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.digest = hashlib.sha256(content).hexdigest()

    def encode(self, text: str) -> Tokens:
        """Return the tokens of `text`."""
        encoded = self._tokenizer.encode(without_surrogates(text), add_special_tokens=False)
        places = np.array(encoded.offsets, dtype=np.int64).reshape(-1, 2)
        return Tokens(np.array(encoded.ids, dtype=np.uint32), places[:, 0], places[:, 1])

    def ids(self, text: str) -> Ids:
        """Return the tokens of `text` alone, in about half of the time."""
        # The one of its methods that keeps no places takes several texts.
        (encoded,) = self._tokenizer.encode_batch_fast(
            [without_surrogates(text)], add_special_tokens=False
        )
        return np.array(encoded.ids, dtype=np.uint32)

    def vocabulary(self) -> Iterator[tuple[int, str]]:
        """Return each token with its text, in the order in which they were learnt."""
        for token in range(self._tokenizer.get_vocab_size()):
            name = self._tokenizer.id_to_token(token)
            if name is None:
                continue
            text = self._tokenizer.decode([token], skip_special_tokens=False)
            yield token, f" {text.lstrip()}" if name[:1] in _SPACES else text
