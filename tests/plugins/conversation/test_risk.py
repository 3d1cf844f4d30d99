"""The arithmetic of risk: bounded, fed by what is above the floor alone, halved as it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Verdict
from chopmark_conversation import Build, State

scores = st.floats(0, 1)
builds = st.builds(
    Build,
    share=st.floats(0.01, 1),
    floor=st.floats(0, 0.99),
    half_life_turns=st.floats(0.1, 1e4),
    half_life_seconds=st.floats(1, 1e7),
)
turns = st.lists(st.tuples(scores, st.floats(0, 1e6), st.booleans()), max_size=30)


def verdict(score: float, category: str = "violence") -> Verdict:
    return Verdict(category=category, start=0, end=1, score=score)


def run(build: Build, steps: list[tuple[float, float, bool]]) -> State:
    state: State | None = None
    now = 1e9
    for score, seconds, answered in [*steps, (0.0, 0.0, False)]:
        now += seconds
        state = build.after(state, now, build.gain([verdict(score)]), answered=answered)
        assert 0 <= state.risk <= 1
        assert state.at == now
    assert state is not None
    return state


@given(builds, turns)
def test_risk_stays_between_nothing_and_all(
    build: Build, steps: list[tuple[float, float, bool]]
) -> None:
    run(build, steps)


@given(builds, turns)
def test_scores_up_to_the_floor_never_build_anything_up(
    build: Build, steps: list[tuple[float, float, bool]]
) -> None:
    low = [(min(score, build.floor), seconds, answered) for score, seconds, answered in steps]
    assert run(build, low).risk == 0


@given(builds, turns, st.integers(0, 29), scores)
def test_a_worse_turn_never_lowers_the_risk(
    build: Build, steps: list[tuple[float, float, bool]], at: int, score: float
) -> None:
    worse = [
        (max(old, score) if n == at else old, seconds, answered)
        for n, (old, seconds, answered) in enumerate(steps)
    ]
    assert run(build, worse).risk >= run(build, steps).risk - 1e-12


@given(builds, st.lists(scores, max_size=6))
def test_a_turn_weighs_as_much_as_its_worst_verdict_and_at_most_its_share(
    build: Build, found: list[float]
) -> None:
    gain = build.gain(map(verdict, found))
    assert gain == build.gain([verdict(max(found, default=0))])
    assert 0 <= gain <= build.share


def test_risk_halves_in_turns_and_in_time() -> None:
    build = Build(half_life_turns=4, half_life_seconds=100)
    state = State(0.8, 1000.0)
    assert build.decayed(state, 1000.0) == 0.8
    assert build.decayed(state, 1100.0) == pytest.approx(0.4)
    assert build.decayed(state, 1000.0, turns=4) == pytest.approx(0.4)
    assert build.decayed(state, 1200.0, turns=8) == pytest.approx(0.05)
    assert build.decayed(state, 900.0) == 0.8, "a clock that was set back heals nothing"
    assert build.decayed(None, 5.0) == 0
    assert build.after(state, 900.0, 0.0, answered=False) == State(0.8, 1000.0)


def test_weights_go_by_category_and_fall_back_to_broader_ones() -> None:
    build = Build(floor=0, share=1, weights={"pii": 0, "pii.card": 0.5, "*": 0.25, "violence": 1})
    gains = {
        category: build.gain([verdict(1, category)])
        for category in ("pii", "pii.email", "pii.card.visa", "violence.x", "hate")
    }
    expected = {"pii": 0, "pii.email": 0, "pii.card.visa": 0.5, "violence.x": 1, "hate": 0.25}
    assert gains == expected
    assert Build(floor=0, share=1).gain([verdict(1, "hate")]) == 1


@pytest.mark.parametrize("category", ["conversation.risk", "error.detector", "wrapper", "unjudged"])
def test_what_says_nothing_of_the_words_counts_nothing(category: str) -> None:
    assert Build(weights={category: 1, "*": 1}).gain([verdict(1, category)]) == 0


@pytest.mark.parametrize(
    ("score", "turns"),
    [(0.4, None), (0.5, None), (0.55, 13), (0.6, 8), (0.75, 4), (0.9, 3), (1.0, 2)],
)
def test_the_table_of_the_page_holds(score: float, turns: int | None) -> None:
    """So many turns of one score bring a conversation to the bound of 0.7; None: never."""
    build, state = Build(), None
    for n in range(1, 500):
        state = build.after(state, 1e9, build.gain([verdict(score)]), answered=True)
        if state.risk >= 0.7:
            assert n == turns
            return
    assert turns is None
