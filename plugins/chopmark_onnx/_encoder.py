"""From text to token ids, in the way of the folder's tokenizer.json."""

from __future__ import annotations

import math
import re
from pathlib import Path
from time import perf_counter
from typing import Any

from tokenizers import Tokenizer

from chopmark import ModelError

from ._progress import Growth

_SURROGATE = re.compile("[\ud800-\udfff]")

# A text of a megabyte in one piece costs 200 to 400 MB while it is encoded, and one that grows
# would be encoded again and again. The pieces overlap, so that no word is cut in both, and nobody
# can hide one at a border.
_PIECE = 2048
_OVERLAP = 128
# Of a text that says the same again and again, most pieces are alike.
_ALIKE = 64

_PROBES = ("a", "的", "0", "word", ".")


class Encoder:
    """A tokenizer without truncation and padding of its own. Shared by threads.

    `before` and `after` are the special tokens around every window, `prefix` the model's own
    text prefix in tokens, which follows `before`. `last` is the highest token id.
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
        self.last = int(tokenizer.get_vocab_size(with_added_tokens=True)) - 1
        self.before, self.after = self._special(file)
        self.prefix = self._encode(prefix.rstrip()) if prefix else []

    def encode(self, text: str) -> list[int]:
        """Return the token ids of `text`, special tokens and prefix not included.

        A lone surrogate, which no tokenizer can take, is read as U+FFFD.
        """
        return self.encode_until(text, math.inf, Growth())[0]

    def encode_until(self, text: str, until: float, growth: Growth) -> tuple[list[int], bool]:
        """Return the token ids of `text`, and whether those are all of them.

        What is known of its beginning is taken from `growth`, which keeps what will not change
        when the text goes on. At `until`, by `time.perf_counter`, it ends with the piece in
        progress.
        """
        start = len(growth.text)
        known: dict[str, list[int]] = {}
        fresh: list[int] = []
        last: list[int] | None = None
        while last is None and (start < len(text) or not start):
            end = start + _PIECE
            ids = self._again(text[start - _OVERLAP : end], known) if start else self._first(text)
            if end > len(text):
                last = ids
                continue
            fresh += ids
            start = end
            if perf_counter() >= until:
                break
        growth.ids += fresh
        growth.text = text[:start]  # once: a copy for each piece is quadratic
        return growth.ids + (last or []), last is not None or start >= len(text)

    def encode_with_places(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the token ids of `text`, and where each stands in it, in code points.

        The prefix is not there: a place is one in the text.
        """
        ids: list[int] = []
        places: list[tuple[int, int]] = []
        for start in range(0, len(text), _PIECE):
            first = max(0, start - _OVERLAP)
            end = start + _PIECE
            # What stands near a border is taken from the piece that holds the whole of its word.
            from_place = places[-1][1] if places else 0
            to_place = end - _OVERLAP // 2 if end < len(text) else len(text)
            encoded = self._encoding(text[first:end])
            for token, (low, high) in zip(encoded.ids, encoded.offsets, strict=True):
                low, high = first + low, first + high
                if from_place <= low < high and low < to_place:
                    ids.append(token)
                    places.append((low, high))
        return ids, places

    def _first(self, text: str) -> list[int]:
        piece = text[:_PIECE]
        if not self._prefix:
            return self._encode(piece)
        ids = self._encode(self._prefix + piece)
        own = len(self.prefix)
        return ids[own:] if ids[:own] == self.prefix else self._encode(piece)

    def _again(self, piece: str, known: dict[str, list[int]]) -> list[int]:
        ids = known.get(piece)
        if ids is None:
            if len(known) >= _ALIKE:
                known.clear()
            ids = known[piece] = self._encode(piece)
        return ids

    def _encode(self, text: str) -> list[int]:
        # One text at a time: a batch would start tokenizers' thread pool, which a fork breaks.
        ids: list[int] = self._encoding(text).ids
        return ids

    def _encoding(self, text: str) -> Any:
        try:
            return self._tokenizer.encode(text, add_special_tokens=False)
        except TypeError:
            text = _SURROGATE.sub("\ufffd", text)
            return self._tokenizer.encode(text, add_special_tokens=False)

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
