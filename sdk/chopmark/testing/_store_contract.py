"""The promises of a store: subclass `StoreContract`, say how to make one, and pytest runs them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

import pytest

from ..stores import Store

_ONE, _TWO = "1" * 32, "2" * 32


class _Change:
    """Gives `value`, and remembers what was kept before."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self.seen: bytes | None = None

    def __call__(self, value: bytes | None) -> bytes:
        self.seen = value
        return self._value


class StoreContract:
    """Subclass it, give `make` (a store in a folder) and say whether others see what it keeps.

    `lasting` is True where a second store that `make` returns for the same folder goes on with
    what the first one kept.
    """

    lasting: ClassVar[bool] = True

    def make(self, folder: Path) -> Store:
        """Return a store that keeps its files, if it has any, in `folder`."""
        raise NotImplementedError("give the store under test: def make(self, folder): ...")

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.make(tmp_path)

    def test_has_the_members_of_its_role(self, store: Store) -> None:
        assert isinstance(store, Store)
        assert store.blocking in (True, False)

    def test_nothing_is_kept_of_a_new_key(self, store: Store) -> None:
        change = _Change(b"1")
        assert store.load(_ONE) is None
        store.update(_ONE, change)
        assert change.seen is None

    def test_what_is_kept_is_exactly_what_was_given(self, store: Store) -> None:
        given = bytes(range(256)) * 4
        assert store.update(_ONE, lambda kept: given) == given
        assert store.load(_ONE) == given

    def test_a_change_sees_what_is_kept(self, store: Store) -> None:
        for n in range(5):
            change = _Change(b"%d" % (n + 1))
            store.update(_ONE, change)
            assert change.seen == (None if n == 0 else b"%d" % n)

    def test_keys_stay_apart(self, store: Store) -> None:
        store.update(_ONE, lambda kept: b"1")
        store.update(_TWO, lambda kept: b"2")
        assert store.load(_ONE) == b"1"
        assert store.load(_TWO) == b"2"

    def test_a_change_that_raises_changes_nothing(self, store: Store) -> None:
        def broken(kept: bytes | None) -> bytes:
            raise RuntimeError("broken on purpose")

        store.update(_ONE, lambda kept: b"1")
        with pytest.raises(RuntimeError, match="on purpose"):
            store.update(_ONE, broken)
        assert store.load(_ONE) == b"1"
        store.update(_ONE, lambda kept: b"2")
        assert store.load(_ONE) == b"2"

    def test_threads_lose_no_update(self, store: Store) -> None:
        def more(kept: bytes | None) -> bytes:
            return b"%d" % (int(kept or b"0") + 1)

        def work() -> None:
            for _ in range(50):
                store.update(_ONE, more)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.load(_ONE) == b"200"

    def test_a_closed_store_opens_again(self, store: Store) -> None:
        store.update(_ONE, lambda kept: b"1")
        store.close()
        store.close()
        assert store.load(_ONE) == b"1"

    def test_a_second_store_goes_on_where_the_first_is(self, store: Store, tmp_path: Path) -> None:
        if not self.lasting:
            return
        second = self.make(tmp_path)
        store.update(_ONE, lambda kept: b"1")
        assert second.load(_ONE) == b"1"
        second.update(_ONE, lambda kept: b"2")
        assert store.load(_ONE) == b"2"
