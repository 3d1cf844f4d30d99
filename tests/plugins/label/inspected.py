"""Runs the commands, and makes what they look at: keys, signed texts, documents."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from ecdsa import der

from chopmark._cli import cli

# The key of the example in GB/T 32918.5-2017, Annex A.2: known to everybody.
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
# The base point of the curve, whose secret is 1: the key of somebody else.
OTHER = bytes.fromhex(
    "0432C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
)
PRODUCER = "001191110102MAD55U9H0F10002"
PAGE = "<!doctype html>\n<html><head><title>海</title></head><body><p>大海</p></body></html>\n"
_CURVE = der.encode_oid(1, 2, 156, 10197, 1, 301)


def run(*arguments: object, text: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), input=text)


def report(*arguments: object, status: int = 0, text: str | bytes = "") -> Any:
    result = run("inspect", *arguments, "--json", text=text)
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def findings(found: Any, technique: str) -> list[Any]:
    return [f for f in found["findings"] if f["technique"] == technique]


def selectors(data: bytes) -> str:
    return "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in data)


def private_pem(folder: Path, name: str = "key.pem") -> Path:
    body = der.encode_sequence(
        der.encode_integer(1),
        der.encode_octet_string(SECRET),
        der.encode_constructed(0, _CURVE),
        der.encode_constructed(1, der.encode_bitstring(PUBLIC, 0)),
    )
    return _pem(folder / name, "EC PRIVATE KEY", body)


def public_pem(folder: Path, public: bytes = PUBLIC, name: str = "maker.pem") -> Path:
    algorithm = der.encode_sequence(der.encode_oid(1, 2, 840, 10045, 2, 1), _CURVE)
    body = der.encode_sequence(algorithm, der.encode_bitstring(public, 0))
    return _pem(folder / name, "PUBLIC KEY", body)


def _pem(path: Path, name: str, body: bytes) -> Path:
    path.touch(0o600)
    text = base64.encodebytes(body).decode("ascii")
    path.write_text(f"-----BEGIN {name}-----\n{text}-----END {name}-----\n")
    return path
