"""Signs manifest stores with c2pa-python, whose Rust library does everything that is cryptography.

c2pa-python 0.38 knows no text. It signs a store for something that is not there
(`application/c2pa`) around a `c2pa.hash.data` of ours, without which it says `no data to hash`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from chopmark import MarkError

from ._claim import Binding, Claim, Exclusion
from ._credential import Credential
from ._fit import Store, sign_fitted

INSTALL = "pip install 'chopmark[c2pa]'"


def library() -> Any:
    """Return the module `c2pa`.

    Raises:
        MarkError: it is not installed.
    """
    try:
        import c2pa
    except ImportError as error:
        raise MarkError(f"c2pa-python is not installed; {INSTALL}") from error
    return c2pa


def sign_store(
    claim: Claim, credential: Credential, when: datetime, binding: Binding, media_type: str
) -> bytes:
    """Return a manifest store without padding, for where its length is part of no hash.

    Raises:
        MarkError: it could not be signed.
    """
    return Store(_sign(claim, credential, when, binding, media_type)).padded(0)


def sign_inside(
    claim: Claim,
    credential: Credential,
    when: datetime,
    *,
    digest: bytes,
    start: int,
    length: Callable[[bytes], int],
    media_type: str,
) -> bytes:
    """Return a manifest store that will stand in the content to which it is bound.

    The key is used 1.5 times on average, again where no padding fits; a first try has an empty
    signature.

    Args:
        claim: what it says.
        credential: who signs.
        when: the time that it states.
        digest: SHA-256 of the content without what carries the store.
        start: the byte of the content at which that begins.
        length: how many bytes that has, for a given store.
        media_type: of the content.

    Raises:
        MarkError: it could not be signed.
    """

    def sign(count: int, by: Credential = credential) -> bytes:
        binding = Binding(digest=digest, exclusions=(Exclusion(start, count),))
        return _sign(claim, by, when, binding, media_type)

    empty = replace(credential, sign=lambda _: b"\xff" * credential.length)
    return sign_fitted(sign, sign(1 << 14, empty), length)


def _sign(
    claim: Claim, credential: Credential, when: datetime, binding: Binding, media_type: str
) -> bytes:
    definition = claim.definition(when, binding.digest, media_type, binding)
    return build(definition, credential, "application/c2pa", io.BytesIO(), io.BytesIO())


def build(
    definition: dict[str, object], credential: Credential, media_type: str, source: Any, target: Any
) -> bytes:
    """Sign `source` into `target` and return the manifest store.

    Raises:
        MarkError: the key or the library refused.
    """
    c2pa = library()
    broken: list[Exception] = []

    def sign(message: bytes) -> bytes:
        try:
            return credential.sign(message)
        except Exception as error:  # c2pa-python would log it and say "signature error"
            broken.append(error)
            raise

    try:
        context = c2pa.Context.from_dict(_SETTINGS)
        algorithm = getattr(c2pa.C2paSigningAlg, credential.algorithm.upper())
        signer = c2pa.Signer.from_callback(sign, algorithm, credential.chain)
        builder = c2pa.Builder(definition, context)
        if media_type == "application/c2pa":
            builder.set_no_embed()
        store: bytes = builder.sign(signer, media_type, source, target)
        return store
    except c2pa.C2paError as error:
        cause = broken[0] if broken else error
        what = "the key did not sign" if broken else "c2pa-python could not make the manifest"
        raise MarkError(f"{what}: {cause}") from cause


_SETTINGS = {
    "version": 1,
    "builder": {"thumbnail": {"enabled": False}},
    # An empty signature of a first try is not to be checked, and nothing is ever fetched.
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}
