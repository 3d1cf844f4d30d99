"""For authors of plugins: files that hold a secret, and that their owner alone may read."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The bits of a mode that let others than the owner in."""


def read_private(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of the file `path`, a key or another secret.

    The file that is read is the one whose mode was looked at, also where another takes its name
    meanwhile. Windows has no such mode: there the file is only read.

    Raises:
        OSError: it cannot be read, or (a `PermissionError`) others than its owner can; `strerror`
            says what is wrong and the cure, and names neither the file nor its content.
    """
    with Path(path).open("rb") as stream:
        mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
        if os.name == "posix" and mode & OF_OTHERS:
            raise PermissionError(
                errno.EPERM,
                f"it can be read by others than its owner (mode {mode:o}); run `chmod 600`, and "
                "make a new one if someone may have read it",
                str(path),
            )
        return stream.read()


def write_private(path: str | os.PathLike[str], data: bytes, *, new: bool = False) -> None:
    """Write the file `path`, whole or not at all; its owner alone can ever read it.

    It is on the disk when this returns. One that is there keeps its content until then.

    Raises:
        OSError: it cannot be written; a `FileExistsError` where it should be `new` and is there.
    """
    file = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 600
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(handle)
        if new:
            os.link(name, file)  # this refuses to write over one, also one that just came
        else:
            Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
