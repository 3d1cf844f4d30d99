"""Media files: a manifest is signed into a copy, by c2pa-python alone."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

from chopmark import MarkError

from ._claim import Claim
from ._credential import Credential
from ._sign import build, library


def write_media(
    source: str | Path,
    target: str | Path,
    claim: Claim,
    credential: Credential,
    when: datetime,
) -> None:
    """Write `source` with a signed manifest to `target`, whole or not at all.

    Args:
        source: JPEG, PNG, WebP, TIFF, GIF, SVG, MP4, MOV, M4A, MP3, WAV, FLAC, AVI and others.
        target: may be `source`, which it then replaces.
        claim: what the manifest says.
        credential: who signs.
        when: the time that it states.

    Raises:
        MarkError: the file cannot be read or written, is of another kind, or is broken.
    """
    source, target = Path(source), Path(target)
    kind = source.suffix.lstrip(".").lower()
    if kind not in library().Builder.get_supported_mime_types():
        raise MarkError(
            f"{source} is of a kind that c2pa-python cannot sign: {kind or 'no suffix'}; for text"
            " there are sign_text, sign_structured and sign_html"
        )
    try:
        if target.exists() and not target.is_file():
            raise MarkError("nothing was written: the target is no file that can be replaced")
        with source.open("rb") as content:
            seed = hashlib.sha256()
            while block := content.read(1 << 20):
                seed.update(block)
            content.seek(0)
            definition = claim.definition(when, seed.digest(), kind)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
                temporary = Path(file.name)
                try:
                    build(definition, credential, kind, content, file)
                    file.flush()
                    os.fsync(file.fileno())
                    os.chmod(temporary, source.stat().st_mode & 0o777)
                    os.replace(temporary, target)
                except BaseException:
                    temporary.unlink(missing_ok=True)
                    raise
    except MarkError as error:
        raise MarkError(f"{source} could not be signed: {error}") from error
    except OSError as error:
        raise MarkError(
            f"{error.filename or source} cannot be read or written: {error.strerror}"
        ) from error
