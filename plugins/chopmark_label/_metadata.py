"""The implicit label of an answer that has no file: the block, beside it in the metadata.

GB 45438-2025 6.1 and Annex E. Adapters put it into the framework's metadata and, for JSON and
server-sent events, into the first and the last event, where it has no standard slot: practice is an
object under `aigc`. It names the producer as the operator wrote it in the policy, so without one
there is no block; and its `ProduceID` is the id of the call, by which the log has its record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chopmark import Mark, MarkError, Policy, PolicyError, Request
from chopmark.hookspecs import Marking

from ._block import Aigc, BlockError
from ._marking import NAME
from ._provider_code import ProviderCode
from ._security import KeySigner, seal_hash
from ._security_data import label_text, make_security_data
from ._sm2 import Sm2Signer
from ._wire import find_blocks

KEY = "aigc"
"""The key under which adapters and events carry the block."""
Sealing = Callable[[Aigc], Aigc]

_KIND = "metadata"
_SEALS = ("none", "hash", "sm2")
_MEANT_AS_CODE = re.compile(r"00[0-9A-Za-z]{16,}")
"""What is so long and begins so is a code with a mistake in it, and no name."""


class Implicit:
    """Makes the block of every answer. Immutable, shared by threads.

    Args:
        producer: the provider's 27-position code, or its name in ASCII letters.
        seal: fills ReservedCode1, for example `signing(signer)` with a key store of your own.

    Raises:
        BlockError: the producer cannot stand in a block.
        MarkError: it is a code, and python-stdnum, which checks it, is not installed.
    """

    name = KEY
    version = "1"
    kind = _KIND
    beside = True

    def __init__(self, producer: str, seal: Sealing | None = None) -> None:
        if isinstance(producer, str) and _MEANT_AS_CODE.fullmatch(producer):
            _check_code(producer)
        self._block = Aigc(label="1", content_producer=producer, produce_id="0")
        self._seal = seal

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer: the block is complete before the answer begins.

        Raises:
            MarkError: the request has no id, or the block cannot be sealed.
        """
        if not request.id:
            raise MarkError("the request has no id, which is the ProduceID of its answer")
        block = replace(self._block, produce_id=request.id)
        return _Beside(self._seal(block) if self._seal is not None else block)

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the blocks in `text`, a JSON document or a stream of events, one mark for each.

        A block is placed where it conforms to Annex E; `reason` names its defects.
        """
        return [
            Mark(
                marker=KEY,
                kind=_KIND,
                where=where,
                placed=reading.conforms,
                reason="; ".join(d.message for d in reading.defects if d.breaks),
                data=dict(reading.fields),
            )
            for where, reading in find_blocks(text)
        ]


class _Beside:
    """The marking of one answer, which is not touched."""

    done = True

    def __init__(self, block: Aigc) -> None:
        self._fields = block.fields()

    def feed(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return no tail, and the mark that holds the block."""
        return "", [Mark(marker=KEY, kind=_KIND, where=KEY, data=dict(self._fields))]


def signing(signer: KeySigner) -> Sealing:
    """Return what signs blocks as TC260-PG-202511A has it.

    The signature is not checked again, as `seal` does, which would take ten times as long as to
    make it, for every answer: try the signer with `seal` once.
    """

    def sign(block: Aigc) -> Aigc:
        signature = signer.sign(label_text(block.fields(), "ReservedCode1"))
        return replace(block, reserved_code1=make_security_data(signature, signer.public_key))

    return sign


def read_implicit(policy: Policy) -> Implicit | None:
    """Return the marker that `policy` asks for, None where it names no producer.

    Raises:
        PolicyError: an option cannot be used.
    """
    options, where = policy.options(NAME), f"policy {policy.name!r}: settings.{NAME}"
    if "producer" not in options:
        for key in ("seal", "key"):
            if key in options:
                raise PolicyError(
                    f"{where}.{key} is {options[key]!r}, and there is no block to seal; give "
                    f"{where}.producer, the provider's 27-position code or its name"
                )
        return None
    try:
        return Implicit(options["producer"], _read_seal(options, Path(policy.folder), where))  # type: ignore[arg-type]
    except BlockError as error:
        raise PolicyError(f"{where}.producer: {error}") from error
    except MarkError as error:
        raise PolicyError(f"{where}: {error}") from error


def _read_seal(options: Mapping[str, object], folder: Path, where: str) -> Sealing | None:
    form, key = options.get("seal", "none"), options.get("key", "")
    if form not in _SEALS:
        raise PolicyError(f"{where}.seal is {form!r}; it may be {', '.join(_SEALS)}")
    if form != "sm2":
        if "key" in options:
            raise PolicyError(f'{where}.key is {key!r}; it belongs to seal = "sm2"')
        return seal_hash if form == "hash" else None
    if not isinstance(key, str) or not key:
        raise PolicyError(
            f'{where}.key is {key!r}; seal = "sm2" signs with a PEM file, which '
            "`openssl genpkey -algorithm SM2 -out key.pem` makes"
        )
    try:
        pem = (folder / key).read_text("ascii")
    except (OSError, ValueError) as error:
        raise PolicyError(f"{where}.key is {key!r}, which cannot be read: {error}") from error
    return signing(Sm2Signer.from_pem(pem))


def _check_code(text: str) -> None:
    code = ProviderCode.parse(text)
    if code.service == "propagation":
        raise BlockError(
            "ContentProducer",
            code,
            "position 23 is 2, the code of who propagates content",
            "give the code of who generates it, with 1 or 00000 from position 23 on",
        )
