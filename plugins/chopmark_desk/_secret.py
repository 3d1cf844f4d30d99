"""The secret of a desk, where the environment gives it."""

from __future__ import annotations

from collections.abc import Mapping

from ._errors import DeskError

SECRET = "CHOPMARK_DESK_SECRET"
"""The variable of the environment that holds the secret of a desk."""
_LEAST_SECRET = 32


def secret_of(environment: Mapping[str, str]) -> bytes:
    """Return the secret that the environment gives, b"" where it gives none.

    Raises:
        DeskError: it is too short to be one.
    """
    secret = environment.get(SECRET, "")
    if secret and len(secret) < _LEAST_SECRET:
        raise DeskError(
            f"{SECRET} has {len(secret)} characters; give {_LEAST_SECRET} random ones, such as "
            "`openssl rand -hex 32` prints"
        )
    return secret.encode()
