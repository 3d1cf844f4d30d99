"""Turns texts into fingerprints by which parts of them are found again, and only with the key.

Winnowing (Schleimer, Wilkerson, Aiken 2003): of the grams that begin within a window the least one
is chosen, by a keyed order, so that of every run of a gram and a window one gram is kept, whatever
stands around it. A character of Chinese or Japanese weighs 2, any other 1. Who searches tries every
gram of a text, so that none need be chosen twice. What is kept of a gram is BLAKE2b under the key,
cut to 40 bits: without the key nobody can try what a text may have said. This is `fp2`; a change of
anything here is another version.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

VERSION = "fp2"
GRAM = 14
"""The weight of a gram: 7 characters of Chinese, 14 letters of English."""
WINDOW = 34
"""The weight of the widest window: of any 24 characters, or 48 letters, a gram is kept."""
BITS = 40
"""Of a fingerprint: among 4 * 10^8 of them, one in 2,700 meets another's by chance."""
_NARROWEST = 8  # the window of a short text, of which else too little would be kept
_WINDOWS = 24  # how many windows a text has side by side, where neither limit bounds them
_BLOCK = 1 << 20  # characters at once; what is chosen does not depend on it
_OVERLAP = GRAM + WINDOW
_AT = (1 << 22) - 1  # where in a block a gram is

Codes = NDArray[np.uint32]
Words = NDArray[np.uint64]
Places = NDArray[np.int64]


class _Plain(dict[int, str]):
    """What each character is written as: decomposed, in lower case, letters and digits alone."""

    def __missing__(self, code: int) -> str:
        spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code)).casefold())
        self[code] = plain = "".join(filter(str.isalnum, spelt))
        return plain


_PLAIN = _Plain()


def plain(text: str) -> str:
    """Return the plain form of `text`.

    Width, case, accents, punctuation, spaces, Markdown and what nobody sees make no difference.
    """
    return text.translate(_PLAIN)


def places_in(text: str) -> Places:
    """Return where in `text` each character of its plain form stands, and behind them its end."""
    lengths = np.fromiter(map(len, map(_PLAIN.__getitem__, map(ord, text))), np.int64, len(text))
    return np.append(np.repeat(np.arange(len(text)), lengths), len(text))


def codes_of(text: str) -> Codes:
    """Return the code points of `text`."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def weights_of(codes: Codes) -> Places:
    """Return what each character weighs."""
    wide = ((codes >= 0x2E80) & (codes < 0xA4D0)) | ((codes >= 0x20000) & (codes < 0x40000))
    return wide.astype(np.int64) + 1


def grams_in(codes: Codes) -> tuple[Places, Places]:
    """Return where every gram of a plain text begins and ends: under any key the same."""
    before = np.append(0, np.cumsum(weights_of(codes)))
    starts = np.flatnonzero(before[:-1] + GRAM <= before[-1])
    return starts, np.searchsorted(before, before[starts] + GRAM)


def cut(codes: Codes, starts: Places, ends: Places) -> list[bytes]:
    """Return the parts of a plain text from `starts` to `ends`, as they are hashed."""
    data = codes.tobytes()
    return [data[a * 4 : b * 4] for a, b in zip(starts.tolist(), ends.tolist())]  # noqa: B905


class Parts(NamedTuple):
    """Fingerprints of parts of texts: which text each is of, where in it it begins and ends."""

    words: Words
    text: Places
    start: Places
    end: Places


class Fingerprinter:
    """Makes fingerprints under one key. Shared by threads."""

    def __init__(self, key: bytes) -> None:
        """Take a secret key of 32 bytes."""
        self._part = hashlib.blake2b(digest_size=BITS // 8, key=key, person=b"chopmark/part")
        self._whole = hashlib.blake2b(digest_size=BITS // 8, key=key, person=b"chopmark/whole")
        self._base = int.from_bytes(hmac.digest(key, b"order", "sha256")[:8], "big") | 1

    def wholes(self, texts: Sequence[str]) -> Words:
        """Return a fingerprint of all of each plain text."""
        return _digests(self._whole, [codes_of(text).tobytes() for text in texts])

    def parts(self, texts: Sequence[str]) -> Parts:
        """Return the fingerprints that are kept of plain texts, in their order.

        A text that weighs less than a gram has none.
        """
        found, grams = [np.zeros((3, 0), np.int64)], []
        for places, parts in self._each(texts):
            found.append(places)
            grams += parts()
        return Parts(self.words(grams), *np.concatenate(found, axis=1))

    def words(self, grams: Iterable[bytes]) -> Words:
        """Return the fingerprint of each gram, as `cut` gives it."""
        return _digests(self._part, grams)

    def places(self, texts: Sequence[str]) -> tuple[Places, Places, Places]:
        """Return of which text each of `parts` is, where in it it begins, and where it ends."""
        found = [np.zeros((3, 0), np.int64), *(places for places, _ in self._each(texts))]
        text, start, end = np.concatenate(found, axis=1)
        return text, start, end

    def _each(self, texts: Sequence[str]) -> Iterator[tuple[Places, Callable[[], list[bytes]]]]:
        """Yield, a block at a time, the places of what is chosen, and what cuts it out."""
        for block in _blocks(texts):
            lengths = np.array([len(piece.codes) for piece in block])
            codes = np.concatenate([piece.codes for piece in block])
            windows = np.array([piece.window for piece in block])
            starts, ends = self._chosen(codes, lengths, windows)
            first = np.cumsum(lengths) - lengths
            owner = np.searchsorted(first, starts, "right") - 1
            shift = (np.array([piece.at for piece in block]) - first)[owner]
            text = np.array([piece.text for piece in block])[owner]
            yield np.stack((text, starts + shift, ends + shift)), partial(cut, codes, starts, ends)

    def _chosen(self, codes: Codes, lengths: Places, windows: Places) -> tuple[Places, Places]:
        """Return where the chosen grams begin and end in texts of `lengths` side by side."""
        before = np.append(0, np.cumsum(weights_of(codes)))
        text_ends = np.repeat(np.cumsum(lengths), lengths)
        grams = np.flatnonzero(before[:-1] + GRAM <= before[text_ends])
        if not len(grams):
            return grams, grams
        begins, of = before[grams], text_ends[grams]
        ends = np.searchsorted(before, begins + GRAM)
        order = self._order(codes, grams, ends)
        behind = np.searchsorted(of, of, "right")  # the last gram of the same text
        above = begins + np.repeat(windows, lengths)[grams]
        tops = np.minimum(np.searchsorted(begins, above), behind)
        # Windows that the end of a text cuts short are left out, unless it has no other.
        whole = above <= before[grams[behind - 1] + 1]
        whole |= np.append(True, of[1:] != of[:-1])
        chosen = _least(order, np.flatnonzero(whole), tops[whole])
        return grams[chosen], ends[chosen]

    def _order(self, codes: Codes, starts: Places, ends: Places) -> Words:
        """Return a keyed number for each gram, the same for the same gram: the least is chosen."""
        base = self._base
        powers = np.multiply.accumulate(np.full(len(codes), base, np.uint64))
        back = np.multiply.accumulate(np.full(len(codes), pow(base, -1, 1 << 64), np.uint64))
        mixed = _mix(codes * np.uint64(base)) * powers
        sums = np.append(np.uint64(0), np.cumsum(mixed))
        return _mix((sums[ends] - sums[starts]) * back[starts])


class _Piece(NamedTuple):
    text: int
    at: int
    window: int
    codes: Codes


def _blocks(texts: Sequence[str]) -> Iterator[list[_Piece]]:
    """Return the texts in blocks of a size that memory bears; long ones are cut, and overlap."""
    block: list[_Piece] = []
    size = 0
    for number, text in enumerate(texts):
        codes = codes_of(text)
        width = _window(codes)
        for at in range(0, max(len(codes) - _OVERLAP, 1), _BLOCK):
            block.append(_Piece(number, at, width, codes[at : at + _BLOCK + _OVERLAP]))
            size += len(block[-1].codes)
            if size >= _BLOCK:
                yield block
                block, size = [], 0
    if block:
        yield block


def _window(codes: Codes) -> int:
    return int(min(max(weights_of(codes).sum() // _WINDOWS, _NARROWEST), WINDOW))


def _least(order: Words, starts: Places, ends: Places) -> Places:
    """Return, in order and each once, where the least number of each window is."""
    level = order & ~np.uint64(_AT) | np.arange(len(order), dtype=np.uint64)  # says where it is
    lengths = ends - starts
    found = np.zeros(len(starts), np.uint64)
    width = 1
    while width <= WINDOW:
        # A window is the union of two runs of the widest power of two that fits into it.
        mine = np.flatnonzero((lengths >= width) & (lengths < 2 * width))
        found[mine] = np.minimum(level[starts[mine]], level[ends[mine] - width])
        level = np.minimum(level[:-width], level[width:])
        width *= 2
    chosen = np.zeros(len(order), np.bool_)
    chosen[found & np.uint64(_AT)] = True
    return np.flatnonzero(chosen)


def _mix(words: Words) -> Words:
    # The end of MurmurHash3: every bit of the input moves every bit of the output.
    words = (words ^ (words >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    words = (words ^ (words >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    mixed: Words = words ^ (words >> np.uint64(33))
    return mixed


def _digests(keyed: hashlib.blake2b, data: Iterable[bytes]) -> Words:
    copy, found = keyed.copy, []
    for one in data:
        digest = copy()
        digest.update(one)
        found.append(digest.digest())
    words = np.zeros((len(found), 8), np.uint8)
    words[:, : BITS // 8] = np.frombuffer(b"".join(found), np.uint8).reshape(-1, BITS // 8)
    return words.view("<u8")[:, 0]
