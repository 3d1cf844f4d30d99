"""The p-values are exact: they agree with sums in exact arithmetic, however small they are."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_watermark._nulls import Coins, Exponential
from chopmark_watermark._tails import log10_binomial_tail, log10_gamma_tail, log10_halved_tail


def exact_binomial(n: int, hits: int, share: Fraction) -> float:
    whole = sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits, n + 1))
    return float(Decimal(whole.numerator).ln() - Decimal(whole.denominator).ln()) / math.log(10)


def exact_gamma(n: int, total: float) -> float:
    getcontext().prec = 60
    x = Decimal(total)
    terms, term = Decimal(0), Decimal(1)
    for k in range(n):
        terms += term
        term = term * x / (k + 1)
    return float((terms.ln() - x) / Decimal(10).ln())


@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from([(1, 4), (1, 2), (9, 10)]))
def test_the_tail_of_a_binomial_is_exact(n: int, hits: int, share: tuple[int, int]) -> None:
    hits = min(hits, n)
    wanted = exact_binomial(n, hits, Fraction(*share)) if hits else 0.0
    assert log10_binomial_tail(n, hits, share[0] / share[1]) == pytest.approx(wanted, abs=1e-9)


@given(st.integers(1, 400), st.floats(0.01, 3000))
def test_the_tail_of_a_gamma_is_exact(n: int, total: float) -> None:
    assert log10_gamma_tail(n, total) == pytest.approx(exact_gamma(n, total), rel=1e-9, abs=1e-9)


def waited(full: int, light: int, total: float) -> float:
    """Return the same tail by other means: rooms that one leaves at ticks of a Poisson clock.

    The clock ticks twice in a unit of time; a light room is left at a tick, another one at every
    second one by chance.
    """
    here = np.zeros(full + light + 1)
    here[0] = 1.0
    leave = np.concatenate([np.full(full, 0.5), np.ones(light)])
    left, chance = 0.0, math.exp(-2 * total)
    for ticks in range(1, 600):
        left += chance * here[:-1].sum()
        gone = here[:-1] * leave
        here[:-1] -= gone
        here[1:] += gone
        chance *= 2 * total / ticks
    return math.log10(left)


@given(st.integers(0, 12), st.integers(0, 12), st.floats(0.01, 60))
def test_the_tail_with_light_scores_is_exact(full: int, light: int, total: float) -> None:
    if full + light:
        found = log10_halved_tail(full + light, light, total)
        assert found == pytest.approx(waited(full, light, total), abs=1e-9, rel=1e-9)


@pytest.mark.parametrize(("full", "light"), [(4000, 4000), (300, 2), (2, 300)])
def test_the_tail_with_light_scores_is_that_of_its_parts_where_it_is_long(
    full: int, light: int
) -> None:
    n, mean = full + light, full + light / 2
    most, least = log10_gamma_tail(n, mean * 1.2), log10_gamma_tail(full, mean * 1.2)
    assert least < log10_halved_tail(n, light, mean * 1.2) < most
    assert log10_halved_tail(n, light, mean) == pytest.approx(math.log10(0.5), abs=0.03)


@given(st.integers(1, 299), st.integers(1, 299))
def test_the_tail_with_light_scores_has_no_step_where_its_sum_is_made_in_another_way(
    full: int, light: int
) -> None:
    for edge in (300.0, (full + light) / 2):
        below, above = (
            log10_halved_tail(full + light, light, edge * (1 + off)) for off in (-1e-12, 1e-12)
        )
        assert above == pytest.approx(below, abs=1e-8)


sums = st.tuples(st.integers(1, 40), st.floats(0, 1), st.floats(0, 400))


@given(st.lists(sums, min_size=1, max_size=20))
def test_the_least_tail_of_many_sums_is_found_and_is_the_tail_of_one(
    drawn: list[tuple[int, float, float]],
) -> None:
    n = np.array([many for many, _, _ in drawn])
    light = np.array([round(part * many) for many, part, _ in drawn])
    totals = np.array([total for _, _, total in drawn])
    for null in (Exponential(), Coins(0.25, 30)):
        tails = [null.log10_tail(*one) for one in zip(n, totals, light, strict=True)]
        found = null.least(n, totals, light)
        assert found in tails
        assert found <= min(tails) * 0.95 + 0.25


def test_a_p_value_may_be_smaller_than_any_float() -> None:
    assert log10_gamma_tail(1000, 9000.0) < -2000
    assert log10_binomial_tail(4000, 4000, 0.25) == pytest.approx(4000 * math.log10(0.25))


def test_what_cannot_be_is_certain_not_to_be() -> None:
    assert log10_binomial_tail(3, 4, 0.5) == -math.inf
    assert log10_binomial_tail(3, 0, 0.5) == log10_gamma_tail(0, 0.0) == 0.0
