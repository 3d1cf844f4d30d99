"""No error shows a private key, whatever is given in the place of a public one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugins.log.logs import fill, invoke, settle

from chopmark import LogError, PolicyError
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog
from chopmark_log._signing import SigningKey, read_verifier_key
from chopmark_log.verify import ED25519_COSIGNATURE, VerifierKey, VerifyError

KEY = SigningKey.of_seed("example.com/log", bytes(range(32)))
SECRET = KEY.to_text().rpartition("+")[2]
WITNESS = SigningKey.new("w.example", ED25519_COSIGNATURE).to_text()
FORMS = (
    "{whole}", "\ufeff{whole}", " {whole}\n{whole}\n", "{cut}", "RIVATE+KEY+{tail}", "{tail}",
    "{secret}+{secret}",
    "-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n",
)  # fmt: skip


def form(text: str) -> str:
    whole = KEY.to_text()
    tail = whole.removeprefix("PRIVATE+KEY+")
    return text.format(whole=whole, cut=whole[:-3], tail=tail, secret=SECRET)


def shows(text: str) -> bool:
    """Return whether a piece of the secret is in `text`."""
    return any(SECRET[at : at + 8] in text for at in range(len(SECRET) - 8))


@pytest.mark.parametrize(
    "command", ["verify", "verify-proof", "consistency", "parent verify-proof"]
)
def test_a_command_that_is_given_the_private_key_names_the_public_one(
    folder: LogFolder, tmp_path: Path, command: str
) -> None:
    fill(folder, 2)
    settle(folder)
    secret = folder.key.read_text().strip().split("+", 4)[4]
    rest = {
        "verify": ["--path", str(folder.path)],
        "verify-proof": ["no.tlog-proof", "no.leaf"],
        "consistency": ["no", "--path", str(folder.path)],
        "parent verify-proof": ["no.tlog-proof", "no.tlog-proof"],
    }[command]
    for given in (str(folder.key), folder.key.read_text().strip()):
        done = invoke("log", *command.split(), *rest, "--key", given)
        assert done.exit_code == 2
        assert "private key" in done.output
        assert secret not in done.output
        assert "log.pub" in done.output


@pytest.mark.parametrize("text", FORMS)
def test_what_is_no_public_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.key"
    path.write_text(form(text))
    with pytest.raises(LogError, match=r"some\.key") as caught:
        read_verifier_key(str(path))
    assert not shows(str(caught.value))
    assert caught.value.__cause__ is None
    if "+" in form(text):
        with pytest.raises(LogError) as caught:
            read_verifier_key(form(text))
        assert not shows(str(caught.value))


def test_the_public_key_beside_a_private_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "witness.key").write_text(WITNESS)
    (tmp_path / "witness.pub").write_text("")
    with pytest.raises(LogError, match=r"give the public one, '.*witness\.pub'"):
        read_verifier_key(str(tmp_path / "witness.key"))


@pytest.mark.parametrize(
    "value",
    [
        KEY.to_text(),
        {"key": KEY.to_text()},
        [KEY.to_text()],
        [{"key": KEY.to_text()}],
        [{"url": "http://x", "key": KEY.to_text()}],
        [{"url": KEY.to_text(), "key": "w"}],
        [{"url": "http://x", "key": KEY.to_text()[4:]}],
    ],
)
def test_a_policy_with_a_private_key_for_that_of_a_witness_does_not_show_it(value: object) -> None:
    with pytest.raises(PolicyError, match="witnesses") as caught:
        TransparencyLog({"witnesses": value})
    assert not shows(str(caught.value))


def test_what_is_wrong_with_a_public_key_is_said() -> None:
    with pytest.raises(LogError, match=r"'example\.com/log\+[0-9a-f]{8}\+\.\.\.' is no key"):
        read_verifier_key(str(KEY.public)[:-4])


def test_the_stand_alone_verifier_does_not_show_one_either() -> None:
    with pytest.raises(VerifyError, match="private key, which signs") as raised:
        VerifierKey.parse(KEY.to_text())
    assert not shows(str(raised.value))
