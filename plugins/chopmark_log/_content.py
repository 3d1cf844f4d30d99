"""Seals the content of a call under the key of its subject, and commits to it without showing it.

Each field is committed to as RFC 9901 (section 4.2) has it: SHA-256 of a disclosure, which is
base64url of a JSON list of salt, name and value. Salts follow from the subject's key, so that none
is stored, one tells nothing of another, and with the key all are gone. What is kept is AES-256-GCM
ciphertext under a key of its own for each record (HKDF-Expand, RFC 5869); its hash is in the leaf.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chopmark import Content, LogError

from ._recipient import RECIPIENT
from .verify import VerifyError, open_disclosure

FIELDS = ("request", "answer", "user")
"""What is kept and committed to, in this order."""
OPENABLE = (*FIELDS, RECIPIENT)
"""The same, with what few records have."""
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
_LENGTH = struct.Struct(">I")
_FRAME = struct.Struct(">c16s16sQHH")
_MARK = b"\x01"  # a leaf begins with a brace
_PART = (1 << 20) - _FRAME.size
_DUMP = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """The key of a data subject: 32 secret bytes, and the 16 random ones that name it."""

    id: bytes
    secret: bytes = field(repr=False)


class Payload(NamedTuple):
    """A part of the sealed content of a record, as it stands in a spool and in the side store.

    `until` is the time, in milliseconds since 1970, before which the law wants it kept.
    """

    record: bytes
    key: bytes
    until: int
    part: int
    parts: int
    data: bytes


class Sealed(NamedTuple):
    """Content that was sealed: its frames, the hash of the ciphertext, and the commitments."""

    frames: tuple[bytes, ...]
    digest: str
    commitments: Mapping[str, str]


def record_id(text: str) -> bytes:
    """Return the 16 bytes of the id of a record.

    Raises:
        LogError: it is no UUID.
    """
    try:
        return UUID(text).bytes
    except ValueError:
        raise LogError(f"{text!r} is no id of a record; it must be a UUID") from None


def texts_of(content: Content) -> dict[str, str]:
    """Return the texts of `content` by the names in `FIELDS`.

    `request` is a JSON list of the messages, each a list of role and text.
    """
    asked = _DUMP([[message.role, message.text] for message in content.messages])
    return {"request": asked, "answer": content.answer, "user": content.user}


def disclose(key: SubjectKey, record: bytes, name: str, value: str) -> str:
    """Return the disclosure of a field: it opens this one alone."""
    return _disclosure(key, record, name, value).decode()


def seal(
    key: SubjectKey, record: bytes, content: Content, until: int, recipient: str = ""
) -> Sealed:
    """Seal `content`, that of a record, to be kept until `until` at the least."""
    texts = texts_of(content)
    if recipient:
        texts[RECIPIENT] = recipient
    plain = []
    for text in texts.values():
        data = text.encode("utf-8", "surrogatepass")
        plain += [_LENGTH.pack(len(data)), data]
    nonce = os.urandom(NONCE_BYTES)
    cipher = nonce + AESGCM(_secret(key, record)).encrypt(nonce, b"".join(plain), record)
    parts = max(1, -(-len(cipher) // _PART))
    if parts > 0xFFFF:
        raise LogError(f"the content of a call has {len(cipher)} bytes, which no log can keep")
    frames = tuple(
        _FRAME.pack(_MARK, record, key.id, until, n, parts) + cipher[n * _PART : (n + 1) * _PART]
        for n in range(parts)
    )
    commitments = {
        name: digest_of(_disclosure(key, record, name, text)) for name, text in texts.items()
    }
    return Sealed(frames, digest_of(cipher), commitments)


def unseal(key: SubjectKey, record: bytes, cipher: bytes) -> dict[str, str]:
    """Return the texts that `seal` sealed, by the names in `OPENABLE`, the last where it is there.

    Raises:
        LogError: it is not what was sealed, or was so for another record or under another key.
    """
    nonce, sealed = cipher[:NONCE_BYTES], cipher[NONCE_BYTES:]
    try:
        plain = AESGCM(_secret(key, record)).decrypt(nonce, sealed, record)
    except (InvalidTag, ValueError) as error:
        raise LogError("the content is not the one that was sealed for this record") from error
    texts, at = {}, 0
    for name in OPENABLE:
        if at == len(plain):
            break
        start = at + _LENGTH.size
        at = start + _LENGTH.unpack(plain[at:start])[0]
        texts[name] = plain[start:at].decode("utf-8", "surrogatepass")
    return texts


def disclosures(
    key: SubjectKey, record: bytes, cipher: bytes, leaf: Mapping[str, object]
) -> dict[str, str]:
    """Return the disclosures of all fields of a record, each checked against its leaf.

    Raises:
        LogError: the content is not the one that the leaf commits to.
    """
    found = {}
    for name, value in unseal(key, record, cipher).items():
        found[name] = disclose(key, record, name, value)
        try:
            open_disclosure(found[name], leaf)
        except VerifyError as error:
            raise LogError(str(error)) from error
    return found


def is_payload(body: bytes) -> bool:
    """Return whether the body of a frame is a `Payload`, and no leaf."""
    return body[:1] == _MARK and len(body) > _FRAME.size


def read_payload(body: bytes) -> Payload:
    """Return the payload that the body of a frame is."""
    _, record, key, until, part, parts = _FRAME.unpack_from(body)
    return Payload(record, key, until, part, parts, body[_FRAME.size :])


def payload_frame(payload: Payload) -> bytes:
    """Return the body of the frame that a payload is."""
    *place, data = payload
    record, key, until, part, parts = place
    return _FRAME.pack(_MARK, record, key, until, part, parts) + data


def digest_of(data: bytes) -> str:
    """Return what a leaf says of `data`: its SHA-256 in base64url, without padding."""
    return _base64(hashlib.sha256(data).digest()).decode()


def _disclosure(key: SubjectKey, record: bytes, name: str, value: str) -> bytes:
    digest = hmac.digest(key.secret, b"salt" + record + name.encode(), "sha256")
    parts = [_base64(digest[:SALT_BYTES]).decode(), name, value]
    try:
        data = _DUMP(parts).encode()
    except UnicodeEncodeError:  # lone surrogates, which only an escape can write
        data = json.dumps(parts, separators=(",", ":")).encode()
    return _base64(data)


def _secret(key: SubjectKey, record: bytes) -> bytes:
    # HKDF-Expand of one block; the subject's key is random, so there is nothing to extract.
    return hmac.digest(key.secret, b"enc" + record + b"\x01", "sha256")


def _base64(data: bytes) -> bytes:
    # A third of what `base64.urlsafe_b64encode` takes.
    found = binascii.b2a_base64(data, newline=False)
    return found.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=")
