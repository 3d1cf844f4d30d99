"""A pack that a log signed passes by its public key alone, and nothing else passes by it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, ChopmarkError
from chopmark._cli import cli
from chopmark.hookspecs import Evidence, Signer
from chopmark.wording import Wording
from chopmark_log.verify import ED25519, VerifierKey
from chopmark_report._pack import check_pack, write_pack
from chopmark_report._signature import HEADER, PublicKey, Signature, body_of, read_key

NAME = "example.com/log"
WITNESS = "w.example+" + hashlib.sha256(b"w.example\n\x04" + bytes(32)).digest()[:4].hex()
WITNESS += "+" + base64.b64encode(b"\x04" + bytes(32)).decode()


class LogKey:
    """What the log's signer does, made here from the description of its form."""

    name = NAME

    def __init__(self, seed: int = 1, name: str = NAME) -> None:
        self.name, self._key = name, Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32))
        raw = self._key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(f"{name}\n".encode() + b"\x01" + raw).digest()[:4]
        self.key_id = self._id.hex()
        self.public = f"{name}+{self.key_id}+" + base64.b64encode(b"\x01" + raw).decode()
        secret = base64.b64encode(b"\x01" + bytes([seed] * 32)).decode()
        self.private = f"PRIVATE+KEY+{name}+{self.key_id}+{secret}"

    def sign(self, message: bytes) -> bytes:
        body = f"{HEADER}\nsha256 {hashlib.sha256(message).hexdigest()}\n"
        signature = base64.b64encode(self._id + self._key.sign(body.encode())).decode()
        return f"{body}\n— {self.name} {signature}\n".encode()


OWN, OTHER = LogKey(), LogKey(2)
EN = Wording.of("chopmark_report", "en")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack that `OWN` signed."""
    return make(tmp_path / "pack", OWN)


def make(out: Path, signer: Signer | None) -> Path:
    evidence = [("p", Evidence(path=f"{n}.txt", title="", write=text(n))) for n in "ab"]
    write_pack(
        out, evidence, policy="p@1", signer=signer, words=Wording.of("chopmark_report", "en")
    )
    return out


def text(words: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(words, "utf-8")


def check(pack: Path, *arguments: object) -> Result:
    found = CliRunner().invoke(cli, ["evidence", "--check", str(pack), *map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def data(pack: Path, *arguments: object) -> Any:
    return json.loads(check(pack, *arguments, "--json").output)


def edit(pack: Path) -> None:
    (pack / "p/a.txt").write_text("something else")


def edit_with_manifest(pack: Path) -> None:
    edit(pack)
    manifest = json.loads((pack / "manifest.json").read_text("utf-8"))
    for file in manifest["files"]:
        content = (pack / file["path"]).read_bytes()
        file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (pack / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def signed_anew(pack: Path, by: LogKey, **said: str) -> None:
    """Put a signature of what is there now in the place of the other."""
    signature = base64.b64encode(by.sign((pack / "manifest.json").read_bytes())).decode()
    told = {"key": by.key_id, "signer": by.name, "signature": signature, **said}
    (pack / "manifest.sig").write_text(json.dumps(told))


def test_a_pack_that_is_as_it_was_signed_passes_by_the_key_or_by_its_file(
    pack: Path, tmp_path: Path
) -> None:
    (tmp_path / "log.pub").write_text(OWN.public + "\n")
    for key in (OWN.public, tmp_path / "log.pub"):
        found = check(pack, "--key", key)
        assert found.exit_code == 0
        assert found.output.splitlines() == [
            "every file is that of the manifest",
            f"signed by key {OWN.key_id} of {NAME}, the key that was given",
        ]
    assert data(pack, "--key", OWN.public) == {
        "faults": [], "signature": "holds", "signer": NAME, "key": OWN.key_id,
    }  # fmt: skip
    assert f"is signed by {NAME}, with key {OWN.key_id}" in (pack / "README.md").read_text("utf-8")


def test_without_a_key_it_is_said_that_the_signature_was_not_checked_and_whose_it_is(
    pack: Path,
) -> None:
    found = check(pack)
    assert found.exit_code == 0
    assert f"not checked against a known key: key {OWN.key_id} of {NAME} signed" in found.output
    assert data(pack)["signature"] == "unchecked"


def test_a_file_that_was_edited_is_named_with_or_without_a_key(pack: Path) -> None:
    edit(pack)
    for arguments in ((), ("--key", OWN.public)):
        found = check(pack, *arguments)
        assert (found.exit_code, "p/a.txt was changed" in found.output) == (1, True)


def test_a_file_and_the_manifest_edited_together_do_not_pass(pack: Path) -> None:
    edit_with_manifest(pack)
    found = check(pack, "--key", OWN.public)
    assert found.exit_code == 1
    assert f"manifest.json was changed since key {OWN.key_id} of {NAME} signed it" in found.output
    assert "every file is" not in found.output
    assert check(pack).exit_code == 1, "what was signed names the manifest"


def test_a_manifest_that_another_key_signed_anew_passes_only_where_no_key_is_known(
    pack: Path,
) -> None:
    edit_with_manifest(pack)
    signed_anew(pack, OTHER)
    assert check(pack).exit_code == 0
    assert "was not checked" in check(pack).output
    found = check(pack, "--key", OWN.public)
    assert found.exit_code == 1
    assert f"no signature by key {OWN.key_id} of {NAME}" in found.output
    assert f"key {OTHER.key_id}" in found.output
    signed_anew(pack, OTHER, key=OWN.key_id)
    assert check(pack, "--key", OWN.public).exit_code == 1, "what the pack says is not believed"


def test_a_signature_that_only_names_the_key_does_not_hold(pack: Path) -> None:
    edit_with_manifest(pack)
    due = (pack / "manifest.json").read_bytes()
    line = base64.b64encode(bytes.fromhex(OWN.key_id) + bytes(64)).decode()
    forged = f"{body_of(due)}\n— {NAME} {line}\n".encode()
    told = {"key": "", "signer": "", "signature": base64.b64encode(forged).decode()}
    (pack / "manifest.sig").write_text(json.dumps(told))
    found = check(pack, "--key", OWN.public)
    assert (found.exit_code, "does not hold" in found.output) == (1, True)


def test_a_removed_signature_does_not_pass_where_a_key_is_given(pack: Path) -> None:
    (pack / "manifest.sig").unlink()
    found = check(pack, "--key", OWN.public)
    assert (found.exit_code, "manifest.sig is missing" in found.output) == (1, True)
    assert f"key {OWN.key_id} of {NAME} did not sign" in found.output
    assert data(pack, "--key", OWN.public)["signature"] == "none"
    found = check(pack)
    assert (found.exit_code, "not signed" in found.output) == (0, True)


@pytest.mark.parametrize("key", [OTHER, LogKey(1, "example.com/else")])
def test_another_key_does_not_pass_also_one_of_another_name(pack: Path, key: LogKey) -> None:
    assert check(pack, "--key", key.public).exit_code == 1


def test_a_signature_of_another_pack_does_not_pass(pack: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", OWN)
    edit_with_manifest(other)
    signed_anew(other, OWN)
    assert check(other, "--key", OWN.public).exit_code == 0
    shutil.copy(other / "manifest.sig", pack / "manifest.sig")
    assert check(pack, "--key", OWN.public).exit_code == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff", b'{"key": 1, "signer": "", "signature": ""}', b"[" * 100_000,
     b'{"key": "", "signer": "", "signature": "no base64"}'],
)  # fmt: skip
def test_what_is_no_signature_is_a_fault_also_without_a_key(pack: Path, content: bytes) -> None:
    (pack / "manifest.sig").write_bytes(content)
    for arguments in ((), ("--key", OWN.public)):
        found = check(pack, *arguments)
        assert (found.exit_code, "manifest.sig is no signature" in found.output) == (1, True)
    assert data(pack)["signature"] == "fails"


def test_a_signature_of_another_kind_is_told_and_does_not_pass_by_a_key(tmp_path: Path) -> None:
    class Vault:
        name, key_id = "vault", "k1"

        def sign(self, message: bytes) -> bytes:
            return b"\x00\x01" + message[:7]

    pack = make(tmp_path / "pack", Vault())
    assert "key k1 of vault signed" in check(pack).output
    found = check(pack, "--key", OWN.public)
    assert (found.exit_code, "key k1 of vault" in found.output) == (1, True)


def test_nothing_that_a_pack_says_steers_the_terminal(pack: Path) -> None:
    signed_anew(pack, OWN, signer="\x1b[2Jevil", key="\r1")
    (pack / "p/\x1b[31m").write_text("x")
    assert not set(check(pack).output) & {"\x1b", "\r"}


def test_a_link_to_a_folder_was_added(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (pack / "p/more").symlink_to(tmp_path / "more")
    found = check(pack, "--key", OWN.public)
    assert (found.exit_code, "p/more was added" in found.output) == (1, True)


@pytest.mark.parametrize("form", ["{0}", "{0}\n", "\ufeff{0}\n", "x {0}", "{1}", "{2}", "{3}"])
def test_a_private_key_is_refused_and_never_shown(pack: Path, tmp_path: Path, form: str) -> None:
    secret = OWN.private.rpartition("+")[2]
    given = form.format(
        OWN.private, OWN.private.removeprefix("PRIVATE+KEY+"), secret,
        f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
    )  # fmt: skip
    (tmp_path / "log.key").write_text(given)
    for key in (given, tmp_path / "log.key"):
        found = check(pack, "--key", key)
        assert found.exit_code == 2, found.output
        assert not any(secret[at : at + 8] in found.output for at in range(len(secret) - 8))
        assert "log.pub" in found.output or "cut short" in found.output
    if "PRIVATE" in given:
        assert "is a private key" in found.output


def test_the_public_key_beside_a_private_one_is_named(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "log.key").write_text(OWN.private)
    (tmp_path / "log.pub").write_text(OWN.public)
    assert f"give the public one, '{tmp_path / 'log.pub'}'" in check(
        pack, "--key", tmp_path / "log.key"
    ).output.replace("\n", "")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (OWN.public[:-4] + "AAAA", "has the id of another"),
        (OWN.public[:-8], "cut short"),
        (WITNESS, "a witness's"),
        ("none.pub", "'none.pub' is no key, and no file with one"),
        ("", "is no key"),
    ],
)
def test_what_is_no_key_of_a_log_cannot_check(pack: Path, key: str, told: str) -> None:
    found = check(pack, "--key", key)
    assert (found.exit_code, told in found.output) == (2, True), found.output


def test_a_key_is_for_a_check() -> None:
    assert CliRunner().invoke(cli, ["evidence", "--provisions", "--key", "x"]).exit_code == 2


@settings(max_examples=scaled(200), deadline=None)
@given(st.binary() | st.text().map(str.encode), st.booleans())
def test_no_bytes_pass_for_a_signature(content: bytes, headed: bool) -> None:
    note = f"{HEADER}\n".encode() + content if headed else content
    key = PublicKey(VerifierKey(NAME, ED25519, bytes(range(32))))
    assert Signature("", "", note).fault(b"manifest", key) != ""
    assert isinstance(Signature("", "", note).fault(b"manifest", None), str)


@settings(max_examples=scaled(200), deadline=None)
@given(st.text() | st.text().map(lambda tail: f"{OWN.public}{tail}"))
def test_whatever_is_given_for_a_key_is_one_or_is_refused(given: str) -> None:
    with suppress(ChopmarkError):
        assert str(read_key(given)) == f"key {OWN.key_id} of {NAME}"


def test_a_pack_whose_signer_fails_is_there_unsigned_and_says_why(tmp_path: Path) -> None:
    class Broken:
        name, key_id = "vault", "k1"

        def sign(self, message: bytes) -> bytes:
            raise RuntimeError("no | token")

    out = tmp_path / "pack"
    pack = write_pack(out, [], policy="p@1", signer=Broken(), words=EN)
    assert (pack.signed_by, [one.path for one in pack.failed]) == ("", ["manifest.sig"])
    index = (out / "README.md").read_text("utf-8")
    assert "The manifest is not signed: RuntimeError: no \\| token." in index
    assert "is signed by" not in index
    assert check_pack(out).faults == []
    assert not (out / "manifest.sig").exists()


# With the log itself.

POLICY = """
plugins = ["log", "report"]
[settings.log]
path = "log"
origin = "example.com/log"
"""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    path = tmp_path / "service.toml"
    path.write_text(POLICY, "utf-8")
    return path


def called(service: Path) -> Path:
    chop = Chopmark(str(service))
    chop.guard(lambda prompt: "Hello.")("Hi!")
    chop.close()
    return service.parent / "log"


def written(service: Path, out: Path, *arguments: str) -> Result:
    words = ["evidence", "--policy", str(service), "--out", str(out), *arguments]
    found = CliRunner().invoke(cli, words)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def test_the_log_of_a_policy_signs_its_pack_and_log_pub_checks_it(
    service: Path, tmp_path: Path
) -> None:
    log, out = called(service), tmp_path / "pack"
    found = written(service, out)
    assert found.exit_code == 0, found.output
    name, id, _ = (log / "log.pub").read_text().split("+", 2)
    assert f"signed by {name}, key {id}" in found.output
    assert check(out, "--key", log / "log.pub").exit_code == 0
    assert "where the policy brings no other signer" in (out / "log/log.md").read_text("utf-8")
    edit_readme = out / "README.md"
    edit_readme.write_text(edit_readme.read_text("utf-8") + "x")
    assert check(out, "--key", log / "log.pub").exit_code == 1


def test_a_policy_whose_log_is_not_there_yet_has_a_pack_that_says_it_is_unsigned(
    service: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pack"
    found = written(service, out)
    assert (found.exit_code, "not signed" in found.output) == (0, True)
    assert not (out / "manifest.sig").exists()
    assert "The manifest is not signed: no plugin" in (out / "README.md").read_text("utf-8")
    assert "no key that could sign" in (out / "log/log.md").read_text("utf-8")
    assert not (tmp_path / "log").exists()


def test_a_machine_without_the_key_writes_an_unsigned_pack_and_says_so(
    service: Path, tmp_path: Path
) -> None:
    log, out = called(service), tmp_path / "pack"
    (log / "log.key").unlink()
    found = written(service, out)
    assert (found.exit_code, "not signed" in found.output) == (0, True), found.output
    assert "the key is not on this machine" in (out / "log/log.md").read_text("utf-8")
    assert check(out, "--key", log / "log.pub").exit_code == 1


def test_a_key_that_others_can_read_does_not_sign_and_the_pack_names_it(
    service: Path, tmp_path: Path
) -> None:
    log, out = called(service), tmp_path / "pack"
    (log / "log.key").chmod(0o644)
    found = written(service, out)
    assert (found.exit_code, "could not be written: manifest.sig" in found.output) == (1, True)
    assert "chmod 600" in (out / "README.md").read_text("utf-8").replace("\\", "")
    assert check(out).exit_code == 0
