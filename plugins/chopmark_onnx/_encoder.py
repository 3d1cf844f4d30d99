"""From text to token ids, in the way of the folder's tokenizer.json."""

from __future__ import annotations

import re
from pathlib import Path

from tokenizers import Tokenizer

from chopmark import ModelError

_SURROGATE = re.compile("[\ud800-\udfff]")

# A text of a megabyte in one piece costs 200 to 400 MB while it is encoded. The pieces overlap,
# so that no word is cut in both, and nobody can hide one at a border.
_PIECE = 16_384
_OVERLAP = 256

_PROBES = ("a", "的", "0", "word", ".")


class Encoder:
    """A tokenizer without truncation and padding of its own. Shared by threads.

    `before` and `after` are the special tokens around every window, `prefix` the model's own
    text prefix in tokens, which follows `before`.
    """

    def __init__(self, file: Path, prefix: str) -> None:
        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # tokenizers raises plain Exception
            raise ModelError(f"{str(file)!r} cannot be read: {error}; save it again") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text
        self._tokenizer = tokenizer
        self._prefix = prefix
        self.before, self.after = self._special(file)
        self.prefix = self._encode(prefix.rstrip()) if prefix else []

    def encode(self, text: str) -> list[int]:
        """Return the token ids of `text`, special tokens and prefix not included.

        A lone surrogate, which no tokenizer can take, is read as U+FFFD.
        """
        if len(text) <= _PIECE and not self._prefix:
            return self._encode(text)
        if self._prefix:
            ids = self._encode(self._prefix + text[:_PIECE])
            own = len(self.prefix)
            ids = ids[own:] if ids[:own] == self.prefix else self._encode(text[:_PIECE])
        else:
            ids = self._encode(text[:_PIECE])
        for start in range(_PIECE, len(text), _PIECE):
            ids += self._encode(text[start - _OVERLAP : start + _PIECE])
        return ids

    def _encode(self, text: str) -> list[int]:
        # One text at a time: a batch would start tokenizers' thread pool, which a fork breaks.
        try:
            ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        except TypeError:
            text = _SURROGATE.sub("\ufffd", text)
            ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _special(self, file: Path) -> tuple[list[int], list[int]]:
        """Return what the tokenizer puts before and after a text."""
        for probe in _PROBES:
            bare = self._encode(probe)
            whole: list[int] = self._tokenizer.encode(probe).ids
            for at in range(len(whole) - len(bare) + 1):
                if bare and whole[at : at + len(bare)] == bare:
                    return whole[:at], whole[at + len(bare) :]
        raise ModelError(
            f"{str(file)!r} gives no tokens for any of {', '.join(map(repr, _PROBES))}, or others "
            "with its special tokens around them; it does not fit this plugin"
        )
