"""A manifest is made as long as it says, however unlucky the bytes of its signature are."""

from __future__ import annotations

from itertools import count

import pytest
from tests.plugins.c2pa.issuing import CLAIM, WHEN

from chopmark import MarkError
from chopmark_c2pa import Credential, find_wrappers, sign_text
from chopmark_c2pa._fit import Store, sign_fitted
from chopmark_c2pa._wrapper import wrapper_length


@pytest.fixture(scope="module")
def store(credential: Credential) -> bytes:
    return find_wrappers(sign_text("a", CLAIM, credential, WHEN))[0].content


def with_signature(store: bytes, small: int) -> bytes:
    """A store whose signature has so many bytes that are short as selectors."""
    made = Store(store)
    made._parts[3] = bytes(small) + b"\xff" * (64 - small)
    return made.padded(30)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_signing_goes_on_until_a_padding_fits(store: bytes, step: int) -> None:
    """By one of these steps no padding ever fits, until the signatures stop shifting."""
    asked = []

    def sign(target: int) -> bytes:
        asked.append(target)
        return with_signature(store, step * min(len(asked), 20) % 30)

    fitted = sign_fitted(sign, with_signature(store, 0), wrapper_length)
    assert wrapper_length(fitted) == asked[-1]
    assert len(asked) <= 21


def test_the_search_ends(store: bytes) -> None:
    lengths = count()
    with pytest.raises(MarkError, match="no length of the manifest was hit in 64 tries"):
        sign_fitted(lambda target: store, store, lambda whole: -next(lengths))
