"""C2PA content credentials: behind an answer, in a text, in a media file.

Enable it with `plugins = [..., "c2pa"]`, last, and set it up under `[settings.c2pa]`:

    url = "https://ai.example/c/"       # a pointer of some 40 bytes to the manifest there,
    store = "manifests"                 # signed into this folder, to be served at `url`
    certificate = "chain.pem"           # the one that signs first
    key = "key.pem"

or, for the whole manifest behind each answer, some 7 kB of characters that nobody sees:

    form = "manifest"
    certificate = "chain.pem"
    key = "key.pem"

Optional are `model_name` (else that of the call), `model_type`, `model_identifier`, `oversight`,
`source`, and `anchors`, a PEM file of the certificates that a reader trusts.

Source: C2PA 2.4 (2026-04-01), A.7 to A.9, 15.12.1.3, 18.5, 18.28. `pip install 'chopmark[c2pa]'`.
"""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence, Marker

from ._armour import COMMENTS, Carried, Embedded, find_armour, put_armour
from ._claim import Binding, Claim, Exclusion
from ._credential import Credential, load_credential, make_credential
from ._detect import Finding, find_credentials
from ._html import find_html, put_link, put_script
from ._marker import Credentials
from ._media import write_media
from ._options import Options, read_options
from ._pointer import Pointer, make_pointer, read_pointer
from ._reader import Hash, Reading, read_detached, read_media, read_store
from ._sign import sign_store
from ._text import sign_html, sign_linked, sign_structured, sign_text
from ._wrapper import Wrapper, decode_wrapper, encode_wrapper, find_wrappers

__all__ = [
    "Binding",
    "COMMENTS",
    "Carried",
    "Claim",
    "Credential",
    "Credentials",
    "Embedded",
    "Exclusion",
    "Finding",
    "Hash",
    "Options",
    "Pointer",
    "Reading",
    "Wrapper",
    "decode_wrapper",
    "encode_wrapper",
    "find_armour",
    "find_credentials",
    "find_html",
    "find_wrappers",
    "load_credential",
    "make_credential",
    "make_pointer",
    "put_armour",
    "put_link",
    "put_script",
    "read_detached",
    "read_media",
    "read_options",
    "read_pointer",
    "read_store",
    "sign_html",
    "sign_linked",
    "sign_store",
    "sign_structured",
    "sign_text",
    "write_media",
]


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return the credentials that `policy` asks for."""
    return (Credentials(read_options(policy)),)


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is put behind answers, who signs, and a real one read back."""
    from ._evidence import evidence

    return evidence(policy)
