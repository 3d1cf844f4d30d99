"""The tokenizer in a GGUF file, as llama.cpp has it."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex
from tokenizers import Tokenizer as _Tokenizer
from tokenizers.decoders import ByteLevel as Decoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Sequence, Split

from chopmark import MarkError

_NORMAL = 1
"""`tokenizer.ggml.token_type` of a token that is text."""


class _PlainArray:
    """The bytes of the reader's file, as an array of numpy's own class.

    The reader cuts a quarter of a million pieces out of them, and each piece of an array of the
    class `memmap` takes two and a half times as long.
    """

    def __get__(self, reader: Any, owner: type) -> Any:
        return reader.__dict__["data"]

    def __set__(self, reader: Any, mapped: np.memmap[Any, Any]) -> None:
        reader.__dict__["data"] = mapped.view(np.ndarray)


def read_gguf(path: str | os.PathLike[str]) -> bytes:
    """Return the tokenizer of the model in the GGUF file `path`, as a `tokenizer.json`.

    Raises:
        MarkError: the file cannot be read, `gguf` is not installed, or the tokenizer is of a kind
            that llama.cpp cuts by rules which stand in no file.
    """
    try:
        gguf = import_module("gguf")
    except ImportError as error:
        raise MarkError("a .gguf file needs gguf: pip install gguf") from error
    file = Path(path)
    try:
        fields = type("Reader", (gguf.GGUFReader,), {"data": _PlainArray()})(file).fields
    except (OSError, ValueError, IndexError) as error:
        raise MarkError(f"{str(file)!r} cannot be read as GGUF: {error}") from error
    kind = _value(fields, "tokenizer.ggml.model"), _value(fields, "tokenizer.ggml.pre")
    if kind[0] != "gpt2" or kind[1] not in _CUTS:
        raise MarkError(
            f"{str(file)!r} has the tokenizer {kind[0]}/{kind[1]}; known are "
            f"{', '.join(f'gpt2/{name}' for name in _CUTS)}; give the model's tokenizer.json"
        )
    tokens = _value(fields, "tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ", 1)) for pair in _value(fields, "tokenizer.ggml.merges")]
    made = _Tokenizer(BPE({token: n for n, token in enumerate(tokens)}, merges))
    made.pre_tokenizer = Sequence([*_CUTS[kind[1]], ByteLevel(False, use_regex=False)])
    made.decoder = Decoder()
    types = _value(fields, "tokenizer.ggml.token_type")
    made.add_special_tokens([token for token, n in zip(tokens, types, strict=True) if n != _NORMAL])
    return made.to_str().encode()


def _value(fields: Any, name: str) -> Any:
    if name not in fields:
        raise MarkError(f"the GGUF file says nothing of {name!r}; is it a model?")
    return fields[name].contents()


_CUTS: dict[str, list[PreTokenizer]] = {
    "smollm": [
        Digits(individual_digits=True),
        Split(
            Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
            "isolated",
        ),
    ],
    "qwen2": [
        Split(
            Regex(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            ),
            "isolated",
        ),
    ],
}
"""How text is cut before it is merged, by `tokenizer.ggml.pre`."""
