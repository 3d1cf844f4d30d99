"""Puts a signed manifest into a whole text: A.8 for plain, A.9 for structured, A.7 for HTML."""

from __future__ import annotations

import hashlib
from datetime import datetime

from chopmark import MarkError

from ._armour import data_url, put_armour
from ._claim import Binding, Claim, Exclusion
from ._credential import Credential
from ._html import put_link, put_script
from ._nfc import LIMIT, nfc
from ._sign import sign_inside, sign_store
from ._wrapper import encode_wrapper, find_wrappers, wrapper_length


def sign_text(text: str, claim: Claim, credential: Credential, when: datetime) -> str:
    """Return `text` in NFC with a signed manifest behind it that nobody sees (A.8).

    It adds some 7 kB, and a language model reads them as thousands of tokens: use it where text
    leaves for good, never for what goes back to a model.

    Raises:
        MarkError: the text cannot be marked, has a manifest already, or could not be signed.
    """
    visible = _normal(text)
    if find_wrappers(visible):
        raise MarkError("the text carries a C2PA wrapper already, and may have only one (A.8)")
    digest, start = hashlib.sha256(visible.encode()), len(visible.encode())
    return visible + sign_wrapper(digest.digest(), start, claim, credential, when)


def sign_wrapper(
    digest: bytes, start: int, claim: Claim, credential: Credential, when: datetime
) -> str:
    """Return the wrapper for a text in NFC of `start` bytes with this SHA-256."""
    store = sign_inside(
        claim,
        credential,
        when,
        digest=digest,
        start=start,
        length=wrapper_length,
        media_type="text/plain",
    )
    return encode_wrapper(store)


def sign_structured(
    text: str, claim: Claim, credential: Credential, when: datetime, media_type: str
) -> str:
    """Return `text` of `media_type` in NFC with a signed manifest in a comment (A.9).

    Raises:
        MarkError: the type has no comments, the text has a manifest, or could not be signed.
    """
    visible = _normal(text)
    empty = put_armour(visible, data_url(b""), media_type)
    around = empty.length  # of the block without the manifest

    def length(store: bytes) -> int:
        return around + 4 * ((len(store) + 2) // 3)

    store = sign_inside(
        claim,
        credential,
        when,
        digest=hashlib.sha256(visible.encode()).digest(),
        start=empty.start,
        length=length,
        media_type=media_type,
    )
    return put_armour(visible, data_url(store), media_type).text


def sign_html(html: str, claim: Claim, credential: Credential, when: datetime) -> str:
    """Return `html` in NFC with a signed manifest in a `script` of its head (A.7).

    Raises:
        MarkError: it has no head, has a manifest already, or could not be signed.
    """
    visible = _normal(html)
    empty = put_script(visible, b"")
    kept = empty.text.encode()
    kept = kept[: empty.start] + kept[empty.start + empty.length :]

    def length(store: bytes) -> int:
        return empty.length + 4 * ((len(store) + 2) // 3)

    store = sign_inside(
        claim,
        credential,
        when,
        digest=hashlib.sha256(kept).digest(),
        start=empty.start,
        length=length,
        media_type="text/html",
    )
    return put_script(visible, store).text


def sign_linked(
    text: str, url: str, claim: Claim, credential: Credential, when: datetime, media_type: str
) -> tuple[str, bytes]:
    """Return `text` of `media_type` with the address of its manifest, and the manifest.

    The caller puts the manifest at `url`. HTML gets a `link` (A.7), and the hash covers all of it;
    other types get the block of A.9, which the hash leaves out.

    Raises:
        MarkError: see `sign_structured` and `sign_html`.
    """
    visible = _normal(text)
    exclusions: tuple[Exclusion, ...] = ()
    if media_type == "text/html":
        linked = put_link(visible, url)
        digest = hashlib.sha256(linked.encode()).digest()
    else:
        linked, start, length = put_armour(visible, url, media_type)
        exclusions = (Exclusion(start, length),)
        digest = hashlib.sha256(visible.encode()).digest()
    binding = Binding(digest=digest, exclusions=exclusions)
    return linked, sign_store(claim, credential, when, binding, media_type)


def _normal(text: str) -> str:
    """Return `text` in NFC.

    Raises:
        MarkError: it is no text that UTF-8 can hold, or cannot be normalised in linear time.
    """
    visible = nfc(text)
    if visible is None:
        raise MarkError(f"a character of the text carries more than {LIMIT} marks; take them off")
    try:
        visible.encode()
    except UnicodeEncodeError as error:
        raise MarkError(
            f"the text has a lone surrogate at character {error.start}, which UTF-8 cannot hold"
        ) from error
    return visible
