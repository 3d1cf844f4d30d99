"""The promises of a store: subclass `StoreContract`, say how to make one, and pytest runs them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

import pytest

from ._risk import State
from ._store import Store

_ONE, _TWO = "1" * 32, "2" * 32


class _Change:
    """Gives `state`, and remembers what was kept before."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.seen: State | None = None

    def __call__(self, state: State | None) -> State:
        self.seen = state
        return self._state


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

    def test_nothing_is_kept_of_a_new_conversation(self, store: Store) -> None:
        change = _Change(State(0.5, 1.0))
        assert store.load(_ONE) is None
        store.update(_ONE, change)
        assert change.seen is None

    def test_what_is_kept_is_exactly_what_was_given(self, store: Store) -> None:
        given = State(0.1 + 0.2, 1_732_400_000.123456)
        assert store.update(_ONE, lambda state: given) == given
        assert store.load(_ONE) == given

    def test_a_change_sees_what_is_kept(self, store: Store) -> None:
        for n in range(5):
            change = _Change(State((n + 1) / 10, n + 1.0))
            store.update(_ONE, change)
            assert change.seen == (None if n == 0 else State(n / 10, float(n)))

    def test_conversations_stay_apart(self, store: Store) -> None:
        store.update(_ONE, lambda state: State(0.1, 1.0))
        store.update(_TWO, lambda state: State(0.2, 2.0))
        assert store.load(_ONE) == State(0.1, 1.0)
        assert store.load(_TWO) == State(0.2, 2.0)

    def test_a_change_that_raises_changes_nothing(self, store: Store) -> None:
        def broken(state: State | None) -> State:
            raise RuntimeError("broken on purpose")

        store.update(_ONE, lambda state: State(0.1, 1.0))
        with pytest.raises(RuntimeError, match="on purpose"):
            store.update(_ONE, broken)
        assert store.load(_ONE) == State(0.1, 1.0)
        store.update(_ONE, lambda state: State(0.2, 2.0))
        assert store.load(_ONE) == State(0.2, 2.0)

    def test_threads_lose_no_update(self, store: Store) -> None:
        def more(state: State | None) -> State:
            return State(0.0, 1.0 if state is None else state.at + 1.0)

        def work() -> None:
            for _ in range(50):
                store.update(_ONE, more)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.load(_ONE) == State(0.0, 200.0)

    def test_a_closed_store_opens_again(self, store: Store) -> None:
        store.update(_ONE, lambda state: State(0.1, 1.0))
        store.close()
        store.close()
        assert store.load(_ONE) == State(0.1, 1.0)

    def test_a_second_store_goes_on_where_the_first_is(self, store: Store, tmp_path: Path) -> None:
        if not self.lasting:
            return
        second = self.make(tmp_path)
        store.update(_ONE, lambda state: State(0.1, 1.0))
        assert second.load(_ONE) == State(0.1, 1.0)
        second.update(_ONE, lambda state: State(0.2, 2.0))
        assert store.load(_ONE) == State(0.2, 2.0)
