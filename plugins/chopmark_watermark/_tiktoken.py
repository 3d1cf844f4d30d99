"""Tokenizers from files: `tokenizer.json`, or ranks of a tiktoken encoding. Never a download."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chopmark import MarkError
from chopmark.forking import WHOLE

from ._prf import Ids
from ._tokens import FileTokenizer, Tokenizer, Tokens, without_surrogates

# How text is cut before it is merged is not in a file of ranks but in tiktoken, by name; the digest
# is what keeps it from downloading the file anew.
ENCODINGS: Mapping[str, str] = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
_CACHE = "TIKTOKEN_CACHE_DIR"
_environment = threading.Lock()


def read_tokenizer(path: str | os.PathLike[str]) -> Tokenizer:
    """Return the tokenizer in the file `path`: a `tokenizer.json`, or `NAME.tiktoken`.

    Raises:
        MarkError: it cannot be read, is neither, or tiktoken is not installed.
    """
    file = Path(path)
    return RanksTokenizer(file) if file.suffix == ".tiktoken" else FileTokenizer(file)


class RanksTokenizer:
    """A tiktoken encoding whose ranks are in a file. Shared by threads.

    The name of the file says which encoding it is: `o200k_base.tiktoken`. tiktoken by itself
    would download the ranks.

    Raises:
        MarkError: the file cannot be read, has no known name or is no table of ranks, or tiktoken
            is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        file = Path(path)
        name = file.stem
        if name not in ENCODINGS:
            raise MarkError(
                f"tokenizer {str(file)!r}: the name of the file must be that of its encoding, "
                f"one of {', '.join(one + '.tiktoken' for one in ENCODINGS)}"
            )
        try:
            content = file.read_bytes()
        except OSError as error:
            raise MarkError(
                f"tokenizer {str(file)!r}: {error.strerror}; download {name}.tiktoken once, where "
                "there is a network, and name the file"
            ) from error
        self.digest = hashlib.sha256(content).hexdigest()
        if self.digest != ENCODINGS[name]:
            raise MarkError(
                f"tokenizer {str(file)!r} has not the ranks of {name}: its SHA-256 is "
                f"{self.digest[:16]}…, theirs {ENCODINGS[name][:16]}…; was it cut short?"
            )
        self._encoding = _encoding(name, content)

    def encode(self, text: str) -> Tokens:
        """Return the tokens of `text`; one that is part of a character starts where that does."""
        clean = without_surrogates(text)
        ids = self._encoding.encode_ordinary(clean)
        lengths = [len(self._encoding.decode_single_token_bytes(one)) for one in ids]
        ends = np.cumsum(np.array(lengths, dtype=np.int64))
        # The place of every byte, in code points: how many characters begin before it.
        data = np.frombuffer(clean.encode(), dtype=np.uint8)
        begins = np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)]).astype(np.int64)
        starts = ends - np.array(lengths, dtype=np.int64)
        first = begins[np.minimum(starts + 1, len(data))] - 1 if len(ids) else starts
        return Tokens(np.array(ids, dtype=np.uint32), first, begins[ends])

    def ids(self, text: str) -> Ids:
        """Return the tokens of `text` alone."""
        ids = self._encoding.encode_ordinary(without_surrogates(text))
        return np.array(ids, dtype=np.uint32)

    def vocabulary(self) -> Iterator[tuple[int, str]]:
        """Return each token that is text, in the order in which they were learnt."""
        for token in range(self._encoding.n_vocab):
            try:
                yield token, self._encoding.decode_single_token_bytes(token).decode()
            except (KeyError, UnicodeDecodeError):  # no token, or a part of a character
                continue


def _encoding(name: str, content: bytes) -> Any:
    try:
        tiktoken = import_module("tiktoken")
    except ImportError as error:
        raise MarkError("a .tiktoken file needs tiktoken: pip install tiktoken") from error
    address = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
    with WHOLE.lock, _environment, tempfile.TemporaryDirectory() as folder:
        # Its only door for a local file: a cache, in which the address names the file.
        Path(folder, hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()).write_bytes(
            content
        )
        before = os.environ.get(_CACHE)
        os.environ[_CACHE] = folder
        try:
            return tiktoken.get_encoding(name)
        finally:
            if before is None:
                del os.environ[_CACHE]
            else:
                os.environ[_CACHE] = before
