"""Passages that many people's texts have in common, which a search leaves out.

Licences, notices and templates stand in many texts word for word. Under one key each of them is one
draw: where it falls below the level, every text with it is called marked. A passage is known by its
words alone, whatever its line breaks, case and marks, and no key is asked which ones are left out:
so the p-value of what remains is as exact as it was.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import numpy.typing as npt

from chopmark import MarkError

LENGTH = 8
"""So many words of a passage in a row are known again; a Chinese character counts as a word."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

_MAGIC = b"chopmark boilerplate 1\n"

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Boilerplate:
    """What is known, as hashes of every `LENGTH` words in a row, rising, shape (n,)."""

    hashes: Hashes

    @classmethod
    def of(cls, texts: Iterable[str]) -> Boilerplate:
        """Return the boilerplate of which `texts` consist."""
        parts = [_hashes(_words(text)[1]) for text in texts]
        return cls(np.unique(np.concatenate([np.zeros(0, np.uint64), *parts])))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Boilerplate:
        """Return what `write` put into the file `path`.

        Raises:
            MarkError: it cannot be read, or is no such file.
        """
        file, cure = Path(path), "make it with `chopmark watermark boilerplate FILE FOLDER`"
        try:
            content = file.read_bytes()
        except OSError as error:
            raise MarkError(f"boilerplate {str(file)!r}: {error.strerror}; {cure}") from error
        if not content.startswith(_MAGIC) or (len(content) - len(_MAGIC)) % 8:
            raise MarkError(f"{str(file)!r} holds no boilerplate, or was cut short; {cure}")
        hashes = np.frombuffer(content, dtype="<u8", offset=len(_MAGIC))
        if (hashes[1:] <= hashes[:-1]).any():
            raise MarkError(f"{str(file)!r} is damaged: its hashes do not rise; {cure}")
        return cls(hashes)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write it to the file `path`, eight bytes for each place of a passage and no text.

        Raises:
            MarkError: it cannot be written, or what is there is a folder, a pipe or a device.
        """
        file = Path(path)
        if file.exists() and not file.is_file():
            raise MarkError(
                f"boilerplate {str(file)!r}: no file that can be replaced; name another"
            )
        making: Path | None = None
        try:
            with NamedTemporaryFile(dir=file.parent, delete=False) as stream:
                making = Path(stream.name)
                stream.write(_MAGIC + self.hashes.astype("<u8").tobytes())
            making.replace(file)
        except OSError as error:
            raise MarkError(f"boilerplate {str(file)!r}: {error.strerror}") from error
        finally:
            if making is not None:
                making.unlink(missing_ok=True)  # it is there unless it is in its place

    def mask(self, text: str) -> npt.NDArray[np.bool_]:
        """Return which characters of `text`, shape (its length,), stand in a known passage."""
        places, words = _words(text)
        found = _hashes(words)
        at = np.minimum(np.searchsorted(self.hashes, found), len(self.hashes) - 1)
        firsts = np.flatnonzero(self.hashes[at] == found) if len(self.hashes) else at[:0]
        edges = np.zeros(len(text) + 1, dtype=np.int64)
        np.add.at(edges, places[firsts, 0], 1)
        np.add.at(edges, places[firsts + LENGTH - 1, 1], -1)
        return np.cumsum(edges[:-1]) > 0


def _words(text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return where each word starts and ends, shape (n, 2), and its number, shape (n,)."""
    found = [
        (one.start(), one.end(), zlib.crc32(one[0].lower().encode("utf-8", "replace")))
        for one in _WORD.finditer(text)
    ]
    rows = np.array(found, dtype=np.int64).reshape(-1, 3)
    return rows[:, :2], rows[:, 2].astype(np.uint64)


def _hashes(words: npt.NDArray[np.uint64]) -> Hashes:
    """Return the hash of every `LENGTH` words in a row, shape (n - LENGTH + 1,)."""
    count = max(0, len(words) - LENGTH + 1)
    state = np.zeros(count, dtype=np.uint64)
    for offset in range(LENGTH if count else 0):
        state = (state ^ words[offset : offset + count]) * _FACTOR
        state ^= state >> np.uint64(29)
    return state
