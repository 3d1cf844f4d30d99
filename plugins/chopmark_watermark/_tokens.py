"""Text to tokens: the same ones that the model wrote, or there is no mark to be found."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as _Tokenizer

from chopmark import MarkError

from ._prf import Ids

Offsets = npt.NDArray[np.int64]


class Tokens(NamedTuple):
    """The tokens of a text, shape (n,), and where each starts and ends, in code points."""

    ids: Ids
    starts: Offsets
    ends: Offsets


class Tokenizer(Protocol):
    """What makes tokens of a text.

    `digest` names it, 64 hexadecimal digits: a mark made on other tokens is not looked for.
    """

    digest: str

    def encode(self, text: str) -> Tokens:
        """Return the tokens of `text`, without those that begin or end a conversation."""
        ...


class FileTokenizer:
    """The tokenizer of a `tokenizer.json`, as Hugging Face keeps it. Shared by threads.

    Raises:
        MarkError: the file cannot be read, or is no tokenizer.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        file = Path(path)
        if file.is_dir():
            file = file / "tokenizer.json"
        try:
            content = file.read_bytes()
        except OSError as error:
            raise MarkError(
                f"tokenizer {str(file)!r}: {error.strerror}; name the tokenizer.json of the model"
            ) from error
        try:
            self._tokenizer = _Tokenizer.from_buffer(content)
        except Exception as error:  # tokenizers raises nothing narrower
            raise MarkError(f"{str(file)!r} is no tokenizer.json: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.digest = hashlib.sha256(content).hexdigest()

    def encode(self, text: str) -> Tokens:
        """Return the tokens of `text`; lone surrogates are replaced, as no model writes them."""
        clean = text.encode("utf-8", "replace").decode()
        encoded = self._tokenizer.encode(clean, add_special_tokens=False)
        places = np.array(encoded.offsets, dtype=np.int64).reshape(-1, 2)
        return Tokens(np.array(encoded.ids, dtype=np.uint32), places[:, 0], places[:, 1])
