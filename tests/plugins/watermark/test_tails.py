"""The p-values are exact: they agree with sums in exact arithmetic, however small they are."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_watermark._tails import log10_binomial_tail, log10_gamma_tail


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


def test_a_p_value_may_be_smaller_than_any_float() -> None:
    assert log10_gamma_tail(1000, 9000.0) < -2000
    assert log10_binomial_tail(4000, 4000, 0.25) == pytest.approx(4000 * math.log10(0.25))


def test_what_cannot_be_is_certain_not_to_be() -> None:
    assert log10_binomial_tail(3, 4, 0.5) == -math.inf
    assert log10_binomial_tail(3, 0, 0.5) == log10_gamma_tail(0, 0.0) == 0.0
