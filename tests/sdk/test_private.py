"""Files that hold secrets are read only where nobody but their owner could have read them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark.private import read_private, write_private

POSIX = pytest.mark.skipif(os.name != "posix", reason="this system has no modes")


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("private") / "key"
    path.write_bytes(b"\x00secret\r\n\xff")
    path.chmod(0o600)
    return path


def test_a_private_file_is_read_byte_by_byte_as_it_is(secret: Path) -> None:
    assert read_private(secret) == read_private(str(secret)) == b"\x00secret\r\n\xff"


@POSIX
@given(st.integers(0o400, 0o777))
def test_any_right_of_others_is_refused_and_no_right_of_the_owner(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    try:
        if not mode & 0o077:
            assert read_private(secret).startswith(b"\x00secret")
            return
        with pytest.raises(PermissionError) as refused:
            read_private(secret)
    finally:
        secret.chmod(0o600)
    assert refused.value.filename == str(secret)
    assert f"(mode {mode:o}); run `chmod 600`" in str(refused.value.strerror)
    assert "secret" not in str(refused.value.strerror)


@POSIX
def test_a_file_that_others_can_read_is_not_read_at_all() -> None:
    with pytest.raises(PermissionError, match="chmod 600"):
        read_private("/dev/zero")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private(tmp_path / "none")


@POSIX
def test_what_is_written_only_its_owner_can_read_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_private(tmp_path / "key", b"\x00secret\r\n")
    finally:
        os.umask(old)
    assert read_private(tmp_path / "key") == b"\x00secret\r\n"


def test_a_file_that_should_be_new_never_replaces_one(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"first", new=True)
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "key", b"second", new=True)
    assert read_private(tmp_path / "key") == b"first"
    write_private(tmp_path / "key", b"third")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("key", b"third")]


def test_what_cannot_be_written_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_private(tmp_path / "key", b"first")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(tmp_path / "key", b"second")
    with pytest.raises(OSError, match="No space left"):
        write_private(tmp_path / "other", b"second", new=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("key", b"first")]
