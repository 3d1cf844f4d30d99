"""A Redis server keeps what plugins keep: nothing lost, nothing twice, no password shown."""

from __future__ import annotations

import datetime
import multiprocessing
import pickle
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.sdk.forks import held, in_child
from tests.sdk.redis_server import Line, Server, line, serving

from chopmark import PolicyError
from chopmark.options import Table
from chopmark.stores import Change, RedisStore, Store, StoreError, open_store
from chopmark.testing import StoreContract

KEY = "a" * 32


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def bad_line(server: Server) -> Iterator[Line]:
    with line(server) as made:
        yield made


@pytest.fixture
def store(server: Server, tmp_path: Path) -> RedisStore:
    return RedisStore(server.url, timeout=5, prefix=f"{tmp_path}:")


class TestRedisStore(StoreContract):
    url: ClassVar[str]

    @pytest.fixture(autouse=True)
    def served(self, server: Server) -> None:
        type(self).url = server.url

    def make(self, folder: Path) -> Store:
        return RedisStore(self.url, timeout=5, prefix=f"{folder}:")


def more(kept: bytes | None) -> bytes:
    return b"%d" % (int(kept or b"0") + 1)


def count(store: RedisStore, times: int) -> None:
    for _ in range(times):
        store.update(KEY, more)


def test_processes_lose_no_update_and_a_fork_has_connections_of_its_own(store: RedisStore) -> None:
    count(store, 1)
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=count, args=(store, 60)) for _ in range(3)]
    for child in children:
        child.start()
    count(store, 60)
    for child in children:
        child.join(60)
    assert store.load(KEY) == b"241"


def test_a_child_waits_for_no_lock_of_its_parents_client(store: RedisStore) -> None:
    store.update(KEY, more)
    with held(store._client.connection_pool._lock):
        assert in_child(lambda: store.update(KEY, more)) == 0
    assert store.update(KEY, more) == b"3"


def test_a_write_whose_reply_is_lost_counts_once(bad_line: Line) -> None:
    store = RedisStore(bad_line.url, prefix="lost:")

    def losing(replies: int) -> Change:
        def change(kept: bytes | None) -> bytes:
            bad_line.lose = replies  # from here on: those to the write, and to its second try
            return more(kept)

        return change

    for n in range(1, 5):
        assert store.update(KEY, losing(1)) == b"%d" % n
    with pytest.raises(StoreError, match="Connection closed by server"):
        store.update(KEY, losing(2))
    assert store.load(KEY) in (b"4", b"5")


def test_a_connection_that_the_server_has_closed_is_made_again(store: RedisStore) -> None:
    store.update(KEY, more)
    store._client.client_kill_filter(_type="normal", skipme=False)
    assert store.load(KEY) == b"1"


def test_what_was_not_updated_for_too_long_is_forgotten_by_the_server(
    server: Server, tmp_path: Path
) -> None:
    brief = RedisStore(server.url, keep_seconds=0.03, prefix=f"{tmp_path}:")
    brief.update(KEY, more)
    time.sleep(0.04)
    assert brief.load(KEY) is None
    lasting = RedisStore(server.url, keep_seconds=1000, prefix=f"{tmp_path}:")
    brief.update(KEY, more)
    lasting.update(KEY, more)
    assert 990_000 < lasting._client.pttl(f"{tmp_path}:{KEY}") <= 1_000_000


def test_every_key_begins_with_the_prefix(server: Server, tmp_path: Path) -> None:
    one, two = (RedisStore(server.url, prefix=f"{tmp_path}:{n}:") for n in (1, 2))
    one.update(KEY, more)
    assert two.load(KEY) is None
    assert one._client.keys(f"{tmp_path}*") == [f"{tmp_path}:1:{KEY}".encode()]


def test_a_pickled_store_goes_on_with_the_same_server(store: RedisStore) -> None:
    store.update(KEY, more)
    again: RedisStore = pickle.loads(pickle.dumps(store))
    assert again.update(KEY, more) == b"2"


def test_who_always_comes_too_late_is_told(server: Server, tmp_path: Path) -> None:
    store = RedisStore(server.url, timeout=0.01, prefix=f"{tmp_path}:")
    other = RedisStore(server.url, prefix=f"{tmp_path}:")

    def late(kept: bytes | None) -> bytes:
        other.update(KEY, more)
        return more(kept)

    with pytest.raises(StoreError, match="others kept writing the same key"):
        store.update(KEY, late)


def test_a_server_that_is_not_there_or_says_nothing_is_an_error_that_names_it(
    bad_line: Line,
) -> None:
    silent = RedisStore(bad_line.url, timeout=0.05)
    bad_line.hold()
    with pytest.raises(StoreError, match=rf"{bad_line.url}: Timeout"):
        silent.load(KEY)
    assert bad_line.asked <= 2  # what is slow is not asked twice
    bad_line.close()
    gone = RedisStore(bad_line.url)
    with pytest.raises(StoreError, match=rf"{bad_line.url}: .*[Cc]onnect"):
        gone.update(KEY, more)


def certificate(folder: Path) -> Path:
    """Write a certificate of `localhost` with its key, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password)
    path.write_bytes(secret + made.public_bytes(pem))
    return path


def test_by_tls_the_server_must_be_who_it_says(server: Server, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    with line(server, context) as secure:
        url = f"rediss://localhost:{secure.port}/0"
        trusting = RedisStore(f"{url}?ssl_ca_certs={pem}", prefix=f"{tmp_path}:")
        assert trusting.update(KEY, more) == b"1"
        with pytest.raises(StoreError, match="certificate verify failed"):
            RedisStore(url).load(KEY)
        other = url.replace("localhost", "127.0.0.1")
        with pytest.raises(StoreError, match="certificate verify failed"):
            RedisStore(f"{other}?ssl_ca_certs={pem}").load(KEY)
        trusting.close()


def test_a_password_is_read_from_the_environment_and_is_in_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving("--requirepass", "CANARY") as guarded:
        with pytest.raises(StoreError, match="Authentication required"):
            RedisStore(guarded.url).load(KEY)
        monkeypatch.setenv("CHOPMARK_STORE_PASSWORD", "CANARY")
        known = RedisStore(guarded.url)
        assert known.update(KEY, more) == b"1"
        assert b"CANARY" not in pickle.dumps(known)
        monkeypatch.setenv("CHOPMARK_STORE_PASSWORD", "ANOTHER")
        with pytest.raises(StoreError, match="password") as refused:
            RedisStore(guarded.url).load(KEY)
        assert "ANOTHER" not in str(refused.value)


def test_a_user_who_may_do_little_is_enough(
    store: RedisStore, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = ["+get", "+set", "+evalsha", "+script|load"]
    store._client.script_flush()
    store._client.acl_setuser(
        "small", enabled=True, passwords=["+pw"], commands=may, keys=["small:*"]
    )
    monkeypatch.setenv("CHOPMARK_STORE_PASSWORD", "pw")
    small = RedisStore(server.url.replace("unix://", "unix://small@"), prefix="small:")
    assert small.update(KEY, more) == b"1"
    assert small.load(KEY) == b"1"
    with pytest.raises(StoreError, match=r"[Pp]ermission"):
        RedisStore(server.url.replace("unix://", "unix://small@")).load(KEY)


@pytest.mark.parametrize(
    ("address", "cure"),
    [
        ("redis://user:CANARY@host/0", "in CHOPMARK_STORE_PASSWORD"),
        ("redis://:CANARY@host", "in CHOPMARK_STORE_PASSWORD"),
        ("redis://user:CAN/ARY@host", "in CHOPMARK_STORE_PASSWORD"),
        ("redis://user:CANARY@[host", "in CHOPMARK_STORE_PASSWORD"),
        ("unix:///run/redis?password=CANARY", "in CHOPMARK_STORE_PASSWORD"),
        ("redis://host:port/0", "write it as redis://user@host:6379/0"),
        ("redis://host/first", "'first' is none"),
        ("redis://host/0?speed=CANARY", "'speed'"),
        ("rediss://host/0?ssl_cert_reqs=maybe", "maybe"),
    ],
)
def test_a_wrong_address_is_refused_with_its_cure(address: str, cure: str) -> None:
    with pytest.raises(PolicyError, match="plugin 'usage', option 'store'") as raised:
        open_store(Table("usage", {"store": address}), keep_seconds=1)
    assert cure in str(raised.value)
    assert "CAN" not in str(raised.value)
    assert raised.value.__cause__ is None  # which would show it


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"store": "redis://h", "path": "x"}, r"'path' = 'x': is for store = \"sqlite\""),
        ({"store": "redis://h", "timeout": 0}, r"'timeout' = 0: write a number from 0\.001"),
        ({"store": "redis://h", "prefix": 3}, "'prefix' = 3: write a text"),
        ({"prefix": "mine:"}, "'prefix' = 'mine:': is for a Redis server"),
        ({"store": "redis"}, "the address of a Redis server, redis://host:6379/0"),
        ({"store": object}, "write memory, sqlite, or"),
    ],
)
def test_a_wrong_option_of_a_server_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        open_store(Table("usage", options), keep_seconds=1)


def test_without_the_client_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(PolicyError, match=r"pip install 'chopmark\[redis\]'"):
        open_store(Table("usage", {"store": "redis://h"}), keep_seconds=1)


def test_a_store_of_one_s_own_may_stand_for_its_name(store: RedisStore) -> None:
    assert open_store(Table("usage", {"store": store}), keep_seconds=1) is store
