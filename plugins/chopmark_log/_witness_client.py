"""Asks a witness to cosign the last checkpoint of a log: the other side of tlog-witness."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from chopmark import PolicyError

from ._folder import LogFolder
from ._handover import notes_for_witnesses
from ._signing import parse_verifier_key, shown
from ._store import Store
from ._witness import ADD_CHECKPOINT, ADD_HANDOVER, read_size, request_body
from .verify import ED25519, Checkpoint, VerifierKey, VerifyError, split_note

MOST_BYTES = 64 * 1024
TRIES = 4
"""How often a log asks again, where others ask beside it, before it waits."""


class WitnessTroubleError(Exception):
    """A witness gave no cosignature, for a reason that says nothing about the log."""


class WitnessRefusalError(Exception):
    """A witness knows another story of the log than the log tells now."""


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness: where it takes checkpoints, and the key by which its cosignatures are checked."""

    url: str
    key: VerifierKey

    @classmethod
    def of(cls, url: str, key: str) -> WitnessAddress:
        """Return the witness at `url` whose key is NAME+ID+KEY.

        Raises:
            VerifyError: it cannot be one.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise VerifyError(
                f"{shown(url)} is no address of a witness, such as https://host/prefix"
            )
        known = parse_verifier_key(key)
        if known.kind == ED25519:
            raise VerifyError(
                f"{str(known)!r} is the key of a log; a witness's has type 0x04 or 0x06"
            )
        return cls(url.rstrip("/"), known)


def read_witnesses(value: object, where: str) -> tuple[WitnessAddress, ...]:
    """Return the witnesses that the option `value` lists, each `{url = ..., key = ...}`.

    Raises:
        PolicyError: it has another form, or one is listed twice.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise PolicyError(f'{where} is {shown(value)}; write [{{url = "...", key = "..."}}]')
    found: list[WitnessAddress] = []
    for number, one in enumerate(value):
        place = f"{where}[{number}]"
        if not isinstance(one, Mapping) or set(one) != {"url", "key"}:
            raise PolicyError(f'{place} is {shown(one)}; write {{url = "...", key = "..."}}')
        url, key = one["url"], one["key"]
        if not isinstance(url, str) or not isinstance(key, str):
            raise PolicyError(f"{place}: url and key are texts in quotes")
        try:
            address = WitnessAddress.of(url, key)
        except VerifyError as error:
            raise PolicyError(f"{place}: {error}") from error
        if any(known.key == address.key for known in found):
            raise PolicyError(f"{place}: the key of {address.key.name!r} is there twice")
        found.append(address)
    return tuple(found)


class Reply(NamedTuple):
    """What a witness answered."""

    status: int
    body: str


Ask = Callable[[WitnessAddress, bytes, float, str], Reply]


class Cosignature(NamedTuple):
    """A cosignature that was checked: of a checkpoint's size and body, at `time` (seconds)."""

    size: int
    body: str
    time: int
    line: str


def ask(address: WitnessAddress, body: bytes, timeout: float, what: str = ADD_CHECKPOINT) -> Reply:
    """Post `body` to the witness. No proxy variable is read, and no redirect is followed.

    Args:
        address: the witness.
        body: what it is told.
        timeout: seconds for each step of the connection.
        what: what for, the last part of the URL.

    Raises:
        WitnessTroubleError: there is no answer.
    """
    request = urllib.request.Request(
        f"{address.url}/{what}", body, {"Content-Type": "text/plain; charset=utf-8"}
    )
    try:
        try:
            with _OPENER.open(request, timeout=timeout) as response:
                status, data = response.status, response.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                status, data = error.code, error.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or error
        raise WitnessTroubleError(f"no answer: {why or type(error).__name__}") from error
    if len(data) > MOST_BYTES:
        raise WitnessTroubleError(f"answered with more than {MOST_BYTES} bytes")
    return Reply(status, data.decode("utf-8", "replace"))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def submit(
    store: Store,
    address: WitnessAddress,
    known: int,
    timeout: float,
    size: int | None = None,
    ask: Ask = ask,
) -> Cosignature | None:
    """Return the witness's cosignature of a checkpoint; None where there is none to cosign.

    One that knows the log by a former key is told how that was handed over, and asked again.

    Args:
        store: the log.
        address: the witness.
        known: how many entries the last checkpoint had that it cosigned, 0 where nobody knows.
        timeout: seconds for each question.
        size: how many entries that checkpoint has; by default, and where the witness knows a
            larger one, the last one is cosigned.

    Raises:
        WitnessTroubleError: it does not answer, or not as a witness does; the log may go on.
        WitnessRefusalError: it knows a head that the log does not grow from: the log was set back,
            or has forked.
        LogError: the log cannot be read.
    """
    handed = False
    for _ in range(TRIES):
        last = store.checkpoint(size)
        if last is None:
            return None
        at, _, note = last
        old = min(known, at)
        body = request_body(old, store.tree(at).consistency(old), note)
        reply = ask(address, body, timeout, ADD_CHECKPOINT)
        if reply.status == 200:
            return _checked(address.key, at, note, reply.body)
        if reply.status == 422:
            raise WitnessRefusalError(
                f"the {at} entries that are signed do not begin with the {old} that it cosigned: "
                "entries were changed or taken out, or an older copy was put in place and went on"
            )
        if reply.status == 403 and not handed:
            handed = True
            said = [
                ask(address, one.encode(), timeout, ADD_HANDOVER).status
                for one in notes_for_witnesses(LogFolder(store.folder))
            ]
            if 200 in said:
                continue
        if reply.status != 409:
            raise WitnessTroubleError(_trouble(reply))
        try:
            known = read_size(reply.body)
        except VerifyError as error:
            raise WitnessTroubleError(f"answered 409 without a size: {error}") from error
        now = store.checkpoint()
        if now is not None and known > now[0]:
            raise WitnessRefusalError(
                f"it cosigned {known} entries, and {now[0]} are signed here: an older copy of the "
                "log was put in place"
            )
        if known > at:
            size = None
        if known == old == at:
            raise WitnessRefusalError(
                f"it cosigned another checkpoint of {at} entries: the log was set back and went "
                "on, or is there twice"
            )
    raise WitnessTroubleError(
        "it knew another checkpoint each time; others ask it for this log, too"
    )


def _checked(key: VerifierKey, size: int, note: str, lines: str) -> Cosignature:
    """Return the cosignature of `key` among `lines`; those of others are passed over."""
    try:
        body, _ = split_note(note)
        _, signatures = split_note(Checkpoint.parse_body(body).body + "\n" + lines)
        for number, signature in enumerate(signatures):
            if (signature.name, signature.key_id) == (key.name, key.key_id):
                time = key.check(body, signature.data)
                return Cosignature(size, body, time or 0, lines.split("\n")[number] + "\n")
    except VerifyError as error:
        raise WitnessTroubleError(f"its cosignature is none: {error}") from error
    names = ", ".join(sorted({f"{one.name}+{one.key_id.hex()}" for one in signatures}))
    raise WitnessTroubleError(
        f"it cosigned with {names}, not with {key.name}+{key.key_id.hex()}: is `key` still its key?"
    )


def _trouble(reply: Reply) -> str:
    told = f"answered {reply.status}: {_line(reply.body)}"
    cures = {
        403: "give it the log's key: `chopmark witness add-log`",
        404: "give it the log's key: `chopmark witness add-log`; else check `url`",
    }
    return f"{told}; {cures[reply.status]}" if reply.status in cures else told


def _line(text: str) -> str:
    line = text.strip().split("\n")[0][:200]
    return "".join(c if c.isprintable() else "?" for c in line)
