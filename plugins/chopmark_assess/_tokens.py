"""Counts tokens of what no target counted, offline, and says what a run cost."""

from __future__ import annotations

import hashlib
import math
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ._answer import Answer
from ._bank import Case
from ._errors import AssessError

RULE_OF_THUMB = "rule of thumb"
_WIDE = re.compile(r"[\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]|[\U00020000-\U0003ffff]")
_RANKS = {
    "r50k_base": "r50k_base",
    "p50k_base": "p50k_base",
    "p50k_edit": "p50k_base",
    "cl100k_base": "cl100k_base",
    "o200k_base": "o200k_base",
    "o200k_harmony": "o200k_base",
}
"""The encodings of tiktoken whose ranks it would download, and the file that they are in."""

_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


class Counter:
    """Counts tokens by `name`: an encoding of tiktoken, a `tokenizer.json`, or a rule of thumb.

    The rule of thumb, for an empty name, is a token for a Han character and for every four others.

    Raises:
        AssessError: the package or the file is not there. Nothing is ever downloaded.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name or RULE_OF_THUMB
        self._count = _of(name) if name else _thumb

    def counted(self, answer: Answer, case: Case) -> Answer:
        """Return `answer` with tokens, those of the target where it counted them."""
        if answer.counted_by or answer.error:
            return answer
        return replace(
            answer,
            input_tokens=self._count(case.text),
            output_tokens=self._count(answer.text),
            counted_by=self.name,
        )

    def count(self, text: str) -> int:
        """Return how many tokens `text` has."""
        return self._count(text)


def _thumb(text: str) -> int:
    wide = len(_WIDE.findall(text))
    return wide + math.ceil((len(text) - wide) / 4)


def _of(name: str) -> Callable[[str], int]:
    if name.endswith(".json"):
        return _from_file(Path(name))
    try:
        import tiktoken
    except ImportError as error:
        raise AssessError(
            f"tokenizer {name!r} wants the package tiktoken: pip install tiktoken; or give the "
            "path of a tokenizer.json"
        ) from error
    if name not in tiktoken.list_encoding_names():
        known = ", ".join(tiktoken.list_encoding_names())
        raise AssessError(f"tokenizer {name!r} is no encoding of tiktoken; there are {known}")
    if name in _RANKS and not _cached(_RANKS[name]):
        raise AssessError(
            f"the ranks of {name!r} are not on this machine, and are not downloaded; set "
            "TIKTOKEN_CACHE_DIR to a folder that has them, or give a tokenizer.json"
        )
    encoding = tiktoken.get_encoding(name)
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _cached(ranks: str) -> bool:
    """Return whether tiktoken has `ranks`; it names files by a hash of where they come from."""
    given = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    folder = Path(given or Path(tempfile.gettempdir()) / "data-gym-cache")
    name = hashlib.sha1(_ADDRESS.format(ranks).encode(), usedforsecurity=False).hexdigest()
    return (folder / name).is_file()


def _from_file(path: Path) -> Callable[[str], int]:
    try:
        from tokenizers import Tokenizer

        loaded = Tokenizer.from_str(path.read_text("utf-8"))
    except ImportError as error:
        raise AssessError(
            "a tokenizer.json wants the package tokenizers: pip install 'chopmark[screen]'"
        ) from error
    except Exception as error:  # tokenizers raises no class of its own
        raise AssessError(f"tokenizer {str(path)!r} cannot be used: {error}") from error
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)
