"""Makes tests/vectors/log_ml_dsa.json: what a log signs by ML-DSA-44, from seeds that all may know.

    python -m tests.plugins.log.vectors_ml_dsa

The seeds are no secrets and sign nothing else. Signatures of ML-DSA are hedged: made again they are
others, so the file is frozen, and a test checks what is in it. It was also checked with
`dilithium-py` 1.5.1, an implementation of FIPS 204 that shares no code with OpenSSL.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chopmark_log._handover import handover_id, handover_note
from chopmark_log._signing import SigningKey, sign_note
from chopmark_log.verify import ML_DSA_44_COSIGNATURE, Checkpoint, cosigned_message, hash_leaf

FILE = Path(__file__).parents[2] / "vectors" / "log_ml_dsa.json"
ORIGIN = "example.com/chopmark/vectors"
ED25519_SEED, SEED, NEXT_SEED = (bytes(range(at, at + 32)) for at in (0, 64, 96))
ENTRY = b'{"k":"x","v":1,"w":{"h":"a","n":0}}'
TIME = 1_760_000_000
"""Seconds since 1970."""


def keys() -> tuple[SigningKey, SigningKey, SigningKey]:
    """Return the keys of Ed25519 and of ML-DSA-44, and the one that takes the place of this."""
    return (
        SigningKey.of_seed(ORIGIN, ED25519_SEED),
        SigningKey.of_seed(ORIGIN, SEED, ML_DSA_44_COSIGNATURE),
        SigningKey.of_seed(ORIGIN, NEXT_SEED, ML_DSA_44_COSIGNATURE),
    )


def made() -> dict[str, Any]:
    """Return the vectors; signatures by ML-DSA-44 are others each time."""
    first, second, following = keys()
    head = Checkpoint(ORIGIN, 1, hash_leaf(ENTRY))
    return {
        "origin": ORIGIN,
        "ed25519_seed": ED25519_SEED.hex(),
        "seed": SEED.hex(),
        "next_seed": NEXT_SEED.hex(),
        "key": str(first.public),
        "ml_dsa_key": str(second.public),
        "entry": ENTRY.decode(),
        "time": TIME,
        "signed_message": cosigned_message(second.public, TIME, head.body).hex(),
        "checkpoint": sign_note(head, [first, second], TIME),
        "handover_key_id": second.public.handover_id.hex(),
        "handover": handover_note(second, following),
        "handover_id": handover_id(second.public).hex(),
    }


def main() -> None:
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
