"""SM2 and SM3 agree with the standards' examples, with OpenSSL both ways, and with files found."""

import pickle
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import MarkError
from chopmark.hookspecs import Signer
from chopmark_label._sm2 import Sm2Signer, message_digest, sm3, verify
from chopmark_label._sm2_keys import (
    ORDER,
    KeyPair,
    fingerprint,
    public_key,
    public_keys,
    read_private_key,
    read_public_key,
    to_spki,
)  # fmt: skip

# GB/T 32918.5-2017, Annex A.2: the example of a signature on the recommended curve.
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
E = "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
MESSAGE = b"message digest"


def der(r: int, s: int) -> bytes:
    parts = b""
    for number in (r, s):
        data = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts += bytes([2, len(data)]) + data
    return bytes([0x30, len(parts)]) + parts


def openssl(*args: str) -> bytes:
    return subprocess.run(["openssl", *args], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sm2") / "key.pem"
    openssl("genpkey", "-algorithm", "SM2", "-out", str(path))
    return path


@pytest.fixture(scope="module")
def signer(key: Path) -> Sm2Signer:
    return Sm2Signer.from_pem(key.read_text())


@pytest.mark.parametrize(
    ("data", "digest"),
    [  # GB/T 32905-2016, Annex A.1 and A.2
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_examples_of_its_standard(data: bytes, digest: str) -> None:
    assert sm3(data).hex() == digest


def test_the_signature_of_the_standard_is_verified() -> None:
    assert message_digest(PUBLIC, MESSAGE).hex().upper() == E
    assert verify(PUBLIC, MESSAGE, der(R, S))
    assert not verify(PUBLIC, MESSAGE + b".", der(R, S))
    assert not verify(PUBLIC, MESSAGE, der(S, R))
    assert not verify(PUBLIC, MESSAGE, der(R, S), identity=b"somebody else")


def test_the_secret_of_the_standard_signs() -> None:
    signer = Sm2Signer(KeyPair(SECRET, PUBLIC))
    assert verify(PUBLIC, MESSAGE, signer.sign(MESSAGE))


@pytest.mark.parametrize(
    "signature",
    [
        b"", b"\x30", b"x" * 500, der(R, S)[:-1], der(R, S) + b"\0", der(0, S), der(R, 0),
        der(R + ORDER, S), der(R, S + ORDER), der(ORDER, ORDER), der(R, ORDER - R), der(1, 1),
    ],
)  # fmt: skip
def test_numbers_out_of_range_and_broken_der_never_verify(signature: bytes) -> None:
    assert not verify(PUBLIC, MESSAGE, signature)


@settings(max_examples=20)
@given(st.binary(max_size=100))
def test_no_bytes_make_verifying_fail(signature: bytes) -> None:
    assert not verify(PUBLIC, MESSAGE, signature)


def test_openssl_verifies_what_we_sign(key: Path, signer: Sm2Signer, tmp_path: Path) -> None:
    message, signature = tmp_path / "message", tmp_path / "signature"
    for data in (b"", b"hello", "某".encode() * 1000):
        message.write_bytes(data)
        signature.write_bytes(signer.sign(data))
        said = openssl(
            "pkeyutl", "-verify", "-inkey", str(key), "-rawin", "-digest", "sm3", "-in",
            str(message), "-sigfile", str(signature), "-pkeyopt", "distid:1234567812345678",
        )  # fmt: skip
        assert b"Verified Successfully" in said


def test_we_verify_what_openssl_signs(key: Path, signer: Sm2Signer, tmp_path: Path) -> None:
    message, signature = tmp_path / "message", tmp_path / "signature"
    message.write_bytes(b"hello")
    for identity in ("1234567812345678", "somebody"):
        openssl(
            "pkeyutl", "-sign", "-inkey", str(key), "-rawin", "-digest", "sm3", "-in",
            str(message), "-out", str(signature), "-pkeyopt", f"distid:{identity}",
        )  # fmt: skip
        found = signature.read_bytes()
        assert verify(signer.public_key, b"hello", found, identity.encode())
        assert not verify(signer.public_key, b"hellO", found, identity.encode())


def test_gmssl_verifies_what_we_sign_and_the_other_way(key: Path, signer: Sm2Signer) -> None:
    import gmssl_pyx

    point = signer.public_key[1:]
    assert gmssl_pyx.sm2_verify(point, b"hello", signer.sign(b"hello"))
    secret = read_private_key(key.read_text()).secret
    assert verify(signer.public_key, b"hello", gmssl_pyx.sm2_sign(secret, point, b"hello"))


def test_a_fingerprint_is_what_openssl_and_sha256_say(key: Path, signer: Sm2Signer) -> None:
    import hashlib

    spki = openssl("pkey", "-in", str(key), "-pubout", "-outform", "DER")
    assert to_spki(signer.public_key) == spki
    assert signer.key_id == fingerprint(signer.public_key) == hashlib.sha256(spki).hexdigest()
    pem = openssl("pkey", "-in", str(key), "-pubout").decode()
    assert read_public_key(pem) == signer.public_key


def test_a_signer_is_the_role_and_never_shows_its_secret(key: Path, signer: Sm2Signer) -> None:
    role: Signer = signer
    assert role.name == "sm2"
    secret = read_private_key(key.read_text()).secret
    assert secret.hex() not in repr(signer).lower()
    assert secret.hex() not in repr(read_private_key(key.read_text())).lower()
    with pytest.raises(TypeError, match="holds a secret"):
        pickle.dumps(signer)


def test_two_signatures_of_one_message_differ(signer: Sm2Signer) -> None:
    assert signer.sign(b"x") != signer.sign(b"x")


def test_every_way_to_write_a_public_key_is_read() -> None:
    x, y = PUBLIC[1:33], PUBLIC[33:]
    short = bytes([2 + y[-1] % 2]) + x
    for written in (PUBLIC, x + y, to_spki(PUBLIC), short):
        assert public_keys(written) == (PUBLIC,)
    for written in (x, b"\0" + x):
        assert PUBLIC in public_keys(written)
        assert len(public_keys(written)) == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\x04" + bytes(64), PUBLIC[:-1] + b"\0", PUBLIC[:-1], b"\x04" + b"\xff" * 64,
     b"\x02" + b"\xff" * 32, b"\x07" + PUBLIC[1:]],
)  # fmt: skip
def test_what_is_no_point_of_the_curve_is_no_key(data: bytes) -> None:
    assert public_keys(data) == ()
    with pytest.raises(MarkError, match="no public key of SM2"):
        public_key(data)


@settings(max_examples=scaled(30))
@given(st.binary(max_size=100))
def test_no_bytes_make_reading_a_key_fail(data: bytes) -> None:
    assert all(len(found) == 65 for found in public_keys(data))


def test_sec1_files_are_read_too(key: Path, signer: Sm2Signer, tmp_path: Path) -> None:
    out = tmp_path / "sec1.pem"
    openssl("ec", "-in", str(key), "-out", str(out))
    text = out.read_text()
    assert "EC PRIVATE KEY" in text or "SM2 PRIVATE KEY" in text or "PRIVATE KEY" in text
    assert read_private_key(text).public == signer.public_key


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "not of the curve",
        ),
        (["genpkey", "-algorithm", "ED25519"], "not of the curve SM2"),
        (["genpkey", "-algorithm", "SM2", "-aes256", "-pass", "pass:x"], "is encrypted; decrypt"),
    ],
)
def test_another_key_is_refused_with_the_cure(make: list[str], says: str) -> None:
    with pytest.raises(MarkError, match=says):
        read_private_key(openssl(*make).decode())


@pytest.mark.parametrize(
    "text",
    ["", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
     "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----",
     "-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----"],
)  # fmt: skip
def test_a_broken_key_file_is_refused(text: str) -> None:
    with pytest.raises(MarkError, match="PEM"):
        read_private_key(text)
    with pytest.raises(MarkError, match="PEM"):
        read_public_key(text)


def test_keys_that_do_not_belong_together_are_refused(signer: Sm2Signer) -> None:
    with pytest.raises(MarkError, match="does not belong to the secret"):
        Sm2Signer(KeyPair(SECRET, signer.public_key))
    for secret in (bytes(32), b"\xff" * 32, b"short"):
        with pytest.raises(MarkError, match="GmSSL cannot sign"):
            Sm2Signer(KeyPair(secret, PUBLIC))


def test_importing_takes_no_library_along() -> None:
    import sys

    code = (
        "import sys, chopmark_label._security, chopmark_label._propagate;"
        "print([m for m in ('ecdsa','gmssl_pyx','yaml','stdnum') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
