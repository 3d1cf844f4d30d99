"""The marker: keeps the hash of an answer as it goes by, and puts the credential behind it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from chopmark import Mark, MarkError, Request
from chopmark.hookspecs import Span

from ._claim import Binding, Claim
from ._detect import Finding, find_credentials, find_in_media
from ._nfc import LIMIT, NfcText
from ._options import NAME, Options
from ._pointer import make_pointer
from ._sign import sign_store
from ._strip import own_spans
from ._text import sign_wrapper
from ._wrapper import HEAD, MAGIC, POINTER, encode_wrapper

KIND = "manifest"
_HEADS = tuple(encode_wrapper(b"", magic)[:HEAD] for magic in (MAGIC, POINTER))


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Credentials:
    """C2PA credentials on the text of an answer. Immutable, shared by threads.

    The answer goes out in NFC, as C2PA asks (A.8), so put this plugin last: what another marker
    adds behind it would break its hash.
    """

    name = NAME
    version = "1"
    kind = KIND

    def __init__(self, options: Options, clock: Callable[[], datetime] = _now) -> None:
        """Take `options`, and `clock`, which says what time it is."""
        self._options = options
        self._clock = clock

    def open(self, request: Request) -> CredentialMarking | Unmarked:
        """Return the marking of one answer."""
        if self._options.form == "read":
            return Unmarked()
        claim = self._options.claim.of_model(request.model)
        return CredentialMarking(self._options, claim, self._clock)

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the manifests and pointers that `text` carries.

        One is `placed` where it holds: `state` in its data is then `valid` or `trusted`, or
        `pointer` for an address that nobody has signed. Of any other `reason` says what is wrong
        with it, and `problem` has the status code of C2PA.
        """
        return [_found(one) for one in find_credentials(text, self._options.anchors)]

    def own(self, text: str) -> Sequence[Span]:
        """Return where credentials stand in `text`, those of other producers too: a model has no
        use for any.
        """
        return own_spans(text)

    def detect_file(self, path: Path) -> Sequence[Mark] | None:
        """Return the manifest that the media file at `path` carries, None for files of others.

        Raises:
            MarkError: c2pa-python is not installed, or the file cannot be read.
        """
        found = find_in_media(path, self._options.anchors)
        return None if found is None else [_found(one) for one in found]


def _found(found: Finding) -> Mark:
    said = {"form": found.form, **found.data}
    return Mark(
        marker=NAME,
        kind=KIND,
        where=found.where,
        placed=not found.problem,
        reason=found.reason,
        data={**said, "problem": found.problem} if found.problem else said,
    )


class Unmarked:
    """The marking of an answer behind which nothing is put, since the policy only reads."""

    done = True

    def feed(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def finish(self) -> tuple[str, list[Mark]]:
        """Return no tail, and a mark that says why there is no credential."""
        reason = "the policy sets form = 'read', so nothing is put behind answers"
        return "", [Mark(marker=NAME, kind=KIND, where="end", placed=False, reason=reason)]


class CredentialMarking:
    """One answer being marked. `done` is True once it is known that it cannot be."""

    def __init__(self, options: Options, claim: Claim, clock: Callable[[], datetime]) -> None:
        self.done = False
        self._options = options
        self._claim = claim
        self._clock = clock
        self._normal = NfcText()
        self._hash = hashlib.sha256()
        self._length = 0
        self._last = ""  # in which a wrapper that is cut in two is seen
        self._blank = True
        self._surrogate = False
        self._carries = False
        self._finished = False

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return it in NFC, but for what may still change."""
        self._check_open()
        return self._take(self._normal.feed(text))

    def finish(self) -> tuple[str, list[Mark]]:
        """Return the credential that ends the answer, and the mark; may be called once."""
        self._check_open()
        rest = self._take(self._normal.finish())
        self._finished = True
        if reason := self._obstacle():
            return rest, [self._mark(placed=False, reason=reason)]
        if self._options.form == "manifest":
            return rest + self._manifest(), [self._mark(state="signed")]
        tail, url = self._pointer()
        return rest + tail, [self._mark(state="pointer", url=url)]

    def _take(self, text: str) -> str:
        if self._normal.refused:
            self.done = True
        if self.done or not text:
            return text
        self._blank = self._blank and text.isspace()
        near = self._last + text
        self._carries = self._carries or any(head in near for head in _HEADS)
        self._last = near[-HEAD:]
        try:
            data = text.encode()
        except UnicodeEncodeError:
            self._surrogate = True
            return text
        self._hash.update(data)
        self._length += len(data)
        return text

    def _obstacle(self) -> str:
        """Return why nothing can be put there; of several reasons always the same one."""
        if self._normal.refused:
            return f"a character carries more than {LIMIT} marks, so no hash can be taken"
        if self._surrogate:
            return "the answer holds a lone surrogate, which UTF-8 cannot hold"
        if self._carries:
            return "the answer carries a C2PA wrapper already, and may have only one"
        return "the answer is empty, so there is nothing to vouch for" if self._blank else ""

    def _manifest(self) -> str:
        credential = self._options.credential
        if credential is None:
            raise MarkError("nobody signs: give the options of c2pa a credential")
        digest = self._hash.digest()
        return sign_wrapper(digest, self._length, self._claim, credential, self._clock())

    def _pointer(self) -> tuple[str, str]:
        pointer = make_pointer(self._hash.digest(), self._options.url)
        tail = pointer.encode()
        credential, folder = self._options.credential, self._options.store
        if credential is not None and folder is not None:
            whole = self._hash.copy()
            whole.update(tail.encode())  # the manifest is elsewhere, so nothing is left out
            binding = Binding(digest=whole.digest())
            store = sign_store(self._claim, credential, self._clock(), binding, "text/plain")
            keep(folder / pointer.name, store)
        return tail, pointer.url

    def _mark(self, *, placed: bool = True, reason: str = "", **data: str) -> Mark:
        found = {"form": self._options.form, "source": self._claim.source, **data}
        return Mark(marker=NAME, kind=KIND, where="end", placed=placed, reason=reason, data=found)

    def _check_open(self) -> None:
        if self._finished:
            raise MarkError("the credential of this answer is finished; open another marking")


def keep(path: Path, store: bytes) -> None:
    """Write `store` to `path`, whole or not at all. One that is there stays: it is as true.

    Raises:
        MarkError: it cannot be written.
    """
    try:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(store)
                file.flush()
                os.fsync(file.fileno())
                os.replace(temporary, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise MarkError(
            f"the manifest {path} cannot be written: {error.strerror}; give option 'store' a folder"
            " that can"
        ) from error
