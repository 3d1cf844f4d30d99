"""What must hold for every sequence of calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chopmark_usage._rules import DAY, Limits, State

times = st.floats(0, 4e9)
whole = st.integers(0, 10**6)
states = st.builds(
    State, in_a_row=whole, day=whole, today=whole, suspended_until=times, began=times, seen=times,
    reminded=times,
)  # fmt: skip
calls = st.lists(st.tuples(st.floats(0, 2 * DAY), st.sampled_from([True, False, None])))


@given(states)
def test_a_store_gives_back_what_it_was_given(state: State) -> None:
    assert State.unpack(state.pack()) == state


@given(calls, st.integers(0, 4), st.integers(0, 6))
def test_a_user_is_suspended_exactly_when_a_limit_is_reached(
    made: list[tuple[float, bool | None]], in_a_row: int, a_day: int
) -> None:
    limits = Limits(in_a_row=in_a_row, a_day=a_day, suspend_seconds=DAY)
    state, now = State(), 1e9
    row, by_day = 0, dict[int, int]()
    for passed, struck in made:
        now += passed
        before = limits.suspended(state, now)
        state = limits.after(state, now, struck=struck, reminded=False)
        if before or struck is None:
            assert limits.suspended(state, now) == before
            continue
        row = row + 1 if struck else 0
        day = limits.day(now)
        by_day[day] = by_day.get(day, 0) + struck
        reached = struck and ((in_a_row and row >= in_a_row) or (a_day and by_day[day] >= a_day))
        assert limits.suspended(state, now) == bool(reached)
        if reached:
            assert state.suspended_until == now + DAY
            row, by_day = 0, {}


@given(st.lists(st.floats(0, 3000)), st.floats(60, 7200))
def test_between_two_reminders_lies_the_time_that_was_asked_for(
    pauses: list[float], every: float
) -> None:
    limits, state, now = Limits(), State(), 1e9
    last = began = now
    for pause in [0.0, *pauses]:
        now += pause
        if pause >= limits.pause_seconds:
            last = began = now
        due = limits.due(state, now, every)
        assert due == (now - last >= every)
        last = now if due else last
        state = limits.after(state, now, struck=False, reminded=due)
        assert limits.used(state, now) == now - began


@given(states, st.floats(0, 1e8))
def test_a_clock_that_goes_back_takes_nothing_back(state: State, back: float) -> None:
    limits = Limits()
    after = limits.after(state, state.seen - back, struck=False, reminded=False)
    assert after.seen >= state.seen
    assert after.suspended_until == state.suspended_until
