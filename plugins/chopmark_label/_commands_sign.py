"""Who seals a block: a hash, a key in a file, or the signer that a plugin of the policy brings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from chopmark import Chopmark, MarkError, Policy, Request
from chopmark.hookspecs import Signer

from ._block import Aigc, from_fields
from ._commands_status import Failed
from ._files._errors import FileError
from ._inspect_readers import bringing
from ._metadata import Implicit, read_implicit
from ._security import KeySigner, seal, seal_hash
from ._sm2 import Sm2Signer

Sealed = Callable[[Aigc], Aigc]

_OTHERS = 0o077


def sealing(policy: Policy, *, key: Path | None, signer: bool, hash_form: bool) -> Sealed | None:
    """Return what fills ReservedCode1, None where that is left to the policy.

    Raises:
        MarkError: the key cannot be used, or no plugin of `policy` brings a signer.
    """
    if sum((key is not None, signer, hash_form)) > 1:
        raise click.UsageError("a block has one seal: --sign, --signer or --hash-form")
    if hash_form:
        return seal_hash
    if key is not None:
        found = _read_key(key)
    elif signer:
        found = _of_policy(policy)
    else:
        return None
    return lambda block: seal(block, found)


def make_block(policy: Policy, producer: str | None, number: str, sealed: Sealed | None) -> Aigc:
    """Return the block of content `number`, by `producer` or else the one of `policy`.

    Raises:
        MarkError: a value cannot stand in a block, or it cannot be sealed.
        PolicyError: the policy's own options cannot be used.
    """
    if producer is not None:
        policy = policy.with_options("label", producer=producer)
    named = policy.options("label").get("producer")
    if not isinstance(named, str):
        raise Failed(
            "who made the content is not said: give --producer, the provider's 27-position code or "
            "its name in ASCII letters, or a --policy that has it ([settings.label] producer)"
        )
    implicit = Implicit(named, sealed) if sealed or producer else read_implicit(policy)
    if implicit is None:
        raise Failed(f"policy {policy.name!r} names no producer; give --producer")
    [mark] = implicit.open(Request(id=number)).finish()[1]
    return from_fields(mark.data)


def _read_key(path: Path) -> KeySigner:
    try:
        if os.name == "posix" and path.stat().st_mode & _OTHERS:
            click.echo(
                f"note: others can read the key {str(path)!r}; `chmod 600` keeps it to you",
                err=True,
            )
        return Sm2Signer.from_pem(path.read_text("ascii"), path.name)
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror}); name a PEM file") from error
    except UnicodeDecodeError as error:
        raise FileError(path, "is no PEM file; name one with an SM2 key") from error


def _of_policy(policy: Policy) -> KeySigner:
    found: Signer | None = Chopmark(bringing(policy, "chopmark_signer")).signer
    if found is None:
        raise MarkError(
            f"no plugin of policy {policy.name!r} brings a signer (chopmark_signer); name one in "
            "its `plugins`, or sign with a key file (--sign)"
        )
    if not isinstance(getattr(found, "public_key", None), bytes):
        raise MarkError(
            f"the signer {found.name!r} does not show the public key that goes into the block; "
            "give it `public_key`, the 65 bytes of its point"
        )
    return found  # type: ignore[return-value]  # it was looked at
