"""Makes a signed manifest store exactly as long as its own hash exclusion says it is.

The exclusion covers the store as it stands in the text, so its length is signed before the store
is there; and in selectors a byte takes three or four bytes. C2PA 2.4, 10.4.2 to 10.4.4: the header
of a signature that is not signed has zero-filled `pad` and `pad2`, which may shrink afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chopmark import MarkError

_SLACK = 66
"""Padding for which a length is chosen: signature and hashes may vary by twenty bytes or so."""
_NEAR = 6
_TRIES = 64
"""Each new signature has two chances of three that a padding fits, so it takes 1.5 on average; that
none of these fits does not happen (3 to the power of -64)."""
_TWO_BYTE_HEAD = 24  # a CBOR string from here on has a head of two bytes


class Store:
    """A signed manifest store whose padding can be changed."""

    def __init__(self, store: bytes) -> None:
        """Take `store` apart; it holds one manifest, its signature box last, as c2pa-rs has it.

        Raises:
            MarkError: it does not look like that.
        """
        import cbor2

        self._boxes = list(_last_boxes(store))
        at = self._boxes[-1] + 8
        cose = cbor2.loads(store[at:])
        if not isinstance(cose, cbor2.CBORTag) or "pad" not in cose.value[1]:
            raise MarkError(
                "the manifest store that c2pa-python made has no padded signature at its end;"
                " use a c2pa-python of version 0.38.1 to 0.40"
            )
        self._front = store[:at]
        self._tag = cose.tag
        self._parts = list(cose.value)

    def padded(self, pad: int, pad2: int = 0) -> bytes:
        """Return the store with `pad` zero bytes, and `pad2` more in a field of its own."""
        import cbor2

        header = {k: v for k, v in self._parts[1].items() if k not in ("pad", "pad2")}
        header["pad"] = bytes(pad)
        if pad2:
            header["pad2"] = bytes(pad2)
        parts = [self._parts[0], header, *self._parts[2:]]
        whole = bytearray(self._front + cbor2.dumps(cbor2.CBORTag(self._tag, parts)))
        for at in self._boxes:  # each of them reaches to the end
            whole[at : at + 4] = (len(whole) - at).to_bytes(4, "big")
        return bytes(whole)


def sign_fitted(
    sign: Callable[[int], bytes], probe: bytes, length: Callable[[bytes], int]
) -> bytes:
    """Return a store that, as `length` measures it, is as long as it says.

    Args:
        sign: signs a store that says that its length is the argument.
        probe: a store like those that `sign` makes.
        length: how many bytes a store takes where it will stand.

    Raises:
        MarkError: no length was hit; the search is bounded.
    """
    like = Store(probe)
    for _ in range(_TRIES):
        target = length(like.padded(_SLACK))
        like = Store(sign(target))
        fitted = _fit(like, length, target)
        if fitted is not None:
            return fitted
    raise MarkError(f"no length of the manifest was hit in {_TRIES} tries; sign the answer again")


def _fit(store: Store, length: Callable[[bytes], int], target: int) -> bytes | None:
    for pad, pad2 in _paddings(store, length, target):
        whole = store.padded(pad, pad2)
        if length(whole) == target:
            return whole
    return None


def _paddings(
    store: Store, length: Callable[[bytes], int], target: int
) -> Iterator[tuple[int, int]]:
    """Yield paddings that come near `target`: two ways, which differ by one byte modulo 3.

    A zero takes three bytes as a selector, so a padding alone reaches every third length.
    """
    low = _TWO_BYTE_HEAD
    for pad2 in (0, _TWO_BYTE_HEAD):
        least, more = length(store.padded(low, pad2)), length(store.padded(low + 20, pad2))
        near = low + round((target - least) * 20 / max(1, more - least))
        for pad in range(max(low, near - _NEAR), near + _NEAR + 1):
            yield pad, pad2


def _last_boxes(store: bytes) -> Iterator[int]:
    """Yield where the last box of each depth begins: store, manifest, signature, its CBOR."""
    at, end = 0, len(store)
    for depth in range(4):
        last = at
        while at < end:
            size = int.from_bytes(store[at : at + 4], "big")
            kind = store[at + 4 : at + 8]
            if size < 8 or at + size > end:
                raise MarkError(f"the manifest store that c2pa-python made is broken at byte {at}")
            last, at = at, at + size
        if kind != (b"cbor" if depth == 3 else b"jumb"):
            raise MarkError(f"the manifest store that c2pa-python made ends with a {kind!r} box")
        yield last
        at = last + 8
